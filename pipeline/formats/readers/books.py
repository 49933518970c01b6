"""EPUB books: their web pages in the order in which they are read."""

import lzma
import posixpath
import zipfile
import zlib
from pathlib import Path
from urllib.parse import unquote

from pipeline.extraction.readable_document import UnreadableDocumentError
from pipeline.formats.packages import MAX_EXPANDED_BYTES
from pipeline.formats.readers.web_pages import decode_page, read_xhtml_units
from pipeline.formats.readers.xml_parts import list_elements
from pipeline.formats.units import UnitsDocument
from shared.errors import RejectionCode

_MOST_CHAPTERS = 5_000
_ENCRYPTION = "META-INF/encryption.xml"


def open_book(path: Path) -> UnitsDocument:
    """Open a book: a unit a heading of a chapter, in reading order (W3C, "EPUB 3.3", 5.7)."""
    units: list[str] = []
    left_bytes = MAX_EXPANDED_BYTES
    try:
        with zipfile.ZipFile(path) as archive:
            chapters = _list_chapters(archive)
            if _ENCRYPTION in archive.NameToInfo and not _list_locked(archive).isdisjoint(chapters):
                raise UnreadableDocumentError(RejectionCode.ENCRYPTED)
            for name in chapters:
                left_bytes -= archive.getinfo(name).file_size
                if left_bytes < 0:
                    raise UnreadableDocumentError(RejectionCode.EXPANDS_TOO_FAR)
                units += read_xhtml_units(decode_page(archive.read(name)))
    except (
        *(zipfile.BadZipFile, NotImplementedError, EOFError, OSError, KeyError),
        *(zlib.error, lzma.LZMAError),
    ) as error:
        raise UnreadableDocumentError(
            RejectionCode.DAMAGED, "a chapter of it is missing or broken"
        ) from error
    return UnitsDocument(units or [""])


def _list_chapters(archive: zipfile.ZipFile) -> list[str]:
    """The names of the pages that the book is read in, as its package file lists them."""
    package_files = [
        attributes.get("full-path", "")
        for name, attributes in list_elements(archive, "META-INF/container.xml")
        if name.endswith("}rootfile")
    ]
    if not package_files:
        raise UnreadableDocumentError(RejectionCode.DAMAGED, "it does not say what it holds")
    pages: dict[str, str] = {}
    order: list[str] = []
    for name, attributes in list_elements(archive, package_files[0]):
        if name.endswith("}item"):
            pages[attributes.get("id", "")] = attributes.get("href", "")
        elif name.endswith("}itemref"):
            order.append(attributes.get("idref", ""))
    if len(order) > _MOST_CHAPTERS:
        reason = f"it has more than {_MOST_CHAPTERS:,} chapters"
        raise UnreadableDocumentError(RejectionCode.OVER_LIMITS, reason)
    folder = posixpath.dirname(package_files[0])
    names = (
        posixpath.normpath(posixpath.join(folder, unquote(pages[i]))) for i in order if i in pages
    )
    return list(names)


def _list_locked(archive: zipfile.ZipFile) -> set[str]:
    """The names of the parts that are encrypted; books that are open have fonts among them.

    Source: W3C, "EPUB 3.3", 4.2.6.3.2 (encryption.xml): names are relative to the package itself.
    """
    return {
        posixpath.normpath(unquote(attributes.get("URI", "")))
        for name, attributes in list_elements(archive, _ENCRYPTION)
        if name.endswith("}CipherReference")
    }
