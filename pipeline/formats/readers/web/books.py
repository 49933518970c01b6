"""EPUB books: their web pages in the order in which they are read."""

import io
import posixpath
import zipfile
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from pipeline.extraction.readable_document import UnreadableDocumentError, name_in_one_line
from pipeline.formats.packages import MAX_EXPANDED_BYTES
from pipeline.formats.readers.web.web_pages import decode_page, read_xhtml_units
from pipeline.formats.readers.xml_parts import list_elements_of, open_package, unpack_part
from pipeline.formats.units import FailedUnit, UnitsDocument
from shared.errors import RejectionCode

_MOST_CHAPTERS = 5_000
_CONTAINER, _ENCRYPTION = "META-INF/container.xml", "META-INF/encryption.xml"
# Of drawings, whose words are read.
_DRAWING = "image/svg+xml"
_Elements = list[tuple[str, dict[str, str]]]


def open_book(path: Path) -> UnitsDocument:
    """Open a book: a unit a heading of a chapter, in reading order (W3C, "EPUB 3.3", 5.7).

    A chapter that is listed and missing, broken or a picture is a failed unit.
    """
    data = path.read_bytes()
    with open_package(io.BytesIO(data)) as archive:
        book = _Book(data, archive.NameToInfo)
    chapters, pictures = _list_chapters(book)
    if _ENCRYPTION in book.parts and not _list_locked(book).isdisjoint(chapters):
        raise UnreadableDocumentError(RejectionCode.ENCRYPTED)
    units: list[str | FailedUnit] = []
    left_bytes = MAX_EXPANDED_BYTES
    for name in chapters:
        if name not in book.parts:
            units.append(_fail_chapter(name, "is missing"))
            continue
        if name in pictures:
            units.append(_fail_chapter(name, "is a picture"))
            continue
        left_bytes -= book.parts[name].file_size
        if left_bytes < 0:
            raise UnreadableDocumentError(RejectionCode.EXPANDS_TOO_FAR)
        try:
            page = unpack_part(data, book.parts[name])
        except UnreadableDocumentError:
            units.append(_fail_chapter(name, "is broken"))
        else:
            units += read_xhtml_units(decode_page(page))
    return UnitsDocument(units or [""])


class _Book(NamedTuple):
    """A book's bytes, and what its list says of each part."""

    data: bytes
    parts: dict[str, zipfile.ZipInfo]

    def list_elements(self, name: str) -> _Elements:
        """The elements of a short part.

        Raises:
            UnreadableDocumentError: It is missing or damaged.
        """
        if name not in self.parts:
            raise UnreadableDocumentError(RejectionCode.DAMAGED, "its list of chapters is missing")
        return list_elements_of(unpack_part(self.data, self.parts[name]))


def _fail_chapter(name: str, reason: str) -> FailedUnit:
    return FailedUnit(f"the chapter {name_in_one_line(name)} {reason}")


def _list_chapters(book: _Book) -> tuple[list[str], frozenset[str]]:
    """The names of the pages that the book is read in, as its package file lists them.

    And which of them are no pages but pictures, which only some programs show: others show what is
    listed in place of them, which is read (3.5).
    """
    package_files = [
        attributes.get("full-path", "")
        for name, attributes in book.list_elements(_CONTAINER)
        if name.endswith("}rootfile")
    ]
    if not package_files:
        raise UnreadableDocumentError(RejectionCode.DAMAGED, "it does not say what it holds")
    pages: dict[str, tuple[str, str]] = {}
    instead: dict[str, str] = {}
    order: list[str] = []
    for name, attributes in book.list_elements(package_files[0]):
        if name.endswith("}item"):
            page = attributes.get("href", ""), attributes.get("media-type", "")
            pages[attributes.get("id", "")] = page
            if _is_picture(page[1]):
                instead[attributes.get("id", "")] = attributes.get("fallback", "")
        elif name.endswith("}itemref"):
            order.append(attributes.get("idref", ""))
    if len(order) > _MOST_CHAPTERS:
        reason = f"it has more than {_MOST_CHAPTERS:,} chapters"
        raise UnreadableDocumentError(RejectionCode.OVER_LIMITS, reason)
    shown = (instead[i] if instead.get(i) in pages else i for i in order)
    folder = posixpath.dirname(package_files[0])
    chapters = [
        (posixpath.normpath(posixpath.join(folder, unquote(pages[i][0]))), pages[i][1])
        for i in shown
        if i in pages
    ]
    pictures = frozenset(name for name, kind in chapters if _is_picture(kind))
    return [name for name, _ in chapters], pictures


def _is_picture(kind: str) -> bool:
    return kind.startswith("image/") and kind != _DRAWING


def _list_locked(book: _Book) -> set[str]:
    """The names of the parts that are encrypted; books that are open have fonts among them.

    Source: W3C, "EPUB 3.3", 4.2.6.3.2 (encryption.xml): names are relative to the package itself.
    """
    return {
        posixpath.normpath(unquote(attributes.get("URI", "")))
        for name, attributes in book.list_elements(_ENCRYPTION)
        if name.endswith("}CipherReference")
    }
