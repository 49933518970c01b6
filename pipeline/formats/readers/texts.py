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
# The line below a heading, and what may stand above it (CommonMark, 4.3, "Setext headings").
_UNDERLINE = re.compile(r" {0,3}(?:={2,}|-{2,})[ \t]*")
_FRONT_MATTER = "---"
# White space, items, quotes, tables.
_BEGIN_NO_HEADING = ("", *" \t-*+>|")
_FENCE = re.compile(r"(`{3,}|~{3,})")
# Commas last, as they are in numbers of tables whose rows are as even by another sign.
_SEPARATORS = "\t;|,"
_SNIFFED_CHARACTERS = 8192
# A cell in quotes of some programs, which Excel takes for words.
_IN_SINGLE_QUOTES = re.compile(r"(?:^|[\t;|,]) ?'[^'\r\n]*'(?=[\t;|,\r\n])", re.MULTILINE)
# `csv` refuses longer cells, which a text with a lone quote gives.
_MOST_CELL_CHARACTERS = 1_000_000


class _Separated(csv.excel):
    """Cells apart by some sign, else as Excel writes them."""

    def __init__(self, sign: str) -> None:
        self.delimiter = sign
        super().__init__()


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
    lines = decode_text(path.read_bytes()).splitlines()
    # What programs write above a text, between two lines, looks like a heading with its line.
    start = 0
    if lines and lines[0].strip() == _FRONT_MATTER:
        start = next((n for n, line in enumerate(lines[1:], 2) if line.strip() == _FRONT_MATTER), 0)
    for number, line in enumerate(lines):
        if number < start:
            writer.write(line + "\n")
            continue
        mark = _FENCE.match(line)
        if mark is not None and (not fence or line.startswith(fence)):
            fence = "" if fence else mark[1]
        elif not fence and (_HEADING.match(line) or _is_underlined(lines, number)):
            writer.begin()
        writer.write(line + "\n")
    return UnitsDocument(writer.finish() or [""])


def _is_underlined(lines: list[str], number: int) -> bool:
    """Whether a line is a heading by the line below it: one line, with an empty one above it."""
    has_line_below = number + 1 < len(lines) and _UNDERLINE.fullmatch(lines[number + 1]) is not None
    is_apart = number == 0 or not lines[number - 1].strip()
    return has_line_below and is_apart and lines[number][:1] not in _BEGIN_NO_HEADING


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


def _find_dialect(text: str) -> type[csv.Dialect] | _Separated:
    beginning = text[:_SNIFFED_CHARACTERS]
    for sign in _SEPARATORS if _IN_SINGLE_QUOTES.search(beginning) is None else "":
        rows = [
            row for row in csv.reader(io.StringIO(beginning, newline=""), _Separated(sign)) if row
        ]
        counts = {len(row) for row in (rows[:-1] if len(text) > len(beginning) else rows)}
        if len(rows) > 1 and len(counts) == 1 and counts != {1}:
            return _Separated(sign)
    try:
        return csv.Sniffer().sniff(beginning, _SEPARATORS)
    except csv.Error:
        return _Separated(",")
