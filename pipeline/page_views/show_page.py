"""One page of a document, shown: its picture with a quote marked, or its text where it has none."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline.documents.passages import PassageReader
from pipeline.extraction.extractor import Extractor
from pipeline.extraction.page_views.page_layout import (
    MOST_PIXELS_A_SIDE,
    PageLayout,
    Place,
    ViewError,
    decode_view,
)
from pipeline.ingest.chunk_text import belongs_to
from pipeline.ingest.downloads import download_document
from pipeline.page_views.kept_views import find_view, keep_view
from pipeline.page_views.page_quote import MarkedPicture, MarkedText, mark_picture, mark_text
from pipeline.page_views.quote_places import QuoteMatch
from pipeline.page_views.recognised_layout import lay_out_words
from pipeline.page_views.view_keys import ViewKeys, name_view
from pipeline.recognition.page_words import RecognisedPage
from shared.deadline import Deadline
from shared.document_formats import PAGE
from shared.errors import NothingFoundError, ObjectMissingError, RejectedDocumentError
from shared.ledger.document_texts import SettledPage, settled_row_key
from shared.ledger.documents import Document, find_document
from shared.lifecycle import DocumentStatus
from shared.page_ranges import parse_page_ranges

# Of a page of A4 this makes 1,131 by 1,600 pixels; small pages are not blown up further.
DOTS_PER_INCH = 150
_MAX_PIXELS = MOST_PIXELS_A_SIDE**2
# What browsers show: PNG, JPEG and WebP.
_PICTURE_START = re.compile(rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff|RIFF.{4}WEBP", re.S)
_START_BYTES = 12
_MOST_PICTURE_BYTES = 20 << 20
_TURNED_DEGREES = 45
# Pages are recognised anew in each run of a document that is read anew; what another run has
# recognised of the same bytes is as good.
_RUNS_LOOKED_AT = 5


@dataclass(frozen=True, kw_only=True)
class PageServices:
    """What showing pages works with.

    Args:
        reader: Reads the ledger and the texts of documents.
        extractor: Has a reader that draws pages.
        max_document_bytes: Larger documents are refused before they are downloaded.
        link: Signs the address of an object of the artifacts bucket, by its key and a name.
    """

    reader: PassageReader
    extractor: Extractor
    max_document_bytes: int
    link: Callable[[str, str], str]


@dataclass(frozen=True)
class ShownPicture:
    """A picture of a page: its address for minutes, its size in pixels, and the marks on it."""

    url: str
    width: int
    height: int
    marks: tuple[Place, ...] = ()


@dataclass(frozen=True)
class ShownPage:
    """A page.

    Args:
        document: Its document.
        page: Its number, from 1.
        match: How the quote stands there; None where none was asked for.
        picture: Its picture, if it has one.
        why_no_picture: A sentence that says why it has none.
        text: Its text, where there is no picture, or where the quote stands in the text and the
            picture does not tell where.
    """

    document: Document
    page: int
    match: QuoteMatch | None
    picture: ShownPicture | None = None
    why_no_picture: str | None = None
    text: MarkedText | None = None


class _NoPictureError(Exception):
    """A page cannot be drawn; the message is a sentence that says why. Never leaves this module."""


def show_page(
    document_id: str, page: int, quote: str | None, services: PageServices, deadline: Deadline
) -> ShownPage:
    """Show a page of a document, with a quote marked.

    Raises:
        NothingFoundError: There is no such document or page, or it is deleted or not read.
        DeadlineError: The time is up.
        ReadersBusyError, DeferredError: As the reader, S3 and the ledger do.
    """
    document = _find_page(document_id, page, services)
    if document.unit != PAGE:
        reason = f"A {document.unit} is no page that could be drawn: its text is shown."
        return _show_text(document, page, quote, reason, services)
    try:
        layout, keys = _provide_view(document, page, services, deadline)
    except _NoPictureError as error:
        return _show_text(document, page, quote, str(error), services)
    url = services.link(keys.picture, f"page-{page}.png")
    picture = ShownPicture(url, layout.width, layout.height)
    if not quote:
        return ShownPage(document, page, None, picture)
    recognised = _find_recognised(document, page, services)
    if recognised is not None:
        layout = lay_out_words(recognised, layout.width, layout.height)
    marked = mark_picture(quote, layout)
    if marked.match is QuoteMatch.NONE:
        text = _find_in_text(quote, document, page, services)
        if text is not None:
            return ShownPage(document, page, text.match, picture, text=text)
    return ShownPage(document, page, marked.match, _put_marks(picture, marked))


def _put_marks(picture: ShownPicture, marked: MarkedPicture) -> ShownPicture:
    return ShownPicture(picture.url, picture.width, picture.height, marked.marks)


def _find_page(document_id: str, page: int, services: PageServices) -> Document:
    document = find_document(services.reader.table, document_id)
    if document is None:
        raise NothingFoundError("there is no such document")
    if document.status is DocumentStatus.DELETED:
        raise NothingFoundError("there is no page any more: the document is deleted")
    if not document.pages:
        reason = f" ({document.reason})" if document.reason else ""
        raise NothingFoundError(f"there is no page yet: the document is {document.status}{reason}")
    if page > document.pages:
        raise NothingFoundError(f"there is no {document.unit} {page}: it has {document.pages}")
    return document


def _provide_view(
    document: Document, page: int, services: PageServices, deadline: Deadline
) -> tuple[PageLayout, ViewKeys]:
    """The layout of a page whose picture is kept, drawn now if it is not."""
    reader = services.reader
    keys = name_view(document.text_address.split("-")[0], page)
    layout = find_view(reader.objects, reader.artifacts_bucket, keys)
    if layout is None:
        layout, picture = _draw(document, page, services, deadline)
        keep_view(reader.objects, reader.artifacts_bucket, keys, layout, picture)
    return layout, keys


def _draw(
    document: Document, page: int, services: PageServices, deadline: Deadline
) -> tuple[PageLayout, bytes]:
    objects, most_bytes = services.reader.objects, services.max_document_bytes
    try:
        with download_document(document, objects, most_bytes) as path:
            _check_content(document, path)
            picture = _read_picture(path)
            if picture is not None:
                return _lay_out_picture(document, page, services), picture
            with services.extractor.open(path, deadline) as opened:
                (drawn,) = opened.render(
                    [page], dots_per_inch=DOTS_PER_INCH, max_pixels=_MAX_PIXELS
                )
        if drawn.reason is not None:
            raise _NoPictureError(f"The page cannot be drawn: {drawn.reason}.")
        return decode_view(drawn.data)
    except RejectedDocumentError as error:
        raise _NoPictureError(error.sentence) from error
    except ViewError as error:
        raise _NoPictureError(f"The page cannot be drawn: {error}.") from error


def _read_picture(path: Path) -> bytes | None:
    """The bytes of a file that is a picture which browsers show; None of any other.

    Nothing of it is decoded here: who looks at it has a browser that does so in a jail of its own.
    """
    with path.open("rb") as file:
        if not _PICTURE_START.match(file.read(_START_BYTES)):
            return None
    if path.stat().st_size > _MOST_PICTURE_BYTES:
        raise _NoPictureError("The picture has too many bytes to be shown: its text is.")
    return path.read_bytes()


def _lay_out_picture(document: Document, page: int, services: PageServices) -> PageLayout:
    """How large an uploaded picture is, as recognition has found it."""
    found = _find_recognised(document, page, services)
    if found is None or not found.width or not found.height:
        raise _NoPictureError("Recognition does not say how large the picture is.")
    # By its camera's word a browser has turned it already, by ours it has not.
    if abs(found.turned_degrees) >= _TURNED_DEGREES:
        raise _NoPictureError("The picture lies turned, and cannot be marked: its text is shown.")
    return PageLayout(found.width, found.height, "", ())


def _check_content(document: Document, path: Path) -> None:
    """A bucket without versions may hold other bytes by now: no quote is from those."""
    with path.open("rb") as file:
        content_sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    if not belongs_to(document.text_address, content_sha256):
        raise _NoPictureError("The file has been replaced since it was read.")


def _show_text(
    document: Document, page: int, quote: str | None, reason: str, services: PageServices
) -> ShownPage:
    text = mark_text(quote, _read_text(document, page, services))
    return ShownPage(document, page, text.match, None, reason, text)


def _find_in_text(
    quote: str, document: Document, page: int, services: PageServices
) -> MarkedText | None:
    """The text of a page with a quote that its picture does not show; None without it."""
    try:
        text = mark_text(quote, _read_text(document, page, services))
    except ObjectMissingError:
        # The picture is shown all the same.
        return None
    return None if text.match is QuoteMatch.NONE else text


def _read_text(document: Document, page: int, services: PageServices) -> str:
    """The text of a page as models have read it; empty if it has none."""
    return "".join(one.text for one in services.reader.read_passages(document, page, page))


def _find_recognised(
    document: Document, page: int, services: PageServices
) -> RecognisedPage | None:
    """What recognition has found on a page; None if its text is the file's own."""
    if not any(page in parse_page_ranges(pages) for pages in document.text_sources.values()):
        return None
    reader = services.reader
    for run in range(document.run, max(0, document.run - _RUNS_LOOKED_AT), -1):
        row = reader.table.read_row(*settled_row_key(document.document_id, run, page))
        key = SettledPage.model_validate(row).text_key if row else None
        if key is None:
            continue
        try:
            content = reader.objects.read_text(reader.artifacts_bucket, key)
        except ObjectMissingError:
            continue
        return RecognisedPage.model_validate_json(content)
    return None
