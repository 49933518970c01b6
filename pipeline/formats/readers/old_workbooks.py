"""The sheets of an old Excel workbook ([MS-XLS]), which `office_oxide` does not list.

And its formats of numbers, which that shows in another way than Excel does (`number_formats`).
"""

import re
import struct
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from mmap import mmap
from typing import NamedTuple

from pipeline.extraction.readable_document import UnreadableDocumentError
from pipeline.formats.readers.number_formats import (
    BUILT_IN,
    FIXED,
    MOVED_BY,
    is_shown_here,
    is_shown_wrong,
    write_mark,
)
from pipeline.formats.readers.old_office.compound_files import read_streams

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
# A format of numbers: its number, its code; and how cells look that say so: the number of their
# format, whether it is a style for others ([MS-XLS], 2.4.126, Format; 2.4.353, XF).
_FORMAT_RECORD, _LOOK_RECORD, _FORMAT_AT, _STYLE_BIT = 0x041E, 0xE0, 2, 4
# The name of who saved the book, in as many bytes whatever it is (2.4.349, WriteAccess).
_WRITER_RECORD, _WRITER_BYTES = 0x5C, 112
_HEADER_BYTES = 4
_read_header = struct.Struct("<HH").unpack_from
# Formats of a book come before its sheets; those of programs take some KiB.
_MOST_BYTES_OF_FORMATS = 1 << 18
# Numbers that no book has, and signs that stand for nothing in Latin-1 and in Windows-1252: of one
# byte, as there is little room.
_OWN_FORMATS, _OWN_SIGNS = 0xFF00, "\x81\x8d\x8f\x90\x9d"
_ALL_DIGITS = "0.0000000000"
# Of the formats that all books have (ECMA-376-1, 18.8.30) those whose codes programs write, too,
# and that the library shows alike either way, whatever a book means by such a number.
_OF_ALL_BOOKS = {"0": 1, "0.00": 2, "#,##0": 3, "#,##0.00": 4, "0%": 9, "0.00%": 10}
# A longer one is not copied for the sake of time.
_MOST_BYTES_TO_COPY = 4 << 20
_OWN_MARK = re.compile(rf"[{_OWN_SIGNS}](?=-?\d+\.\d{{10}}(?!\d))")
# What cells share of a formula, of less than 8 KiB; and a text with its characters, of one byte or
# two (2.4.277, ShrFmla; 2.4.268, String).
_SHARED = re.compile(rb"\xbc\x04(.[\x00-\x20])", re.S)
_TEXT = re.compile(rb"\x07\x02(..)(..)([\x00\x01])", re.S)
# What a chart says, in one byte a character or two ([MS-XLS], 2.4.254, SeriesText).
_TEXTS_OF_CHARTS = re.compile(rb"\x0d\x10(.)[\x00\x01]\x00\x00(.)([\x00\x01])", re.S)
_OF_CHARTS, _KIND_AT = b"\x20\x00", 6
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
    first = _find_first_sheet(data)
    sector_end = first // _SECTOR_BYTES * _SECTOR_BYTES + _SECTOR_BYTES
    found = list(_read_sheets(data[first:sector_end]))
    cells = _find_cells(data, data.rfind(_BOOK_BEGINS, 0, first), [place for _, place in found])
    widths = [int.from_bytes(one[1], "little") for one in cells]
    return [sheet for sheet, _ in found], widths


def mark_old_formats(data: bytes | mmap) -> tuple[bytes, list[str]] | None:
    """An old workbook with its formats as the library has to get them.

    Those that are shown here get marks. Nothing in it may become longer, so that the records of our
    own stand in place of the name of its writer, which leaves room for five: of more formats the
    others are left to the library. A code whose number the library takes for the one of the United
    States gets another number. And what is the code of a format of all books gets its number, for
    which the library has shown a number before it has read a code.

    Returns:
        With the codes of those with marks. None if the library gets all of them as they are, or it
        cannot be told. What it makes of the marks is for `write_old_marks`, and then for
        `show_marked`.
    """
    first = _find_first_sheet(data)
    book = data.rfind(_BOOK_BEGINS, 0, first)
    if book < 0 or first - book > _MOST_BYTES_OF_FORMATS:
        return None
    formats = data[book:first]
    end, room = 0, -1
    codes = dict(BUILT_IN)
    given: dict[int, int] = {}
    looks: list[tuple[int, int]] = []
    for kind, place, body in _list_records(formats):
        start = place + _HEADER_BYTES
        end = start + len(body)
        if kind == _FORMAT_RECORD and len(body) > 4:
            number, count = struct.unpack_from("<HH", body)
            codes[number] = _read_text(body[4:], count)
            given[number] = start
        elif kind == _LOOK_RECORD and len(body) > 4 and not body[4] & _STYLE_BIT:
            looks.append((start + _FORMAT_AT, *struct.unpack_from("<H", body, _FORMAT_AT)))
        elif kind == _WRITER_RECORD and len(body) == _WRITER_BYTES:
            room = place
    used = {number: codes.get(number, "") for _, number in looks}
    shown = [number for number, code in used.items() if is_shown_here(code)] if room >= 0 else []
    # Those first that the library shows wrong; of the others it shows at least the number.
    shown.sort(key=lambda number: not is_shown_wrong(codes[number]))
    shown = shown[: len(_OWN_SIGNS)]
    moved = {number for number in used if number in given and re.fullmatch(FIXED, str(number))}
    instead = {number: number + MOVED_BY for number in moved}
    instead |= {number: _OWN_FORMATS + place for place, number in enumerate(shown)}
    for number, code in used.items():
        if code in _OF_ALL_BOOKS and len(data) <= _MOST_BYTES_TO_COPY:
            instead[number] = _OF_ALL_BOOKS[code]
    # Where other sectors lie between them, these are no records.
    if not instead or end != len(formats):
        return None
    marked = bytearray(formats)
    if shown:
        ours = b"".join(map(_pack_format, range(len(shown))))
        rest = _WRITER_BYTES - len(ours)
        marked[room : room + _HEADER_BYTES + _WRITER_BYTES] = (
            ours + struct.pack("<HH", _WRITER_RECORD, rest) + b" " * rest
        )
    for number in moved:
        struct.pack_into("<H", marked, given[number], number + MOVED_BY)
    for place, number in looks:
        if number in instead:
            struct.pack_into("<H", marked, place, instead[number])
    with memoryview(data) as whole:
        book_bytes = b"".join((whole[:book], marked, whole[first:]))
    return book_bytes, [codes[number] for number in shown]


