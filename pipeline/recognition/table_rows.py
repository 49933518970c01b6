"""Columns of short lines beside one another, put back into rows.

An engine reads what stands in columns column by column, as is right for prose. Of a table or a form
that tears values from their labels. So columns whose lines stand level with one another are read
row by row where the lines of one are too short for prose.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Generic, Protocol, Self, TypeVar

# Lines of prose in two columns have six words and more.
_MOST_WORDS_OF_CELLS = 3.5
# Of the shorter column, so many lines stand level with one of the other.
_LEAST_LEVEL_SHARE = 0.6
_LEAST_LEVEL_LINES = 2
# Two lines stand level that share so much of the lower one's height.
_LEAST_OVERLAP = 0.5
# Each is held against each. What has more is no page that people fill in.
_MOST_LINES = 600


Box = tuple[int, int, int, int]


class PlacedWord(Protocol):
    """A word with its place."""

    @property
    def box(self) -> Box:
        """Left, top, right and bottom."""

    @property
    def begins_line(self) -> bool:
        """Whether it is the first of its line."""

    def continue_line(self) -> Self:
        """The same as one that is not."""


WordT = TypeVar("WordT", bound=PlacedWord)


@dataclass(frozen=True)
class _Line(Generic[WordT]):
    """Words of a line, and the box around them on a page that is turned so that it can be read."""

    words: tuple[WordT, ...]
    box: Box

    @property
    def top(self) -> int:
        return self.box[1]

    def is_level_with(self, other: "_Line[WordT]") -> bool:
        """Whether the other stands beside it, in the same row."""
        (left, top, right, bottom), theirs = self.box, other.box
        shared = min(bottom, theirs[3]) - max(top, theirs[1])
        height = max(1, min(bottom - top, theirs[3] - theirs[1]))
        is_beside = right <= theirs[0] or theirs[2] <= left
        return is_beside and shared >= _LEAST_OVERLAP * height


def join_rows(words: Sequence[WordT]) -> tuple[WordT, ...]:
    """The words of a page in reading order, with tables and forms row by row."""
    lines = _split_lines(words)
    if len(lines) > _MOST_LINES:
        return tuple(words)
    columns = _split_columns(lines)
    joined: list[list[_Line[WordT]]] = []
    for column in columns:
        if joined and _are_cells(joined[-1], column):
            joined[-1] = _merge(joined[-1], column)
        else:
            joined.append(column)
    return tuple(word for column in joined for line in column for word in line.words)


def _split_lines(words: Sequence[WordT]) -> list[_Line[WordT]]:
    starts = [at for at, word in enumerate(words) if word.begins_line or at == 0]
    lines = [words[a:b] for a, b in pairwise([*starts, len(words)])]
    turn = _find_turn(lines)
    return [_Line(tuple(line), _surround(turn(word.box) for word in line)) for line in lines]


def _find_turn(lines: Sequence[Sequence[WordT]]) -> Callable[[Box], Box]:
    """What makes lines run to the right, and one stand below the other."""
    steps = [
        (after.box[0] - before.box[0], after.box[1] - before.box[1])
        for line in lines
        for before, after in pairwise(line)
    ]
    right, down = sum(step[0] for step in steps), sum(step[1] for step in steps)
    if abs(right) >= abs(down):
        return _leave if right >= 0 else _turn_around
    return _turn_left if down > 0 else _turn_right


def _leave(box: Box) -> Box:
    return box


def _turn_around(box: Box) -> Box:
    return -box[2], -box[3], -box[0], -box[1]


def _turn_left(box: Box) -> Box:
    return box[1], -box[2], box[3], -box[0]


def _turn_right(box: Box) -> Box:
    return -box[3], box[0], -box[1], box[2]


def _surround(boxes: Iterable[Box]) -> Box:
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def _split_columns(lines: Sequence[_Line[WordT]]) -> list[list[_Line[WordT]]]:
    """Runs of lines that go down the page; where one stands higher, another column begins."""
    columns: list[list[_Line[WordT]]] = []
    for line in lines:
        if columns and line.top >= columns[-1][-1].top:
            columns[-1].append(line)
        else:
            columns.append([line])
    return columns


def _are_cells(first: Sequence[_Line[WordT]], second: Sequence[_Line[WordT]]) -> bool:
    level = sum(any(one.is_level_with(other) for other in first) for one in second)
    if level < max(_LEAST_LEVEL_LINES, _LEAST_LEVEL_SHARE * min(len(first), len(second))):
        return False
    beside = [one for one in first if any(one.is_level_with(other) for other in second)]
    return min(map(_count_words, (beside, second))) <= _MOST_WORDS_OF_CELLS


def _count_words(lines: Sequence[_Line[WordT]]) -> float:
    return sum(len(line.words) for line in lines) / len(lines)


def _merge(first: Sequence[_Line[WordT]], second: Sequence[_Line[WordT]]) -> list[_Line[WordT]]:
    """Both, from the top, with lines that stand level as one."""
    rows = list(first)
    for line in second:
        at = next((n for n, row in enumerate(rows) if row.is_level_with(line)), None)
        if at is None:
            below = (n for n, row in enumerate(rows) if row.top > line.top)
            rows.insert(next(below, len(rows)), line)
        else:
            rows[at] = _join(*sorted((rows[at], line), key=lambda one: one.box[0]))
    return rows


def _join(left: _Line[WordT], right: _Line[WordT]) -> _Line[WordT]:
    continued = right.words[0].continue_line()
    words = (*left.words, continued, *right.words[1:])
    return _Line(words, _surround((left.box, right.box)))
