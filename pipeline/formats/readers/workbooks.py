"""Workbooks of Excel, new and old: a unit a sheet, which begins with its name.

The library's plain text has all sheets and takes half the time of its Markdown, but does not tell
an end of a line in a cell from the end of a row. So it is taken where each sheet's rows are all of
as many cells as the file says that the sheet has columns: a row that such an end divides has less.
Else the Markdown is, where a line that begins with no bar is no row. The library's tree leaves out
what is beyond some size.
"""

import io
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from html import unescape
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import NamedTuple

from office_oxide import Document

from pipeline.extraction.readable_document import UnreadableDocumentError
from pipeline.formats.readers.number_formats import mark_formats, show_marked
from pipeline.formats.readers.office_files import read_office, read_old_workbook, to_plain
from pipeline.formats.readers.office_pieces.chart_points import fill_gaps
from pipeline.formats.readers.office_pieces.piece_changes import (
    MOST_BYTES,
    apply_changes,
    change_parts,
)
from pipeline.formats.readers.old_workbooks import (
    Sheet,
    find_old_sheets,
    find_sheets_of_old_charts,
    list_old_sheets,
    mark_old_formats,
    put_texts_behind_formulas,
    write_old_marks,
)
from pipeline.formats.readers.part_starts import (
    list_parts,
    read_package,
    read_start,
)
from pipeline.formats.readers.unsaved_values import (
    SHEETS,
    Unsaved,
    drop_unsaved_values,
    shows_empty_cells,
    tell_unsaved,
)
from pipeline.formats.readers.workbook_parts import (
    STYLES,
    WORKBOOK,
    has_other_names,
    name_as_excel_does,
)
from pipeline.formats.readers.xml_parts import (
    list_elements,
    open_package,
    read_relations,
)
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
_CHARTS = "xl/charts/"
_PARTS = (
    rb"xl/(?:workbook\.xml|_rels/workbook\.xml\.rels|styles\.xml|sharedStrings\.xml|"
    rb"worksheets/[^/\0]{1,80}?\.xml|charts/chart[^/\0]{0,40}?\.xml)"
)
# More no styles and no list of sheets takes.
_MOST_BYTES = 16 << 20
_SHEET_ELEMENT = re.compile(
    r"<(?:[\w.-]+:)?sheet((?:\s+[\w:.-]+\s*=\s*(?:\"[^\"<]*\"|'[^'<]*'))+)\s*/?>"
)
_ATTRIBUTE = re.compile(r"(?<![\w:.-])(?:[\w.-]+:)?([\w.-]+)\s*=\s*(\"[^\"]*\"|'[^']*')")
# The cells of a sheet, of which the last is in its last column (ECMA-376-1, 18.3.1.35).
_LAST_COLUMN = re.compile(rb"dimension ref=[\"'](?:[A-Z]+\d+:)?([A-Z]{1,3})\d+[\"']")
_ENCODED = re.compile(r"_x([0-9A-Fa-f]{4})_")


def open_workbook(path: Path) -> UnitsDocument:
    """Open a new Excel workbook: a unit a sheet, which begins with its name."""
    data, book = _prepare(read_package(path))
    units, shows_nothing = read_office(data, "xls", lambda document: _read_new(document, book))
    if book.unsaved is Unsaved.EMPTY and shows_nothing:
        changed = drop_unsaved_values(data, book.unsaved)
        if changed is not None:
            units, _ = read_office(changed, "xls", lambda document: _read_new(document, book))
    return UnitsDocument(units or [""])


def open_old_workbook(path: Path) -> UnitsDocument:
    """Open an old Excel workbook: a unit a sheet, which begins with its name."""
    with path.open("rb") as file:
        # A few of its bytes are looked at.
        data = mmap(file.fileno(), 0, access=ACCESS_READ)
    book, codes = mark_old_formats(data) or (None, [])
    ordered = put_texts_behind_formulas(data if book is None else book)
    book = book if ordered is None else ordered
    if book is None:
        units = read_old_workbook(path, lambda document: _read_old(document, data))
    else:
        units = read_office(book, "xls", lambda document: _read_old(document, data))
    if codes:
        units = [show_marked(write_old_marks(unit), codes) for unit in units]
    return UnitsDocument(units or [""])


