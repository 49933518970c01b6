"""Boxes, points and writing directions of a page, in points. Pure functions."""

import math
from collections.abc import Callable
from typing import NamedTuple


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


class LineLimits(NamedTuple):
    """How far two characters of one line stand apart at the most, in ems.

    Args:
        max_across: Across the writing direction, of the larger of the two.
        max_across_first: The same of the first of the two, whichever that is.
        max_turn: What the writing direction of one turns away from that of the other.
    """

    max_across: float
    max_across_first: float
    max_turn: float


def turn_upright(em: tuple[float, float]) -> Callable[[float, float], tuple[float, float]]:
    """Coordinates in ems along and across a writing direction, from coordinates of the page."""
    size = math.hypot(*em) or 1.0
    cosine, sine = em[0] / size, em[1] / size
    return lambda x, y: ((x * cosine + y * sine) / size, (y * cosine - x * sine) / size)


def measure_gap(em: tuple[float, float], box: Box, end: tuple[float, float]) -> float:
    """How far it is from the end of a box to a point along a writing direction, in ems."""
    along, aside = em
    right = box.right if along > 0 else box.left
    top = box.top if aside > 0 else box.bottom
    return ((end[0] - right) * along + (end[1] - top) * aside) / (along * along + aside * aside)


def turn_point(point: tuple[float, float], quarter_turns: int) -> tuple[float, float]:
    """A point as it stands on a page that is shown turned by right angles, clockwise."""
    x, y = point
    for _ in range(quarter_turns % 4):
        x, y = y, -x
    return x, y


def turn_box(box: Box, quarter_turns: int) -> Box:
    """A box as it stands on a page that is shown turned by right angles, clockwise."""
    if quarter_turns % 4 == 0:
        return box
    one = turn_point((box.left, box.bottom), quarter_turns)
    other = turn_point((box.right, box.top), quarter_turns)
    return Box(*map(min, one, other), *map(max, one, other))


def measure_across(em: tuple[float, float], move: tuple[float, float]) -> float:
    """How far a way leads across a writing direction, in ems."""
    along, aside = em
    if aside == 0.0:
        return abs(move[1] / along)
    across = move[1] * along - move[0] * aside
    return abs(across) / (along * along + aside * aside)
