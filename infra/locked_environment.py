"""Python environments of their own for programs whose needs clash with ours, from lock files."""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from infra.file_lock import FileLockedError, hold_file_lock
from infra.packaging.dependencies import find_uv
from shared.errors import OperatorError

_LONGEST_INSTALL_SECONDS = 600.0


def ensure_environment(folder: Path, lock: Path, title: str, report: Callable[[str], None]) -> Path:
    """Make an environment, unless it is there and its lock file is unchanged.

    Args:
        folder: Where the environment is, or is to be.
        lock: Its lock file, with hashes.
        title: What it is for, as in "Installing <title> (once)".
        report: Called with one line if something has to be done.

    Returns:
        The environment's Python.

    Raises:
        OperatorError: The environment cannot be made.
    """
    python = folder / "bin" / "python"
    try:
        with hold_file_lock(folder.with_suffix(".lock"), _LONGEST_INSTALL_SECONDS):
            if not is_environment_ready(folder, lock):
                report(f"Installing {title} (once)")
                _install(folder, python, lock, title)
                _marker(folder).write_text(_describe_origin(lock))
    except FileLockedError as error:
        raise OperatorError(
            f"Another process is installing {title} and does not end ({error})."
        ) from None
    return python


def is_environment_ready(folder: Path, lock: Path) -> bool:
    """Whether the environment is there, made from its lock file as it is now."""
    try:
        made_from = _marker(folder).read_text()
    except OSError:
        return False
    return (folder / "bin" / "python").exists() and made_from == _describe_origin(lock)


def _marker(folder: Path) -> Path:
    return folder / "made-from"


def _describe_origin(lock: Path) -> str:
    origin = f"{sys.executable} {sys.version} {lock.read_text(encoding='utf-8')}"
    return hashlib.sha256(origin.encode()).hexdigest()


def _install(folder: Path, python: Path, lock: Path, title: str) -> None:
    uv = str(find_uv())
    if not (folder / "pyvenv.cfg").is_file():
        # uv clears no folder that is no environment, such as one that a full disk has cut short.
        shutil.rmtree(folder, ignore_errors=True)
    for command in (
        [uv, "venv", "--quiet", "--clear", "--no-project", "--python", sys.executable, str(folder)],
        [
            uv, "pip", "install", "--quiet", "--require-hashes", "--no-deps", "--compile-bytecode",
            "--python", str(python), "--requirements", str(lock),
        ],
    ):  # fmt: skip
        result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - a fixed command
        if result.returncode != 0:
            words = " ".join(result.stderr.split())[-500:]
            raise OperatorError(f"{title.capitalize()} cannot be installed: {words}")
