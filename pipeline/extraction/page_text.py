"""What reading one page gives."""

from enum import StrEnum
from typing import NamedTuple

from shared.errors import RejectionCode


class Engine(StrEnum):
    """What read a page."""

    PDFIUM = "pdfium"
    PYPDF = "pypdf"
    CONVERTER = "converter"  # whatever reads documents that are no PDFs


class PageStatus(StrEnum):
    """What became of a page."""

    TEXT = "text"
    EMPTY = "empty"
    PICTURE = "picture"
    FAILED = "failed"


class PageText(NamedTuple):
    """The text of one page, or why there is none.

    Args:
        number: The number of the page, from 1.
        text: Its cleaned text; empty for a page without text and for a failed one. Of a scan it is
            what was put on that, which its picture shows too.
        engine: The library that read it; None for a failed page.
        error: Why the page failed; None for a page that was read.
        code: What a document is refused with if all its pages fail so.
        shows_picture: Whether what the page shows is a picture or a drawing.
    """

    number: int
    text: str
    engine: Engine | None = None
    error: str | None = None
    code: RejectionCode = RejectionCode.DAMAGED
    shows_picture: bool = False

    @property
    def status(self) -> PageStatus:
        """Whether the page has text, only a picture, nothing, or could not be read."""
        if self.error is not None:
            return PageStatus.FAILED
        if self.shows_picture:
            return PageStatus.PICTURE
        return PageStatus.TEXT if self.text else PageStatus.EMPTY
