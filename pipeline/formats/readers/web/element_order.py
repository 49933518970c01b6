"""What a web page shows by how its elements lie in one another.

Numbers of items, empty places beside cells of several rows or columns, figures that are raised.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from pipeline.formats.units import BETWEEN_CELLS

_LISTS = frozenset({"ol", "ul", "menu", "dir"})
_CELLS = frozenset({"td", "th"})
LAID_OUT = _LISTS | _CELLS | {"li", "table", "tr", "input", "tspan"}
# Of these the end is to be told, too.
ENDED = _LISTS | {"table"}
_SPANS = frozenset({"colspan", "rowspan"})
_PLACES = frozenset({"x", "y", "dx", "dy"})
_BULLET = "- "
_NUMBER = re.compile(r"\s*([+-]?\d{1,9})")
_STYLE_OF_LIST = re.compile(r"list-style(?:-type)?\s*:([^;]*)", re.I)
# How items are numbered, as attributes say it; empty for those that are not.
_KINDS = {
    **dict.fromkeys(("none", "disc", "circle", "square"), ""),
    **{"decimal": "1", "lower-roman": "i", "upper-roman": "I"},
    **dict.fromkeys(("lower-alpha", "lower-latin"), "a"),
    **dict.fromkeys(("upper-alpha", "upper-latin"), "A"),
}
_KINDS_OF_ATTRIBUTES = frozenset("1aAiI")
_ROMAN = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l")),
    *((40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)
_MOST_OF_ROMAN = 3999
# More columns no table has that people read; what is wider is written without empty cells.
_MOST_COLUMNS, _MOST_ROWS = 100, 1_000
_TICKED = frozenset({"checkbox", "radio"})
_WITHOUT_VALUE = frozenset(
    {"hidden", "password", "submit", "button", "reset", "image", "file", "color", "range"}
)


class _Place(NamedTuple):
    """A list: the number of its next item, if it is known; how it goes on; its kind."""

    number: int | None
    step: int
    kind: str


class _Table:
    """A table: which of its columns are taken by cells of rows before, and for how many rows."""

    def __init__(self) -> None:
        self._left: dict[int, int] = {}
        self._taken: frozenset[int] = frozenset()
        self._column = 0
        self._spanned = 0

    def begin_row(self) -> None:
        self._column = self._spanned = 0
        if self._left or self._taken:
            self._taken = frozenset(self._left)
            self._left = {column: rows - 1 for column, rows in self._left.items() if rows > 1}

    def begin_cell(self, attributes: Mapping[str, str | None]) -> str:
        # Most tables have neither.
        if not (self._taken or self._spanned) and _SPANS.isdisjoint(attributes):
            self._column += 1
            return BETWEEN_CELLS
        empty = self._spanned
        while self._column in self._taken:
            self._column += 1
            empty += 1
        columns = min(_read_number(attributes.get("colspan"), 1), _MOST_COLUMNS)
        rows = min(_read_number(attributes.get("rowspan"), 1), _MOST_ROWS)
        for column in range(self._column, min(self._column + columns, _MOST_COLUMNS)):
            if rows > 1:
                self._left[column] = rows - 1
        self._column += max(1, columns)
        self._spanned = max(0, columns - 1)
        return BETWEEN_CELLS * (empty + 1)


class ElementOrder:
    """Tells for the elements of `LAID_OUT`, in the order in which they stand, what is shown."""

    def __init__(self) -> None:
        self._lists: list[_Place] = []
        self._tables: list[_Table] = []

    def begin(self, tag: str, attributes: Mapping[str, str | None]) -> str:
        """What stands before the text of an element that begins."""
        if tag in _CELLS:
            return self._tables[-1].begin_cell(attributes) if self._tables else BETWEEN_CELLS
        if tag == "li":
            return self._number_item(attributes)
        if tag in _LISTS:
            self._lists.append(_begin_list(tag, attributes))
        elif tag == "table":
            self._tables.append(_Table())
        elif tag == "tr" and self._tables:
            self._tables[-1].begin_row()
        elif tag == "input":
            return _show_field(attributes)
        elif tag == "tspan":
            # It begins at a place of its own in its drawing (SVG 2, 11.2), mostly in a line.
            return "" if _PLACES.isdisjoint(attributes) else " "
        return ""

    def end(self, tag: str) -> None:
        """An element ends."""
        if tag in _LISTS and self._lists:
            self._lists.pop()
        elif tag == "table" and self._tables:
            self._tables.pop()

    def _number_item(self, attributes: Mapping[str, str | None]) -> str:
        if not self._lists:
            return _BULLET
        number, step, kind_of_list = self._lists[-1]
        kind = _find_kind(attributes, kind_of_list)
        value = _NUMBER.match(attributes.get("value") or "")
        if value is not None:
            number = int(value[1])
        if number is None:
            return _BULLET
        self._lists[-1] = _Place(number + step, step, kind_of_list)
        return f"{_show_number(number, kind)}. " if kind else _BULLET


def _begin_list(tag: str, attributes: Mapping[str, str | None]) -> _Place:
    """A list as it begins (WHATWG, "HTML", 4.4.5, the ol element).

    One that counts down to one begins with the number of its items, which is not known yet.
    """
    counts_down = "reversed" in attributes
    start = _NUMBER.match(attributes.get("start") or "")
    first = int(start[1]) if start is not None else None if counts_down else 1
    kind = _find_kind(attributes, "1" if tag == "ol" else "")
    return _Place(first, -1 if counts_down else 1, kind)


def _find_kind(attributes: Mapping[str, str | None], otherwise: str) -> str:
    """How items are numbered by the style of a list or an item, else by its attribute."""
    style = _STYLE_OF_LIST.search(attributes.get("style") or "")
    kind = attributes.get("type") or ""
    for word in [*(style[1].lower().split() if style is not None else ()), kind.lower()]:
        if word in _KINDS:
            return _KINDS[word]
    return kind if kind in _KINDS_OF_ATTRIBUTES else otherwise


def _show_number(number: int, kind: str) -> str:
    if kind in ("a", "A") and number > 0:
        letters = ""
        left = number
        while left:
            left, letter = divmod(left - 1, 26)
            letters = chr(ord(kind) + letter) + letters
        return letters
    if kind in ("i", "I") and 0 < number <= _MOST_OF_ROMAN:
        shown = ""
        for size, sign in _ROMAN:
            count, number = divmod(number, size)
            shown += sign * count
        return shown.upper() if kind == "I" else shown
    return str(number)


def _show_field(attributes: Mapping[str, str | None]) -> str:
    """What a field of a form shows: its box, or what is written in it."""
    kind = (attributes.get("type") or "text").lower()
    if kind in _TICKED:
        return f" [{'x' if 'checked' in attributes else ' '}] "
    return "" if kind in _WITHOUT_VALUE else f" {attributes.get('value') or ''} "


def _read_number(digits: str | None, otherwise: int) -> int:
    found = _NUMBER.match(digits or "")
    return max(0, int(found[1])) if found is not None else otherwise
