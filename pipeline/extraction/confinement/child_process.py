"""What every child process does that decodes untrusted files, whichever files it decodes."""

import logging
import os
import select
import sys
import warnings
from typing import IO

from pipeline.extraction.protocol import Frame, encode_frame

OUT_OF_MEMORY = "it needs more memory than a document may use"


def end_with_parent() -> None:
    """End this process when the parent is gone, even in the middle of a page.

    PR_SET_PDEATHSIG would not do: it fires when the *thread* that started this process ends, and
    a reader outlives the thread of the record that it was started for.
    """
    poller = select.poll()
    # No event is asked for, so that only the end of the pipe is reported, and no request.
    poller.register(sys.stdin.fileno(), 0)
    poller.poll()
    os._exit(0)


def take_standard_output() -> IO[bytes]:
    """Standard output for frames alone: what else is printed, there or as an error, is dropped."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.dup2(null, sys.stderr.fileno())
    os.close(null)
    return answers


def silence_engines() -> None:
    """No warnings and no log lines: they speak of an untrusted document's inside."""
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")


def write_frame(answers: IO[bytes], frame: Frame) -> None:
    """Write all of a frame to a file that may take less at a time."""
    view = memoryview(encode_frame(frame))
    while view:
        view = view[answers.write(view) :]
