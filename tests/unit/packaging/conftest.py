"""How these tests start Python. Short: it is all that they share."""

import subprocess
import sys

import pytest


@pytest.fixture
def run_python():
    """What a program writes to standard output in a new process of this interpreter."""

    def run_python(program, *arguments, options="-c"):
        answer = subprocess.run(  # noqa: S603 - this very interpreter
            [sys.executable, options, program, *map(str, arguments)],
            capture_output=True,
            text=True,
            check=True,
        )
        return answer.stdout

    return run_python
