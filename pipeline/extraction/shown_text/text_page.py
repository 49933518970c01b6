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
from itertools import repeat
from typing import Any

import pypdfium2_raw as pdfium

from pipeline.extraction.shown_text.geometry import Box

# Box._make without its check.
make_box: Callable[[tuple[float, ...]], Box] = partial(tuple.__new__, Box)


def _take(function: object, result: type) -> Callable[..., Any]:
    """A function of PDFium that is done at once, so that other threads wait for it.

    It takes whole numbers, and C values and references for all else.
    """
    address = ctypes.cast(function, c_void_p).value  # type: ignore[arg-type]  # it is a C function
    return ctypes.PYFUNCTYPE(result)(address or 0)


get_box = _take(pdfium.FPDFText_GetCharBox, c_int)
get_origin = _take(pdfium.FPDFText_GetCharOrigin, c_int)
get_loose_box = _take(pdfium.FPDFText_GetLooseCharBox, c_int)
get_matrix = _take(pdfium.FPDFText_GetMatrix, c_int)
get_size = _take(pdfium.FPDFText_GetFontSize, c_double)
get_code = _take(pdfium.FPDFText_GetUnicode, ctypes.c_uint)
get_object = _take(pdfium.FPDFText_GetTextObject, c_void_p)
get_font = _take(pdfium.FPDFTextObj_GetFont, c_void_p)
get_index = _take(pdfium.FPDFText_GetCharIndexFromTextIndex, c_int)
get_place = _take(pdfium.FPDFText_GetTextIndexFromCharIndex, c_int)
has_no_code = _take(pdfium.FPDFText_HasUnicodeMapError, c_int)
count_characters = _take(pdfium.FPDFText_CountChars, c_int)
get_text = _take(pdfium.FPDFText_GetText, c_int)
unpack_doubles = struct.Struct("4d").unpack_from
unpack_floats = struct.Struct("4f").unpack_from
unpack_point = struct.Struct("2d").unpack_from
unpack_pair = struct.Struct("<2H").unpack
unpack_vector = struct.Struct("2f").unpack_from
_DOUBLE_BYTES = ctypes.sizeof(c_double)
_ROOM_PER_CHARACTER = 2
_UNITS_AT_START = 1 << 14
# Places in order, enough for most pages.
_PLACES = array("i", range(1 << 13))
_LAST_OF_ONE_UNIT = 0xFFFF
# More than a name in a file may have.
_FONT_NAME_BYTES = 128
# How many characters are asked about in one go.
MANY = 256


