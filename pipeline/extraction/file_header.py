"""Whether a file is a PDF by its first bytes and its last, and what it is else."""

import mmap
import re
from pathlib import Path

HEADER = b"%PDF-"
# PDF readers look for the header within the first kilobyte (ISO 32000-1, Annex H.3.4.1).
HEADER_WITHIN_BYTES = 1024
ENDS = (b"%%EOF", b"startxref")
_END_WITHIN_BYTES = 4096
# What ends each state of a file that was changed. The first part of one that is made for the web
# ends so, too, and says that its table of objects is nowhere.
_STATE_END = ENDS[0]
_TABLE_PLACE_WITHIN_BYTES = 64
_ENDS_STATE = re.compile(rb"startxref\s+0*[1-9][0-9]*\s+$")
_OBJECT = re.compile(rb"\b[0-9]{1,10}\s+[0-9]{1,5}\s+obj\b")
# With as much of the mark both engines find the last table.
_ENDS_ALMOST = re.compile(rb"startxref\s+[0-9]+\s+%%EO?\s*$")

_ZIP_ENTRY = b"PK\x03\x04"
_ZIP_END = b"PK\x05\x06"
_BYTES_OF_ZIP_END = 22
_MOST_BYTES_OF_ZIP_END = _BYTES_OF_ZIP_END + 0xFFFF

RTF_START = b"{\\rtf"
GIF_START = b"GIF8"
ARCHIVE_STARTS = (b"7z\xbc\xaf", b"Rar!", b"\x1f\x8b")
# The second is that of one with a preview in it.
POSTSCRIPT_STARTS = (b"%!PS", b"\xc5\xd0\xd3\xc6")
FORM_DATA_START = b"%FDF-"
# Kinds of files that may hold a PDF inside, or be taken for one by their end.
_OTHER_KINDS: tuple[tuple[bytes | tuple[bytes, ...], str], ...] = (
    (_ZIP_ENTRY, "a ZIP archive or an Office document"),
    (b"\xd0\xcf\x11\xe0", "an old Office document"),
    (RTF_START, "an RTF document"),
    ((b"\x89PNG", b"\xff\xd8\xff", GIF_START, b"II*\0", b"MM\0*"), "a picture"),
    (ARCHIVE_STARTS, "an archive"),
    (POSTSCRIPT_STARTS, "a PostScript file"),
    (FORM_DATA_START, "the data of a form without its pages"),
    ((b"<!DOCTYPE", b"<html"), "a web page"),
)


def name_other_kind(start: bytes) -> str | None:
    """What a file is by its first bytes, where they are those of a known kind that is no PDF."""
    return next((name for starts, name in _OTHER_KINDS if start.startswith(starts)), None)


def has_end(data: bytes | mmap.mmap) -> bool:
    """Whether the bytes of a file end as those of a PDF do."""
    end = data[-_END_WITHIN_BYTES:]
    return any(word in end for word in ENDS)


def breaks_off_in_change(data: bytes | mmap.mmap) -> bool:
    """Whether a change that was saved at the end of a file is not all there.

    Engines show what the file was before the change, and say nothing; PDFium also does where all of
    it is there but the mark at its end, or pypdf does.
    """
    end = data.rfind(_STATE_END)
    if end < 0 or not _OBJECT.search(data, end):
        return False
    if _ENDS_ALMOST.search(data[-_TABLE_PLACE_WITHIN_BYTES:]):
        return False
    return _ENDS_STATE.search(data[max(0, end - _TABLE_PLACE_WITHIN_BYTES) : end]) is not None


def is_pdf(data: bytes) -> bool:
    """Whether these are the bytes of a PDF, whatever the name of their file says."""
    if name_other_kind(data) is not None:
        return False
    return HEADER in data[:HEADER_WITHIN_BYTES] or has_end(data)


def is_zip_too(path: Path) -> bool:
    """Whether a file with the header of a PDF is a ZIP archive for whoever looks at its end.

    An archive ends with the record of its directory, whose last field counts the bytes of a comment
    after it (PKWARE, "APPNOTE.TXT", 4.3.16). Any file may stand before an archive.
    """
    with path.open("rb") as file:
        if file.read(len(_ZIP_ENTRY)) == _ZIP_ENTRY:
            return True
        file.seek(max(0, path.stat().st_size - _MOST_BYTES_OF_ZIP_END))
        end = file.read()
    place = end.rfind(_ZIP_END)
    if place < 0 or len(end) < place + _BYTES_OF_ZIP_END:
        return False
    comment_bytes = int.from_bytes(end[place + 20 : place + 22], "little")
    return place + _BYTES_OF_ZIP_END + comment_bytes == len(end)


def looks_like_pdf(path: Path) -> bool:
    """Whether a file has the header of a PDF, or ends like one and is of no other known kind."""
    with path.open("rb") as file:
        start = file.read(HEADER_WITHIN_BYTES)
        if HEADER in start:
            return True
        file.seek(max(0, path.stat().st_size - _END_WITHIN_BYTES))
        return name_other_kind(start) is None and has_end(file.read())
