"""The readers of one container, lent out to one document each."""

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from pipeline.extraction.document import OpenDocument
from pipeline.extraction.limits import ExtractionLimits
from pipeline.extraction.reader_process import ReaderProcess
from pipeline.extraction.refusals import check_file
from shared.deadline import Deadline
from shared.document_formats import DocumentFormat
from shared.errors import DeadlineError, ReadersBusyError

_BUSY_DELAY_SECONDS = 5.0
# Not spelled out: a function that names the module has PDFium in its zip (`own_modules`).
_PDF_READER = f"{__package__}.child"


class Extractor:
    """Reads documents in child processes, which it keeps warm between documents.

    Safe to use from several threads: each open document has a reader of its own, and at most
    `max_readers` are open at a time. Nothing starts before the first document.

    Args:
        limits: What a document may cost.
        max_readers: The most readers at a time. Each may use `limits.memory_bytes`.
        environment: The environment of this process; a reader gets almost nothing of it.
        reader: The module that runs as a reader: that of PDFs, if nothing else is said.
        identify: Tells the format of a file, or refuses it.
    """

    def __init__(
        self,
        limits: ExtractionLimits | None = None,
        *,
        max_readers: int = 2,
        environment: Mapping[str, str] | None = None,
        reader: str = _PDF_READER,
        identify: Callable[[Path, ExtractionLimits], DocumentFormat] = check_file,
    ) -> None:
        self._limits = limits or ExtractionLimits()
        self._environment = os.environ if environment is None else environment
        self._reader = reader
        self._identify = identify
        self._idle: list[ReaderProcess] = []
        self._slots = threading.BoundedSemaphore(max_readers)
        self._lock = threading.Lock()
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @contextmanager
    def open(
        self, path: Path, deadline: Deadline, *, waited_seconds: float = 0.0
    ) -> Iterator[OpenDocument]:
        """Open a document for reading its pages.

        Args:
            path: The file; it must stay as it is until the document is closed.
            deadline: By when the caller has to be done with the document.
            waited_seconds: Time that its pages have taken before: `OpenDocument.waited_seconds` of
                the reading that this one goes on with.

        Yields:
            The document, with its number of pages known.

        Raises:
            RejectedDocumentError: The document is refused, with a sentence for a person.
            DeadlineError: The time is up, here or while pages are read.
            ReadersBusyError: Other documents kept the readers until then, or nearly so.
            ExtractorError: No reader can be started.
        """
        deadline.check()
        file_format = self._identify(path, self._limits)
        has_waited = not self._slots.acquire(blocking=False)
        if has_waited and not self._slots.acquire(timeout=deadline.remaining_seconds):
            raise _say_busy()
        try:
            document = OpenDocument(
                path, file_format, deadline, self._limits, self._take_reader, waited_seconds
            )
            try:
                try:
                    document.open()
                except DeadlineError as error:
                    if not has_waited:
                        raise
                    # Those that read to the end of their time give their readers back just then.
                    raise _say_busy() from error
                yield document
            finally:
                reader = document.release()
                if reader is not None:
                    self._put_back(reader)
        finally:
            self._slots.release()

    def close(self) -> None:
        """End the readers. A document that is open keeps its own until it is closed."""
        with self._lock:
            self._closed = True
            readers, self._idle = self._idle, []
        for reader in readers:
            reader.kill()

    def _take_reader(self) -> ReaderProcess:
        while True:
            with self._lock:
                if not self._idle:
                    break
                reader = self._idle.pop()
            if reader.is_fit():
                return reader
            reader.kill()
        return ReaderProcess(self._limits, self._environment, self._reader)

    def _put_back(self, reader: ReaderProcess) -> None:
        with self._lock:
            if not self._closed:
                self._idle.append(reader)
                return
        reader.kill()


def _say_busy() -> ReadersBusyError:
    return ReadersBusyError(
        "no reader became free within the time budget",
        delay_seconds=_BUSY_DELAY_SECONDS,
        reason="readers_busy",
    )
