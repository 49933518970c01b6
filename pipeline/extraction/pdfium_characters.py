"""Where the characters of a page stand, as PDFium tells it one by one. Runs in the child.

To ask costs about a microsecond, so the modules that use this first look, in the text alone,
whether a page has anything for them.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from pipeline.extraction.text_page import Box, TextPage

# What PDFium writes for a hyphen that divides a word at a line end, and for what has no character.
HYPHEN_OR_UNKNOWN = "\ufffe"
LINE_END_HYPHEN = 2


@dataclass(frozen=True)
class Edit:
    """A stretch of a page's text that is replaced.

    Args:
        start, end: Where it begins and ends in the text.
        text: What takes its place.
    """

    start: int
    end: int
    text: str


class PageCharacters:
    """The text of a page, and where each of its characters stands.

    Args:
        page: The characters as PDFium has them.
        text: As PDFium writes it; each character is one unit of UTF-16.
        positions: Where in PDFium's text each of them stands, -1 for those that are not from it;
            None where the text is PDFium's own.
        has_unwritten: Whether PDFium counts characters that its text has not; None where the text
            is its own, which tells.
    """

    def __init__(
        self,
        page: TextPage,
        text: str,
        positions: Sequence[int] | None = None,
        *,
        has_unwritten: bool | None = None,
    ) -> None:
        self.text = text
        self._page = page
        self._positions = range(len(text)) if positions is None else positions
        self._has_unwritten = len(text) != page.count if has_unwritten is None else has_unwritten

    def find_box(self, position: int) -> Box | None:
        """The box that a character fills; None where it is not drawn."""
        index = self._find_index(position)
        return None if index < 0 else self._page.find_box(index)

    def find_origin(self, position: int) -> tuple[float, float] | None:
        """The point of the baseline at which a character begins."""
        index = self._find_index(position)
        return None if index < 0 else self._page.find_origin(index)

    def find_em(self, position: int) -> tuple[float, float]:
        """The vector of one em along the writing direction of a character, in points."""
        index = self._find_index(position)
        return (0.0, 0.0) if index < 0 else self._page.find_em(index)

    def find_advance(self, position: int) -> tuple[float, float]:
        """Where a character of a horizontal line begins and where the next one may, in points."""
        index = self._find_index(position)
        return (0.0, 0.0) if index < 0 else self._page.find_advance(index)

    def stand_alike(self, position: int, other: int, tolerance: float) -> bool:
        """Whether the boxes of two characters have their lower and their upper edges in line.

        Args:
            position: One of them.
            other: The other one.
            tolerance: What is still in line, as a share of their height.
        """
        indices = self._find_index(position), self._find_index(other)
        return min(indices) < 0 or self._page.stand_alike(*indices, tolerance)

    def is_drawn(self, position: int) -> bool:
        """Whether a character is from the file, and not put in by PDFium or by an edit."""
        index = self._find_index(position)
        return index >= 0 and self._page.is_drawn(index)

    def is_hyphen(self, position: int) -> bool:
        """Whether `HYPHEN_OR_UNKNOWN` at a position stands for a hyphen at a line end."""
        return self._page.find_code(self._find_index(position)) == LINE_END_HYPHEN

    def edit(self, edits: Iterable[Edit]) -> "PageCharacters":
        """The page with some stretches replaced. They must not overlap."""
        edits = sorted(edits, key=lambda edit: (edit.start, edit.end))
        if not edits:
            return self
        positions = self._positions
        parts: list[str] = []
        kept: list[int] = []
        done = 0
        for edit in edits:
            parts += (self.text[done : edit.start], edit.text)
            kept += positions[done : edit.start]
            kept += [-1] * len(edit.text)
            done = edit.end
        parts.append(self.text[done:])
        kept += positions[done:]
        return self._renew("".join(parts), kept)

    def replace_letters(self, old: str, new: str) -> "PageCharacters":
        """The page with each of one character replaced by another one."""
        text = self.text.replace(old, new)
        return self._renew(text, self._positions)

    def rebuild(self, pieces: Iterable[int | str]) -> "PageCharacters":
        """The page put together from places in its text and from characters that are new to it."""
        positions = self._positions
        text: list[str] = []
        kept: list[int] = []
        for piece in pieces:
            text.append(piece if isinstance(piece, str) else self.text[piece])
            kept.append(-1 if isinstance(piece, str) else positions[piece])
        return self._renew("".join(text), kept)

    def _find_index(self, position: int) -> int:
        position = self._positions[position]
        return self._page.find_index(position) if self._has_unwritten else position

    def _renew(self, text: str, positions: Sequence[int]) -> "PageCharacters":
        return PageCharacters(self._page, text, positions, has_unwritten=self._has_unwritten)


def turn_upright(em: tuple[float, float]) -> Callable[[float, float], tuple[float, float]]:
    """Coordinates in ems along and across a writing direction, from coordinates of the page."""
    size = math.hypot(*em) or 1.0
    cosine, sine = em[0] / size, em[1] / size
    return lambda x, y: ((x * cosine + y * sine) / size, (y * cosine - x * sine) / size)


def turn_point(point: tuple[float, float], quarter_turns: int) -> tuple[float, float]:
    """A point as it stands on a page that is shown turned by right angles, clockwise."""
    x, y = point
    for _ in range(quarter_turns % 4):
        x, y = y, -x
    return x, y


def turn_box(box: Box, quarter_turns: int) -> Box:
    """A box as it stands on a page that is shown turned by right angles, clockwise."""
    one = turn_point((box.left, box.bottom), quarter_turns)
    other = turn_point((box.right, box.top), quarter_turns)
    return Box(*map(min, one, other), *map(max, one, other))
