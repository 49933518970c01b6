"""Locks on files, held by processes and let go when these end, however they end."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.errors import OperatorError


class FileLockedError(Exception):
    """Another process holds the lock; for the caller to turn into advice."""


@contextmanager
def hold_file_lock(path: Path, wait_seconds: float) -> Iterator[int]:
    """Hold the lock of a file, and hand out the descriptor that holds it.

    A child process that inherits the descriptor goes on holding the lock after the block.

    Args:
        path: The file; it is made if it is missing, and stays.
        wait_seconds: How long to wait for another holder to let go.

    Raises:
        FileLockedError: Another process still holds the lock.
        OperatorError: The file, or its folder, cannot be made or opened.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise OperatorError(
            f"{error.filename} cannot be used ({error.strerror}): it has to be yours to write, "
            "and a folder where one is meant. Mend its rights, move it away, or work elsewhere."
        ) from error
    try:
        deadline = time.monotonic() + wait_seconds
        while not _try_lock(descriptor):
            if time.monotonic() >= deadline:
                raise FileLockedError(str(path))
            time.sleep(0.02)
        yield descriptor
    finally:
        os.close(descriptor)


def is_file_locked(path: Path) -> bool:
    """Whether a process holds the lock of a file."""
    try:
        # A short patience: somebody else may be looking at the same moment.
        with hold_file_lock(path, wait_seconds=0.1):
            return False
    except FileLockedError:
        return True


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
