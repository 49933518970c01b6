"""Spaces that are room and no character, and what only looks as if it had some."""

from tests.fakes.pdf.broken_pdf_files import make_bitmap_font_pdf
from tests.fakes.pdf.pdf_files import FONT
from tests.fakes.pdf.shown_pdf_files import make_drawn_pdf

# As Ghostscript writes what groff has set: beside a kerned letter the space is room between the
# letters of a piece that has two.
WORDS = (
    b"(be an) Tj 25.02 0 Td 2.5 Tc (yc) Tj 0 Tc 12.5 0 Td (ommand of fname) Tj "
    b"80.59 0 Td 2.5 Tc (.T) Tj 0 Tc 11.39 0 Td (he word is reserved ) Tj"
)


def read_line(read_text, pieces):
    return read_text(make_drawn_pdf(b"BT /F1 10 Tf 72 700 Td %b ET" % pieces))


def test_a_space_that_is_left_out_is_found_where_others_are_drawn(read_text):
    assert read_line(read_text, WORDS) == "be any command of fname. The word is reserved"


def test_a_page_that_groff_has_set_is_looked_through_without_a_sign(read_text):
    words = b"(be an) Tj 25.02 0 Td 2.5 Tc (yc) Tj 0 Tc 12.5 0 Td (ommand that is given) Tj"
    about = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Creator (groff version 1.22) >>"
    data = make_drawn_pdf(b"BT /F1 10 Tf 72 700 Td %b ET" % words, font=about)
    data = data.replace(b"/Root", b"/Info %d 0 R /Root" % FONT)
    assert read_text(data) == "be any command that is given"


def test_a_letter_that_is_kerned_ends_no_word(read_text):
    kerned = WORDS + b" 91.41 0 Td [(Y)140(et)] TJ"
    assert read_line(read_text, kerned) == "be any command of fname. The word is reserved Yet"


def test_a_word_that_begins_under_the_end_of_a_number_is_apart(read_text):
    """As of a name that is longer than its cell, with the amount of the next one over it."""
    row = b"(Harbour GmbH) Tj 56 0 Td (1.851,33) Tj 50 0 Td (2.909,14) Tj"
    assert read_line(read_text, row) == "Harbour GmbH 1.851,33 2.909,14"


def test_a_digit_whose_outline_is_broken_is_not_raised(read_text):
    """As of a font whose tables were written in the wrong order of bytes."""
    text = b"Sum 624,89 of all that stands in the books of the harbour and of the tides"
    scrap = b"0 460 215 255 re f"
    assert read_text(make_bitmap_font_pdf(text, blanks=b"9", scrap=scrap)) == text.decode()
