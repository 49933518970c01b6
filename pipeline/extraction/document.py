"""One open document: its pages in order, whatever becomes of the readers."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pipeline.extraction.limits import MAX_FILES, MAX_NAME_CHARACTERS, ExtractionLimits
from pipeline.extraction.page_text import Engine, PageText
from pipeline.extraction.protocol import (
    MAX_REASON_CHARACTERS,
    PAGE_ENGINES,
    Frame,
    FrameKind,
    RequestKind,
    decode_cause,
)
from pipeline.extraction.reader_process import LossCause, ReaderLoss, ReaderProcess
from pipeline.extraction.refusals import refuse_document, refuse_page_count
from shared.deadline import Deadline
from shared.document_formats import DocumentFormat
from shared.errors import DeadlineError, RejectionCode

OUT_OF_TURN = "the reader answered out of turn"
# Noise does not compress: a PNG of it has a little more than a byte for each grey pixel. A picture
# that is a document of its own is handed out as it is.
_MOST_BYTES_PER_PIXEL = 4


@dataclass(frozen=True)
class TakenFile:
    """A file inside of a document.

    Args:
        name: Its name, in one line; two may have the same.
        reason: Why it is not taken out; None if it is.
    """

    name: str
    reason: str | None = None


@dataclass(frozen=True)
class PagePicture:
    """A page as a picture.

    Args:
        number: The number of the page, from 1.
        data: The bytes of the picture: a PNG, or what the file itself has.
        reason: Why there is none; None if there is.
    """

    number: int
    data: bytes = b""
    reason: str | None = None


class OpenDocument:
    """A document that a reader has opened. Made by `Extractor.open`; for one thread.

    Args:
        path: The file.
        file_format: Its format.
        deadline: By when the caller has to be done.
        limits: What the document may cost.
        take_reader: Gives a reader that has no document.
        waited_seconds: Time that its pages have taken before, in earlier readings of it.

    Attributes:
        page_count: The number of its pages.
        embedded_files: The names of the files inside, in one line each.
        waited_seconds: Time that its pages and files have taken so far, those readings included.
        unit: What its pages are: pages, or what else people cite of its format.
    """

    def __init__(
        self,
        path: Path,
        file_format: DocumentFormat,
        deadline: Deadline,
        limits: ExtractionLimits,
        take_reader: Callable[[], ReaderProcess],
        waited_seconds: float,
    ) -> None:
        self.page_count = 0
        self.embedded_files: tuple[str, ...] = ()
        self.waited_seconds = waited_seconds
        self._path = path
        self.unit = file_format.unit
        self._format = file_format
        self._deadline = deadline
        self._limits = limits
        self._take_reader = take_reader
        self._reader: ReaderProcess | None = None
        self._is_reading = False
        self._losses = 0
        self._cpu_seconds_of_lost_readers = 0.0
        self._cpu_seconds_of_reader = 0.0
        self._stopped_because: str | None = None

    def open(self) -> None:
        """Have a reader open the document and count its pages.

        Raises:
            RejectedDocumentError: The document is refused.
            DeadlineError: The time is up.
            ExtractorError: No reader can be started.
        """
        answer = self._ask_to_open()
        if isinstance(answer, ReaderLoss):
            raise refuse_document(find_code(answer.cause), answer.reason)
        if answer.kind is FrameKind.REFUSED:
            raise refuse_document(*decode_cause(answer.text))
        if answer.number > self._limits.max_pages:
            raise refuse_page_count(answer.number, self._format.unit, self._limits)
        self.page_count = answer.number
        names = answer.text.splitlines()[: MAX_FILES + 1]
        self.embedded_files = tuple(name[:MAX_NAME_CHARACTERS] for name in names)

    def pages(self, first_page: int = 1) -> Iterator[PageText]:
        """Every page from `first_page` on, in order, each exactly once.

        A page that cannot be read, or that ends its reader, comes as a failed one. Pages are read
        while the caller works on those before; no more than a pipe holds is read ahead.

        Args:
            first_page: Where to begin, from 1: a checkpoint's next page.

        Raises:
            DeadlineError: The time is up; the pages given so far are good.
            ExtractorError: No further reader can be started.
        """
        if first_page < 1:
            raise ValueError("pages are numbered from 1")
        if self._is_reading:
            self._drop_reader()
        if first_page <= self.page_count:
            self._ask_for_rest(RequestKind.READ, first_page)
        for number in range(first_page, self.page_count + 1):
            page = self._next_page(number)
            if number == self.page_count:
                self._is_reading = False
            yield page

    def take_files(self, target: BinaryIO) -> Iterator[TakenFile]:
        """Every file inside, in order, each exactly once, as far as it is a document that is read.

        Together they have no more bytes than a document may have.

        Args:
            target: Holds the bytes of a file that is taken out, until the next is asked for.

        Raises:
            DeadlineError: The time is up; the files given so far are good.
            ExtractorError: No further reader can be started.
        """
        if self._is_reading:
            self._drop_reader()
        left_bytes = self._limits.max_document_bytes
        for number, name in enumerate(self.embedded_files, start=1):
            target.seek(0)
            target.truncate()
            if not self._is_reading and self._stopped_because is None:
                self._resume(RequestKind.TAKE, number, left_bytes)
            if self._reader is None or self._stopped_because is not None:
                yield TakenFile(name, self._stopped_because or "")
                continue
            reason = self._receive_file(self._reader, number, target, left_bytes)
            left_bytes -= target.tell()
            if number == len(self.embedded_files):
                self._is_reading = False
            yield TakenFile(name, reason)

    def render(
        self, numbers: Iterable[int], *, dots_per_inch: int, max_pixels: int
    ) -> Iterator[PagePicture]:
        """Pages as pictures, in the order that is asked for.

        Args:
            numbers: The numbers of the pages.
            dots_per_inch: How finely they are rendered.
            max_pixels: Large pages are rendered less finely, with so many pixels.

        Raises:
            DeadlineError: The time is up; the pictures given so far are good.
            ExtractorError: No further reader can be started.
        """
        if self._is_reading:
            self._drop_reader()
        for number in numbers:
            if self._stopped_because is None:
                self._resume(RequestKind.RENDER, number, dots_per_inch, max_pixels)
            if self._reader is None or self._stopped_because is not None:
                yield PagePicture(number, reason=self._stopped_because or "")
                continue
            most_bytes = max(_MOST_BYTES_PER_PIXEL * max_pixels, self._limits.max_document_bytes)
            yield self._receive_picture(self._reader, number, most_bytes)
            self._is_reading = False

    def _receive_picture(self, reader: ReaderProcess, number: int, max_bytes: int) -> PagePicture:
        data = bytearray()
        while True:
            answer = self._wait_for_next(reader)
            if isinstance(answer, ReaderLoss):
                return PagePicture(number, reason=answer.reason)
            is_in_turn = answer.number == number and len(data) + len(answer.data) <= max_bytes
            if is_in_turn and answer.kind is FrameKind.PICTURE_PART:
                data += answer.data
            elif is_in_turn and answer.kind is FrameKind.PICTURE_ENDS:
                reason = answer.text[:MAX_REASON_CHARACTERS] or None
                return PagePicture(number, b"" if reason else bytes(data), reason)
            else:
                self._drop_reader()
                return PagePicture(number, reason=OUT_OF_TURN)

    def release(self) -> ReaderProcess | None:
        """Close the document.

        Returns:
            The reader, unless it was lost or is in the middle of the document.
        """
        reader, self._reader = self._reader, None
        if reader is not None and self._is_reading:
            reader.kill()
            return None
        if reader is not None:
            reader.close_document()
        return reader

    def _receive_file(
        self, reader: ReaderProcess, number: int, target: BinaryIO, max_bytes: int
    ) -> str | None:
        """Write a file's bytes; why it is not taken out, or None."""
        while True:
            answer = self._wait_for_next(reader)
            if isinstance(answer, ReaderLoss):
                return answer.reason
            if answer.kind is FrameKind.FILE_ENDS and answer.number == number:
                return answer.text[:MAX_REASON_CHARACTERS] or None
            is_part = answer.kind is FrameKind.FILE_PART and answer.number == number
            if not is_part or target.tell() + len(answer.data) > max_bytes:
                self._drop_reader()
                return OUT_OF_TURN
            target.write(answer.data)

    def _next_page(self, number: int) -> PageText:
        if self._reader is None and self._stopped_because is None:
            self._resume(RequestKind.READ, number)
        if self._reader is None or self._stopped_because is not None:
            return _fail_page(number, self._stopped_because or "", RejectionCode.OVER_LIMITS)
        answer = self._wait_for_next(self._reader)
        if isinstance(answer, ReaderLoss):
            return _fail_page(number, answer.reason, find_code(answer.cause))
        engine = PAGE_ENGINES.get(answer.kind)
        if engine is not None and answer.number == number:
            return PageText(number, answer.text, engine)
        if answer.kind is FrameKind.PAGE_IS_PICTURE and answer.number == number:
            name, _, text = answer.text.partition("\n")
            named = Engine.__members__.get(name.upper(), Engine.PDFIUM)
            return PageText(number, text, named, shows_picture=True)
        if answer.kind is FrameKind.PAGE_FAILED and answer.number == number:
            code, reason = decode_cause(answer.text)
            return _fail_page(number, reason, code)
        self._drop_reader()
        return _fail_page(number, answer.text or OUT_OF_TURN, RejectionCode.OVER_LIMITS)

    def _resume(self, kind: RequestKind, *arguments: int) -> None:
        """Ask for what follows, with a new reader if need be, or settle that no more is tried."""
        if self._reader is not None:
            self._ask_for_rest(kind, *arguments)
            return
        if self._losses >= self._limits.max_reader_losses:
            self._stopped_because = f"{self._losses} pages before it have ended their readers"
            return
        answer = self._ask_to_open()
        if isinstance(answer, ReaderLoss):
            self._stopped_because = answer.reason
        elif answer.kind is not FrameKind.OPENED or answer.number != self.page_count:
            self._stopped_because = "the document could not be opened a second time"
        else:
            self._ask_for_rest(kind, *arguments)

    def _ask_to_open(self) -> Frame | ReaderLoss:
        reader = self._reader = self._take_reader()
        self._cpu_seconds_of_reader = 0.0
        cpu_seconds = self._limits.document_cpu_seconds - self._cpu_seconds_of_lost_readers
        path = str(self._path.absolute())
        reader.send(RequestKind.OPEN, path, self._format.suffix, cpu_seconds)
        seconds = self._limits.open_wall_seconds
        answer = self._wait(reader, seconds, _describe_overrun(seconds))
        if isinstance(answer, Frame) and answer.kind not in (FrameKind.OPENED, FrameKind.REFUSED):
            self._drop_reader()
            return ReaderLoss(LossCause.CRASH, OUT_OF_TURN)
        return answer

    def _ask_for_rest(self, kind: RequestKind, *arguments: int) -> None:
        if self._reader is not None:
            self._reader.send(kind, *arguments)
            self._is_reading = True

    def _wait_for_next(self, reader: ReaderProcess) -> Frame | ReaderLoss:
        page_seconds, document_seconds = (
            self._limits.page_wall_seconds,
            self._limits.document_wall_seconds,
        )
        left_seconds = max(0.0, document_seconds - self.waited_seconds)
        if left_seconds > page_seconds:
            return self._wait(reader, page_seconds, _describe_overrun(page_seconds))
        reason = f"the document takes more than {document_seconds:g} s"
        return self._wait(reader, left_seconds, ReaderLoss(LossCause.DOCUMENT_TIME, reason))

    def _wait(
        self, reader: ReaderProcess, wait_seconds: float, overrun: ReaderLoss
    ) -> Frame | ReaderLoss:
        """The reader's next answer, or what ended it; after a loss there is no reader.

        Args:
            reader: Who is to answer.
            wait_seconds: How long it may take.
            overrun: The loss of a reader that takes longer.
        """
        self._deadline.check()
        is_bound_by_deadline = self._deadline.remaining_seconds < wait_seconds
        started = time.monotonic()
        answer = reader.receive(min(wait_seconds, self._deadline.remaining_seconds))
        waited_seconds = time.monotonic() - started
        self.waited_seconds += waited_seconds
        if isinstance(answer, Frame):
            self._cpu_seconds_of_reader = answer.cpu_milliseconds / 1000
            return answer
        # The page that ended the reader is not in the reader's own count.
        self._cpu_seconds_of_reader += waited_seconds
        self._drop_reader()
        if answer is None:
            if is_bound_by_deadline:
                raise DeadlineError("the time budget ran out while the document was being read")
            answer = overrun
        if answer.cause in (LossCause.CPU_TIME, LossCause.DOCUMENT_TIME):
            self._stopped_because = answer.reason
        return answer

    def _drop_reader(self) -> None:
        if self._reader is not None:
            self._reader.kill()
            self._reader = None
        self._is_reading = False
        self._losses += 1
        self._cpu_seconds_of_lost_readers += self._cpu_seconds_of_reader
        if self._cpu_seconds_of_lost_readers >= self._limits.document_cpu_seconds:
            self._stopped_because = "the document needs more CPU time than a document may use"


def find_code(cause: LossCause) -> RejectionCode:
    """What a document is refused with that has ended its reader so."""
    return RejectionCode.DAMAGED if cause is LossCause.CRASH else RejectionCode.OVER_LIMITS


def _fail_page(number: int, reason: str, code: RejectionCode) -> PageText:
    return PageText(number, "", error=reason, code=code)


def _describe_overrun(limit_seconds: float) -> ReaderLoss:
    return ReaderLoss(LossCause.PAGE_TIME, f"it takes more than {limit_seconds:g} s")
