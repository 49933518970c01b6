"""Picture files as scanners, cameras and programs write them, from their reader to their words."""

import pytest
from PIL import Image, ImageOps

from infra.deploy.language_files import can_read_scans, find_language_file
from pipeline.extraction.extractor import Extractor
from pipeline.formats.identify import identify_file
from pipeline.recognition.recogniser import Recogniser
from shared.deadline import Deadline
from tests.fakes.pictures.picture_files import (
    draw_pages,
    save_as_held,
    save_picture,
    save_tiff,
    write_tiff,
)

pytestmark = pytest.mark.skipif(not can_read_scans(), reason="no wheel of tesserocr for it")

FIRST, SECOND = "The harbour master opened the pier", "and the ferry leaves it at noon"


def with_alpha(image):
    """An image whose paper is not there, as a program's screenshot has it."""
    ink = Image.new("RGBA", image.size, (0, 0, 0, 0))
    ink.paste((0, 0, 120, 255), mask=ImageOps.invert(image))
    return ink


SHAPES = {
    "png in grey": lambda a, b: save_picture(a, "PNG", dpi=(150, 150)),
    "png in black and white": lambda a, b: save_picture(a.convert("1"), "PNG", optimize=True),
    "png of a palette": lambda a, b: save_picture(a.convert("P"), "PNG"),
    "png with depth 16": lambda a, b: save_picture(
        a.convert("I;16").point(lambda v: v * 257), "PNG"
    ),
    "png without paper": lambda a, b: save_picture(with_alpha(a), "PNG"),
    "jpeg of a scanner": lambda a, b: save_picture(a, "JPEG", quality=60, dpi=(150, 150)),
    "jpeg of the web": lambda a, b: save_picture(a.convert("RGB"), "JPEG", progressive=True),
    "jpeg for print": lambda a, b: save_picture(a.convert("CMYK"), "JPEG", quality=90),
    "jpeg of a phone": lambda a, b: save_as_held(a, "JPEG", 6),
    "jpeg of a phone upside down": lambda a, b: save_as_held(a, "JPEG", 3),
    "webp of the web": lambda a, b: save_picture(a.convert("RGB"), "WEBP", quality=60),
    "webp without loss": lambda a, b: save_picture(a, "WEBP", lossless=True),
    "webp without paper": lambda a, b: save_picture(with_alpha(a), "WEBP"),
    "webp of a phone": lambda a, b: save_as_held(a, "WEBP", 8),
    "webp in grey": lambda a, b: save_picture(a, "WEBP", quality=30),
    "tiff of a fax": lambda a, b: save_tiff([a.convert("1"), b.convert("1")], compression="group4"),
    "tiff of a scanner": lambda a, b: save_tiff([a, b], compression="tiff_lzw", dpi=(150, 150)),
    "tiff of photos": lambda a, b: save_tiff(
        [a.convert("RGB"), b.convert("RGB")], compression="jpeg"
    ),
    "tiff unpacked": lambda a, b: save_tiff([a, b]),
    "tiff deflated in colours": lambda a, b: save_tiff(
        [a.convert("RGB"), b.convert("P")], compression="tiff_adobe_deflate"
    ),
    "tiff of another byte order": lambda a, b: write_tiff(
        {256: a.width, 257: a.height, 258: 8, 259: 1, 262: 1, 273: 8, 279: a.width * a.height},
        order=">",
        data=a.tobytes(),
    ),
    "tiff whose second picture is a preview": lambda a, b: write_tiff(
        {256: a.width, 257: a.height, 258: 8, 259: 1, 262: 1, 273: 8},
        {254: 1, 256: 8, 257: 8, 258: 8, 259: 1, 262: 1, 273: 8, 279: 64},
        data=a.tobytes(),
    ),
}
ONE_PAGE = {"tiff of another byte order", "tiff whose second picture is a preview"}


@pytest.fixture(scope="module")
def pages():
    pages = draw_pages(FIRST, SECOND, dots_per_inch=100)
    # The top of the page alone: most of the time would go into its empty rest.
    return [page.crop((50, 50, 500, 150)) for page in pages]


@pytest.fixture(scope="module")
def recogniser():
    recogniser = Recogniser(find_language_file("eng").parent, ["eng"], environment={})
    yield recogniser
    recogniser.close()


@pytest.fixture(scope="module")
def converter():
    with Extractor(reader="pipeline.formats.child", identify=identify_file) as extractor:
        yield extractor


@pytest.mark.parametrize("name", SHAPES)
def test_the_words_of_an_uploaded_picture_are_read_page_by_page(
    name, pages, converter, recogniser, tmp_path
):
    path = tmp_path / "document"
    path.write_bytes(SHAPES[name](*pages))
    with converter.open(path, Deadline.after(60)) as opened:
        assert all(page.shows_picture for page in opened.pages())
        pictures = list(
            opened.render(range(1, opened.page_count + 1), dots_per_inch=200, max_pixels=8_000_000)
        )
    read = [
        recogniser.recognise(picture.data, Deadline.after(60)).text.strip() for picture in pictures
    ]
    has_two = name.startswith("tiff") and name not in ONE_PAGE
    assert read == ([FIRST, SECOND] if has_two else [FIRST])
