"""What PDFium knows of each character of a page, at the least cost of a call. Runs in the child.

A page has thousands of characters, and pypdfium2's functions make an object of each argument that
is a pointer. The same functions, called with plain addresses, take a third of the time.
"""

import ctypes
import struct
from collections.abc import Callable
from ctypes import c_double, c_float, c_int, c_void_p
from typing import Any, NamedTuple

import pypdfium2.raw as pdfium  # type: ignore[import-untyped]  # it ships no type information


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


def _take(function: object, result: type, *arguments: type) -> Callable[..., Any]:
    """A function of PDFium that takes addresses as numbers."""
    address = ctypes.cast(function, c_void_p).value  # type: ignore[arg-type]  # it is a C function
    return ctypes.CFUNCTYPE(result, c_void_p, *arguments)(address or 0)


_get_box = _take(pdfium.FPDFText_GetCharBox, c_int, c_int, *(c_void_p,) * 4)
_get_origin = _take(pdfium.FPDFText_GetCharOrigin, c_int, c_int, *(c_void_p,) * 2)
_get_loose_box = _take(pdfium.FPDFText_GetLooseCharBox, c_int, c_int, c_void_p)
_get_matrix = _take(pdfium.FPDFText_GetMatrix, c_int, c_int, c_void_p)
_get_size = _take(pdfium.FPDFText_GetFontSize, c_double, c_int)
_get_code = _take(pdfium.FPDFText_GetUnicode, ctypes.c_uint, c_int)
_get_object = _take(pdfium.FPDFText_GetTextObject, c_void_p, c_int)
_get_index = _take(pdfium.FPDFText_GetCharIndexFromTextIndex, c_int, c_int)
_unpack_doubles = struct.Struct("4d").unpack_from
_unpack_floats = struct.Struct("4f").unpack_from
_DOUBLE_BYTES = ctypes.sizeof(c_double)


class TextPage:
    """The characters of a page by PDFium's own numbers for them, from 0.

    Args:
        handle: PDFium's handle of the text of a page.

    Attributes:
        handle: The same.
        count: The number of characters.
    """

    def __init__(self, handle: object) -> None:
        self.handle = handle
        self.count: int = pdfium.FPDFText_CountChars(handle)
        self._page = ctypes.cast(handle, c_void_p).value  # type: ignore[arg-type]  # it is a pointer
        self._doubles = (c_double * 4)()
        # A matrix has six, a box four of them.
        self._floats = (c_float * 6)()
        start = ctypes.addressof(self._doubles)
        left, bottom, right, top = (start + k * _DOUBLE_BYTES for k in range(4))
        self._corners = (left, right, bottom, top)
        self._point = (left, bottom)
        self._room = ctypes.addressof(self._floats)

    def find_index(self, position: int) -> int:
        """The number of the character at a place of the text that PDFium gives."""
        index: int = _get_index(self._page, position)
        return index

    def find_box(self, index: int) -> Box | None:
        """The box that a character fills; None if there is no such character."""
        if not _get_box(self._page, index, *self._corners):
            return None
        return Box._make(_unpack_doubles(self._doubles))

    def find_origin(self, index: int) -> tuple[float, float] | None:
        """The point of the baseline at which a character begins."""
        if not _get_origin(self._page, index, *self._point):
            return None
        x, y, *_ = _unpack_doubles(self._doubles)
        return x, y

    def find_em(self, index: int) -> tuple[float, float]:
        """The vector of one em along the writing direction of a character, in points."""
        if not _get_matrix(self._page, index, self._room):
            return 0.0, 0.0
        along, aside, *_ = _unpack_floats(self._floats)
        size = abs(_get_size(self._page, index))
        return size * along, size * aside

    def find_advance(self, index: int) -> tuple[float, float]:
        """Where a character of a horizontal line begins and where the next one may, in points."""
        if not _get_loose_box(self._page, index, self._room):
            return 0.0, 0.0
        # As PDFium keeps a box: left, top, right, bottom.
        left, _, right, _ = _unpack_floats(self._floats)
        return left, right

    def find_code(self, index: int) -> int:
        """The code of a character."""
        code: int = _get_code(self._page, index)
        return code

    def is_drawn(self, index: int) -> bool:
        """Whether a character is from the file. PDFium marks not all that it puts in by itself."""
        return bool(_get_object(self._page, index))
