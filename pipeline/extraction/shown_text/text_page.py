"""What PDFium knows of each character of a page, at the least cost of a call. Runs in the child.

A page has thousands of characters. pypdfium2's functions look at each argument and make an object
of it, which takes longer than what PDFium does with it. The same functions are called here with
arguments that are made once, and are not looked at.
"""

import ctypes
import math
import struct
from array import array
from codecs import utf_16_le_decode
from collections.abc import Callable, Iterable, Sequence
from ctypes import byref, c_double, c_float, c_int, c_ushort, c_void_p
from functools import partial
from itertools import repeat, zip_longest
from typing import Any

import pypdfium2.raw as pdfium

from pipeline.extraction.shown_text.geometry import Box, LineLimits, measure_across, measure_gap

# Box._make without its check.
_make_box: Callable[[tuple[float, ...]], Box] = partial(tuple.__new__, Box)


def _take(function: object, result: type) -> Callable[..., Any]:
    """A function of PDFium that is done at once, so that other threads wait for it.

    It takes whole numbers, and C values and references for all else.
    """
    address = ctypes.cast(function, c_void_p).value  # type: ignore[arg-type]  # it is a C function
    return ctypes.PYFUNCTYPE(result)(address or 0)


_get_box = _take(pdfium.FPDFText_GetCharBox, c_int)
_get_origin = _take(pdfium.FPDFText_GetCharOrigin, c_int)
_get_loose_box = _take(pdfium.FPDFText_GetLooseCharBox, c_int)
_get_matrix = _take(pdfium.FPDFText_GetMatrix, c_int)
_get_size = _take(pdfium.FPDFText_GetFontSize, c_double)
_get_code = _take(pdfium.FPDFText_GetUnicode, ctypes.c_uint)
_get_object = _take(pdfium.FPDFText_GetTextObject, c_void_p)
_get_font = _take(pdfium.FPDFTextObj_GetFont, c_void_p)
_get_index = _take(pdfium.FPDFText_GetCharIndexFromTextIndex, c_int)
_get_place = _take(pdfium.FPDFText_GetTextIndexFromCharIndex, c_int)
_has_no_code = _take(pdfium.FPDFText_HasUnicodeMapError, c_int)
_count_characters = _take(pdfium.FPDFText_CountChars, c_int)
_get_text = _take(pdfium.FPDFText_GetText, c_int)
_unpack_doubles = struct.Struct("4d").unpack_from
_unpack_floats = struct.Struct("4f").unpack_from
_unpack_point = struct.Struct("2d").unpack_from
_unpack_vector = struct.Struct("2f").unpack_from
_DOUBLE_BYTES = ctypes.sizeof(c_double)
# As PDFium keeps a box of floats: left, top, right, bottom.
_RIGHT = 2
_ROOM_PER_CHARACTER = 2
_UNITS_AT_START = 1 << 14
# Places in order, enough for most pages: to copy them is many times as quick as to count.
_PLACES = array("i", range(1 << 13))
# How many characters are asked about in one go.
_MANY = 256


