"""The recogniser of a container: a child process that is kept warm between pictures."""

import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
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
    TESSERACT,
    PageNotRecognisedError,
    PageWords,
    RecognisedPage,
    read_page,
)
from shared.deadline import Deadline
from shared.errors import DeadlineError

NO_WHEEL = "there is no wheel of tesserocr for this machine, so that no picture can be read on it"
_CHILD = "pipeline.recognition.child"
_OUT_OF_TURN = "the recogniser answered out of turn"
_MOST_PACKED_BYTES = 32 * MEBIBYTE


class _RefusedError(Exception):
    """The child cannot read the picture, and is well."""


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
        with self._ask(RequestKind.RECOGNISE, picture, deadline) as receive:
            answer = receive()
            if answer.kind is not FrameKind.PAGE_WORDS:
                raise PageNotRecognisedError(_OUT_OF_TURN)
            try:
                words = PageWords.model_validate_json(answer.text)
            except ValidationError:
                raise PageNotRecognisedError("the recogniser answered nonsense") from None
        return read_page(TESSERACT, words)

    def pack(self, picture: bytes, deadline: Deadline) -> bytes:
        """A picture as it may be sent on: upright, not too large, a PNG or JPEG.

        Without the library that decodes pictures it stays as it is.

        Raises: As `recognise` does.
        """
        if find_spec("tesserocr") is None:
            return picture
        packed = bytearray()
        with self._ask(RequestKind.PACK, picture, deadline) as receive:
            while (answer := receive()).kind is FrameKind.PICTURE_PART:
                packed += answer.data
                if len(packed) > _MOST_PACKED_BYTES:
                    raise PageNotRecognisedError(_OUT_OF_TURN)
            if answer.kind is not FrameKind.PICTURE_ENDS:
                raise PageNotRecognisedError(_OUT_OF_TURN)
        if answer.text:
            raise PageNotRecognisedError(answer.text[:MAX_REASON_CHARACTERS])
        return bytes(packed) or picture

    def close(self) -> None:
        """End the child."""
        if self._child is not None:
            self._child.kill()
            self._child = None

    @contextmanager
    def _ask(
        self, kind: RequestKind, picture: bytes, deadline: Deadline
    ) -> Iterator[Callable[[], Frame]]:
        """Ask the child about a picture; what is yielded gives its answers.

        The child is kept only if all went well: what it does after an answer that is none is
        anybody's guess.
        """
        if not self._lock.acquire(timeout=deadline.remaining_seconds):
            raise DeadlineError("the time budget ran out while another picture was being read")
        try:
            child = self._child or ReaderProcess(
                ExtractionLimits(memory_bytes=self._limits.memory_bytes),
                self._environment,
                _CHILD,
                self._arguments,
            )
            self._child = None
            is_ready = False
            try:
                with tempfile.NamedTemporaryFile(prefix="seashore-picture-") as file:
                    file.write(picture)
                    file.flush()
                    child.send(kind, file.name, self._limits.page_seconds)
                    yield lambda: self._receive(child, deadline)
                is_ready = True
            except _RefusedError as refusal:
                is_ready = True
                raise PageNotRecognisedError(str(refusal)) from None
            finally:
                if is_ready:
                    self._child = child
                else:
                    child.kill()
        finally:
            self._lock.release()

    def _receive(self, child: ReaderProcess, deadline: Deadline) -> Frame:
        seconds = self._limits.page_seconds
        answer = child.receive(min(seconds, deadline.remaining_seconds))
        if isinstance(answer, Frame):
            if answer.kind is FrameKind.PAGE_FAILED:
                _, reason = decode_cause(answer.text)
                raise _RefusedError(reason[:MAX_REASON_CHARACTERS])
            return answer
        if answer is None and deadline.remaining_seconds < seconds:
            deadline.check()
        if answer is None:
            raise PageNotRecognisedError(f"it takes more than {seconds:g} s")
        raise PageNotRecognisedError(answer.reason)
