"""A page drawn in colour, and where a box of the page lies in its picture. Runs in the child."""

import ctypes
import math
from dataclasses import dataclass

import pypdfium2_raw as pdfium

from pipeline.extraction.page_pictures import choose_scale, write_png
from pipeline.extraction.page_views.page_layout import MOST_PIXELS_A_SIDE, SPAN, Place
from pipeline.extraction.pdfium_document import PdfiumDocument, PdfiumError, open_page
from pipeline.extraction.shown_text.form_fields import Form
from pipeline.extraction.shown_text.geometry import Box

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
    document: PdfiumDocument, number: int, dots_per_inch: int, max_pixels: int
) -> Drawing:
    """A page, numbered from 1, with all that it shows.

    A page that is longer or wider than `MOST_PIXELS_A_SIDE` is drawn less finely.

    Args:
        document: The document.
        number: The number of the page.
        dots_per_inch: How finely it is drawn.
        max_pixels: How many pixels the picture may have.

    Raises:
        PdfiumError: The page cannot be loaded, or PDFium has no memory for its picture.
    """
    with open_page(document.handle, number) as page:
        sides = pdfium.FPDF_GetPageWidthF(page), pdfium.FPDF_GetPageHeightF(page)
        scale = choose_scale(*sides, dots_per_inch, max_pixels)
        if scale and scale * max(sides) > MOST_PIXELS_A_SIDE:
            scale = MOST_PIXELS_A_SIDE / max(sides)
        # A page of no size, or of one that is no number, has no scale, and is drawn as one pixel.
        width, height = (
            max(1, min(MOST_PIXELS_A_SIDE, round(side * scale))) if scale else 1 for side in sides
        )
        picture = _draw(page, document.form, (width, height), scale, samples=3)
        if len(picture) > MOST_COLOUR_BYTES:
            picture = _draw(page, document.form, (width, height), scale, samples=1)
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


def _draw(
    page: object, form: Form | None, size: tuple[int, int], scale: float, *, samples: int
) -> bytes:
    kind, flags = pdfium.FPDFBitmap_BGR, pdfium.FPDF_ANNOT | pdfium.FPDF_REVERSE_BYTE_ORDER
    if samples == 1:
        kind, flags = pdfium.FPDFBitmap_Gray, pdfium.FPDF_ANNOT | pdfium.FPDF_GRAYSCALE
    bitmap = pdfium.FPDFBitmap_CreateEx(*size, kind, None, 0)
    if not bitmap:
        raise PdfiumError
    try:
        pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, *size, _WHITE)
        pdfium.FPDF_RenderPageBitmap(bitmap, page, 0, 0, *size, 0, flags)
        if form is not None:
            form.draw(page, bitmap, size, flags)
        stride = pdfium.FPDFBitmap_GetStride(bitmap)
        rows = ctypes.string_at(pdfium.FPDFBitmap_GetBuffer(bitmap), stride * size[1])
    finally:
        pdfium.FPDFBitmap_Destroy(bitmap)
    return write_png(rows, size, stride, scale * _POINTS_PER_INCH, samples)


def _find_point(page: object, x: float, y: float) -> tuple[float, float]:
    """Where a point of the page lies, in parts of its picture from the upper left."""
    right, down = ctypes.c_int(), ctypes.c_int()
    span = _FINE_SPAN
    if not pdfium.FPDF_PageToDevice(page, 0, 0, span, span, 0, x, y, right, down):
        raise PdfiumError
    return right.value / span, down.value / span
