"""Builders of PDFs with scanned pages: pages of text, rendered, and put into a file as pictures."""

import tempfile
from pathlib import Path

from pipeline.extraction.extractor import Extractor
from shared.deadline import Deadline
from tests.fakes.pdf.pdf_files import (
    CATALOG,
    FIRST_PAGE,
    FONT,
    PAGE_TREE,
    make_page,
    make_stream,
    make_text_pdf,
    show_text,
    write_pdf,
)

_MAX_PIXELS = 20_000_000


def render_texts(*texts, dots_per_inch=100):
    """Pictures (PNG in grey) of pages with these texts."""
    return render_pdf(make_text_pdf(*texts), dots_per_inch)


def render_pdf(data, dots_per_inch):
    """Pictures (PNG in grey) of all pages of a PDF."""
    with tempfile.TemporaryDirectory() as folder, Extractor() as extractor:
        path = Path(folder) / "text.pdf"
        path.write_bytes(data)
        with extractor.open(path, Deadline.after(120)) as opened:
            pages = range(1, opened.page_count + 1)
            pictures = opened.render(pages, dots_per_inch=dots_per_inch, max_pixels=_MAX_PIXELS)
            return [picture.data for picture in pictures]


def make_mixed_pdf(*pages):
    """A document: a string is a page with that text, bytes one that shows that PNG in grey."""
    objects = {
        CATALOG: b"<< /Type /Catalog /Pages 2 0 R >>",
        FONT: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    }
    kids = []
    for number, page in enumerate(pages):
        place = FIRST_PAGE + 3 * number
        kids.append(b"%d 0 R" % place)
        if isinstance(page, bytes):
            objects[place] = make_page(
                place + 1, resources=b"/XObject << /I %d 0 R >>" % (place + 2)
            )
            objects[place + 1] = make_stream(b"q 612 0 0 792 0 0 cm /I Do Q")
            objects[place + 2] = _make_image(page)
        else:
            objects[place] = make_page(place + 1)
            objects[place + 1] = make_stream(show_text(page) if page else b"")
    objects[PAGE_TREE] = b"<< /Type /Pages /Count %d /Kids [%b] >>" % (len(kids), b" ".join(kids))
    return write_pdf(objects)


def _make_image(png):
    """An image whose data is that of a PNG: both formats know the same filters."""
    width, height = (int.from_bytes(png[at : at + 4]) for at in (16, 20))
    start = png.index(b"IDAT") + 4
    data = png[start : start + int.from_bytes(png[start - 8 : start - 4])]
    return make_stream(
        data,
        b"/Type /XObject /Subtype /Image /Width %d /Height %d /BitsPerComponent 8 "
        b"/ColorSpace /DeviceGray /Filter /FlateDecode "
        b"/DecodeParms << /Predictor 15 /Colors 1 /BitsPerComponent 8 /Columns %d >>"
        % (width, height, width),
    )