def put_texts_behind_formulas(data: bytes | mmap) -> bytes | None:
    """An old workbook in which the text of a formula that cells share follows on that formula.

    What they share stands between the two, and the library forgets the formula over it: the first
    of the cells would be empty.

    Returns:
        None if there is no such text, or other sectors lie within all of them.
    """
    with memoryview(data) as whole:
        pieces: list[bytes | memoryview] = []
        done = 0
        for found in _SHARED.finditer(data):
            start = found.start()
            middle = found.end() + int.from_bytes(found[1], "little")
            text = _TEXT.match(data, middle)
            if text is None or start < done:
                continue
            length = int.from_bytes(text[1], "little")
            end = middle + _HEADER_BYTES + length
            if length == 3 + (int.from_bytes(text[2], "little") << text[3][0]) and end <= len(data):
                pieces += (whole[done:start], whole[middle:end], whole[start:middle])
                done = end
        return b"".join((*pieces, whole[done:])) if pieces else None


def write_old_marks(text: str) -> str:
    """Text of the library with the marks of `write_mark` in the place of those of old workbooks."""
    return _OWN_MARK.sub(lambda sign: write_mark(_OWN_SIGNS.index(sign[0])), text)


def _pack_format(number: int) -> bytes:
    code = (_OWN_SIGNS[number] + _ALL_DIGITS).encode("latin-1")
    body = struct.pack("<HHB", _OWN_FORMATS + number, len(code), 0) + code
    return struct.pack("<HH", _FORMAT_RECORD, len(body)) + body


def _find_first_sheet(data: bytes | mmap) -> int:
    """Where the record of the first sheet begins; 0 if there is none."""
    starts = (found.start() for found in _SHEET_RECORDS.finditer(data))
    return next((place for place in starts if _is_record(data, place)), 0)


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
    return [sheet for sheet, _ in _read_sheets(_read_book(data))]


def find_sheets_of_old_charts(data: bytes | mmap) -> list[int]:
    """On which sheet, from 0, each title and each name of a series of a chart stands, in order.

    Without those of charts that are sheets of their own, where the library puts them itself.
    """
    book = _read_book(data)
    sheets = [(place, number) for number, (_, place) in enumerate(_read_sheets(book))]
    sheets.sort()
    texts = [
        found.start()
        for found in _TEXTS_OF_CHARTS.finditer(book)
        if found[1][0] == 4 + (found[2][0] << found[3][0]) and found[2][0]
    ]
    of = [sheets[max(bisect_right(sheets, (text, 0)) - 1, 0)] for text in texts if sheets]
    return [number for place, number in of if not book.startswith(_OF_CHARTS, place + _KIND_AT)]


def _read_book(data: bytes | mmap) -> bytes:
    """The stream of the workbook; empty if it is damaged."""
    try:
        streams = read_streams(data, _STREAMS)
    except UnreadableDocumentError:
        return b""
    return next((streams[name] for name in _STREAMS if name in streams), b"")


def _is_record(data: bytes | mmap, place: int) -> bool:
    """Whether the length of what may be a sheet's record is that of its name."""
    is_wide = data[place + 11] & 1
    return data[place + 2] == 8 + (data[place + 10] << is_wide)


def _list_records(stream: bytes) -> Iterator[tuple[int, int, bytes]]:
    """The kind of each record, its place in the stream, and what it holds."""
    place = 0
    last = len(stream) - _HEADER_BYTES
    while place <= last:
        kind, size = _read_header(stream, place)
        start = place + _HEADER_BYTES
        yield kind, place, stream[start : start + size]
        place = start + size


def _read_sheets(stream: bytes) -> Iterator[tuple[Sheet, int]]:
    """Each sheet, and its place in the stream."""
    for kind, _, body in _list_records(stream):
        if kind == _END_RECORD:
            return
        if kind == _SHEET_RECORD and len(body) > 8:
            name = _read_text(body[7:], min(body[6], _LONGEST_NAME))
            yield Sheet(name, bool(body[4] & 3)), int.from_bytes(body[:4], "little")


def _read_text(text: bytes, count: int) -> str:
    """So many characters, after a byte that tells Latin-1 from UTF-16 ([MS-XLS], 2.5.294)."""
    if text[0] & 1:
        return text[1 : 1 + 2 * count].decode("utf-16-le", "replace")
    return text[1 : 1 + count].decode("latin-1")
