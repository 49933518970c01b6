"""Documents read as a caller reads them, and the processes that do it."""

import os
import time
from pathlib import Path

from shared.deadline import Deadline


def read(extractor, path):
    with extractor.open(path, Deadline.after(60)) as document:
        return list(document.pages())


def find_reader(extractor, path):
    """The process that the next document will be read by."""
    with extractor.open(path, Deadline.after(60)) as document:
        return document._reader.process_id


def is_gone(process):
    """Whether a process has ended, be it that nobody has reaped it."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    stat = Path(f"/proc/{process}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z"


def wait_until_gone(process, seconds):
    end = time.monotonic() + seconds
    while not is_gone(process) and time.monotonic() < end:
        time.sleep(0.02)
    return is_gone(process)
