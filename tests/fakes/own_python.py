"""Programs in a Python of their own. Short: a test starts one in one way."""

import subprocess
import sys

from tests.project_files import PROJECT


def run_python(program, *arguments, options="-c"):
    """What a program writes to standard output in a new process of this interpreter.

    What it writes to standard error is shown with a test that fails.

    Raises:
        CalledProcessError: It failed.
    """
    return subprocess.run(  # noqa: S603 - this very interpreter
        [sys.executable, options, program, *map(str, arguments)],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
