"""Which sheets an old Excel workbook hides ([MS-XLS]), which `office_oxide` does not tell."""

import io
import re
import struct
from collections.abc import Iterator

import olefile  # type: ignore[import-untyped]  # it ships no type information

# The record of a sheet: its place, whether it is hidden (1, or 2 for good), its kind, its name
# ([MS-XLS], 2.4.28, BoundSheet8).
_SHEET_RECORD, _END_RECORD = 0x85, 0x0A
_MAY_HIDE = re.compile(rb"\x85\x00.\x00.{4}[\x01\x02]", re.S)
_STREAMS = ("Workbook", "Book")
_LONGEST_NAME = 31


def list_hidden_sheets(data: bytes) -> frozenset[str]:
    """The names of the sheets that a workbook hides; none of a damaged one.

    Args:
        data: The bytes of the file.
    """
    # Most hide none, and to open a file takes as long as to read a short one.
    if _MAY_HIDE.search(data) is None:
        return frozenset()
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as file:
            name = next((name for name in _STREAMS if file.exists(name)), None)
            if name is None:
                return frozenset()
            with file.openstream(name) as stream:
                return frozenset(_read_hidden(stream.read()))
    except (OSError, ValueError, IndexError, KeyError, AttributeError, TypeError):
        return frozenset()


def _read_hidden(stream: bytes) -> Iterator[str]:
    place = 0
    while place + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, place)
        body = stream[place + 4 : place + 4 + size]
        if kind == _END_RECORD:
            return
        if kind == _SHEET_RECORD and len(body) > 8 and body[4] & 3:
            yield _read_name(body[6:])
        place += 4 + size


def _read_name(text: bytes) -> str:
    """A name with its length before it, in Latin-1 or UTF-16 ([MS-XLS], 2.5.240)."""
    count = min(text[0], _LONGEST_NAME)
    if text[1] & 1:
        return text[2 : 2 + 2 * count].decode("utf-16-le", "replace")
    return text[2 : 2 + count].decode("latin-1")
