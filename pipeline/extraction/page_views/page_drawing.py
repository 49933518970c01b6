"""A page drawn in colour, and where a box of the page lies in its picture. Runs in the child."""

import ctypes
import math
from dataclasses import dataclass

import pypdfium2.raw as pdfium  # type: ignore[import-untyped]  # it ships no type information

from pipeline.extraction.page_views.page_layout import SPAN, Place
from pipeline.extraction.pdfium_document import PdfiumError, open_page
from pipeline.extraction.shown_text.geometry import Box
from pipeline.extraction.shown_text.page_pictures import choose_scale, write_png

_POINTS_PER_INCH = 72
_WHITE = 0xFFFFFFFF
# Photographs hardly get smaller as PNGs: a picture larger than this is drawn in grey, with a third
# of the bytes.
MOST_COLOUR_BYTES = 3_000_000
# PDFium tells places in whole numbers: of a page this wide and high they are fine enough, and far
# from what a C integer holds.
_FINE_SPAN = 1_000_000


@dataclass(frozen=True)
class Drawing:
    """A picture of a page.

    Args:
        picture: A PNG.
        width: Its width in pixels.
        height: Its height.
        corner: Where the origin of the page's coordinates lies, in parts of the picture.
        right: What a point to the right on the page is in the picture: so far right and down.
        up: The same of a point upwards.
    """

    picture: bytes
    width: int
    height: int
    corner: tuple[float, float]
    right: tuple[float, float]
    up: tuple[float, float]

    def place(self, box: Box) -> Place | None:
        """Where a box of the page lies in the picture; None if nothing of it does."""
        one = self._find_point(box.left, box.bottom)
        other = self._find_point(box.right, box.top)
        if not all(map(math.isfinite, (*one, *other))):
            return None
        left, right = sorted((one[0], other[0]))
        top, bottom = sorted((one[1], other[1]))
        place = (
            max(0, math.floor(left * SPAN)),
            max(0, math.floor(top * SPAN)),
            min(SPAN, math.ceil(right * SPAN)),
            min(SPAN, math.ceil(bottom * SPAN)),
        )
        return place if place[0] < place[2] and place[1] < place[3] else None

    def _find_point(self, x: float, y: float) -> tuple[float, float]:
        return (
            self.corner[0] + x * self.right[0] + y * self.up[0],
            self.corner[1] + x * self.right[1] + y * self.up[1],
        )


def draw_page(
    document: object, number: int, dots_per_inch: int, most_a_side: int, max_pixels: int
) -> Drawing:
    """A page, numbered from 1, with all that it shows.

    Args:
        document: PDFium's handle of the document.
        number: The number of the page.
        dots_per_inch: How finely it is drawn.
        most_a_side: A page that is longer or wider is drawn less finely, with so many pixels.
        max_pixels: The same of the whole picture.

    Raises:
        PdfiumError: The page cannot be loaded, or PDFium has no memory for its picture.
    """
    with open_page(document, number) as page:
        sides = pdfium.FPDF_GetPageWidthF(page), pdfium.FPDF_GetPageHeightF(page)
        scale = choose_scale(*sides, dots_per_inch, max_pixels)
        if scale and scale * max(sides) > most_a_side:
            scale = most_a_side / max(sides)
        # A page of no size, or of one that is no number, has no scale, and is drawn as one pixel.
        width, height = (
            max(1, min(most_a_side, round(side * scale))) if scale else 1 for side in sides
        )
        picture = _draw(page, width, height, scale, samples=3)
        if len(picture) > MOST_COLOUR_BYTES:
            picture = _draw(page, width, height, scale, samples=1)
        reach = max(1.0, *sides) if all(map(math.isfinite, sides)) else 1.0
        corner = _find_point(page, 0.0, 0.0)
        along, aloft = _find_point(page, reach, 0.0), _find_point(page, 0.0, reach)
    return Drawing(
        picture,
        width,
        height,
        corner,
        ((along[0] - corner[0]) / reach, (along[1] - corner[1]) / reach),
        ((aloft[0] - corner[0]) / reach, (aloft[1] - corner[1]) / reach),
    )


def _draw(page: object, width: int, height: int, scale: float, *, samples: int) -> bytes:
    kind, flags = pdfium.FPDFBitmap_BGR, pdfium.FPDF_ANNOT | pdfium.FPDF_REVERSE_BYTE_ORDER
    if samples == 1:
        kind, flags = pdfium.FPDFBitmap_Gray, pdfium.FPDF_ANNOT | pdfium.FPDF_GRAYSCALE
    bitmap = pdfium.FPDFBitmap_CreateEx(width, height, kind, None, 0)
    if not bitmap:
        raise PdfiumError
    try:
        pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, _WHITE)
        pdfium.FPDF_RenderPageBitmap(bitmap, page, 0, 0, width, height, 0, flags)
        stride = pdfium.FPDFBitmap_GetStride(bitmap)
        rows = ctypes.string_at(pdfium.FPDFBitmap_GetBuffer(bitmap), stride * height)
    finally:
        pdfium.FPDFBitmap_Destroy(bitmap)
    return write_png(rows, (width, height), stride, scale * _POINTS_PER_INCH, samples)


def _find_point(page: object, x: float, y: float) -> tuple[float, float]:
    """Where a point of the page lies, in parts of its picture from the upper left."""
    right, down = ctypes.c_int(), ctypes.c_int()
    span = _FINE_SPAN
    if not pdfium.FPDF_PageToDevice(page, 0, 0, span, span, 0, x, y, right, down):
        raise PdfiumError
    return right.value / span, down.value / span
