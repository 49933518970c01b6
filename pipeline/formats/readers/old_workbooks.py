"""The sheets of an old Excel workbook ([MS-XLS]), which `office_oxide` does not list."""

import io
import re
import struct
from collections.abc import Iterator
from typing import NamedTuple

import olefile

# The record of a sheet: its place, whether it is hidden (1, or 2 for good), its kind, its name
# ([MS-XLS], 2.4.28, BoundSheet8).
_SHEET_RECORD, _END_RECORD = 0x85, 0x0A
_SHEET_RECORDS = re.compile(rb"\x85\x00.\x00.{4}[\x00-\x02][\x00-\x06].[\x00\x01]", re.S)
# The record of the cells of a sheet: its first row, the one after its last, and so its columns
# ([MS-XLS], 2.4.90, Dimensions).
_CELLS_RECORDS = re.compile(rb"\x00\x02\x0e\x00.{8}..(..)\x00\x00", re.S)
_STREAMS = ("Workbook", "Book")
_LONGEST_NAME = 31
# Of all but files of drawings (Microsoft, [MS-CFB], 2.2).
_SECTOR_BYTES = 512


class Sheet(NamedTuple):
    """A sheet of a workbook.

    Args:
        name: Its name.
        is_hidden: Whether Excel hides it.
    """

    name: str
    is_hidden: bool


def list_old_sheets(data: bytes) -> list[Sheet]:
    """The sheets of a workbook, in order; none of a damaged one.

    Args:
        data: The bytes of the file.
    """
    # To open a file takes as long as to read a short one, and what lies in one sector lies there as
    # in its stream.
    starts = (found.start() for found in _SHEET_RECORDS.finditer(data))
    first, *others = [place for place in starts if _is_record(data, place)] or [0]
    sector_end = first // _SECTOR_BYTES * _SECTOR_BYTES + _SECTOR_BYTES
    sheets, is_whole = _read_run(data[first:sector_end])
    if is_whole and len(others) == len(sheets) - 1:
        return sheets
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as file:
            name = next((name for name in _STREAMS if file.exists(name)), None)
            if name is None:
                return []
            with file.openstream(name) as stream:
                return list(_read_sheets(stream.read()))
    except (OSError, ValueError, IndexError, KeyError, AttributeError, TypeError):
        return []


def list_old_widths(data: bytes) -> list[int]:
    """How many columns the sheets of a workbook say they have, in any order.

    What lies across two sectors may be left out, and what looks like a record be there, too.

    Args:
        data: The bytes of the file.
    """
    return [int.from_bytes(width, "little") for width in _CELLS_RECORDS.findall(data)]


def _is_record(data: bytes, place: int) -> bool:
    """Whether the length of what may be a sheet's record is that of its name."""
    is_wide = data[place + 11] & 1
    return data[place + 2] == 8 + (data[place + 10] << is_wide)


def _read_run(piece: bytes) -> tuple[list[Sheet], bool]:
    """The sheets at the beginning of a piece, and whether what follows them is there, too."""
    sheets: list[Sheet] = []
    place = 0
    while place + 4 <= len(piece):
        kind, size = struct.unpack_from("<HH", piece, place)
        if kind != _SHEET_RECORD:
            return sheets, True
        body = piece[place + 4 : place + 4 + size]
        if len(body) < max(size, 9):
            break
        sheets.append(Sheet(_read_name(body[6:]), bool(body[4] & 3)))
        place += 4 + size
    return sheets, False


def _read_sheets(stream: bytes) -> Iterator[Sheet]:
    place = 0
    while place + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, place)
        body = stream[place + 4 : place + 4 + size]
        if kind == _END_RECORD:
            return
        if kind == _SHEET_RECORD and len(body) > 8:
            yield Sheet(_read_name(body[6:]), bool(body[4] & 3))
        place += 4 + size


def _read_name(text: bytes) -> str:
    """A name with its length before it, in Latin-1 or UTF-16 ([MS-XLS], 2.5.240)."""
    count = min(text[0], _LONGEST_NAME)
    if text[1] & 1:
        return text[2 : 2 + 2 * count].decode("utf-16-le", "replace")
    return text[2 : 2 + count].decode("latin-1")
