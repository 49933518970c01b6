"""A reader: the process that parses untrusted documents. Started by `ReaderProcess`.

It reads requests from standard input and answers on standard output (`protocol`), one document
at a time. A document that is too much for it may end it at any point; its parent copes. What opens
a document is handed in: each kind of reader is a module of its own that calls `run_reader`.
"""

import gc
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from pipeline.extraction.confinement.child_process import (
    OUT_OF_MEMORY,
    end_with_parent,
    silence_engines,
    take_standard_output,
    write_frame,
)
from pipeline.extraction.confinement.jail import enter_jail
from pipeline.extraction.confinement.resource_limits import (
    limit_document_cpu,
    limit_process,
    read_resident_kibibytes,
    release_free_memory,
)
from pipeline.extraction.protocol import (
    MAX_PART_BYTES,
    PAGE_KINDS,
    Frame,
    FrameKind,
    RequestKind,
    decode_request,
    encode_cause,
    find_max_payload_bytes,
)
from pipeline.extraction.readable_document import (
    FileNotTakenError,
    ReadableDocument,
    UnreadableDocumentError,
    UnreadablePageError,
)
from pipeline.extraction.text_cleanup import clean_text
from shared.errors import RejectionCode

_OBJECTS_BETWEEN_COLLECTIONS = 20_000
# The engines keep about 2 kB of each page that they have read.
PAGES_BETWEEN_LOOKS = 100
MAX_GROWTH_KIBIBYTES = 16 * 1024


# Opens the file of a format, which its suffix names.
OpenFile = Callable[[Path, str], ReadableDocument]


def run_reader(open_file: OpenFile, prepare: Callable[[], None]) -> None:
    """Serve requests until the parent closes the pipe.

    Arguments on the command line: bytes of address space, most characters of a page.

    Args:
        open_file: Opens a document. It raises `UnreadableDocumentError` or `MemoryError`.
        prepare: Called once, while this process may still do what it gives up for good.
    """
    memory_bytes, max_page_characters = (int(argument) for argument in sys.argv[1:3])
    threading.Thread(target=end_with_parent, daemon=True).start()
    answers = take_standard_output()
    silence_engines()
    prepare()
    limit_process(memory_bytes)
    enter_jail()
    collect_seldom()
    Reader(answers, max_page_characters, open_file).serve(sys.stdin.buffer)


def collect_seldom() -> None:
    """Have Python's collector look for circles seldom, and at nothing that lives now.

    Whatever lives now lives for good. A page makes thousands of small objects and no circles:
    looking for them took a seventh of the time.
    """
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, 20, 50)


