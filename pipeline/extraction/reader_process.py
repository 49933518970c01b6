"""One reader as its parent sees it: a process to ask, to wait for, and to kill."""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import IO, cast

from pipeline.extraction.confinement.jail import hide_from_children
from pipeline.extraction.limits import ExtractionLimits
from pipeline.extraction.protocol import (
    Frame,
    FrameError,
    FrameKind,
    RequestKind,
    decode_frame,
    encode_request,
    find_max_payload_bytes,
)
from shared.errors import ExtractorError

READ_BYTES = 1 << 18
CLOSE_WALL_SECONDS = 2.0
# A reader that holds more than this share of its memory between two documents is replaced.
MAX_IDLE_SHARE = 0.25
# Where the interpreter itself is found. Nothing else of the parent's environment is passed on.
PASSED_VARIABLES = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONHOME")
# How PDFium and the C library end a process when an allocation fails.
OUT_OF_MEMORY_SIGNALS = frozenset({signal.SIGABRT, signal.SIGTRAP, signal.SIGILL})


class LossCause(Enum):
    """What ended a reader, as far as can be told from outside."""

    CRASH = auto()
    MEMORY = auto()
    CPU_TIME = auto()
    PAGE_TIME = auto()
    DOCUMENT_TIME = auto()


@dataclass(frozen=True)
class ReaderLoss:
    """A reader is gone.

    Args:
        cause: What ended it.
        reason: The same in words, to follow "page 3 could not be read: ".
    """

    cause: LossCause
    reason: str


class ReaderProcess:
    """A running reader.

    Args:
        limits: What it may use.
        environment: The environment of this process, of which almost nothing is passed on.
        reader: The module that it runs.
        arguments: What that is told besides its limits.

    Raises:
        ExtractorError: It does not start.
    """

    def __init__(
        self,
        limits: ExtractionLimits,
        environment: Mapping[str, str],
        reader: str,
        arguments: Sequence[str] = (),
    ) -> None:
        self._max_payload_bytes = find_max_payload_bytes(limits.max_page_characters)
        self._max_idle_bytes = limits.memory_bytes * MAX_IDLE_SHARE
        self._buffer = bytearray()
        self._is_closing = False
        hide_from_children()
        try:
            self._process = subprocess.Popen(  # noqa: S603  # every argument is our own
                [
                    *(sys.executable, "-s", "-S", "-P", "-m", reader),
                    *(str(limits.memory_bytes), str(limits.max_page_characters)),
                    *arguments,
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
                env=build_environment(environment, sys.path),
                cwd="/",
                start_new_session=True,
            )
        except OSError as error:
            raise ExtractorError(
                f"the process that reads documents cannot start: {error}"
            ) from error
        self._requests = cast(IO[bytes], self._process.stdin)
        self._answers = cast(IO[bytes], self._process.stdout)
        self._poller = select.poll()
        self._poller.register(self._answers, select.POLLIN)
        answer = self.receive(limits.start_wall_seconds)
        if not (isinstance(answer, Frame) and answer.kind is FrameKind.READY):
            self.kill()
            raise ExtractorError(
                "the process that reads documents does not start; its standard error says why"
            )

    @property
    def process_id(self) -> int:
        """The reader's process id."""
        return self._process.pid

    def send(self, kind: RequestKind, *arguments: str | float) -> None:
        """Ask for something. Whether the reader is still there shows in the answer."""
        with suppress(BrokenPipeError):
            self._requests.write(encode_request(kind, *arguments))

    def receive(self, wait_seconds: float) -> Frame | ReaderLoss | None:
        """The next answer; None when it has not come within `wait_seconds`."""
        end = time.monotonic() + wait_seconds
        while True:
            try:
                frame = decode_frame(self._buffer, self._max_payload_bytes)
            except FrameError as error:
                self.kill()
                return ReaderLoss(LossCause.CRASH, f"the reader answered nonsense: {error}")
            if frame is not None:
                return frame
            if not self._poller.poll(max(0.0, end - time.monotonic()) * 1000):
                return None
            received = os.read(self._answers.fileno(), READ_BYTES)
            if not received:
                return describe_exit(self._reap())
            self._buffer += received

    def close_document(self) -> None:
        """Make the reader give up its document, without waiting until it has."""
        self.send(RequestKind.CLOSE)
        self._is_closing = True

    def is_fit(self) -> bool:
        """Whether the reader runs, has closed its last document and let go of its memory."""
        if self._is_closing:
            self._is_closing = False
            answer = self.receive(CLOSE_WALL_SECONDS)
            if not (isinstance(answer, Frame) and answer.kind is FrameKind.CLOSED):
                return False
            if answer.number * 1024 > self._max_idle_bytes:
                return False
        return self._process.poll() is None

    def kill(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        self._reap()

    def _reap(self) -> int:
        code = self._process.wait()
        self._requests.close()
        self._answers.close()
        return code


def build_environment(environment: Mapping[str, str], search_path: list[str]) -> dict[str, str]:
    """The environment of a reader: no key and no credential is in the reach of a PDF.

    Args:
        environment: The parent's.
        search_path: The parent's `sys.path`, whatever has put the code and the packages there.
    """
    passed = {name: environment[name] for name in PASSED_VARIABLES if name in environment}
    return passed | {
        "PYTHONPATH": os.pathsep.join(str(Path(entry).absolute()) for entry in search_path),
        "PYTHONUTF8": "1",
        # Each arena of the C library reserves 64 MiB of the address space.
        "MALLOC_ARENA_MAX": "1",
    }


def describe_exit(code: int) -> ReaderLoss:
    """What the exit code of a reader means."""
    if code >= 0:
        return ReaderLoss(LossCause.CRASH, f"the reader ended with code {code}")
    try:
        ended_by = signal.Signals(-code)
    except ValueError:
        return ReaderLoss(LossCause.CRASH, f"the reader was ended by signal {-code}")
    if ended_by is signal.SIGXCPU:
        return ReaderLoss(LossCause.CPU_TIME, "it needs more CPU time than a document may use")
    if ended_by is signal.SIGKILL:
        return ReaderLoss(
            LossCause.MEMORY, "the system ended the reader, most likely for lack of memory"
        )
    if ended_by in OUT_OF_MEMORY_SIGNALS:
        return ReaderLoss(
            LossCause.MEMORY, f"it needs more memory than a document may use ({ended_by.name})"
        )
    return ReaderLoss(LossCause.CRASH, f"it crashes the reader ({ended_by.name})")