class _Book(NamedTuple):
    """What a new workbook says of itself.

    Args:
        sheets: All its sheets.
        widths: How many columns they say they have, in any order.
        codes: Of the formats by which numbers are shown here.
        charts: For each chart, the number of its sheet, from 0; the last one's if none has it.
        unsaved: What may stand for the values of its formulas.
    """

    sheets: list[Sheet]
    widths: list[int]
    codes: Sequence[str]
    charts: Sequence[int]
    unsaved: Unsaved


def _read_old(document: Document, data: mmap) -> list[str]:
    sheets, widths = find_old_sheets(data)
    units = _cut_plain_text(document.plain_text(), [sheet.name for sheet in sheets], widths)
    if units is None:
        units, sheets = _cut_markdown(document.to_markdown()), list_old_sheets(data)
        if len(units) > len(sheets) > 0:
            units = _place_charts(units, len(units) - len(sheets), find_sheets_of_old_charts(data))
    return _mark_hidden(units, sheets)


def _read_new(document: Document, book: _Book) -> tuple[list[str], bool]:
    """The units, and whether a cell is empty."""
    names = [sheet.name for sheet in book.sheets]
    text = document.plain_text()
    units = _cut_plain_text(text, names, book.widths)
    if units is None:
        units, charts = _split_charts(_cut_markdown(document.to_markdown()), len(book.charts))
        units = _add_charts(_put_in_order(units, names), charts, book.charts)
    units = _mark_hidden(units, book.sheets)
    if book.codes:
        units = [show_marked(unit, book.codes) for unit in units]
    # From the end, as Python is twice as fast there.
    if text.rfind("_x") >= 0:
        units = [_ENCODED.sub(_decode, unit) for unit in units]
    return units, shows_empty_cells(text, len(names))


def _mark_hidden(units: list[str], sheets: Sequence[Sheet]) -> list[str]:
    hidden = frozenset(sheet.name for sheet in sheets if sheet.is_hidden)
    if not hidden:
        return units
    return [
        mark_hidden_sheet(unit) if unit.partition("\n")[0] in hidden else unit for unit in units
    ]


def _decode(encoded: re.Match[str]) -> str:
    """A character that XML cannot hold: most are the ends of lines (ECMA-376-1, 22.9.2.19)."""
    character = chr(int(encoded[1], 16))
    return character if character.isprintable() else " " * character.isspace()


def _prepare(data: bytes) -> tuple[bytes, _Book]:
    """A new workbook as the library has to get it, and what it says of itself.

    Source: ECMA-376-1, 18.2.19 (sheet): those without cells are listed, too.
    """
    parts = {part.name: part for part in list_parts(data, _PARTS)}
    if has_other_names(data, parts):
        data = name_as_excel_does(data)
        parts = {part.name: part for part in list_parts(data, _PARTS)}
    workbook = read_start(data, parts[WORKBOOK], _MOST_BYTES) if WORKBOOK in parts else b""
    listed = _list_sheets(data, workbook)
    unsaved = tell_unsaved(workbook)
    if unsaved in (Unsaved.ZERO, Unsaved.ZERO_OF_ALL):
        # The library reads packages whose list the standard library refuses.
        with suppress(UnreadableDocumentError):
            data = drop_unsaved_values(data, unsaved) or data
            parts = {part.name: part for part in list_parts(data, _PARTS)}
    styles = read_start(data, parts[STYLES], _MOST_BYTES) if STYLES in parts else b""
    marked = mark_formats(styles) if len(styles) < _MOST_BYTES else None
    charts = [name for name in parts if name.startswith(_CHARTS)]
    places = _find_sheets_of_charts(data, listed, charts) if charts else ()
    sheets = [
        Sheet(one.get("name", ""), one.get("state", "visible") != "visible") for one in listed
    ]
    starts = (read_start(data, part) for name, part in parts.items() if name.startswith(SHEETS))
    columns = map(_LAST_COLUMN.search, starts)
    widths = [_number_column(column[1]) for column in columns if column is not None]
    changed: dict[str, Iterable[bytes]] = {}
    for name in charts:
        content = read_start(data, parts[name], MOST_BYTES)
        gaps = list(fill_gaps(content)) if len(content) < MOST_BYTES else []
        if gaps:
            changed[name] = apply_changes(content, gaps)
    codes: Sequence[str] = ()
    if marked is not None:
        marked_styles, codes = marked
        changed[STYLES] = [marked_styles]
    copy = change_parts(data, changed)
    if copy is data:
        codes = ()
    return copy, _Book(sheets, widths, codes, places, unsaved)