class Reader:
    """Carries out requests on one document after another.

    Args:
        answers: Where frames go, unbuffered: the parent must know which page is being read.
        max_page_characters: A page with more text than this is failed.
        open_file: Opens a document.
    """

    def __init__(self, answers: IO[bytes], max_page_characters: int, open_file: OpenFile) -> None:
        self._answers = answers
        self._max_page_characters = max_page_characters
        self._open_file = open_file
        self._document: ReadableDocument | None = None
        self._cpu_at_open = 0.0
        self._held_for_good_kibibytes = read_resident_kibibytes()

    def serve(self, requests: IO[bytes]) -> None:
        """Answer each request, in order."""
        self._send(FrameKind.READY)
        for line in requests:
            kind, arguments = decode_request(line)
            match kind:
                case RequestKind.OPEN:
                    path, suffix, cpu_seconds = arguments
                    self._open(Path(str(path)), str(suffix), float(cpu_seconds))
                case RequestKind.READ:
                    self._read(int(arguments[0]))
                case RequestKind.TAKE:
                    self._take_files(int(arguments[0]), int(arguments[1]))
                case RequestKind.RENDER:
                    self._render(*(int(argument) for argument in arguments[:3]))
                case RequestKind.CLOSE:
                    self._close()

    def _open(self, path: Path, suffix: str, cpu_seconds: float) -> None:
        self._cpu_at_open = time.process_time()
        limit_document_cpu(cpu_seconds)
        try:
            self._document = self._open_file(path, suffix)
        except UnreadableDocumentError as error:
            self._send(FrameKind.REFUSED, text=encode_cause(error.code, error.reason))
        except MemoryError:
            self._send(FrameKind.REFUSED, text=encode_cause(RejectionCode.OVER_LIMITS, ""))
        else:
            names = "\n".join(self._document.embedded_files)
            self._send(FrameKind.OPENED, self._document.page_count, names)

    def _read(self, first_page: int) -> None:
        document = self._document
        if document is None:
            return
        has_looks = document.page_count >= PAGES_BETWEEN_LOOKS
        held_kibibytes = read_resident_kibibytes() if has_looks else 0
        for number in range(first_page, document.page_count + 1):
            if number % PAGES_BETWEEN_LOOKS == 0:
                grown_kibibytes = read_resident_kibibytes() - held_kibibytes
                if grown_kibibytes > MAX_GROWTH_KIBIBYTES:
                    document.renew()
                    release_free_memory()
                    held_kibibytes = read_resident_kibibytes()
            self._read_page(document, number)

    def _read_page(self, document: ReadableDocument, number: int) -> None:
        try:
            page = document.read_page(number)
            text = self._check(page.text)
        except UnreadablePageError as error:
            self._send(FrameKind.PAGE_FAILED, number, encode_cause(error.code, str(error)))
        except MemoryError:
            self._send(FrameKind.PAGE_FATAL, number, OUT_OF_MEMORY)
            os._exit(0)
        else:
            if page.shows_picture:
                self._send(FrameKind.PAGE_IS_PICTURE, number, f"{page.engine}\n{text}")
            else:
                self._send(PAGE_KINDS[page.engine], number, text)

    def _check(self, text: str) -> str:
        if len(text) > self._max_page_characters:
            raise UnreadablePageError(
                f"it has {len(text)} characters, more than the {self._max_page_characters} allowed"
            )
        return clean_text(text)

    def _take_files(self, first: int, max_bytes: int) -> None:
        """Send the files inside from one on, as far as they are taken and together small enough."""
        document = self._document
        if document is None:
            return
        part_bytes = min(MAX_PART_BYTES, find_max_payload_bytes(self._max_page_characters))
        for number, file in enumerate(document.find_files(), start=1):
            if number < first:
                continue
            try:
                data = document.read_file(file, number, max_bytes)
            except FileNotTakenError as error:
                self._send(FrameKind.FILE_ENDS, number, str(error))
                continue
            except MemoryError:
                self._send(FrameKind.FILE_ENDS, number, OUT_OF_MEMORY)
                continue
            max_bytes -= len(data)
            for start in range(0, len(data), part_bytes):
                self._send(FrameKind.FILE_PART, number, data=data[start : start + part_bytes])
            self._send(FrameKind.FILE_ENDS, number)

    def _render(self, number: int, dots_per_inch: int, max_pixels: int) -> None:
        """Send a page as a picture that recognition can read."""
        part_bytes = min(MAX_PART_BYTES, find_max_payload_bytes(self._max_page_characters))
        try:
            if self._document is None:
                raise UnreadablePageError("no document is open")
            picture = self._document.render_page(number, dots_per_inch, max_pixels)
        except UnreadablePageError as error:
            self._send(FrameKind.PICTURE_ENDS, number, str(error))
        except MemoryError:
            self._send(FrameKind.PICTURE_ENDS, number, OUT_OF_MEMORY)
        else:
            for start in range(0, len(picture), part_bytes):
                part = picture[start : start + part_bytes]
                self._send(FrameKind.PICTURE_PART, number, data=part)
            self._send(FrameKind.PICTURE_ENDS, number)

    def _close(self) -> None:
        if self._document is not None:
            self._document.close()
            self._document = None
        held_kibibytes = read_resident_kibibytes()
        if held_kibibytes > self._held_for_good_kibibytes + MAX_GROWTH_KIBIBYTES:
            gc.collect()
            release_free_memory()
            # What is left, such as modules that were imported late, would be left the next time.
            gc.freeze()
            held_kibibytes = self._held_for_good_kibibytes = read_resident_kibibytes()
        self._send(FrameKind.CLOSED, held_kibibytes)

    def _send(self, kind: FrameKind, number: int = 0, text: str = "", data: bytes = b"") -> None:
        cpu_seconds = time.process_time() - self._cpu_at_open
        frame = Frame(kind, number, int(cpu_seconds * 1000), text, data)
        write_frame(self._answers, frame)
