"""Bytecode for the package, compiled by an interpreter of the version that will run it."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from shared.errors import BuildError


def find_interpreter(version: str, uv: Path) -> Path:
    """Find a CPython of a version on this machine; nothing is downloaded.

    Args:
        version: Major and minor version, such as `3.13`.
        uv: The uv program, which knows the interpreters that it manages.

    Raises:
        BuildError: There is none.
    """
    for candidate in _interpreter_candidates(version, uv):
        if _is_version(candidate, version):
            return candidate
    raise BuildError(
        f"Python {version} is needed to compile bytecode for AWS Lambda: install it with "
        f"`uv python install {version}`, or build without bytecode and accept slower cold starts."
    )


def compile_bytecode(interpreter: Path, tree: Path) -> None:
    """Compile every module of a folder in place.

    The `.pyc` files are of the unchecked-hash kind: files from a zip have no times to compare.
    One process and a fixed hash seed make the same sources give the same bytes.

    Raises:
        BuildError: A module of this project does not compile.
    """
    result = subprocess.run(  # noqa: S603 - a fixed command
        [
            str(interpreter), "-s", "-P", "-m", "compileall", "-q", "-j", "1",
            "--invalidation-mode", "unchecked-hash", "-s", str(tree), "-p", "/var/task", str(tree),
        ],
        env={"PATH": os.environ.get("PATH", ""), "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    if result.returncode != 0:
        words = re.sub(r"\s+", " ", result.stdout + result.stderr).strip()
        raise BuildError(f"The bytecode could not be compiled: {words[-500:]}")


def _interpreter_candidates(version: str, uv: Path) -> Iterator[Path]:
    yield Path(sys.executable)
    found = subprocess.run(  # noqa: S603 - a fixed command
        [str(uv), "python", "find", "--no-python-downloads", "--no-project", "--system", version],
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode == 0:
        yield Path(found.stdout.strip())
    on_path = shutil.which(f"python{version}")
    if on_path is not None:
        yield Path(on_path)
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    yield from sorted(pyenv.glob(f"{version}.*/bin/python"), reverse=True)


def _is_version(interpreter: Path, version: str) -> bool:
    try:
        answer = subprocess.run(  # noqa: S603 - a fixed command
            [
                str(interpreter),
                "-Ic",
                "import sys; print(sys.implementation.name, '%d.%d' % sys.version_info[:2])",
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.stdout.split() == ["cpython", version]