class TextPage:
    """The text of one page after another, and its characters by PDFium's own numbers, from 0.

    Attributes:
        count: The number of characters of the page.
    """

    def __init__(self) -> None:
        self.count = 0
        self._page: Any = None
        self._wide: dict[str, str] = {}
        self._codes: list[int] | None = None
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
        self._unused = repeat(left)
        # Where two numbers of each of many characters go: the first of all, and the second of all.
        self._numbers = [array("d", bytes(MANY * _DOUBLE_BYTES)) for _ in range(2)]
        self._rooms: tuple[list[Any], list[Any]] = ([], [])

    def turn_to(self, handle: Any) -> None:
        """Go on with another page, by PDFium's handle of its text."""
        # A reference is passed as it is, of a pointer one is made at each call.
        self._page = byref(handle.contents)
        self.count = max(0, count_characters(handle))
        self._wide = {}
        self._codes = None

    def read_text(self) -> str:
        """All text, with a character in each of PDFium's places."""
        # One more, for the zero at the end.
        units = self._take_units(self.count + 1)
        text = self._decode(get_text(self._page, 0, self.count, units) - 1)
        return text if len(text) == self.count else self._add_wide(text)

    def _add_wide(self, text: str) -> str:
        """The text with characters of two units that PDFium counts as one, and does not write.

        Such a one comes of the name of a glyph, like u1D465. A character map gives its two units.
        """
        codes = self.list_codes()
        if max(codes, default=0) <= _LAST_OF_ONE_UNIT:
            return text
        parts: list[str] = []
        done = 0
        for index, code in enumerate(codes):
            if code > _LAST_OF_ONE_UNIT and (place := self.find_place(index)) >= 0:
                # So many of these are before it, each of which has a place.
                start = place - len(parts) // 2
                parts += (text[done:start], chr(code))
                done = start
        for letter in set(parts[1::2]):
            first, second = unpack_pair(letter.encode("utf-16-le"))
            self._wide[chr(first) + chr(second)] = letter
        return "".join([*parts, text[done:]])

    def read_text_inside(self, box: Box) -> str:
        """The text of which something is inside a box; `read_text` goes before it."""
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
        text = text if len(text) == count else "".join(map(chr, self._units[: max(0, count)]))
        for pair, letter in self._wide.items():
            text = text.replace(pair, letter)
        return text

    @staticmethod
    def list_places(count: int) -> "array[int]":
        """So many places of a text, or more, in order from 0."""
        return _PLACES if count <= len(_PLACES) else array("i", range(count))

    def find_index(self, position: int) -> int:
        """The number of the character at a place of the text that PDFium gives."""
        return int(get_index(self._page, position))

    def find_indexes(self, positions: Iterable[int]) -> list[int]:
        """The numbers of the characters at many places; what is below zero is as it was."""
        return [place if place < 0 else get_index(self._page, place) for place in positions]

    def find_place(self, index: int) -> int:
        """Where in the text that PDFium gives a character is; -1 if it is not in it."""
        return int(get_place(self._page, index))

    def list_codes(self) -> list[int]:
        """The code of each character, also of those that are not in the text."""
        # Who looks for glyphs without a character asks again.
        if self._codes is None:
            self._codes = list(map(get_code, repeat(self._page), range(self.count)))
        return self._codes

    def find_box(self, index: int) -> Box | None:
        """The box that a character fills; None if there is no such character."""
        if not get_box(self._page, index, *self._corners):
            return None
        return make_box(unpack_doubles(self._doubles))

    def _list_edges(self, indexes: Sequence[int]) -> tuple[list[float], list[float]]:
        """The lower and the upper edges of many characters; nan for those that are not drawn."""
        return self._list_pairs(get_box, indexes, self._unused, self._unused)

    def _list_origins(self, indexes: Sequence[int]) -> tuple[list[float], list[float]]:
        """Where on the baseline many characters begin; nan for those that are not drawn."""
        return self._list_pairs(get_origin, indexes)

    def _list_pairs(
        self, ask: Callable[..., int], indexes: Sequence[int], *unused: Iterable[Any]
    ) -> tuple[list[float], list[float]]:
        """What PDFium gives for many characters, two numbers for each.

        Args:
            ask: The function of PDFium.
            indexes: The numbers of the characters.
            unused: What it takes, for each of them, before the two places of these numbers.
        """
        count = len(indexes)
        if count > MANY:
            some = self._list_pairs(ask, indexes[: count // 2], *unused)
            others = self._list_pairs(ask, indexes[count // 2 :], *unused)
            return some[0] + others[0], some[1] + others[1]
        rooms, (firsts, seconds) = self._rooms, self._numbers
        # Most documents are small: room is made for no more than there is.
        for k in range(len(rooms[0]), count):
            for room, numbers in zip(rooms, self._numbers, strict=True):
                room.append(byref(c_double.from_buffer(numbers, k * _DOUBLE_BYTES)))
        found = list(map(ask, repeat(self._page), indexes, *unused, *rooms))
        if 0 in found:
            for k, is_found in enumerate(found):
                if not is_found:
                    firsts[k] = seconds[k] = math.nan
        return firsts[:count].tolist(), seconds[:count].tolist()

    def find_origin(self, index: int) -> tuple[float, float] | None:
        """The point of the baseline at which a character begins."""
        if not get_origin(self._page, index, self._x, self._y):
            return None
        point: tuple[float, float] = unpack_point(self._doubles)
        return point

    def find_em(self, index: int) -> tuple[float, float]:
        """The vector of one em along the writing direction of a character, in points."""
        if not get_matrix(self._page, index, self._room):
            return 0.0, 0.0
        along, aside = unpack_vector(self._floats)
        size = abs(get_size(self._page, index))
        return size * along, size * aside

    def find_loose_box(self, index: int) -> Box | None:
        """The box that a character has room in: from its origin to where the next one may begin."""
        if not get_loose_box(self._page, index, self._room):
            return None
        left, top, right, bottom = unpack_floats(self._floats)
        return make_box((left, bottom, right, top))

    def list_pieces(self, indexes: Iterable[int]) -> list[int | None]:
        """What tells the pieces of text that characters are drawn with from each other."""
        return list(map(get_object, repeat(self._page), indexes))

    def list_unmapped(self, indexes: Iterable[int]) -> list[int]:
        """Of each character 1 where its font does not say what it is."""
        return list(map(has_no_code, repeat(self._page), indexes))

    def find_font(self, index: int) -> int:
        """What tells the font of a character that is drawn from other fonts of the page."""
        font: int = get_font(c_void_p(get_object(self._page, index))) or 0
        return font

    def find_font_name(self, index: int) -> str:
        """The name of the font of a character that is drawn, as the file has it."""
        font = pdfium.FPDFTextObj_GetFont(pdfium.FPDFText_GetTextObject(self._page, index))
        name = ctypes.create_string_buffer(_FONT_NAME_BYTES)
        size = pdfium.FPDFFont_GetBaseFontName(font, name, _FONT_NAME_BYTES)
        return name.value.decode(errors="replace") if 0 < size <= _FONT_NAME_BYTES else ""

    def find_code(self, index: int) -> int:
        """The code of a character."""
        return int(get_code(self._page, index))

    def is_invisible(self, index: int) -> bool:
        """Whether a character is there to be found or copied, and is not painted."""
        drawn = pdfium.FPDFText_GetTextObject(self._page, index)
        mode = pdfium.FPDFTextObj_GetTextRenderMode(drawn) if drawn else None
        return bool(mode == pdfium.FPDF_TEXTRENDERMODE_INVISIBLE)

    def is_drawn(self, index: int) -> bool:
        """Whether a character is from the file. PDFium marks not all that it puts in by itself."""
        return bool(get_object(self._page, index))
