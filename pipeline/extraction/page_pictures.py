"""Pages as pictures, for the recognition of their text. Runs in the child.

PDFium draws a page as people see it, with its fields and notes, in grey: colours help no engine,
and a picture of grey is a third as large. PNG is written here: it takes a few lines over zlib, and
no library of pictures has to be in ingest's zip.
"""

import ctypes
import math
import struct
import zlib

import pypdfium2_raw as pdfium

from pipeline.extraction.pdfium_document import PdfiumDocument, PdfiumError, open_page

_POINTS_PER_INCH = 72
_METRES_PER_INCH = 0.0254
_WHITE = 0xFFFFFFFF
# Text on white compresses well at any level, and the lowest takes a third of the time.
_COMPRESSION_LEVEL = 1


def render_page(
    document: PdfiumDocument, number: int, dots_per_inch: int, max_pixels: int
) -> bytes:
    """A page, numbered from 1, as a PNG in grey.

    Args:
        document: The document.
        number: The number of the page.
        dots_per_inch: How finely it is drawn.
        max_pixels: A larger page is drawn less finely, with so many pixels at the most.

    Raises:
        PdfiumError: The page cannot be loaded, or PDFium has no memory for its picture.
    """
    with open_page(document.handle, number) as page:
        width_points = pdfium.FPDF_GetPageWidthF(page)
        height_points = pdfium.FPDF_GetPageHeightF(page)
        scale = choose_scale(width_points, height_points, dots_per_inch, max_pixels)
        width, height = max(1, int(width_points * scale)), max(1, int(height_points * scale))
        bitmap = pdfium.FPDFBitmap_CreateEx(width, height, pdfium.FPDFBitmap_Gray, None, 0)
        if not bitmap:
            raise PdfiumError
        try:
            pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, _WHITE)
            flags = pdfium.FPDF_ANNOT | pdfium.FPDF_GRAYSCALE
            pdfium.FPDF_RenderPageBitmap(bitmap, page, 0, 0, width, height, 0, flags)
            if document.form is not None:
                # Values that have no appearance of their own.
                document.form.draw(page, bitmap, (width, height), flags)
            stride = pdfium.FPDFBitmap_GetStride(bitmap)
            rows = ctypes.string_at(pdfium.FPDFBitmap_GetBuffer(bitmap), stride * height)
        finally:
            pdfium.FPDFBitmap_Destroy(bitmap)
    return write_png(rows, (width, height), stride, scale * _POINTS_PER_INCH)


def choose_scale(
    width_points: float, height_points: float, dots_per_inch: int, max_pixels: int
) -> float:
    """How many pixels a point gets."""
    area = width_points * height_points
    # A page of no size, or of one that is no number, is drawn as one pixel and holds no words.
    if not area > 0 or not math.isfinite(area):
        return 0.0
    return min(dots_per_inch / _POINTS_PER_INCH, math.sqrt(max_pixels / area))


def write_png(
    rows: bytes, size: tuple[int, int], stride: int, dots_per_inch: float, samples: int = 1
) -> bytes:
    """Rows of pixels as a PNG that says how fine it is.

    Source: PNG Specification (Third Edition), "Datastream structure" and "Chunk specifications".

    Args:
        rows: The pixels, row after row.
        size: How many there are in a row, and how many rows.
        stride: How many bytes a row takes.
        dots_per_inch: How fine it is.
        samples: Bytes of a pixel: one of grey, or three of red, green and blue.
    """
    width, height = size
    compressor = zlib.compressobj(_COMPRESSION_LEVEL)
    parts = []
    for row in range(height):
        # Filter type 0: as it is.
        start = row * stride
        parts.append(compressor.compress(b"\0" + rows[start : start + width * samples]))
    parts.append(compressor.flush())
    dots_per_metre = round(dots_per_inch / _METRES_PER_INCH)
    colour_type = 0 if samples == 1 else 2
    # Bits of a sample, what the samples are, and the only ways there are to compress and filter.
    header = struct.pack(">IIBBBBB", width, height, 8, colour_type, 0, 0, 0)
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            _write_chunk(b"IHDR", header),
            _write_chunk(b"pHYs", struct.pack(">IIB", dots_per_metre, dots_per_metre, 1)),
            _write_chunk(b"IDAT", b"".join(parts)),
            _write_chunk(b"IEND", b""),
        ]
    )


def _write_chunk(name: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(content, zlib.crc32(name))
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)
