"""Which format a file has, by its content: signatures and lists of parts, and no parser.

The name of a file is no evidence. Texts have no signature: a table, a mail, a web page and a text
with headings are told by how their first lines look, anything else in characters is a text.
"""

import csv
import io
import re
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from pipeline.extraction.file_header import (
    ARCHIVE_STARTS,
    FORM_DATA_START,
    GIF_START,
    POSTSCRIPT_STARTS,
    RTF_START,
    is_pdf,
    is_zip_too,
    looks_like_pdf,
)
from pipeline.extraction.limits import ExtractionLimits
from pipeline.extraction.refusals import check_size, refuse_document
from pipeline.formats.old_office import OLE_START, identify_old_office
from pipeline.formats.packages import identify_package
from pipeline.formats.text_encoding import decode_start
from pipeline.pictures.picture_header import (
    JPEG_START,
    PNG_START,
    is_moving_png,
    is_moving_webp,
    is_webp,
)
from pipeline.pictures.tiff_directory import TIFF_STARTS
from shared.document_formats import (
    ALL_LABELS,
    CSV,
    EML,
    HTML,
    JPEG,
    MARKDOWN,
    PDF,
    PNG,
    RTF,
    TEXT,
    TIFF,
    WEBP,
    DocumentFormat,
)
from shared.errors import RejectedDocumentError, RejectionCode

_START_BYTES = 8192
ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")

