"""Formulas of new workbooks for which a program has saved a value that it has not worked out.

Programs that write workbooks without being able to calculate put a zero or nothing there, and have
Excel calculate when it opens the book (ECMA-376-1, 18.2.2, fullCalcOnLoad). A zero would be a wrong
number. Without its value, the library shows the formula itself. Where other formulas of a book have
values, a zero is one of them: it was calculated before it was filled in by another program.
"""

import io
import re
from collections.abc import Iterator
from enum import Enum
from zipfile import ZipFile

from pipeline.formats.readers.xml_parts import open_package, read_pieces, replace_parts

SHEETS = "xl/worksheets/"
_RECALCULATED = re.compile(rb"calcPr\b[^<>]*\sfullCalcOnLoad\s*=\s*[\"'](?:1|true)[\"']")
# Of a book that is written row by row by Apache POI.
_WRITTEN_IN_ROWS = b'date1904="false"'
# A text of a formula may be empty, a number cannot.
_FORMULA = (
    rb"(<(?:[\w.-]+:)?c\b(?![^<>]*\st=[\"'](?!n[\"']))[^<>]*>\s*"
    rb"<(?:[\w.-]+:)?f\b(?:[^<>]*/>|[^<>]*(?<!/)>[^<]*</(?:[\w.-]+:)?f>)\s*)"
    rb"<((?:[\w.-]+:)?)v>"
)
_UNSAVED = re.compile(_FORMULA + rb"(?:0(?:\.0)?)?</\2v>")
_EMPTY = re.compile(_FORMULA + rb"</\2v>")
_WORKED_OUT = re.compile(_FORMULA + rb"-?[\d.]*[1-9]")
# A longer cell no program writes.
_LONGEST_CELL_BYTES = 1 << 20
_CELL_STARTS = (b"<c ", b":c ")
# In the text of the library.
_EMPTY_CELLS, _AT_END = ("\t\t", "\t\n", "\n\t"), ("\t", "\n")


class Unsaved(Enum):
    """What stands for values that are not worked out."""

    NOTHING = "nothing"
    EMPTY = "empty"
    ZERO = "zero"


def tell_unsaved(workbook: bytes) -> Unsaved:
    """What may stand for values, by the part that lists the sheets."""
    if b"calcPr" not in workbook:
        return Unsaved.ZERO if _WRITTEN_IN_ROWS in workbook else Unsaved.NOTHING
    if _RECALCULATED.search(workbook) is None:
        return Unsaved.NOTHING
    # Which program it is to seem to be, say those that write zeros.
    return Unsaved.ZERO if b"fileVersion" in workbook else Unsaved.EMPTY


def shows_empty_cells(text: str, sheet_count: int) -> bool:
    """Whether a cell or a row is empty in the library's plain text of some sheets, or a sheet."""
    if text.endswith(_AT_END) or any(cells in text for cells in _EMPTY_CELLS):
        return True
    sheets = text.split("\n\n")
    return len(sheets) != sheet_count or not all("\n" in sheet for sheet in sheets)


def drop_unsaved_values(package: bytes) -> bytes | None:
    """A workbook in which such formulas have no value; None if there is none in it.

    Raises:
        UnreadableDocumentError: It is damaged.
    """
    with open_package(io.BytesIO(package)) as archive:
        sheets = [name for name in archive.NameToInfo if name.startswith(SHEETS)]
        has_values = any(_has(_WORKED_OUT, archive, sheet) for sheet in sheets)
        unsaved = _EMPTY if has_values else _UNSAVED
        dropped = {
            sheet: (unsaved.sub(rb"\1", cells) for cells in _list_whole_cells(archive, sheet))
            for sheet in sheets
            if _has(unsaved, archive, sheet)
        }
        return replace_parts(package, dropped) if dropped else None


def _has(formula: re.Pattern[bytes], archive: ZipFile, sheet: str) -> bool:
    return any(formula.search(cells) for cells in _list_whole_cells(archive, sheet))


def _list_whole_cells(archive: ZipFile, sheet: str) -> Iterator[bytes]:
    """A sheet in pieces that divide no cell."""
    left = b""
    for piece in read_pieces(archive, sheet):
        left += piece
        place = left.rfind(b"<", 0, 1 + max(left.rfind(start) for start in _CELL_STARTS))
        if place <= 0 and len(left) > _LONGEST_CELL_BYTES:
            place = len(left)
        if place > 0:
            yield left[:place]
            left = left[place:]
    yield left
