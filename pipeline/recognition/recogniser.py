"""The recogniser of a container: a child process that is kept warm between pictures."""

import os
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from pydantic import ValidationError

from pipeline.extraction.limits import MEBIBYTE, ExtractionLimits
from pipeline.extraction.protocol import (
    MAX_REASON_CHARACTERS,
    Frame,
    FrameKind,
    RequestKind,
    decode_cause,
)
from pipeline.extraction.reader_process import ReaderProcess
from pipeline.recognition.page_words import (
    PageNotRecognisedError,
    PageWords,
    RecognisedPage,
    read_page,
)
from shared.deadline import Deadline
from shared.errors import DeadlineError

TESSERACT = "tesseract"
NO_WHEEL = "there is no wheel of tesserocr for this machine, so that no picture can be read on it"
_CHILD = "pipeline.recognition.child"


@dataclass(frozen=True)
class RecognitionLimits:
    """What the recognition of one picture may cost.

    Args:
        memory_bytes: The address space of the process.
        page_seconds: Time for one picture, of the CPU and on the wall.
    """

    memory_bytes: int = 1280 * MEBIBYTE
    page_seconds: float = 60.0


class Recogniser:
    """Recognises the text of pictures, one at a time. Nothing starts before the first.

    Args:
        data_folder: Where the data of the languages lies.
        languages: Their names.
        limits: What a picture may cost.
        environment: The environment of this process; the child gets almost nothing of it.
    """

    def __init__(
        self,
        data_folder: Path,
        languages: Sequence[str],
        limits: RecognitionLimits | None = None,
        *,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._arguments = (str(data_folder.absolute()), *languages)
        self._limits = limits or RecognitionLimits()
        self._environment = os.environ if environment is None else environment
        self._child: ReaderProcess | None = None
        self._lock = threading.Lock()

    def recognise(self, picture: bytes, deadline: Deadline) -> RecognisedPage:
        """The text of a picture.

        Raises:
            PageNotRecognisedError: It is no picture, or takes more than it may.
            DeadlineError: The time is up; the picture may be read with more of it.
            ExtractorError: The child cannot be started.
        """
        if find_spec("tesserocr") is None:
            raise PageNotRecognisedError(NO_WHEEL)
        if not self._lock.acquire(timeout=deadline.remaining_seconds):
            raise DeadlineError("the time budget ran out while another picture was being read")
        try:
            return read_page(TESSERACT, self._ask(picture, deadline))
        finally:
            self._lock.release()

    def close(self) -> None:
        """End the child."""
        if self._child is not None:
            self._child.kill()
            self._child = None

    def _ask(self, picture: bytes, deadline: Deadline) -> PageWords:
        child = self._child or ReaderProcess(
            ExtractionLimits(memory_bytes=self._limits.memory_bytes),
            self._environment,
            _CHILD,
            self._arguments,
        )
        # Kept only if it answers: what it does after an answer that is none is anybody's guess.
        self._child = None
        with tempfile.NamedTemporaryFile(prefix="seashore-picture-") as file:
            file.write(picture)
            file.flush()
            seconds = self._limits.page_seconds
            child.send(RequestKind.RECOGNISE, file.name, seconds)
            answer = child.receive(min(seconds, deadline.remaining_seconds))
        if isinstance(answer, Frame) and answer.kind is FrameKind.PAGE_FAILED:
            self._child = child
            _, reason = decode_cause(answer.text)
            raise PageNotRecognisedError(reason[:MAX_REASON_CHARACTERS])
        if isinstance(answer, Frame) and answer.kind is FrameKind.PAGE_WORDS:
            try:
                words = PageWords.model_validate_json(answer.text)
            except ValidationError:
                child.kill()
                raise PageNotRecognisedError("the recogniser answered nonsense") from None
            self._child = child
            return words
        child.kill()
        if answer is None and deadline.remaining_seconds < seconds:
            deadline.check()
        if answer is None:
            raise PageNotRecognisedError(f"it takes more than {seconds:g} s")
        reason = (
            "the recogniser answered out of turn" if isinstance(answer, Frame) else answer.reason
        )
        raise PageNotRecognisedError(reason)
