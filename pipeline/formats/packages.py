"""ZIP packages of documents: which format one is, and whether its list of parts is one to open.

Only the directory of the archive is looked at, and what it says of its parts; a reader that finds
another truth in the parts themselves is ended by the limits of its process.
"""

import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from typing import BinaryIO

from pipeline.extraction.limits import MEBIBYTE
from pipeline.extraction.refusals import refuse_document
from shared.document_formats import DOCX, EPUB, ODP, ODS, ODT, PPTX, XLSX, DocumentFormat
from shared.errors import RejectedDocumentError, RejectionCode

MAX_PARTS = 10_000
_MAX_DIRECTORY_BYTES = 4 * MEBIBYTE
MAX_EXPANDED_BYTES = 400 * MEBIBYTE
# Office documents of real life expand 10 to 30 times, sheets of equal rows some 100 times; a bomb
# of nothing but zeros 1,000 times, the most that deflate can.
_MAX_RATIO = 250
_RATIO_MATTERS_FROM_BYTES = 20 * MEBIBYTE

_IS_ENCRYPTED = 0x1
_MIMETYPE = "mimetype"
_TYPES = "[content_types].xml"
_FOLDERS = {"word": DOCX, "xl": XLSX, "ppt": PPTX}
# The type of the main part, where no folder has the name that Office gives it (ECMA-376-1, 12 to
# 15): of a text, a workbook or a presentation, or of what one begins with.
_MAIN_TYPE = re.compile(
    rb"openxmlformats-officedocument\.(wordprocessing|spreadsheet|presentation)ml\."
    rb"(?:document|sheet|presentation|slideshow|template)\.main\+xml"
)
_BY_MAIN_TYPE = {b"wordprocessing": DOCX, b"spreadsheet": XLSX, b"presentation": PPTX}
_MOST_BYTES_OF_TYPES = 1 << 20
_BY_MIMETYPE = {found.media_type: found for found in (ODT, ODS, ODP, EPUB)} | {
    f"{found.media_type}-template": found for found in (ODT, ODS, ODP)
}


def identify_package(file: BinaryIO, size_bytes: int) -> DocumentFormat | None:
    """The format of an archive; None if it is none of documents.

    Raises:
        RejectedDocumentError: It is damaged or encrypted, expands too far, is of two formats at
            once, or holds macros.
    """
    if _find_directory_bytes(file, size_bytes) > _MAX_DIRECTORY_BYTES:
        raise refuse_document(RejectionCode.EXPANDS_TOO_FAR)
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
            _check_sizes(parts, size_bytes)
            if any(part.flag_bits & _IS_ENCRYPTED for part in parts):
                raise refuse_document(RejectionCode.ENCRYPTED)
            # Some programs of Windows write the other sign between folders.
            names = [part.filename.replace("\\", "/") for part in parts]
            mimetype = ""
            if _MIMETYPE in names:
                with archive.open(_MIMETYPE) as part:
                    mimetype = part.read(200).decode("ascii", "replace").strip()
            types = b""
            for name in names if not _list_folders(names) else ():
                if name.lower() == _TYPES:
                    with archive.open(name) as part:
                        types = part.read(_MOST_BYTES_OF_TYPES)
    except (
        *(zipfile.BadZipFile, NotImplementedError, EOFError, OSError, ValueError),
        *(zlib.error, lzma.LZMAError, struct.error),
    ) as error:
        raise refuse_document(
            RejectionCode.DAMAGED, "the list of what is packed in it cannot be read"
        ) from error
    return _choose_format(names, mimetype, types)


def _find_directory_bytes(file: BinaryIO, size_bytes: int) -> int:
    """How long the directory says that it is; `zipfile` would read it whole."""
    file.seek(max(0, size_bytes - 22 - 0xFFFF))
    end = file.read()
    place = end.rfind(b"PK\x05\x06")
    file.seek(0)
    return int.from_bytes(end[place + 12 : place + 16], "little") if place >= 0 else 0


def _check_sizes(parts: Sequence[zipfile.ZipInfo], size_bytes: int) -> None:
    expanded_bytes = sum(part.file_size for part in parts)
    packed_bytes = sum(part.compress_size for part in parts)
    is_bomb = (
        len(parts) > MAX_PARTS
        or expanded_bytes > MAX_EXPANDED_BYTES
        # Parts that lie over one another: the same bytes count for each.
        or packed_bytes > size_bytes
        or any(
            part.file_size > _RATIO_MATTERS_FROM_BYTES
            and part.file_size > _MAX_RATIO * max(1, part.compress_size)
            for part in parts
        )
    )
    if is_bomb:
        raise refuse_document(RejectionCode.EXPANDS_TOO_FAR)


def _list_folders(names: Iterable[str]) -> set[DocumentFormat]:
    """The formats whose folder is there."""
    folders = {name.lower().split("/")[0] for name in names}
    return {found for folder, found in _FOLDERS.items() if folder in folders}


def _choose_format(names: Sequence[str], mimetype: str, types: bytes) -> DocumentFormat | None:
    lowered = [name.lower() for name in names]
    found = _list_folders(names) or {_BY_MAIN_TYPE[one] for one in _MAIN_TYPE.findall(types)}
    is_open_xml = _TYPES in lowered
    of_mimetype = _BY_MIMETYPE.get(mimetype)
    if of_mimetype is not None and is_open_xml and found:
        raise refuse_document(RejectionCode.TWO_FORMATS)
    if any(name.endswith("vbaproject.bin") or _is_basic_module(name) for name in lowered):
        raise refuse_document(RejectionCode.HAS_MACROS)
    if of_mimetype is EPUB and "meta-inf/rights.xml" in lowered:
        raise refuse_document(RejectionCode.ENCRYPTED)
    if of_mimetype is not None:
        return of_mimetype
    if not is_open_xml:
        return None
    if len(found) > 1:
        raise refuse_document(RejectionCode.TWO_FORMATS)
    if "xl/workbook.bin" in lowered:
        raise RejectedDocumentError(
            RejectionCode.UNKNOWN_FORMAT,
            "The file is a binary Excel workbook (.xlsb), which is not read. Save it as .xlsx and "
            "upload that.",
        )
    return found.pop() if found else None


def _is_basic_module(name: str) -> bool:
    """Whether a part of an OpenDocument file is a program in Basic or a script."""
    is_list = name.endswith(
        ("/", "script-lc.xml", "script-lb.xml", "dialog-lc.xml", "dialog-lb.xml")
    )
    return name.startswith(("basic/", "scripts/")) and not is_list
