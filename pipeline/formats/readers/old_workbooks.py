"""The sheets of an old Excel workbook ([MS-XLS]), which `office_oxide` does not list."""

import io
import re
import struct
from collections.abc import Iterable, Iterator
from mmap import mmap
from typing import NamedTuple

import olefile

# The record of a sheet: its place, whether it is hidden (1, or 2 for good), its kind, its name
# ([MS-XLS], 2.4.28, BoundSheet8).
_SHEET_RECORD, _END_RECORD = 0x85, 0x0A
_SHEET_RECORDS = re.compile(rb"\x85\x00.\x00.{4}[\x00-\x02][\x00-\x06].[\x00\x01]", re.S)
# The record of the cells of a sheet: its first row, the one after its last, and so its columns; it
# stands before the cells, and after where their rows begin, 32 rows in four bytes ([MS-XLS],
# 2.4.90, Dimensions; 2.4.144, Index).
_CELLS_RECORDS = re.compile(rb"\x02\x0e\x00.{8}..(..)\x00\x00", re.S)
_CELLS_WITHIN_BYTES = 1 << 14
# With what the stream of the workbook begins ([MS-XLS], 2.4.21, BOF).
_BOOK_BEGINS = b"\x09\x08\x10\x00\x00\x06\x05\x00"
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


def find_old_sheets(data: mmap) -> tuple[list[Sheet], list[int]]:
    """What looks most like the sheets of a workbook, for who knows their names from elsewhere.

    To open a file takes as long as to read a short one, and what lies in one sector lies there as
    in its stream.

    Args:
        data: The bytes of the file.

    Returns:
        The sheets, in order; and in any order how many columns they seem to say they have.
    """
    starts = (found.start() for found in _SHEET_RECORDS.finditer(data))
    first = next((place for place in starts if _is_record(data, place)), 0)
    sector_end = first // _SECTOR_BYTES * _SECTOR_BYTES + _SECTOR_BYTES
    found = list(_read_sheets(data[first:sector_end]))
    cells = _find_cells(data, data.rfind(_BOOK_BEGINS, 0, first), [place for _, place in found])
    widths = [int.from_bytes(one[1], "little") for one in cells]
    return [sheet for sheet, _ in found], widths


def _find_cells(data: mmap, book: int, sheets: Iterable[int]) -> Iterable[re.Match[bytes]]:
    """The records of the cells of sheets, by the places of sheets in a book that begins somewhere.

    Between the parts of a book lie other sectors, but few: what is looked for stands soon after.
    """
    cells = []
    for sheet in sheets:
        place = book + sheet
        found = _CELLS_RECORDS.search(data, place, place + _CELLS_WITHIN_BYTES)
        if book < 0 or found is None:
            return _CELLS_RECORDS.finditer(data)
        cells.append(found)
    return cells


def list_old_sheets(data: bytes | mmap) -> list[Sheet]:
    """The sheets of a workbook, in order; none of a damaged one.

    Args:
        data: The bytes of the file.
    """
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as file:
            name = next((name for name in _STREAMS if file.exists(name)), None)
            if name is None:
                return []
            with file.openstream(name) as stream:
                return [sheet for sheet, _ in _read_sheets(stream.read())]
    except (OSError, ValueError, IndexError, KeyError, AttributeError, TypeError):
        return []


def _is_record(data: mmap, place: int) -> bool:
    """Whether the length of what may be a sheet's record is that of its name."""
    is_wide = data[place + 11] & 1
    return data[place + 2] == 8 + (data[place + 10] << is_wide)


def _read_sheets(stream: bytes) -> Iterator[tuple[Sheet, int]]:
    """Each sheet, and its place in the stream."""
    place = 0
    while place + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, place)
        body = stream[place + 4 : place + 4 + size]
        if kind == _END_RECORD:
            return
        if kind == _SHEET_RECORD and len(body) > 8:
            sheet = Sheet(_read_name(body[6:]), bool(body[4] & 3))
            yield sheet, int.from_bytes(body[:4], "little")
        place += 4 + size


def _read_name(text: bytes) -> str:
    """A name with its length before it, in Latin-1 or UTF-16 ([MS-XLS], 2.5.240)."""
    count = min(text[0], _LONGEST_NAME)
    if text[1] & 1:
        return text[2 : 2 + 2 * count].decode("utf-16-le", "replace")
    return text[2 : 2 + count].decode("latin-1")
