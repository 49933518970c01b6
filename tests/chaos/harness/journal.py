"""What happened in which process and when: one JSON object a line, appended by many processes."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Entry:
    """One thing that happened. Times are readings of the machine's monotonic clock."""

    at_seconds: float
    pid: int
    what: str
    details: dict[str, object]


class Journal:
    """A file that survives the processes that write it.

    Each entry is one `write` to a file opened for appending, so that entries of several processes
    do not mix, and that what a process wrote before it was killed is there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def close(self) -> None:
        os.close(self._descriptor)

    def write(self, what: str, **details: object) -> None:
        entry = {"at": time.monotonic(), "pid": os.getpid(), "what": what, **details}
        os.write(self._descriptor, (json.dumps(entry) + "\n").encode())

    def read(self) -> list[Entry]:
        entries = []
        # What stands behind the last line end is being written.
        *lines, _ = self._path.read_text(encoding="utf-8").split("\n")
        for line in lines:
            entry = json.loads(line)
            entries.append(Entry(entry.pop("at"), entry.pop("pid"), entry.pop("what"), entry))
        return entries


@contextmanager
def open_journal(path: Path) -> Iterator[Journal]:
    """Open a journal for the length of a block."""
    journal = Journal(path)
    try:
        yield journal
    finally:
        journal.close()
