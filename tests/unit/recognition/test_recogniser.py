"""Pictures through the real engine in its child process: good ones, and what is none."""

import io
import struct
import zlib

import pytest
from PIL import Image, ImageOps

from infra.deploy.language_files import can_read_scans, find_language_file
from pipeline.recognition.page_words import PageNotRecognisedError
from pipeline.recognition.recogniser import Recogniser, RecognitionLimits
from pipeline.recognition.tesseract import Tesseract
from shared.deadline import Deadline
from shared.errors import DeadlineError
from tests.fakes.pdf.scanned_pdf_files import render_texts
from tests.fakes.pictures.picture_files import save_as_held, save_picture

pytestmark = pytest.mark.skipif(not can_read_scans(), reason="no wheel of tesserocr for it")

TEXT = "The harbour master opened the pier\nin the year 1987."


@pytest.fixture(scope="module")
def recogniser():
    recogniser = Recogniser(find_language_file("eng").parent, ["eng"], environment={})
    yield recogniser
    recogniser.close()


@pytest.fixture(scope="module")
def picture():
    (picture,) = render_texts(TEXT, dots_per_inch=150)
    return picture


def write_png(width, height, rows):
    def chunk(name, content):
        checksum = zlib.crc32(name + content)
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows, 9))
        + chunk(b"IEND", b"")
    )


def test_words_are_read_with_their_boxes_and_how_sure_they_are(recogniser, picture):
    page = recogniser.recognise(picture, Deadline.after(60))

    assert page.text == TEXT
    assert page.confidence > 80
    assert (page.width, page.height) == (1275, 1650)
    first = page.words[0]
    assert first.text == "The"
    left, top, right, bottom = first.box
    # The text begins an inch from the left, and its first line stands an inch below the top.
    assert abs(left - 150) < 10
    assert top < 150 < bottom + 10
    assert left < right < 200


@pytest.mark.parametrize("name", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_a_picture_that_lies_askew_is_turned_first(recogniser, name):
    lines = ["The harbour master opened the pier in 1987, and the ferry leaves it at noon."] * 20
    (picture,) = render_texts("\n".join(lines), dots_per_inch=150)
    image = Image.open(io.BytesIO(picture)).rotate(2, Image.Resampling.BICUBIC, fillcolor=255)
    askew = io.BytesIO()
    image.save(askew, name)
    page = recogniser.recognise(askew.getvalue(), Deadline.after(60))

    assert page.text.split() == " ".join(lines).split()
    assert abs(page.turned_degrees - 2) < 0.3


def test_an_empty_page_holds_no_words(recogniser):
    blank = write_png(400, 300, b"\0" * 0 + (b"\0" + b"\xff" * 400) * 300)
    page = recogniser.recognise(blank, Deadline.after(60))

    assert (page.text, page.words, page.confidence) == ("", (), 100)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no picture",
        b"\x89PNG\r\n\x1a\n",
        # A picture of more pixels than the process has memory for.
        write_png(60_000, 60_000, b"\0" * 1000),
    ],
    ids=["empty", "text", "no more than a signature", "bomb"],
)
def test_what_is_no_picture_is_told_and_the_next_is_read(recogniser, picture, data):
    with pytest.raises(PageNotRecognisedError):
        recogniser.recognise(data, Deadline.after(60))
    assert recogniser.recognise(picture, Deadline.after(60)).text == TEXT


def test_a_picture_that_takes_too_long_is_given_up(picture):
    slow = Recogniser(
        find_language_file("eng").parent,
        ["eng"],
        RecognitionLimits(page_seconds=0.001),
        environment={},
    )
    with pytest.raises(PageNotRecognisedError, match=r"more than 0\.001 s"):
        slow.recognise(picture, Deadline.after(60))
    slow.close()


def test_time_that_is_up_is_no_fault_of_the_picture(recogniser, picture):
    with pytest.raises(DeadlineError):
        recogniser.recognise(picture, Deadline.after(0))


def test_a_picture_that_may_be_sent_as_it_is_stays_so(recogniser, picture):
    assert recogniser.pack(picture, Deadline.after(60)) == picture


