"""Where the emulator and the functions keep temporary files: in memory if there is room.

The emulator unpacks the package, thousands of small files, for every copy of a function that it
starts. On a disk that takes seconds, in memory a fraction of one.
"""

import shutil
import tempfile
from pathlib import Path

from infra.local.record import LocalFolder

_MEMORY = Path("/dev/shm")  # noqa: S108 - Linux: a file system in memory, with its own limit
_ROOM_BYTES = 2 * 1024**3


def make_scratch(folder: LocalFolder, memory: Path = _MEMORY) -> None:
    """Make an empty folder for temporary files, or a link to one in memory.

    Args:
        folder: The files of the local stack.
        memory: Where a file system in memory is mounted, if there is one.
    """
    clear_scratch(folder)
    if memory.is_dir() and shutil.disk_usage(memory).free >= _ROOM_BYTES:
        folder.scratch.symlink_to(tempfile.mkdtemp(prefix="seashore-", dir=memory))
    else:
        folder.scratch.mkdir()


def clear_scratch(folder: LocalFolder) -> None:
    """Remove the folder for temporary files, wherever it is."""
    if folder.scratch.is_symlink():
        shutil.rmtree(folder.scratch.readlink(), ignore_errors=True)
        folder.scratch.unlink()
    else:
        shutil.rmtree(folder.scratch, ignore_errors=True)
