"""Pages drawn by the real reader: marks lie on the ink, however a page is cut, turned and sized."""

import math
import struct
import zlib

import pytest

from pipeline.extraction.extractor import Extractor
from pipeline.extraction.limits import ExtractionLimits
from pipeline.extraction.page_views.page_layout import (
    MOST_CHARACTERS,
    MOST_PIXELS_A_SIDE,
    SPAN,
    ViewError,
    decode_view,
)
from pipeline.page_views.page_quote import MarkedPicture, mark_picture
from pipeline.page_views.quote_places import QuoteMatch
from pipeline.page_views.show_page import DOTS_PER_INCH
from shared.deadline import Deadline
from shared.errors import RejectedDocumentError
from tests.fakes.pdf.hostile_pdf_files import make_form_bomb, make_huge_image, make_over_long_page
from tests.fakes.pdf.pdf_files import (
    FIRST_CONTENTS,
    FIRST_PAGE,
    make_objects,
    make_page,
    make_stream,
    make_text_pdf,
    write_pdf,
)
from tests.fakes.pdf.shown_pdf_files import (
    make_pdf_with_annotations,
    make_text_field,
    make_tick_box,
)

READER = "pipeline.extraction.page_views.child"
QUOTE = "The ferry leaves"


@pytest.fixture(scope="module")
def extractor():
    with Extractor(reader=READER) as extractor:
        yield extractor


@pytest.fixture
def draw(extractor, tmp_path):
    def draw(data, extractor=extractor):
        path = tmp_path / "document.pdf"
        path.write_bytes(data)
        with extractor.open(path, Deadline.after(60)) as document:
            (drawn,) = document.render(
                [1], dots_per_inch=DOTS_PER_INCH, max_pixels=MOST_PIXELS_A_SIDE**2
            )
        return drawn

    return draw


def make_pdf(entries, content=b"BT /F1 20 Tf 150 300 Td (The ferry leaves) Tj ET"):
    """A page with such entries, as its boxes and its rotation."""
    objects = make_objects([make_stream(content)])
    page = make_page(FIRST_CONTENTS)
    start, end = page.index(b"/MediaBox"), page.index(b"]", page.index(b"/MediaBox")) + 1
    objects[FIRST_PAGE] = page[:start] + entries + page[end:]
    return write_pdf(objects)


def read_ink(picture):
    """The places of dark pixels on a picture, in parts of the page."""
    width, height, _, colour_type = struct.unpack_from(">IIBB", picture, 16)
    samples = 3 if colour_type == 2 else 1
    start = picture.index(b"IDAT") + 4
    (size,) = struct.unpack_from(">I", picture, start - 8)
    rows = zlib.decompress(picture[start : start + size])
    stride = width * samples + 1
    return [
        (SPAN * (x + 0.5) / width, SPAN * (y + 0.5) / height)
        for y in range(height)
        if min(rows[y * stride + 1 : (y + 1) * stride]) < 128
        for x in range(width)
        if rows[y * stride + 1 + x * samples] < 128
    ]


def is_inside(place, marks):
    x, y = place
    return any(left <= x <= right and top <= y <= bottom for left, top, right, bottom in marks)


@pytest.mark.parametrize("turned", [b"", b"/Rotate 90", b"/Rotate 180", b"/Rotate 270"])
@pytest.mark.parametrize(
    "box",
    [
        b"/MediaBox [0 0 600 800]",
        b"/MediaBox [0 0 600 800] /CropBox [100 200 400 500]",
        b"/MediaBox [-300 -100 600 800] /UserUnit 2",
    ],
)
def test_the_ink_of_a_quote_lies_in_its_marks_and_nowhere_else(draw, box, turned):
    layout, picture = decode_view(draw(make_pdf(box + b" " + turned)).data)
    marked = mark_picture(QUOTE, layout)
    assert (marked.match, len(marked.marks)) == (QuoteMatch.EXACT, 1)
    ink = read_ink(picture)
    assert len(ink) > 100
    assert all(is_inside(place, marked.marks) for place in ink)
    ((left, top, right, bottom),) = marked.marks
    xs, ys = [x for x, _ in ink], [y for _, y in ink]
    assert max(xs) - min(xs) > 0.8 * (right - left)
    assert max(ys) - min(ys) > 0.5 * (bottom - top)


