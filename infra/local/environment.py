"""The emulator's own Python environment, made from its lock file.

It holds nothing but the emulator, since functions run in its interpreter: what the functions'
package lacks must be missing here too.
"""

import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from infra.build import find_uv
from infra.file_lock import FileLockedError, hold_file_lock
from shared.errors import LocalStackError

EMULATOR_LOCK = Path(__file__).parent.parent / "locks" / "emulator.txt"

_LONGEST_INSTALL_SECONDS = 600.0


def ensure_emulator(folder: Path, report: Callable[[str], None]) -> Path:
    """Make the emulator's environment, unless it is there and its lock file is unchanged.

    Args:
        folder: Where the environment is, or is to be.
        report: Called with one line if something has to be done.

    Returns:
        The environment's Python.

    Raises:
        LocalStackError: The environment cannot be made.
    """
    python = folder / "bin" / "python"
    marker = folder / "made-from"
    origin = f"{sys.executable} {sys.version} {EMULATOR_LOCK.read_text(encoding='utf-8')}"
    wanted = hashlib.sha256(origin.encode()).hexdigest()
    try:
        with hold_file_lock(folder.with_suffix(".lock"), _LONGEST_INSTALL_SECONDS):
            if not (python.exists() and marker.exists() and marker.read_text() == wanted):
                report("Installing the emulator (once)")
                _install(folder, python)
                marker.write_text(wanted)
    except FileLockedError as error:
        raise LocalStackError(
            f"Another process is installing the emulator and does not end ({error})."
        ) from None
    return python


def _install(folder: Path, python: Path) -> None:
    uv = str(find_uv())
    _run(
        [uv, "venv", "--quiet", "--clear", "--no-project", "--python", sys.executable, str(folder)]
    )
    _run(
        [
            uv, "pip", "install", "--quiet", "--require-hashes", "--no-deps", "--compile-bytecode",
            "--python", str(python), "--requirements", str(EMULATOR_LOCK),
        ]
    )  # fmt: skip


def _run(command: list[str]) -> None:
    result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - a fixed command
    if result.returncode != 0:
        words = " ".join(result.stderr.split())[-500:]
        raise LocalStackError(f"The emulator cannot be installed: {words}")
