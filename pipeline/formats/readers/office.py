"""New texts of Word: the library's plain text, cut at the headings that its Markdown tells.

Both are made of one reading, while its tree would have to be walked word by word.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

from office_oxide import Document

from pipeline.formats.readers.office_files import read_office, to_plain
from pipeline.formats.units import UnitsDocument

_HEADING = re.compile(r"#{1,6} +(.*)")
_ITEM = re.compile(r"(?:[-*>]|\d+\.) +")
_LINK = re.compile(r"(?<!\\)\[(.*?)(?<!\\)\]\([^)]*\)")


def open_text(path: Path) -> UnitsDocument:
    """Open a new Word document: a unit a heading with what is below it."""
    text, markdown = read_office(path.read_bytes(), "doc", _render_text)
    lines = text.split("\n")
    places = [0, *_find_headings(lines, markdown.split("\n")), len(lines)]
    units = ["\n".join(lines[a:b]) for a, b in pairwise(places)]
    return UnitsDocument([unit for unit in units if unit.strip()] or [""])


def _render_text(document: Document) -> tuple[str, str]:
    return document.plain_text(), document.to_markdown()


def _find_headings(lines: list[str], markdown: list[str]) -> list[int]:
    """Which lines of the plain text are headings.

    A table of contents has the same lines, and a paragraph may begin with the mark of a heading:
    so each heading is the line that stands as far from the first of its words in both.
    """
    headings = [_show_line(line) for line in markdown if line.startswith("#")]
    wanted = Counter(heading for heading in headings if heading)
    if not wanted:
        return []
    places: defaultdict[str, list[int]] = defaultdict(list)
    for number, line in enumerate(lines):
        shown = line.strip()
        if shown in wanted:
            places[shown].append(number)
    repeated = {shown for shown, found in places.items() if len(found) > wanted[shown]}
    told = _tell_apart(repeated, markdown) if repeated else {}
    found = []
    for shown, numbers in places.items():
        are_headings = told.get(shown, ())
        if len(are_headings) == len(numbers):
            found += [n for n, is_one in zip(numbers, are_headings, strict=True) if is_one]
        else:
            # What repeats headings stands before them.
            found += numbers[-wanted[shown] :]
    return sorted(found)


def _tell_apart(repeated: set[str], markdown: Iterable[str]) -> dict[str, list[bool]]:
    """Of each line that equals some words, in order, whether it is a heading."""
    told: defaultdict[str, list[bool]] = defaultdict(list)
    for line in markdown:
        shown = _show_line(line)
        if shown in repeated:
            told[shown].append(line.startswith("#"))
    return told


def _show_line(markdown: str) -> str:
    """A line without the marks of Markdown."""
    heading = _HEADING.match(markdown)
    line = heading[1] if heading else _ITEM.sub("", markdown.strip(), count=1)
    return to_plain(_LINK.sub(r"\1", line)).strip()
