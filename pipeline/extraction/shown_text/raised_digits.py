"""Digits that are raised, lowered or struck out are none of the number beside. Runs in the child.

"1,250" with the mark of a footnote, a raised 3, comes from PDFium as "1,2503": ten times too much.
So a number whose first and last digits do not stand alike is looked at digit by digit, and where a
digit is smaller and higher or lower than the one before, there is a space. A power of ten, "10"
with raised digits after it, becomes "10^6", or "10^-3", and a raised 2 or 3 after a unit of length
"m²". Figures that stand one under the other are no number at all. Nor is the raised mark of a note
a part of the word after it: "bAlternative" is a mark and a word. A fraction that is one glyph,
"1/2", stands apart from the number before it.

A contract with its changes shown has the old amount, struck out, and the new one right behind it:
"1,250" and "1,300" were 1,2501,300. Nothing in the text tells that, as the line is drawn by itself.
So it is looked for only beside figures that are two pieces of text without room between them.
Where both are amounts, that is enough: no amount is made of two.
"""

import ctypes
import math
import re
from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import pypdfium2_raw as pdfium

from pipeline.extraction.shown_text.geometry import Box, turn_upright
from pipeline.extraction.shown_text.page_characters import Edit, PageCharacters

# By kinds of characters.
_NUMBERS = re.compile(rb"0[0.,]*0")
# A number that has a line to itself.
_LINE_NUMBERS = re.compile(rb"\n(0[0.,]*0)(?![^\r])")
# Ten to a power below zero.
_SMALL_POWERS = re.compile(r"10(?<![0-9.,]10)(?=[-\u2212\u2013][0-9])")
# A pattern that begins with one character, and looks back from it, is as quick as can be.
_UNITS = re.compile(r"m[23](?![^\W_])(?:(?<![^\W\d_]m.)|(?<=[kdcm]m.)(?<![^\W\d_].m.))")
# What may be the mark of a note, where a line begins or a sentence ends, before the word that it
# touches. Few pages have such a pair, by kinds of characters.
_NOTE_PAIR = re.compile(rb"A(?<=[0a]A)")
_NOTES = tuple(re.compile(rf"{sign}(?:[0-9]{{1,3}}|[a-z])(?=[A-Z])") for sign in (r"\n", r"\. ?"))
# What may be a number with a fraction behind it. Dates are among them.
_FRACTIONS = re.compile("[/\u2044](?<=[0-9]{2}.)(?=[0-9])")
_MAX_FIGURES_OF_FRACTION = 3
_SUPERSCRIPTS = {"2": "²", "3": "³"}
_POWER_BASE = "10"
_PRODUCT = re.compile("[0-9 ]x1")
_TWO_FIGURES = re.compile(r"\d\d")
# The white space after a raised digit, before which PDFium ends the line.
_LINE_END = re.compile(r" ?\r\n ?")
# Shares of an em. Superscripts are raised by a third and set at two thirds; digits of one style
# differ by what the round ones reach over the line, those of the old style stand on one baseline.
_MIN_SHIFT_EMS = 0.1
_MAX_RAISED_SIZE = 0.85
# Some programs raise digits without making them small.
_MIN_SHIFT_OF_LARGE_EMS = 0.25
_MAX_TURN = 0.02
_MIN_RAISED_GLYPH_EMS = 0.2
_MAX_RAISED_GLYPH_HEIGHT_EMS = 0.55
# Less than a digit has: the font's outlines are broken, and their boxes say nothing.
_MIN_RAISED_GLYPH_HEIGHT_EMS = 0.3
_MIN_BOX_CHANGE = 0.08
# Digits that are no further apart across the writing direction are on one line.
_MAX_LINE_EMS = 0.7
# A page with more words of several pieces has its letters drawn one by one.
_MAX_DIVIDED_WORDS = 40
# Nor are there more of such places on a page that a person has made.
_MAX_SEAMS = 200
_MAX_OBJECTS = 10_000
# Numbers with a separator that tells where they end.
_AMOUNT = re.compile(
    r"[0-9]{1,3}(?:(?:,[0-9]{3})+(?:\.[0-9]{2})?|(?:\.[0-9]{3})+(?:,[0-9]{2})?|[.,][0-9]{2})(?![0-9.,])"
)
_AMOUNT_BEFORE = re.compile(rf"(?<![0-9.,]){_AMOUNT.pattern}$")
_MOST_CHARACTERS = 40
# A line through a figure: how thick it is, which PDFium doubles where it is drawn with a pen, and
# how far above the foot of the figure.
_MAX_THICKNESS_EMS = 0.25
_MIN_HEIGHT_EMS, _MAX_HEIGHT_EMS = 0.1, 0.5
# In text that runs down each character has the room of one em, as no figure has elsewhere.
_MIN_ROOM_OF_VERTICAL_EMS = 0.9


