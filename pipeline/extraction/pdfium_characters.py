"""Where the characters of a page stand, as PDFium tells it one by one. Runs in the child.

A call costs about a microsecond, so the modules that use this first look, in the text alone,
whether a page has anything for them.
"""

import ctypes
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import pypdfium2.raw as pdfium  # type: ignore[import-untyped]  # it ships no type information

# What PDFium writes for a hyphen that divides a word at a line end, and for what has no character.
HYPHEN_OR_UNKNOWN = "\ufffe"
LINE_END_HYPHEN = 2


class Box(NamedTuple):
    """A box in points: the page's own coordinates, which grow to the right and up."""

    left: float
    bottom: float
    right: float
    top: float

    def is_apart_from(self, other: "Box") -> bool:
        """Whether no point lies in both."""
        return (
            self.right < other.left
            or self.left > other.right
            or self.top < other.bottom
            or self.bottom > other.top
        )


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
        text_page: PDFium's handle.
        text: As PDFium writes it; each character is one unit of UTF-16.
        positions: Where in PDFium's text each of them stands, -1 for those that are not from it;
            None where the text is PDFium's own.
    """

    def __init__(self, text_page: object, text: str, positions: list[int] | None = None) -> None:
        self.text = text
        self._text_page = text_page
        self._positions = positions
        self._has_unwritten = len(text) != pdfium.FPDFText_CountChars(text_page)
        self._box = (ctypes.c_double * 4)()
        self._box_arguments = tuple(
            ctypes.cast(ctypes.byref(self._box, 8 * k), ctypes.POINTER(ctypes.c_double))
            # As PDFium gives them: left, right, bottom, top.
            for k in (0, 2, 1, 3)
        )
        self._matrix = pdfium.FS_MATRIX()
        self._room = pdfium.FS_RECTF()

    def find_index(self, position: int) -> int:
        """PDFium's number of the character at a position of the text; -1 if it has none."""
        if self._positions is not None:
            position = self._positions[position]
        if position < 0 or not (self._has_unwritten or self._positions is not None):
            return position
        index: int = pdfium.FPDFText_GetCharIndexFromTextIndex(self._text_page, position)
        return index

    def find_box(self, position: int) -> Box | None:
        """The box that a character fills; None where it is not drawn."""
        index = self.find_index(position)
        if index < 0 or not pdfium.FPDFText_GetCharBox(
            self._text_page, index, *self._box_arguments
        ):
            return None
        return Box(*self._box)

    def find_origin(self, position: int) -> tuple[float, float] | None:
        """The point of the baseline at which a character begins."""
        index = self.find_index(position)
        x, y = self._box_arguments[:2]
        if index < 0 or not pdfium.FPDFText_GetCharOrigin(self._text_page, index, x, y):
            return None
        return x[0], y[0]

    def find_em(self, position: int) -> tuple[float, float]:
        """The vector of one em along the writing direction of a character, in points."""
        index = self.find_index(position)
        if index < 0 or not pdfium.FPDFText_GetMatrix(self._text_page, index, self._matrix):
            return 0.0, 0.0
        size = abs(pdfium.FPDFText_GetFontSize(self._text_page, index))
        return size * self._matrix.a, size * self._matrix.b

    def find_advance(self, position: int) -> tuple[float, float]:
        """Where a character of a horizontal line begins and where the next one may, in points."""
        index = self.find_index(position)
        if index < 0 or not pdfium.FPDFText_GetLooseCharBox(self._text_page, index, self._room):
            return 0.0, 0.0
        return self._room.left, self._room.right

    def is_drawn(self, position: int) -> bool:
        """Whether a character is from the file. PDFium marks not all that it puts in by itself."""
        index = self.find_index(position)
        return index >= 0 and bool(pdfium.FPDFText_GetTextObject(self._text_page, index))

    def is_hyphen(self, position: int) -> bool:
        """Whether `HYPHEN_OR_UNKNOWN` at a position stands for a hyphen at a line end."""
        index = self.find_index(position)
        return bool(pdfium.FPDFText_GetUnicode(self._text_page, index) == LINE_END_HYPHEN)

    def edit(self, edits: Iterable[Edit]) -> "PageCharacters":
        """The page with some stretches replaced. They must not overlap."""
        edits = sorted(edits, key=lambda edit: (edit.start, edit.end))
        if not edits:
            return self
        positions = self._list_positions()
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
        return PageCharacters(self._text_page, "".join(parts), kept)

    def replace_letters(self, old: str, new: str) -> "PageCharacters":
        """The page with each of one character replaced by another one."""
        text = self.text.replace(old, new)
        return PageCharacters(self._text_page, text, self._positions)

    def rebuild(self, pieces: Iterable[int | str]) -> "PageCharacters":
        """The page put together from places in its text and from characters that are new to it."""
        positions = self._list_positions()
        text: list[str] = []
        kept: list[int] = []
        for piece in pieces:
            text.append(piece if isinstance(piece, str) else self.text[piece])
            kept.append(-1 if isinstance(piece, str) else positions[piece])
        return PageCharacters(self._text_page, "".join(text), kept)

    def _list_positions(self) -> list[int]:
        return list(range(len(self.text))) if self._positions is None else self._positions


def turn_upright(em: tuple[float, float]) -> Callable[[float, float], tuple[float, float]]:
    """Coordinates in ems along and across a writing direction, from coordinates of the page."""
    size = math.hypot(*em) or 1.0
    cosine, sine = em[0] / size, em[1] / size
    return lambda x, y: ((x * cosine + y * sine) / size, (y * cosine - x * sine) / size)


def turn_box(box: Box, quarter_turns: int) -> Box:
    """A box as it stands on a page that is shown turned by right angles, clockwise."""
    for _ in range(quarter_turns % 4):
        box = Box(box.bottom, -box.right, box.top, -box.left)
    return box