_OTHER_PICTURE = "a picture of another kind: save it as PNG or JPEG and upload that"
_DECODE = "decode it (base64 --decode in.txt > out.pdf) and upload that"
_PRINT_FORM = "open it in Adobe Acrobat or Reader, print it to a PDF and upload that"
_STARTS: tuple[tuple[bytes | tuple[bytes, ...], DocumentFormat], ...] = (
    (RTF_START, RTF),
    (PNG_START, PNG),
    (JPEG_START, JPEG),
    (TIFF_STARTS, TIFF),
)
# Kinds that are told by their first bytes and not read, each in words.
_UNREAD_STARTS: tuple[tuple[bytes | tuple[bytes, ...], str], ...] = (
    ((GIF_START, b"BM", b"II+\0", b"MM\0+", b"\0\0\0\x0cjP  "), _OTHER_PICTURE),
    (ARCHIVE_STARTS, "an archive: upload the files in it"),
    (b"\x78\x9f\x3e\x22", "what Outlook attaches as winmail.dat: upload the mail it came with"),
    (POSTSCRIPT_STARTS, "a PostScript file: convert it to PDF and upload that"),
    (FORM_DATA_START, f"the data of a form without its pages (FDF): {_PRINT_FORM}"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
)
# A picture that begins as a text: its kind, remarks, its sizes, and figures or bytes. What goes on
# with words is a text about something of that name.
_NETPBM = re.compile(
    rb"P(?:[1-6]\s(?:\s*#[^\n]*\n)*\s*\d+\s+\d+\s(?![\d\s]{0,64}[A-Za-z]{3})|7\nWIDTH )"
)
# The same of texts that are something else in wrapping. "JVBERi0" is "%PDF-".
_WRAPPED = (
    (re.compile(r"\s*JVBERi0"), f"a PDF in Base64: {_DECODE}"),
    (
        re.compile(r"\s*data:application/pdf;base64,JVBERi0"),
        f"a PDF in Base64: remove all that is before JVBERi0, {_DECODE}",
    ),
    (
        re.compile(r"\s*(?:<\?xml[^>]*>\s*)?<xdp:xdp\b"),
        f"the data of a form without its pages (XDP): {_PRINT_FORM}",
    ),
)
# What may stand before is tried in one way only: a comment could end at any later one's end, and so
# many comments would take forever.
_HTML = re.compile(
    r"(?:<\?xml[^>]*>|(?><!--.*?-->)|\s)*+<(?:!doctype\s+html|html|head|body)\b", re.I | re.S
)
# What programs save of a page without its head.
_PIECE_OF_HTML = re.compile(
    r"\s*<(?:div|p|table|h[1-6]|[uo]l|article|section|main|span|font|center)(?:\s[^<>]*)?>", re.I
)
_MAIL_HEADER = re.compile(r"^([A-Za-z][A-Za-z0-9-]*):[ \t]", re.M)
_POSTMARK = b"From "
_NEXT_MAIL = re.compile(rb"\n\r?\nFrom [^\r\n]*\d{4}")
_MAIL_FIELDS = frozenset(
    {"from", "to", "subject", "date", "message-id", "received", "mime-version", "return-path"}
)
_HEADING = re.compile(r"^#{1,6} +\S", re.M)
_ROWS_OF_A_TABLE = 8
# How Excel is told what separates the cells, in the first line.
SEPARATOR_LINE = re.compile(r"\"?sep=([^\r\n\"])\"?\r?(?:\n|\Z)", re.IGNORECASE)
NOTHING_IN_IT = "there is nothing in it"


def identify_file(path: Path, limits: ExtractionLimits) -> DocumentFormat:
    """The format of a file.

    Raises:
        RejectedDocumentError: It is empty, too large, of no format that is read or of two, or
            encrypted, a bomb or holds macros as far as its list of parts tells.
    """
    check_size(path, limits)
    if looks_like_pdf(path):
        if is_zip_too(path):
            raise refuse_document(RejectionCode.TWO_FORMATS)
        return PDF
    with path.open("rb") as file:
        return _identify(file, path.stat().st_size)


def identify_bytes(data: bytes) -> str | None:
    """Why the bytes of a file inside of a document are not read; None if they are."""
    if not data:
        return NOTHING_IN_IT
    if is_pdf(data):
        return None
    try:
        _identify(io.BytesIO(data), len(data))
    except RejectedDocumentError as refusal:
        return refusal.sentence
    return None


def _identify(file: BinaryIO, size_bytes: int) -> DocumentFormat:
    start = file.read(_START_BYTES)
    if start.startswith(ZIP_STARTS):
        found = identify_package(file, size_bytes)
        return found or _refuse("a ZIP archive: upload the files in it")
    if start.startswith(OLE_START):
        file.seek(0)
        found = identify_old_office(file.read())
        return found or _refuse("a file of Windows that holds no document that is read")
    if is_moving_png(start) or is_moving_webp(start):
        return _refuse("a moving picture: save one of its frames as PNG and upload that")
    for starts, found in _STARTS:
        if start.startswith(starts):
            return found
    for starts, words in _UNREAD_STARTS:
        if start.startswith(starts):
            return _refuse(words)
    if _NETPBM.match(start):
        return _refuse(_OTHER_PICTURE)
    if is_webp(start):
        return WEBP
    if start[4:8] == b"ftyp":
        return _refuse("a film or a picture of a phone: save it as JPEG and upload that")
    text = decode_start(start, is_whole=size_bytes <= _START_BYTES)
    if text is None:
        return _refuse("it is neither a text nor of a known kind")
    for wrapping, words in _WRAPPED:
        if wrapping.match(text):
            return _refuse(words)
    if start.startswith(_POSTMARK) and _holds_one_mail(file):
        # A mail as mailboxes of Unix have it (RFC 4155) begins with a line that is no header.
        text = text.partition("\n")[2]
    return _tell(text)


def _holds_one_mail(file: BinaryIO) -> bool:
    """Whether a file that begins as a mailbox has no second mail in it."""
    file.seek(0)
    return _NEXT_MAIL.search(file.read(), 1) is None


def _refuse(words: str) -> DocumentFormat:
    what = words if words.startswith("it is") else f"it is {words}"
    raise RejectedDocumentError(
        RejectionCode.UNKNOWN_FORMAT,
        f"The file is of no kind that is read: {what}. What is read: {ALL_LABELS}.",
    )


def _tell(text: str) -> DocumentFormat:
    """The format of a text by its beginning."""
    if _HTML.match(text):
        return HTML
    head = re.split(r"\r?\n\r?\n", text.lstrip("\r\n"), maxsplit=1)[0]
    fields = {name.lower() for name in _MAIL_HEADER.findall(head)}
    if _MAIL_HEADER.match(head) and len(fields & _MAIL_FIELDS) >= 2:
        return EML
    # A text of Markdown may begin so, too.
    if _PIECE_OF_HTML.match(text) and not _HEADING.search(text):
        return HTML
    if SEPARATOR_LINE.match(text) or _looks_like_table(text):
        return CSV
    return MARKDOWN if _HEADING.search(text) else TEXT


def _looks_like_table(text: str) -> bool:
    """Whether the first rows have as many cells as one another, and none begins with a space."""
    for separator in ",;\t":
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        try:
            first = [row for row in islice(rows, _ROWS_OF_A_TABLE) if row]
        except csv.Error:
            continue
        # The last may be cut off where the beginning of the file ends.
        whole = first[:-1] if len(first) == _ROWS_OF_A_TABLE else first
        if len(whole) < 2 or len(whole[0]) < 2:
            continue
        is_even = len({len(row) for row in whole}) == 1
        if is_even and not any(cell.startswith(" ") for row in whole for cell in row):
            return True
    return False