def _list_sheets(data: bytes, workbook: bytes) -> list[dict[str, str]]:
    """The attributes of each sheet in the list of a workbook, by their names without prefixes.

    To set up a parser takes longer than to find what nearly all programs write alike.
    """
    # U+FFFD: it is in another encoding than nearly all are.
    text = workbook.decode("utf-8", "replace")
    if "<!" not in text and "\ufffd" not in text:
        found = [
            {name: unescape(value[1:-1]) for name, value in _ATTRIBUTE.findall(sheet)}
            for sheet in _SHEET_ELEMENT.findall(text)
        ]
        if found:
            return found
    with open_package(io.BytesIO(data)) as archive:
        elements = list_elements(archive, WORKBOOK)
    return [
        {key.rpartition("}")[2]: value for key, value in attributes.items()}
        for name, attributes in elements
        if name.endswith("}sheet")
    ]


def _find_sheets_of_charts(
    data: bytes, sheets: Sequence[dict[str, str]], charts: Sequence[str]
) -> list[int]:
    """The number of the sheet on which each chart is drawn; after the last, if on none."""
    found: dict[str, int] = {}
    with open_package(io.BytesIO(data)) as archive:
        parts = read_relations(archive, WORKBOOK)
        for number, attributes in enumerate(sheets):
            # A list may name one sheet many times.
            sheet = parts.pop(attributes.get("id", ""), "")
            for drawing in read_relations(archive, sheet).values():
                found |= dict.fromkeys(read_relations(archive, drawing).values(), number)
    return [found.get(chart, len(sheets)) for chart in charts]


def _place_charts(units: list[str], chart_count: int, places: Sequence[int]) -> list[str]:
    """The units of sheets of an old workbook, with what its charts say, each on its sheet.

    Where that cannot be told of each, the last sheet has them.
    """
    units, charts = _split_charts(units, chart_count)
    numbers = places if len(places) == len(charts) else [len(units)] * len(charts)
    return _add_charts(units, charts, numbers)


def _add_charts(units: list[str], charts: list[str], numbers: Sequence[int]) -> list[str]:
    """Units with charts on those of some numbers; on the last one, if there is no such."""
    for chart, number in zip(charts, numbers, strict=False):
        units[min(number, len(units) - 1)] += f"\n{chart}"
    return units


def _split_charts(units: list[str], chart_count: int) -> tuple[list[str], list[str]]:
    """The units of sheets, and those that the library makes of charts, after all sheets."""
    for count in range(min(chart_count, len(units) - 1), 0, -1):
        titles = [unit.partition("\n")[0] for unit in units[-count:]]
        if titles == [f"Chart {number}" for number in range(1, count + 1)]:
            return units[:-count], units[-count:]
    return units, []


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
            # In a name nothing is escaped.
            writer.write(line.removeprefix(_SHEET) + "\n")
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