class _Digit(NamedTuple):
    """How a digit stands: its baseline, and the lower and the upper edge of what is drawn.

    Args:
        size: The em, in points.
        em: The vector of one em along the writing direction, in points.
        baseline, bottom, top: Across the writing direction, in points.
    """

    size: float
    em: tuple[float, float]
    baseline: float
    bottom: float
    top: float

    def is_apart_from(self, other: "_Digit") -> bool:
        """Whether one of the two is raised or lowered beside the other."""
        large, small = (self, other) if self.size >= other.size else (other, self)
        shift = abs(large.baseline - small.baseline)
        if shift > _MIN_SHIFT_EMS * large.size and small.size <= _MAX_RAISED_SIZE * large.size:
            return True
        if shift > _MIN_SHIFT_OF_LARGE_EMS * large.size and self.is_parallel_to(other):
            return True
        return self.is_raised_glyph() != other.is_raised_glyph()

    def is_parallel_to(self, other: "_Digit") -> bool:
        """Whether both have one writing direction; along a curve each has its own."""
        turn = self.em[0] * other.em[1] - self.em[1] * other.em[0]
        return abs(turn) < _MAX_TURN * self.size * other.size

    def is_raised_glyph(self) -> bool:
        """Whether the font itself draws it small and high, under the name of a common digit."""
        height = self.top - self.bottom
        return (
            self.bottom - self.baseline > _MIN_RAISED_GLYPH_EMS * self.size
            and _MIN_RAISED_GLYPH_HEIGHT_EMS * self.size
            < height
            < _MAX_RAISED_GLYPH_HEIGHT_EMS * self.size
        )


def separate_raised_digits(characters: PageCharacters) -> PageCharacters:
    """The page with a space between digits of which one is raised or lowered beside the other."""
    numbers = [found.span() for found in _NUMBERS.finditer(characters.kinds)]
    edits: list[Edit] = []
    if numbers:
        edits = _divide_columns(characters)
        if edits:
            return separate_raised_digits(characters.edit(edits))
        # Most numbers end where it is done: a quick look at two boxes.
        for start, end in characters.list_uneven(numbers, _MIN_BOX_CHANGE):
            edits += _separate_number(characters, start, end)
    if _NOTE_PAIR.search(characters.kinds):
        edits += _separate_notes(characters)
    edits += _write_small_powers(characters)
    edits += _write_units(characters)
    if "/" in characters.text or "\u2044" in characters.text:
        edits += _separate_fractions(characters)
    return characters.edit(edits)


def divide_struck(
    characters: PageCharacters,
    words: Sequence[tuple[int, int]],
    done: Collection[int],
    page: object,
) -> list[Edit]:
    """A space wherever a figure that is struck out meets one that is not.

    Args:
        characters: The page.
        words: Where words with digits begin and end that are drawn in several pieces.
        done: Places that have a space already.
        page: PDFium's handle of the page.
    """
    if len(words) > _MAX_DIVIDED_WORDS:
        return []
    seams = (place for place in _list_seams(characters, words) if place not in done)
    places = list(islice(seams, _MAX_SEAMS))
    if not places:
        return []
    marks = sorted({*done, *places})
    between = {place for place in places if _is_between_amounts(characters.text, place, marks)}
    # Most pages have no such places, and few have others.
    lines = list(_list_level_paths(page)) if len(between) < len(places) else []
    return [
        Edit(place, place, " ")
        for place in places
        if place in between
        or _is_struck(characters, place - 1, lines) != _is_struck(characters, place, lines)
    ]


