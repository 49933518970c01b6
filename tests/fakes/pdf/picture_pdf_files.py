"""Builders of PDFs with pages that show a picture and no words, or next to nothing."""

import re

from tests.fakes.pdf.broken_pdf_files import FIRST_LINES, SECOND_CONTENTS, SECOND_PAGE
from tests.fakes.pdf.pdf_files import (
    CATALOG,
    FIRST_CONTENTS,
    FIRST_PAGE,
    make_flate_stream,
    make_objects,
    make_page,
    make_stream,
    show_text,
    write_pdf,
)

IMAGE, PICTURE_FORM, STAMP, LAYER = 40, 41, 42, 43
_PICTURE, _BLACK_AND_WHITE, _DOT = (
    make_stream(
        b"\x55" * (width * 50 * bits // 8),
        b"/Type /XObject /Subtype /Image /Width %d /Height 50 /BitsPerComponent %d "
        b"/ColorSpace /DeviceGray" % (width, bits),
    )
    for width, bits in ((100, 8), (96, 1), (50, 8))
)
SCANS = {"grey": _PICTURE, "black and white": _BLACK_AND_WHITE, "few pixels": _DOT}


def make_page_with_picture(width: int, height: int, *, with_text: bool = True) -> bytes:
    """A document with a page of text, and one that shows only an image of such a size in points."""
    content = b"q %d 0 0 %d 50 50 cm /I Do Q" % (width, height)
    objects = _make_two_pages(make_flate_stream(content))
    if not with_text:
        objects[FIRST_CONTENTS] = make_flate_stream(b"")
    objects[SECOND_PAGE] = make_page(SECOND_CONTENTS, resources=b"/XObject << /I 40 0 R >>")
    objects[IMAGE] = _PICTURE
    return write_pdf(objects)


def make_pages_of_pictures() -> dict[str, bytes]:
    """Documents of one page that shows a picture and no words, each in a way of its own."""
    ways = {
        "beside spaces": (b"BT /F1 12 Tf 9 9 Td (   ) Tj ET q 500 0 0 700 50 50 cm /I Do Q", b""),
        "in a form of one point that is enlarged": (b"q 500 0 0 700 50 50 cm /F Do Q", b"/I Do"),
        "in a stamp": (b"", b"500 0 0 700 0 0 cm /I Do"),
    }
    documents = {}
    for name, (content, form) in ways.items():
        objects = make_objects([make_stream(content)]) | {IMAGE: _PICTURE}
        page = make_page(FIRST_CONTENTS, resources=b"/XObject << /I 40 0 R /F 41 0 R >>")
        objects[FIRST_PAGE] = page[:-2] + (b"/Annots [42 0 R] >>" if not content else b">>")
        objects[PICTURE_FORM] = make_stream(
            form,
            b"/Type /XObject /Subtype /Form /BBox [0 0 500 700] "
            b"/Resources << /XObject << /I 40 0 R >> >>",
        )
        objects[STAMP] = (
            b"<< /Type /Annot /Subtype /Stamp /F 4 /Rect [50 50 550 750] /AP << /N 41 0 R >> >>"
        )
        documents[name] = write_pdf(objects)
    return documents


def make_scan(
    written: bytes,
    *,
    stripes: int = 1,
    share: float = 1.0,
    entries: bytes = b"",
    kind: str = "grey",
    annotation: bytes | None = None,
    content_off: bytes = b"",
) -> bytes:
    """A document of one page of 600 by 800 points under a picture, and something written on it.

    Args:
        written: Operators that show text, in 10 points.
        stripes: Of how many pictures, one below the other, the scan consists.
        share: What of the page's height is covered.
        entries: More of the page.
        kind: Which picture it is, of `SCANS`.
        annotation: What lies on it besides, a field of a form or a remark.
        content_off: Operators, on the layer /L1 that is off.
    """
    high = 800 * share / stripes
    drawn = b"".join(b"q 600 0 0 %f 0 %f cm /I Do Q " % (high, n * high) for n in range(stripes))
    content = drawn + b"BT /F1 10 Tf %b ET " % written + content_off
    objects = make_objects([make_stream(content)])
    resources = b"/XObject << /I 40 0 R >> /Properties << /L1 43 0 R >>"
    page = make_page(FIRST_CONTENTS, resources=resources)
    page = _set_size(page, 600, 800)
    objects[FIRST_PAGE] = page[:-2] + entries + b">>"
    objects[IMAGE] = SCANS[kind]
    objects[LAYER] = b"<< /Type /OCG /Name (Draft) >>"
    if annotation is not None:
        objects[STAMP] = annotation
        objects[FIRST_PAGE] = objects[FIRST_PAGE][:-2] + b"/Annots [42 0 R] >>"
        objects[CATALOG] = (
            b"<< /Type /Catalog /Pages 2 0 R %b /AcroForm "
            b"<< /Fields [42 0 R] /DR << /Font << /F1 3 0 R >> >> >> >>"
            % (b"/OCProperties << /OCGs [43 0 R] /D << /OFF [43 0 R] >> >>" if content_off else b"")
        )
    return write_pdf(objects)


def make_page_of_outlines(count: int, written: bytes = b"") -> bytes:
    """A document with a page of text, and one that shows so many curves, and what is written."""
    curves = b"".join(
        b"%d 50 m %d 60 %d 70 %d 80 c S " % ((n, n, n + 3, n + 6)) for n in range(count)
    )
    text = b"BT /F1 10 Tf %b ET" % written
    return write_pdf(_make_two_pages(make_flate_stream(curves + text)))


def make_plot(operator: bytes) -> bytes:
    """A page of 504 by 504 points with a plot, as R draws it: 1,000 circles between two axes.

    Args:
        operator: What paints a circle: S, f or B.
    """
    circle = b"3 0 m 3 2 2 3 0 3 c -2 3 -3 2 -3 0 c -3 -2 -2 -3 0 -3 c 2 -3 3 -2 3 0 c h "
    circles = b"".join(
        b"q 1 0 0 1 %d %d cm %b%b Q " % (70 + n * 37 % 400, 70 + n * 53 % 390, circle, operator)
        for n in range(1_000)
    )
    below = b"".join(b"1 0 0 1 %d 35 Tm (%d) Tj " % (80 + 80 * n, n * 20) for n in range(5))
    beside = b"".join(b"0 1 -1 0 40 %d Tm (%d) Tj " % (80 + 80 * n, n * 5) for n in range(5))
    titles = b"1 0 0 1 200 12 Tm (Speed of the wind) Tj 0 1 -1 0 16 200 Tm (Height of waves) Tj"
    text = b"BT /F1 10 Tf %b%b%b ET" % (below, beside, titles)
    objects = make_objects([make_flate_stream(circles + text)])
    objects[FIRST_PAGE] = _set_size(objects[FIRST_PAGE], 504, 504)
    return write_pdf(objects)


def _set_size(page: bytes, width: int, height: int) -> bytes:
    return re.sub(rb"/MediaBox \[.*?\]", b"/MediaBox [0 0 %d %d]" % (width, height), page)


def _make_two_pages(second: bytes) -> dict[int, bytes]:
    return make_objects([make_flate_stream(show_text(FIRST_LINES)), second])