class TextPage:
    """The text of one page after another, and its characters by PDFium's own numbers, from 0.

    Attributes:
        count: The number of characters of the page.
    """

    def __init__(self) -> None:
        self.count = 0
        self._page: Any = None
        self._doubles = (c_double * 4)()
        # A matrix has six, a box four of them.
        self._floats = (c_float * 6)()
        self._units = (c_ushort * _UNITS_AT_START)()
        self._text = memoryview(self._units)
        left, bottom, right, top = (byref(self._doubles, k * _DOUBLE_BYTES) for k in range(4))
        self._corners = (left, right, bottom, top)
        self._x, self._y = left, bottom
        # Where a box goes of which only the lower and the upper edge matter: those come first.
        self._edges = (right, top, left, bottom)
        self._room = byref(self._floats)
        # Where two numbers of each of many characters go: the first of all, and the second of all.
        self._numbers = ((c_double * _MANY)(), (c_double * _MANY)())
        self._rooms: tuple[list[Any], list[Any]] = ([], [])

    def turn_to(self, handle: Any) -> None:
        """Go on with another page, by PDFium's handle of its text."""
        # A reference is passed as it is, of a pointer one is made at each call.
        self._page = byref(handle.contents)
        self.count = max(0, _count_characters(handle))

    def read_text(self) -> str:
        """All text, as PDFium writes it; each character is one unit of UTF-16."""
        # One more, for the zero at the end.
        units = self._take_units(self.count + 1)
        return self._decode(_get_text(self._page, 0, self.count, units) - 1)

    def read_text_inside(self, box: Box) -> str:
        """The text of which something is inside a box, in the same units."""
        area = (box.left, box.top, box.right, box.bottom)
        # PDFium puts the text together anew at each call, so it is not asked for its size first.
        # It has line ends that the characters of the page do not count.
        room = _ROOM_PER_CHARACTER * self.count + 1
        size = pdfium.FPDFText_GetBoundedText(self._page, *area, self._take_units(room), room)
        if size >= room:
            room = pdfium.FPDFText_GetBoundedText(self._page, *area, None, 0)
            size = pdfium.FPDFText_GetBoundedText(self._page, *area, self._take_units(room), room)
        return self._decode(size).rstrip("\0")

    def _take_units(self, count: int) -> Any:
        if count > len(self._units):
            self._units = (c_ushort * (2 * count))()
            self._text = memoryview(self._units)
        return self._units

    def _decode(self, count: int) -> str:
        # Asked by its name, the codec is looked for, and then called by way of Python.
        text, _ = utf_16_le_decode(self._text[: max(0, count)], "surrogatepass", True)
        # Pairs stay apart until the page is put together: a place in the text is one of PDFium's.
        return text if len(text) == count else "".join(map(chr, self._units[: max(0, count)]))

    @staticmethod
    def list_places(count: int) -> "array[int]":
        """So many places of a text, in order from 0."""
        return _PLACES[:count] if count <= len(_PLACES) else array("i", range(count))

    def find_index(self, position: int) -> int:
        """The number of the character at a place of the text that PDFium gives."""
        return int(_get_index(self._page, position))

    def find_indexes(self, positions: Iterable[int]) -> list[int]:
        """The numbers of the characters at many places; what is below zero is as it was."""
        return [place if place < 0 else _get_index(self._page, place) for place in positions]

    def find_place(self, index: int) -> int:
        """Where in the text that PDFium gives a character is; -1 if it is not in it."""
        return int(_get_place(self._page, index))

    def list_codes(self) -> list[int]:
        """The code of each character, also of those that are not in the text."""
        return list(map(_get_code, repeat(self._page), range(self.count)))

    def find_box(self, index: int) -> Box | None:
        """The box that a character fills; None if there is no such character."""
        if not _get_box(self._page, index, *self._corners):
            return None
        return _make_box(_unpack_doubles(self._doubles))

    def list_boxes(self, firsts: Iterable[int], lasts: Iterable[int]) -> list[Box | None]:
        """The boxes that many pairs of characters fill; None for those that are not both drawn.

        Args:
            firsts: The number of the first character of each pair.
            lasts: That of the second.
        """
        boxes: list[Box | None] = []
        page, corners, doubles = self._page, self._corners, self._doubles
        for first, last in zip(firsts, lasts, strict=True):
            if not _get_box(page, first, *corners):
                boxes.append(None)
                continue
            left, bottom, right, top = box = _unpack_doubles(doubles)
            if first != last:
                if not _get_box(page, last, *corners):
                    boxes.append(None)
                    continue
                one, two, three, four = _unpack_doubles(doubles)
                box = (
                    left if left < one else one,
                    bottom if bottom < two else two,
                    right if right > three else three,
                    top if top > four else four,
                )
            boxes.append(_make_box(box))
        return boxes

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
            if top != top or not _get_box(page, first, *edges):
                continue
            line_bottom, line_top = _unpack_point(doubles)
            if abs(bottom - line_bottom) > allowed or abs(top - line_top) > allowed:
                uneven.append(place)
                line_bottom = line_top = 0.0
        return uneven

    def _list_edges(self, indexes: Sequence[int]) -> tuple[list[float], list[float]]:
        """The lower and the upper edges of many characters; nan for those that are not drawn."""
        unused = repeat(self._corners[0])
        return self._list_pairs(partial(map, _get_box), indexes, unused, unused)

    def _list_origins(self, indexes: Sequence[int]) -> tuple[list[float], list[float]]:
        """Where on the baseline many characters begin; nan for those that are not drawn."""
        return self._list_pairs(partial(map, _get_origin), indexes)

    def _list_pairs(
        self, ask: Callable[..., Iterable[int]], indexes: Sequence[int], *unused: Iterable[Any]
    ) -> tuple[list[float], list[float]]:
        """What PDFium gives for many characters, two numbers for each.

        Args:
            ask: Calls one of PDFium's functions for each of several lists of arguments.
            indexes: The numbers of the characters.
            unused: What the function takes before the two places of these numbers.
        """
        firsts: list[float] = []
        seconds: list[float] = []
        rooms = self._rooms
        # Most documents are small: room is made for no more than there is.
        for k in range(len(rooms[0]), min(len(indexes), _MANY)):
            for room, numbers in zip(rooms, self._numbers, strict=True):
                room.append(byref(numbers, k * _DOUBLE_BYTES))
        for start in range(0, len(indexes), _MANY):
            some = indexes[start : start + _MANY]
            found = list(ask(repeat(self._page), some, *unused, *rooms))
            if not all(found):
                for k, is_found in enumerate(found):
                    if not is_found:
                        self._numbers[0][k] = self._numbers[1][k] = math.nan
            firsts += self._numbers[0][: len(some)]
            seconds += self._numbers[1][: len(some)]
        return firsts, seconds

    def find_origin(self, index: int) -> tuple[float, float] | None:
        """The point of the baseline at which a character begins."""
        if not _get_origin(self._page, index, self._x, self._y):
            return None
        point: tuple[float, float] = _unpack_point(self._doubles)
        return point

    def find_em(self, index: int) -> tuple[float, float]:
        """The vector of one em along the writing direction of a character, in points."""
        if not _get_matrix(self._page, index, self._room):
            return 0.0, 0.0
        along, aside = _unpack_vector(self._floats)
        size = abs(_get_size(self._page, index))
        return size * along, size * aside

    def find_loose_box(self, index: int) -> Box | None:
        """The box that a character has room in: from its origin to where the next one may begin."""
        if not _get_loose_box(self._page, index, self._room):
            return None
        left, top, right, bottom = _unpack_floats(self._floats)
        return _make_box((left, bottom, right, top))

    def list_pieces(self, indexes: Iterable[int]) -> list[int | None]:
        """What tells the pieces of text that characters are drawn with from each other."""
        return list(map(_get_object, repeat(self._page), indexes))

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
            if (piece is None or piece != following) and piece != _get_object(page, lasts[place])
        ]

    def list_apart(self, befores: Iterable[int], afters: Iterable[int], points: float) -> list[int]:
        """Which of many pairs of characters have room between them and are of two pieces of text.

        Args:
            befores: The number of the first character of each pair.
            afters: That of the second.
            points: The least room, from left to right or the other way.
        """
        apart = []
        page, x, y, doubles = self._page, self._x, self._y, self._doubles
        room, floats = self._room, self._floats
        for place, (before, after) in enumerate(zip(befores, afters, strict=True)):
            if (
                _get_object(page, before) != _get_object(page, after)
                and _get_loose_box(page, before, room)
                and _get_origin(page, after, x, y)
                and abs(doubles[0] - floats[_RIGHT]) >= points
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
        page, doubles = self._page, self._doubles
        room, floats, corners = self._room, self._floats, self._corners
        starts, heights = self._list_origins(befores)
        ends, next_heights = self._list_origins(afters)
        for place, (start, end) in enumerate(zip(starts, ends, strict=True)):
            if onward and end < start:
                continue
            before, after = befores[place], afters[place]
            # What is not drawn has no origin, and nan is not equal to itself.
            if start != start or end != end or not _get_matrix(page, before, room):
                gaps[place] = None
                continue
            along, aside = _unpack_vector(floats)
            size = abs(_get_size(page, before))
            along, aside = along * size, aside * size
            if not (along or aside):
                gaps[place] = None
                continue
            up = next_heights[place] - heights[place]
            em, move = (along, aside), (end - start, up)
            if aside:
                if measure_across(em, move) > line.max_across_first:
                    continue
            elif abs(up) > line.max_across_first * abs(along):
                continue
            next_along = next_aside = 0.0
            if _get_matrix(page, after, room):
                next_along, next_aside = _unpack_vector(floats)
                size = abs(_get_size(page, after))
                next_along, next_aside = next_along * size, next_aside * size
            if not (aside or next_aside):
                # Nearly all text is not turned.
                along = next_along if abs(next_along) > abs(along) else along
                if abs(up) <= line.max_across * abs(along) and _get_box(page, before, *corners):
                    right = doubles[2] if along > 0 else doubles[0]
                    gaps[place] = (end - right) / along
                continue
            next_em = (next_along, next_aside)
            if max(map(abs, next_em)) > max(map(abs, em)):
                em, next_em = next_em, em
            if (
                measure_across(em, next_em) <= line.max_turn
                and measure_across(em, move) <= line.max_across
                and _get_box(page, before, *corners)
            ):
                box = _make_box(_unpack_doubles(doubles))
                gaps[place] = measure_gap(em, box, (end, next_heights[place]))
        return gaps

    def turn(self, befores: Iterable[int], afters: Iterable[int]) -> bool:
        """Whether the second character of any of some pairs stands lower, or more to the left."""
        page, x, y, doubles = self._page, self._x, self._y, self._doubles
        for before, after in zip(befores, afters, strict=True):
            if _get_origin(page, before, x, y):
                place, height = _unpack_point(doubles)
                if _get_origin(page, after, x, y) and (doubles[1] < height or doubles[0] < place):
                    return True
        return False

    def list_unmapped(self, indexes: Iterable[int]) -> list[int]:
        """Of each character 1 where its font does not say what it is."""
        return list(map(_has_no_code, repeat(self._page), indexes))

    def find_font(self, index: int) -> int:
        """What tells the font of a character that is drawn from other fonts of the page."""
        font: int = _get_font(c_void_p(_get_object(self._page, index))) or 0
        return font

    def find_code(self, index: int) -> int:
        """The code of a character."""
        return int(_get_code(self._page, index))

    def is_drawn(self, index: int) -> bool:
        """Whether a character is from the file. PDFium marks not all that it puts in by itself."""
        return bool(_get_object(self._page, index))
