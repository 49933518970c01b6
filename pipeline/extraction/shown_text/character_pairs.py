"""How the two characters of each of many pairs stand to each other. Runs in the child.

A page of figures or formulas has thousands of pairs: each question is one loop with as little
around it as can be. All characters are by PDFium's own numbers.
"""

import ctypes
import math
from array import array
from collections import deque
from collections.abc import Iterable, Sequence
from ctypes import byref, c_float
from itertools import repeat, zip_longest
from typing import Any

from pipeline.extraction.shown_text.geometry import Box, LineLimits, measure_across, measure_gap
from pipeline.extraction.shown_text.text_page import (
    MANY,
    TextPage,
    get_box,
    get_loose_box,
    get_matrix,
    get_object,
    get_origin,
    get_size,
    make_box,
    unpack_doubles,
    unpack_floats,
    unpack_point,
    unpack_vector,
)

# As PDFium keeps a box of floats: left, top, right, bottom.
_RIGHT, _BOX_SIZE = 2, 4
_BOX_BYTES = _BOX_SIZE * ctypes.sizeof(c_float)
# Between the two figures of a piece, as a share of the width of one: less is how a word is set.
_MIN_ROOM_IN_PIECE = 0.25


class CharacterPairs(TextPage):
    """The text of one page after another, its characters, and pairs of these."""

    def __init__(self) -> None:
        super().__init__()
        # Where the boxes of many characters go, one after the other.
        self._boxes = array("f", bytes(MANY * _BOX_BYTES))
        self._box_rooms: list[Any] = []

    def list_boxes(self, firsts: Iterable[int], lasts: Iterable[int]) -> list[Box | None]:
        """The boxes that many pairs of characters fill; None for those that are not both drawn.

        Args:
            firsts: The number of the first character of each pair.
            lasts: That of the second.
        """
        boxes: list[Box | None] = []
        page, corners, doubles = self._page, self._corners, self._doubles
        for first, last in zip(firsts, lasts, strict=True):
            if not get_box(page, first, *corners):
                boxes.append(None)
                continue
            left, bottom, right, top = box = unpack_doubles(doubles)
            if first != last:
                if not get_box(page, last, *corners):
                    boxes.append(None)
                    continue
                one, two, three, four = unpack_doubles(doubles)
                box = (
                    left if left < one else one,
                    bottom if bottom < two else two,
                    right if right > three else three,
                    top if top > four else four,
                )
            boxes.append(make_box(box))
        return boxes

    def list_outside(self, indexes: Iterable[int], area: Box) -> list[bool | None]:
        """Which of many characters fill no point of an area; None for those that are not drawn."""
        outside: list[bool | None] = []
        page, corners, doubles = self._page, self._corners, self._doubles
        for index in indexes:
            if not get_box(page, index, *corners):
                outside.append(None)
                continue
            left, bottom, right, top = unpack_doubles(doubles)
            outside.append(
                right < area.left or left > area.right or top < area.bottom or bottom > area.top
            )
        return outside

    def list_uneven(
        self, firsts: Iterable[int], lasts: Sequence[int], tolerance: float
    ) -> list[int]:
        """Which of many pairs of characters do not have their edges in line, by their places.

        A page of figures has hundreds, so this is one loop with nothing around it.

        Args:
            firsts: The number of the first character of each pair.
            lasts: That of the second.
            tolerance: What is still in line, as a share of their height.
        """
        uneven = []
        page, edges, doubles = self._page, self._edges, self._doubles
        bottoms, tops = self._list_edges(lasts)
        line_bottom = line_top = 0.0
        for place, first in enumerate(firsts):
            bottom, top = bottoms[place], tops[place]
            allowed = tolerance * (top - bottom)
            # The figures of a row stand as the one before them did.
            if -allowed <= bottom - line_bottom <= allowed >= abs(top - line_top):
                continue
            if top != top or not get_box(page, first, *edges):
                continue
            line_bottom, line_top = unpack_point(doubles)
            if abs(bottom - line_bottom) > allowed or abs(top - line_top) > allowed:
                uneven.append(place)
                line_bottom = line_top = 0.0
        return uneven

    def list_divided(self, firsts: Sequence[int], lasts: Sequence[int]) -> list[int]:
        """Which of many pairs of characters are not drawn with one piece of text, by their places.

        Args:
            firsts: The number of the first character of each pair, in order.
            lasts: That of the second, before the next pair.
        """
        page, pieces = self._page, self.list_pieces(firsts)
        # Where the next pair begins in the same piece, this one ends in it.
        return [
            place
            for place, (piece, following) in enumerate(zip_longest(pieces, pieces[1:]))
            if (piece is None or piece != following) and piece != get_object(page, lasts[place])
        ]

    def list_spread(
        self, befores: Iterable[int], afters: Iterable[int], points: float
    ) -> list[int]:
        """Which of many pairs of characters begin so far from each other, by their places.

        Args:
            befores: The number of the first character of each pair.
            afters: That of the second.
            points: How far, along or across the page.
        """
        spread = []
        page, x, y, doubles = self._page, self._x, self._y, self._doubles
        for place, (before, after) in enumerate(zip(befores, afters, strict=True)):
            if not get_origin(page, before, x, y):
                continue
            start, height = unpack_point(doubles)
            if get_origin(page, after, x, y) and (
                abs(doubles[0] - start) >= points or abs(doubles[1] - height) >= points
            ):
                spread.append(place)
        return spread

    def list_apart(self, befores: Iterable[int], afters: Iterable[int], points: float) -> list[int]:
        """Which of many pairs of characters have room between them and are of two pieces of text.

        The only room in a piece PDFium takes for that between all its letters, however much it is.
        So those of one piece, too, that are all of it, or that are further apart than two such
        characters are wide.

        Args:
            befores: The number of the first character of each pair.
            afters: That of the second.
            points: The least room, from left to right or the other way.
        """
        apart = []
        page, x, y, doubles = self._page, self._x, self._y, self._doubles
        room, floats = self._room, self._floats
        for place, (before, after) in enumerate(zip(befores, afters, strict=True)):
            if not get_loose_box(page, before, room) or not get_origin(page, after, x, y):
                continue
            gap, width = abs(doubles[0] - floats[_RIGHT]), floats[_RIGHT] - floats[0]
            if gap < points:
                continue
            piece = get_object(page, before)
            if (
                gap > 2 * width
                or piece != get_object(page, after)
                or (
                    gap > _MIN_ROOM_IN_PIECE * width
                    and piece not in (get_object(page, before - 1), get_object(page, after + 1))
                )
            ):
                apart.append(place)
        return apart

    def measure_gaps(
        self, befores: Sequence[int], afters: Sequence[int], line: LineLimits, *, onward: bool
    ) -> list[float | None]:
        """The room between the two characters of many pairs, as far as they stand in one line.

        Args:
            befores: The number of the first character of each pair.
            afters: That of the second.
            line: What is in one line.
            onward: Whether the next line begins further to the left, so that no more has to be
                asked where the second is there.

        Returns:
            Of each, in ems of the larger of the two; infinity where they are not in one line, None
            where nothing is known of one of them.
        """
        gaps: list[float | None] = [math.inf] * len(befores)
        page, x, y, doubles = self._page, self._x, self._y, self._doubles
        room, floats, corners = self._room, self._floats, self._corners
        known, is_known, end, next_height = -1, 0, 0.0, 0.0
        for place, (before, after) in enumerate(zip(befores, afters, strict=True)):
            # A line of one character ends with the one that it begins with.
            if before != known:
                is_known = get_origin(page, before, x, y)
                end, next_height = unpack_point(doubles)
            is_drawn, start, height = is_known, end, next_height
            known, is_known = after, get_origin(page, after, x, y)
            end, next_height = unpack_point(doubles)
            if not (is_drawn and is_known):
                gaps[place] = None
                continue
            if onward and end < start:
                continue
            if not get_matrix(page, before, room):
                gaps[place] = None
                continue
            along, aside = unpack_vector(floats)
            size = abs(get_size(page, before))
            along, aside = along * size, aside * size
            if not (along or aside):
                gaps[place] = None
                continue
            up = next_height - height
            em, move = (along, aside), (end - start, up)
            if aside:
                if measure_across(em, move) > line.max_across_first:
                    continue
            elif abs(up) > line.max_across_first * abs(along):
                continue
            next_along = next_aside = 0.0
            if get_matrix(page, after, room):
                next_along, next_aside = unpack_vector(floats)
                size = abs(get_size(page, after))
                next_along, next_aside = next_along * size, next_aside * size
            if not (aside or next_aside):
                # Nearly all text is not turned.
                along = next_along if abs(next_along) > abs(along) else along
                if abs(up) <= line.max_across * abs(along) and get_box(page, before, *corners):
                    right = doubles[2] if along > 0 else doubles[0]
                    gaps[place] = (end - right) / along
                continue
            next_em = (next_along, next_aside)
            if max(map(abs, next_em)) > max(map(abs, em)):
                em, next_em = next_em, em
            if (
                measure_across(em, next_em) <= line.max_turn
                and measure_across(em, move) <= line.max_across
                and get_box(page, before, *corners)
            ):
                box = make_box(unpack_doubles(doubles))
                gaps[place] = measure_gap(em, box, (end, next_height))
        return gaps

    def measure_letter_gap(self, index: int, following: int) -> float | None:
        """The room between a character and the next one, in ems; None where it is not known."""
        page, room, floats, doubles = self._page, self._room, self._floats, self._doubles
        if not get_loose_box(page, index, room):
            return None
        left, top, right, bottom = unpack_floats(floats)
        if not get_origin(page, following, self._x, self._y) or not get_matrix(page, index, room):
            return None
        along, aside, lean, upright = unpack_floats(floats)
        size = abs(get_size(page, index))
        along, aside = size * along, size * aside
        if aside:
            box = make_box((left, bottom, right, top))
            return measure_gap((along, aside), box, unpack_point(doubles))
        # Nearly all text is not turned.
        if not along:
            return None
        end = right if along > 0 else left
        if lean and upright:
            # The box of a letter that leans reaches as far as its top or its foot does.
            reach = [(edge - doubles[1]) * lean / upright for edge in (top, bottom)]
            end -= max(reach) if along > 0 else min(reach)
        gap: float = (doubles[0] - end) / along
        return gap

    def turn(self, befores: Iterable[int], afters: Iterable[int]) -> bool:
        """Whether the second character of any of some pairs stands lower, or more to the left."""
        page, x, y, doubles = self._page, self._x, self._y, self._doubles
        for before, after in zip(befores, afters, strict=True):
            if get_origin(page, before, x, y):
                place, height = unpack_point(doubles)
                if get_origin(page, after, x, y) and (doubles[1] < height or doubles[0] < place):
                    return True
        return False

    def list_most_rooms(self, befores: Sequence[int], afters: Sequence[int]) -> list[float] | None:
        """The most room that there may be between the two characters of many pairs, in ems.

        A quick look at all of them together, without those that are not in line. There may be as
        much as is said, or as little as is said and none.

        Args:
            befores: The number of the first character of each pair.
            afters: That of the second.

        Returns:
            None where not all characters are of a line that runs to the right.
        """
        # All characters of a piece of text are set alike.
        pieces = dict(zip(self.list_pieces(befores), befores, strict=True))
        ems = [self.find_em(before) for before in pieces.values()]
        if None in pieces or any(aside or along <= 0.0 for along, aside in ems):
            return None
        least = min((along for along, _ in ems), default=1.0)
        starts, _ = self._list_origins(afters)
        return [
            (start - end) / least
            for start, end in zip(starts, self._list_ends(befores), strict=True)
        ]

    def _list_ends(self, indexes: Sequence[int]) -> list[float]:
        """Where on a line that runs to the right the one after each of many characters may begin.

        Of those that are not drawn it is anywhere.
        """
        ends: list[float] = []
        rooms = self._box_rooms
        for k in range(len(rooms), min(len(indexes), MANY)):
            rooms.append(byref(c_float.from_buffer(self._boxes, k * _BOX_BYTES)))
        for start in range(0, len(indexes), MANY):
            some = indexes[start : start + MANY]
            # To take them all is the quickest way to have each called.
            deque(map(get_loose_box, repeat(self._page), some, rooms), maxlen=0)
            ends += self._boxes[_RIGHT : len(some) * _BOX_SIZE : _BOX_SIZE].tolist()
        return ends
