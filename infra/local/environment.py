"""The emulator's own Python environment, made from its lock file.

It holds nothing but the emulator, since functions run in its interpreter: what the functions'
package lacks must be missing here too.
"""

from collections.abc import Callable
from pathlib import Path

from infra.locked_environment import ensure_environment
from infra.project_files import LOCKS
from shared.errors import LocalStackError, OperatorError

EMULATOR_LOCK = LOCKS / "emulator.txt"


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
    try:
        return ensure_environment(folder, EMULATOR_LOCK, "the emulator", report)
    except OperatorError as error:
        raise LocalStackError(str(error)) from error