def _is_between_amounts(text: str, place: int, marks: Sequence[int]) -> bool:
    """Whether a place is between two amounts; others may touch these, at places in order."""
    index = bisect_left(marks, place)
    start = max(0, place - _MOST_CHARACTERS, *marks[max(0, index - 1) : index])
    end = min(place + _MOST_CHARACTERS, *marks[index + 1 : index + 2], len(text))
    before, after = text[start:place].split()[-1:], text[place:end].split()[:1]
    return all(_AMOUNT_BEFORE.search(word) for word in before) and all(map(_AMOUNT.match, after))


def _list_seams(characters: PageCharacters, words: Sequence[tuple[int, int]]) -> Iterator[int]:
    """Where two pieces of text meet between figures that stand alike.

    In a word of which most letters are pieces of their own that says nothing.
    """
    text = characters.text
    for start, end in words:
        if not _TWO_FIGURES.search(text, start, end):
            continue
        pairs = [(place - 1, place + 1) for place in range(start + 1, end)]
        divided = characters.list_divided(pairs)
        if 2 * len(divided) > len(pairs):
            continue
        for before, after in divided:
            place = after - 1
            if text[before].isdecimal() and text[place].isdecimal():
                here, there = characters.find_origin(before), characters.find_origin(place)
                if here and there and here[1] == there[1]:
                    yield place


def _list_level_paths(page: object) -> Iterator[Box]:
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    for index in range(min(pdfium.FPDFPage_CountObjects(page), _MAX_OBJECTS)):
        item = pdfium.FPDFPage_GetObject(page, index)
        if (
            pdfium.FPDFPageObj_GetType(item) == pdfium.FPDF_PAGEOBJ_PATH
            and pdfium.FPDFPageObj_GetBounds(item, left, bottom, right, top)
            and right.value - left.value > top.value - bottom.value
        ):
            yield Box(left.value, bottom.value, right.value, top.value)


def _is_struck(characters: PageCharacters, position: int, lines: Sequence[Box]) -> bool:
    box, origin = characters.find_box(position), characters.find_origin(position)
    size, aside = characters.find_em(position)
    if box is None or origin is None or size <= 0.0 or aside:
        return False
    middle = (box.left + box.right) / 2
    low, high = (origin[1] + share * size for share in (_MIN_HEIGHT_EMS, _MAX_HEIGHT_EMS))
    return any(
        line.left <= middle <= line.right
        and low <= line.bottom
        and line.top <= high
        and line.top - line.bottom <= _MAX_THICKNESS_EMS * size
        for line in lines
    )


def _divide_columns(characters: PageCharacters) -> list[Edit]:
    """A line for each of the digits that stand one under the other.

    Where each of them is a piece of text of its own, PDFium takes them for text that runs down. It
    gives them a line to themselves; text that does run down has its numbers among letters.
    """
    kinds = characters.kinds
    edits = []
    numbers = [found.span(1) for found in _LINE_NUMBERS.finditer(kinds)]
    first = _NUMBERS.match(kinds)
    if first and kinds[first.end() : first.end() + 1] in (b"", b"\r"):
        numbers.append(first.span())
    for start, end in numbers:
        top, bottom = characters.find_origin(start), characters.find_origin(end - 1)
        em = characters.find_em(start)
        if top is None or bottom is None or not any(em):
            continue
        upright = turn_upright(em)
        across = abs(upright(*bottom)[1] - upright(*top)[1])
        if across > _MAX_LINE_EMS * (end - start - 1):
            edits += [Edit(position, position, "\r\n") for position in range(start + 1, end)]
    return edits


def _separate_number(characters: PageCharacters, start: int, end: int) -> list[Edit]:
    text = characters.text
    edits: list[Edit] = []
    if _runs_down(characters, start):
        return edits
    previous = _look_at(characters, start)
    for position in range(start + 1, end):
        if not text[position].isdigit():
            continue
        digit = _look_at(characters, position)
        if digit and previous and digit.is_apart_from(previous):
            is_power = not edits and _is_power_of_ten(text, start, position)
            is_power = is_power and digit.bottom > previous.bottom
            edits.append(Edit(position, position, "^" if is_power else " "))
        previous = digit or previous
    line_end = _LINE_END.match(text, end)
    if edits and line_end and _is_on_one_line(characters, start, line_end.end()):
        edits.append(Edit(line_end.start(), line_end.end(), _close_line(line_end)))
    return edits


