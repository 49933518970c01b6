"""Plain texts, Markdown and tables of separated values."""

import csv
import io
import re
from pathlib import Path

from pipeline.formats.identify import SEPARATOR_LINE
from pipeline.formats.text_encoding import decode_text
from pipeline.formats.units import UnitsDocument, UnitWriter, join_cells

# What a text without marks of its own is counted in, so that a part can be cited and found.
LINES_OF_A_PART = 500
ROWS_OF_A_PART = 500
_HEADING = re.compile(r"#{1,6}[ \t]")
_FENCE = re.compile(r"(`{3,}|~{3,})")
_SEPARATORS = ",;\t|"
_SNIFFED_CHARACTERS = 8192
# `csv` refuses longer cells, which a text with a lone quote gives.
_MOST_CELL_CHARACTERS = 1_000_000


def open_text(path: Path) -> UnitsDocument:
    """Open a text: a unit what stands between form feeds, of at most `LINES_OF_A_PART` lines."""
    units = []
    for page in decode_text(path.read_bytes()).split("\f"):
        lines = page.splitlines()
        for first in range(0, max(1, len(lines)), LINES_OF_A_PART):
            units.append("\n".join(lines[first : first + LINES_OF_A_PART]))
    return UnitsDocument(units)


def open_markdown(path: Path) -> UnitsDocument:
    """Open a Markdown text: a unit a heading with what is below it, as it is written."""
    writer = UnitWriter()
    fence = ""
    for line in decode_text(path.read_bytes()).splitlines():
        mark = _FENCE.match(line)
        if mark is not None and (not fence or line.startswith(fence)):
            fence = "" if fence else mark[1]
        elif not fence and _HEADING.match(line):
            writer.begin()
        writer.write(line + "\n")
    return UnitsDocument(writer.finish() or [""])


def open_table(path: Path) -> UnitsDocument:
    """Open a table: a unit `ROWS_OF_A_PART` rows, each of which begins with the first row."""
    text = decode_text(path.read_bytes())
    csv.field_size_limit(_MOST_CELL_CHARACTERS)
    told = SEPARATOR_LINE.match(text)
    try:
        if told is not None:
            text = text[told.end() :]
            reader = csv.reader(io.StringIO(text, newline=""), delimiter=told[1])
        else:
            reader = csv.reader(io.StringIO(text, newline=""), _find_dialect(text))
        rows = [join_cells(row) for row in reader]
    # `csv` takes no quote, and no character beyond some, for what separates cells.
    except (csv.Error, TypeError, ValueError):
        rows = text.splitlines()
    head, body = rows[:1], rows[1:]
    units = [
        "\n".join([*head, *body[first : first + ROWS_OF_A_PART]])
        for first in range(0, max(1, len(body)), ROWS_OF_A_PART)
    ]
    return UnitsDocument(units)


def _find_dialect(text: str) -> type[csv.Dialect] | str:
    try:
        return csv.Sniffer().sniff(text[:_SNIFFED_CHARACTERS], _SEPARATORS)
    except csv.Error:
        return "excel"