@pytest.mark.parametrize("form", ["TIFF", "WEBP"])
def test_a_picture_of_another_format_is_sent_as_a_jpeg(recogniser, picture, form):
    data = save_picture(Image.open(io.BytesIO(picture)), form)
    packed = recogniser.pack(data, Deadline.after(60))

    assert Image.open(io.BytesIO(packed)).format == "JPEG"
    assert recogniser.recognise(packed, Deadline.after(60)).text == TEXT


@pytest.mark.parametrize("form", ["RGBA", "LA", "P"])
def test_ink_without_paper_is_sent_on_white(recogniser, picture, form):
    # Whoever drops what tells paper from ink would see black on black.
    paper = Image.open(io.BytesIO(picture))
    image = Image.new("LA", paper.size, (0, 0))
    image.putalpha(ImageOps.invert(paper.convert("L")))
    if form == "P":
        image = paper.convert("L").point(lambda v: v // 128).convert("P")
        image.putpalette([0] * 6)
        image.info["transparency"] = 1
    data = save_picture(image if form in ("LA", "P") else image.convert(form), "PNG")
    packed = recogniser.pack(data, Deadline.after(60))

    assert recogniser.recognise(data, Deadline.after(60)).text == TEXT
    seen = Image.open(io.BytesIO(packed)).convert("RGB")
    assert seen.getpixel((5, 5)) == (255, 255, 255)


def test_a_picture_that_lies_on_its_side_is_sent_upright(recogniser, picture):
    image = Image.open(io.BytesIO(picture))
    packed = recogniser.pack(save_as_held(image, "JPEG", 6), Deadline.after(60))

    assert Image.open(io.BytesIO(packed)).size == image.size
    assert recogniser.recognise(packed, Deadline.after(60)).turned_degrees == 0


def test_a_large_picture_is_sent_smaller(recogniser, picture):
    image = Image.open(io.BytesIO(picture)).resize((3_000, 4_000))
    packed = recogniser.pack(save_picture(image, "PNG"), Deadline.after(60))
    width, height = Image.open(io.BytesIO(packed)).size

    assert 7_900_000 < width * height <= 8_000_000


@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF"])
def test_a_picture_with_a_long_side_is_sent_shorter(recogniser, picture, form):
    image = Image.open(io.BytesIO(picture)).convert("L").resize((12_000, 300))
    packed = recogniser.pack(save_picture(image, form), Deadline.after(60))

    assert Image.open(io.BytesIO(packed)).size == (10_000, 250)


def test_a_picture_full_of_grain_is_sent_within_what_is_taken(recogniser):
    # At the quality of others it has over 5 MB.
    grain = Image.effect_noise((2_800, 2_800), 120)
    packed = recogniser.pack(save_picture(grain, "PNG"), Deadline.after(60))

    assert Image.open(io.BytesIO(packed)).size == grain.size
    assert len(packed) <= 4 << 20


def test_what_is_no_picture_is_not_sent(recogniser, picture):
    with pytest.raises(PageNotRecognisedError):
        recogniser.pack(b"no picture", Deadline.after(60))
    assert recogniser.pack(picture, Deadline.after(60)) == picture


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_page_that_lies_on_its_side_or_stands_on_its_head_is_read(recogniser, picture, degrees):
    image = Image.open(io.BytesIO(picture)).rotate(degrees, expand=True)
    page = recogniser.recognise(save_picture(image, "PNG"), Deadline.after(60))

    assert page.text == TEXT
    assert (page.width, page.height) == image.size
    _, top, right, bottom = page.words[0].box
    if degrees == 180:
        # The text begins an inch from its left and its top.
        assert abs(image.width - right - 150) < 10
        assert image.height - bottom < 150 < image.height - top + 10


def test_a_page_that_stands_right_is_looked_at_once(picture, tmp_path):
    class Counting(Tesseract):
        looks = 0

        def _recognise(self, picture):
            self.looks += 1
            return super()._recognise(picture)

    engine = Counting(find_language_file("eng").parent, ("eng",))
    path = tmp_path / "picture"
    for degrees, looks in ((0, 1), (180, 2)):
        engine.looks = 0
        image = Image.open(io.BytesIO(picture)).rotate(degrees)
        path.write_bytes(save_picture(image, "PNG"))
        assert engine.read(path).words[0].text == "The"
        assert engine.looks == looks