@pytest.mark.parametrize(
    "box",
    [
        b"/MediaBox [0 0 14400 14400] /UserUnit 1000",
        b"/MediaBox [0 0 1000000 1000000]",
        b"/MediaBox [0 0 100000 1]",
        b"/MediaBox [0 0 0.001 0.001]",
        b"/MediaBox [0 0 0 0]",
        b"/MediaBox [0 0 99999999999999999999 99999999999999999999]",
        b"/MediaBox [5 5 5 900]",
    ],
)
def test_a_page_of_any_size_is_a_picture_of_bounded_size(draw, box):
    drawn = draw(make_pdf(box))
    assert drawn.reason is None
    layout, picture = decode_view(drawn.data)
    assert 1 <= layout.width <= MOST_PIXELS_A_SIDE
    assert 1 <= layout.height <= MOST_PIXELS_A_SIDE
    assert len(picture) < 4_000_000


def test_colours_are_those_of_the_page(draw):
    red = make_pdf(b"/MediaBox [0 0 60 80]", b"1 0 0 rg 0 0 60 80 re f")
    _, picture = decode_view(draw(red).data)
    (size,) = struct.unpack_from(">I", picture, picture.index(b"IDAT") - 4)
    start = picture.index(b"IDAT") + 4
    assert zlib.decompress(picture[start : start + size])[1:4] == b"\xff\0\0"


def test_a_photograph_is_drawn_in_grey_where_colours_would_take_too_much(draw):
    # Noise, which does not compress: every pixel of the page has its own colour.
    noise, state = bytearray(), 1
    while len(noise) < 3 * 1_000 * 1_000:
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        noise += state.to_bytes(8, "little")[3:]
    objects = make_objects([make_stream(b"q 600 0 0 800 0 0 cm /I Do Q")])
    objects[FIRST_PAGE] = make_page(FIRST_CONTENTS, resources=b"/XObject << /I 6 0 R >>")
    objects[6] = make_stream(
        bytes(noise[: 3 * 1_000 * 1_000]),
        b"/Type /XObject /Subtype /Image /Width 1000 /Height 1000 /BitsPerComponent 8 "
        b"/ColorSpace /DeviceRGB",
    )
    _, picture = decode_view(draw(write_pdf(objects)).data)
    assert picture[25] == 0
    assert len(picture) < 3_000_000


@pytest.mark.parametrize("make", [make_form_bomb, make_huge_image])
def test_a_page_that_is_too_much_is_no_picture_and_harms_nobody(draw, make):
    limits = ExtractionLimits(page_wall_seconds=0.5, max_reader_losses=1)
    with Extractor(limits, reader=READER) as hurried:
        drawn = draw(make(), hurried)
    if drawn.reason is None:
        layout, _ = decode_view(drawn.data)
        assert max(layout.width, layout.height) <= MOST_PIXELS_A_SIDE


def test_of_a_page_with_too_many_characters_the_first_are_told(draw):
    layout, _ = decode_view(draw(make_over_long_page(100_000)).data)
    assert len(layout.text) == MOST_CHARACTERS


def test_what_is_no_pdf_or_locked_is_refused(draw):
    with pytest.raises(RejectedDocumentError):
        draw(b"%PDF-1.7 and nothing of one")


def test_what_is_filled_into_a_form_is_marked_in_its_field(draw):
    boxes = {"who": (200, 690, 400, 720), "old": (100, 600, 120, 620), "new": (100, 500, 120, 520)}
    fields = [
        make_text_field("who", "Ada Lovelace", boxes["who"]),
        make_tick_box("old", boxes["old"], is_ticked=True),
        make_tick_box("new", boxes["new"], is_ticked=True),
    ]
    layout, _ = decode_view(draw(make_pdf_with_annotations("Form", fields, form_entries=b"")).data)
    marked = mark_picture("Ada Lovelace", layout)
    assert marked == MarkedPicture(QuoteMatch.EXACT, (place(boxes["who"]),))
    assert mark_picture("Lovelace", layout).match is QuoteMatch.NEAR
    # Two boxes say the same: each tick is where it is.
    ticks = [layout.places[at] for at, letter in enumerate(layout.text) if letter == "x"]
    assert ticks == [place(boxes["old"]), place(boxes["new"])]


def place(box):
    """A box of a page of letter size, in parts of its picture."""
    left, bottom, right, top = box
    return (
        math.floor(left * SPAN / 612),
        math.floor((792 - top) * SPAN / 792),
        math.ceil(right * SPAN / 612),
        math.ceil((792 - bottom) * SPAN / 792),
    )


def test_bytes_of_a_reader_that_has_gone_mad_are_no_view(draw):
    data = draw(make_text_pdf("A page.")).data
    for bad in (data[:-1][:40], data.replace(b"IHDR", b"JHDR", 1)[:30], b"\xff" * 64):
        with pytest.raises(ViewError):
            decode_view(bad)