def _runs_down(characters: PageCharacters, start: int) -> bool:
    """Whether the first two characters of a number are one under the other in a vertical line."""
    box, em = characters.find_loose_box(start), characters.find_em(start)
    first, second = characters.find_origin(start), characters.find_origin(start + 1)
    if box is None or first is None or second is None or first[0] != second[0]:
        return False
    return box.right - box.left >= _MIN_ROOM_OF_VERTICAL_EMS * math.hypot(*em)


def _separate_notes(characters: PageCharacters) -> list[Edit]:
    edits = []
    text = characters.text
    for end in (found.end() for pattern in _NOTES for found in pattern.finditer(text)):
        mark, letter = _look_at(characters, end - 1), _look_at(characters, end)
        if mark and letter and mark.bottom > letter.bottom and mark.is_apart_from(letter):
            edits.append(Edit(end, end, " "))
    return edits


def _is_power_of_ten(text: str, start: int, end: int) -> bool:
    if text[start:end] != _POWER_BASE:
        return False
    # gnuplot and others write an x for the sign of a product: 5x10^6.
    return not text[max(0, start - 1) : start].isalpha() or bool(_PRODUCT.match(text, start - 2))


def _is_on_one_line(characters: PageCharacters, before: int, after: int) -> bool:
    """Whether what follows the raised digits goes on where the number stands."""
    if after >= len(characters.text):
        return False
    first, second = _look_at(characters, before), _look_at(characters, after, like=before)
    if first is None or second is None:
        return False
    return abs(first.baseline - second.baseline) < _MIN_SHIFT_EMS * first.size


def _close_line(line_end: re.Match[str]) -> str:
    has_space = " " in line_end[0] or line_end.string[line_end.end()].isalnum()
    return " " if has_space else ""


def _write_small_powers(characters: PageCharacters) -> list[Edit]:
    edits = []
    for found in _SMALL_POWERS.finditer(characters.text):
        end = found.end()
        base, digit = _look_at(characters, end - 1), _look_at(characters, end + 1)
        if base and digit and digit.bottom > base.bottom and digit.is_apart_from(base):
            edits.append(Edit(end, end, "^"))
    return edits


def _write_units(characters: PageCharacters) -> list[Edit]:
    edits = []
    for found in _UNITS.finditer(characters.text):
        end = found.end()
        letter, digit = _look_at(characters, end - 2), _look_at(characters, end - 1)
        if letter and digit and digit.bottom > letter.bottom and digit.is_apart_from(letter):
            edits.append(Edit(end - 1, end, _SUPERSCRIPTS[found[0][-1]]))
    return edits


def _separate_fractions(characters: PageCharacters) -> list[Edit]:
    """A space before each fraction that is one glyph, behind a number: 1 1/2 and not 11/2.

    All characters of a glyph have its place.
    """
    edits = []
    for found in _FRACTIONS.finditer(characters.text):
        start, place = found.start(), characters.find_origin(found.start())
        first = max(0, start - _MAX_FIGURES_OF_FRACTION)
        while start > first and place is not None and characters.find_origin(start - 1) == place:
            start -= 1
        if 0 < start < found.start() and characters.text[start - 1].isdecimal():
            edits.append(Edit(start, start, " "))
    return edits


def _look_at(characters: PageCharacters, position: int, like: int | None = None) -> _Digit | None:
    """How a character stands, across its own writing direction or that of another one."""
    box, origin = characters.find_box(position), characters.find_origin(position)
    em = characters.find_em(position if like is None else like)
    size = math.hypot(*em)
    if box is None or origin is None or not size:
        return None
    upright = turn_upright(em)
    edges = [upright(x, y)[1] * size for x in box[::2] for y in box[1::2]]
    return _Digit(size, em, upright(*origin)[1] * size, min(edges), max(edges))
