"""What a reader asks of a document that is open, whatever its format is, and how one refuses.

Runs in the child. Apart from the readers, so that each of them packs only its own libraries.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

from pipeline.extraction.limits import MAX_NAME_CHARACTERS
from pipeline.extraction.page_text import Engine
from shared.errors import RejectionCode

_NO_NAME = "a file without a name"
# What turns the direction of the characters beside it and draws nothing (UAX #9, 2).
DIRECTION_MARKS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_NOT_SHOWN = re.compile(f"[\x00-\x1f\x7f-\x9f{DIRECTION_MARKS}\ufeff]")


class UnreadableDocumentError(Exception):
    """No engine opens the document. Never leaves this package."""

    def __init__(self, code: RejectionCode, reason: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.reason = reason


class UnreadablePageError(Exception):
    """No engine reads the page; the message is the reason. Never leaves this package."""

    def __init__(self, reason: str, code: RejectionCode = RejectionCode.DAMAGED) -> None:
        super().__init__(reason)
        self.code = code


class EnginePage(NamedTuple):
    """What the engines give for a page.

    Args:
        engine: The library whose text it is.
        text: The text as it gives it.
        shows_picture: Whether the page shows a picture or a drawing, and no text but what was put
            on it.
    """

    engine: Engine
    text: str
    shows_picture: bool = False


class FileNotTakenError(Exception):
    """A file inside is not handed out; the message is the reason. Never leaves this package."""


def name_in_one_line(name: str) -> str:
    """The name of a file inside as it is listed, without what would change the line it stands in.

    That is controls, a NUL among them, which no database takes, and marks that turn the direction
    of what follows, so that "fdp.exe" reads as another kind of file.
    """
    # Line ends are controls, too, and part words.
    shown = _NOT_SHOWN.sub("", " ".join(name.split()))
    return " ".join(shown.split())[:MAX_NAME_CHARACTERS] or _NO_NAME


class ReadableDocument(Protocol):
    """An open document.

    Attributes:
        page_count: The number of its pages, or of whatever else its format is counted in.
        embedded_files: The names of the files inside.
    """

    page_count: int
    embedded_files: list[str]

    def read_page(self, number: int) -> EnginePage:
        """The text of a page, from 1. Raises `UnreadablePageError` or `MemoryError`."""

    def render_page(self, number: int, dots_per_inch: int, max_pixels: int) -> bytes:
        """A page as a picture whose text can be recognised: PNG, JPEG, TIFF or WebP.

        Only of pages that `read_page` says show a picture, or that fail with `UNMAPPED_FONTS`.
        Raises `UnreadablePageError` or `MemoryError`.
        """

    def find_files(self) -> Iterator[Any]:
        """The files inside, in the order of `embedded_files`."""

    def read_file(self, file: Any, number: int, max_bytes: int) -> bytes:
        """The bytes of the file of a place, from 1. Raises `FileNotTakenError`, `MemoryError`."""

    def renew(self) -> None:
        """Let go of what is kept of pages that are read."""

    def close(self) -> None:
        """Give back what is held."""
