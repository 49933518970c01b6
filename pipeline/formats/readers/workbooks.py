"""Workbooks of Excel, new and old: a unit a sheet, which begins with its name.

The library's plain text has all sheets and takes half the time of its Markdown, but does not tell
an end of a line in a cell from the end of a row. So it is taken where each sheet's rows are all of
as many cells as the file says that the sheet has columns: a row that such an end divides has less.
Else the Markdown is, where a line that begins with no bar is no row. The library's tree leaves out
what is beyond some size.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from office_oxide import Document

from pipeline.formats.old_office import OLE_START
from pipeline.formats.readers.office_files import read_office, to_plain
from pipeline.formats.readers.old_workbooks import (
    Sheet,
    find_old_sheets,
    list_old_sheets,
)
from pipeline.formats.readers.xml_parts import list_elements, open_package, read_start
from pipeline.formats.units import (
    BETWEEN_CELLS,
    UnitsDocument,
    UnitWriter,
    join_cells,
    mark_hidden_sheet,
)

_RULE = re.compile(r"^\|(?: --- \|)+$", re.MULTILINE)
_BAR = re.compile(r"(?<!\\)\|")
_MARKED = re.compile(r"[\\*~\t]|<br>|  +[^ |]")
_EMPTY_AT_END = re.compile(r"\t+$", re.MULTILINE)
_SHEET = "## "
_WORKBOOK = "xl/workbook.xml"
_SHEET_PART = re.compile(r"xl/worksheets/[^/]+\.xml")
# The cells of a sheet, of which the last is in its last column (ECMA-376-1, 18.3.1.35).
_LAST_COLUMN = re.compile(rb"dimension ref=[\"'](?:[A-Z]+\d+:)?([A-Z]{1,3})\d+[\"']")


def open_workbook(path: Path) -> UnitsDocument:
    """Open an Excel workbook: a unit a sheet, which begins with its name."""
    data = path.read_bytes()
    is_old = data.startswith(OLE_START)
    texts = read_office(data, "xls", lambda document: _read_texts(document, path, data, is_old))
    return UnitsDocument(texts or [""])


def _read_texts(document: Document, path: Path, data: bytes, is_old: bool) -> list[str]:
    if is_old:
        sheets, widths = find_old_sheets(data)
    else:
        sheets, widths = _list_sheets(path)
    names = [sheet.name for sheet in sheets]
    units = _cut_plain_text(document.plain_text(), names, widths)
    if units is None:
        units = _cut_markdown(document.to_markdown())
        if is_old:
            sheets = list_old_sheets(data)
        else:
            units = _put_in_order(units, names)
    hidden = frozenset(sheet.name for sheet in sheets if sheet.is_hidden)
    if not hidden:
        return units
    return [
        mark_hidden_sheet(unit) if unit.partition("\n")[0] in hidden else unit for unit in units
    ]


def _list_sheets(path: Path) -> tuple[list[Sheet], list[int]]:
    """All sheets of a new workbook, and in any order how many columns they say they have.

    Source: ECMA-376-1, 18.2.19 (sheet): those without cells are listed, too.
    """
    with open_package(path) as archive:
        elements = list_elements(archive, _WORKBOOK)
        starts = [
            read_start(archive, part) for part in archive.NameToInfo if _SHEET_PART.fullmatch(part)
        ]
    sheets = [
        Sheet(attributes.get("name", ""), attributes.get("state", "visible") != "visible")
        for name, attributes in elements
        if name.endswith("}sheet")
    ]
    columns = [_LAST_COLUMN.search(start) for start in starts]
    return sheets, [_number_column(column[1]) for column in columns if column is not None]


def _number_column(letters: bytes) -> int:
    """The number of a column, from 1: A, ..., Z, AA, ..."""
    number = 0
    for letter in letters:
        number = 26 * number + letter - ord("A") + 1
    return number


def _cut_plain_text(
    text: str, names: Sequence[str], widths_told: Iterable[int]
) -> list[str] | None:
    """The units of the plain text; None where it does not tell rows and sheets for sure."""
    # What stands between two sheets is a row without cells, too. From the end, as Python is
    # twice as fast there.
    parts = text.rstrip("\n").rsplit("\n\n")
    if len(parts) != len(names):
        return None
    units = []
    widths_found: list[int] = []
    for name, part in zip(names, parts, strict=True):
        if part != name and not part.startswith(f"{name}\n"):
            return None
        unit = part.replace("\t", BETWEEN_CELLS)
        row_count = part.count("\n")
        if row_count:
            # No row has more cells than its sheet has columns: what all rows have in all makes up
            # that many in each only where each has them.
            tabs = (len(unit) - len(part)) // (len(BETWEEN_CELLS) - 1)
            tabs_of_each, left = divmod(tabs, row_count)
            if left or not tabs:
                return None
            widths_found.append(tabs_of_each + 1)
        if part.endswith("\t") or part.rfind("\t\n") >= 0:
            unit = _EMPTY_AT_END.sub("", part).replace("\t", BETWEEN_CELLS)
        units.append(unit)
    # A sheet without cells says that it has one column or none.
    is_whole = sorted(widths_found) == sorted(width for width in widths_told if width > 1)
    return units if is_whole else None


def _cut_markdown(markdown: str) -> list[str]:
    text = _RULE.sub("", markdown)
    writer = UnitWriter()
    for line in text.split("\n"):
        if line.startswith(_SHEET):
            writer.begin(keeps_empty=bool(writer.units))
            writer.write(to_plain(line.removeprefix(_SHEET)) + "\n")
        elif line.startswith("|"):
            writer.write(_read_row(line) + "\n")
        elif line.strip():
            writer.write(to_plain(line) + "\n")
    return writer.finish()


def _read_row(line: str) -> str:
    """A row as it is shown; most have nothing in them that Markdown writes in another way."""
    if not _MARKED.search(line):
        return line[2:-2].rstrip(" |")
    return join_cells(map(to_plain, _BAR.split(line)[1:-1]))


def _put_in_order(units: list[str], names: Sequence[str]) -> list[str]:
    """The units of all sheets, with those without cells, which the library leaves out."""
    placed: list[str] = []
    left = iter(units)
    unit = next(left, None)
    for name in names:
        if unit is not None and unit.split("\n", 1)[0] == name:
            placed.append(unit)
            unit = next(left, None)
        else:
            placed.append(name)
    # A name that is written in two ways would leave units over; then they are as they come.
    return placed if unit is None and names else units
