"""Cells, lines and raised digits stand apart, and words do not."""

import pytest

from pipeline.extraction.shown_text.character_pairs import CharacterPairs
from pipeline.extraction.shown_text.page_characters import PageCharacters
from tests.fakes.pdf.broken_pdf_files import make_bitmap_font_pdf
from tests.fakes.pdf.shown_pdf_files import make_drawn_pdf

ROWS = (("Berlin", "1,000"), ("Paris", "2,000"), ("Rome", "3,000"))
ROWS_IN_LINES = ["Berlin 1,000", "Paris 2,000", "Rome 3,000"]


def draw_rows(matrix, step, column):
    """Rows of two cells: each row a step further, the second cell a column further."""
    parts = []
    for row, cells in enumerate(ROWS):
        for k, cell in enumerate(cells):
            x = 300 + row * step[0] + k * column[0]
            y = 300 + row * step[1] + k * column[1]
            parts.append(b"%b %d %d Tm (%b) Tj" % (matrix, x, y, cell.encode()))
    return b"BT /F1 12 Tf %b ET" % b" ".join(parts)


@pytest.mark.parametrize(
    ("matrix", "step", "column"),
    [
        (b"1 0 0 1", (0, -20), (100, 0)),
        (b"0 1 -1 0", (20, 0), (0, 100)),
        (b"0 -1 1 0", (-20, 0), (0, -100)),
        (b"-1 0 0 -1", (0, 20), (-100, 0)),
    ],
    ids=["upright", "turned to the left", "turned to the right", "upside down"],
)
def test_each_row_of_a_table_is_a_line_however_it_is_turned(read_text, matrix, step, column):
    assert read_text(make_drawn_pdf(draw_rows(matrix, step, column))).split("\n") == ROWS_IN_LINES


def test_rows_of_a_page_that_is_shown_turned_are_lines(read_text):
    content = draw_rows(b"0 1 -1 0", (20, 0), (0, 100))
    assert read_text(make_drawn_pdf(content, b"/Rotate 90")).split("\n") == ROWS_IN_LINES


def test_rows_of_a_page_that_is_shown_upside_down_begin_where_they_are_read(read_text):
    content = draw_rows(b"1 0 0 1", (0, -20), (100, 0))
    assert read_text(make_drawn_pdf(content, b"/Rotate 180")).split("\n") == ROWS_IN_LINES


def test_a_short_last_row_that_is_upside_down_is_a_row(read_text):
    """PDFium takes it for the end of the row before it where it begins to the right of that."""
    content = draw_rows(b"-1 0 0 -1", (0, 20), (-100, 0))[:-2]
    content += b" -1 0 0 -1 300 360 Tm (Oslo) Tj -1 0 0 -1 240 360 Tm (7) Tj ET"
    assert read_text(make_drawn_pdf(content)).split("\n") == [*ROWS_IN_LINES, "Oslo 7"]


def test_a_letter_of_a_word_that_is_upside_down_is_no_cell(read_text):
    """A browser draws P by itself where the next letter is set closer to it."""
    cells = (
        b"-1 0 0 -1 300 300 Tm (P) Tj -1 0 0 -1 292.5 300 Tm (aris) Tj -1 0 0 -1 200 300 Tm (70)"
    )
    assert read_text(make_drawn_pdf(b"BT /F1 12 Tf %b Tj ET" % cells)) == "Paris 70"


def test_words_of_a_cell_that_is_upside_down_stay_in_order(read_text):
    cells = b"-1 0 0 -1 400 300 Tm (Let since May) Tj -1 0 0 -1 250 300 Tm (in 2026) Tj"
    assert read_text(make_drawn_pdf(b"BT /F1 12 Tf %b ET" % cells)) == "Let since May in 2026"


def test_cells_of_a_row_are_apart(read_text):
    content = b"BT /F1 12 Tf 72 700 Td (2,839) Tj 60 0 Td (5) Tj -60 -20 Td (1,250) Tj ET"
    assert read_text(make_drawn_pdf(content)).split() == ["2,839", "5", "1,250"]


@pytest.mark.parametrize("matrix", [b"1 0 0 1 72 700", b"0 1 -1 0 300 100"])
def test_words_that_are_less_than_a_space_apart_are_apart(read_text, matrix):
    """As TeX sets a tight line: room and no character, between two narrow letters."""
    words = b"[(Of) -300 (a) -300 (contract)] TJ 59 0 Td (terminations,) Tj 60 0 Td (each) Tj"
    content = b"BT /F1 10 Tf %b Tm %b ET" % (matrix, words)
    assert read_text(make_drawn_pdf(content)) == "Of a contract terminations, each"


def test_a_long_word_with_room_between_its_letters_is_one(read_text):
    content = b"BT /F1 10 Tf 1.3 Tc 72 700 Td (Of misunderstandings) Tj ET"
    assert read_text(make_drawn_pdf(content)) == "Of misunderstandings"


def test_the_number_of_a_line_that_is_drawn_after_it_is_apart(read_text):
    """As of bills: in one piece of text, with a step back to the margin."""
    lines = b"[(section 43-512.13.) 30000 (27)] TJ 0 -20 Td [(and) 20000 (25)] TJ 0 -20 Td (End) Tj"
    content = b"BT /F1 10 Tf 300 700 Td %b ET" % lines
    assert read_text(make_drawn_pdf(content)) == "section 43-512.13. 27\nand 25\nEnd"


def test_figures_of_two_cells_that_are_drawn_as_one_piece_are_apart(read_text):
    """As some programs write a table: the room is that between all letters of the piece."""
    figures = b"(99) Tj 11.12 0 Td (.) Tj 2.78 0 Td 30 Tc (43) Tj 0 Tc 41.12 0 Td (.) Tj 2.78 0 Td"
    content = b"BT /F1 10 Tf 72 700 Td %b (67) Tj ET" % figures
    assert read_text(make_drawn_pdf(content)) == "99.4 3.67"


@pytest.mark.parametrize(("aside", "text"), [(2, "X\nA"), (7.2, "XA")])
def test_a_letter_over_another_one_is_a_line_of_its_own(read_text, aside, text):
    """As of a formula or a proof: beside it, as a lowered letter, it belongs to the word."""
    letters = f"(X) Tj {aside} -6 Td (A) Tj 0 -20 Td (Delta) Tj"
    content = f"BT /F1 12 Tf 72 700 Td (Gamma) Tj 0 -14 Td {letters} ET".encode()
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>"
    assert read_text(make_drawn_pdf(content, font=font)) == f"Gamma\n{text}\nDelta"


def test_cells_of_a_row_that_is_one_piece_are_apart(read_text):
    """As cairo draws one: that of the last row has the shape of one number."""
    rows = b"[(488)-112(5.615,07)-112(3.153,07)] TJ 0 -20 Td [(70)-112(7,947.13)-112(2,250)] TJ"
    content = b"BT /F1 10 Tf 72 700 Td %b ET" % rows
    assert read_text(make_drawn_pdf(content)) == "488 5.615,07 3.153,07\n70 7,947.13 2,250"


@pytest.mark.parametrize(
    ("figures", "room", "text"),
    [
        ("05", 30, "0 5"),
        ("111", 20, "1 1 1"),
        ("1250", 3, "1250"),
        ("89AB) Tj 0 -20 Td (CDEF", 20, "8 9 A B\nC D E F"),
        ("CDEF", 5, "CDEF"),
    ],
)
def test_cells_of_one_figure_that_are_drawn_as_one_piece_are_apart(read_text, figures, room, text):
    """As in a table of taxes: the first rows have one figure in each cell."""
    content = f"BT /F1 10 Tf 72 700 Td (less) Tj {room} Tc 0 -20 Td ({figures}) Tj ET".encode()
    assert read_text(make_drawn_pdf(content)) == f"less\n{text}"


@pytest.mark.parametrize(("after", "text"), [(b"2q.", "5 22q."), (b".50", "52.50"), (b"", "52")])
def test_signs_of_a_formula_that_are_drawn_as_one_piece_are_apart(read_text, after, text):
    """As "= -2q" in a font that calls its signs figures: all room of the piece is between them.

    A figure of Courier is 7.2 points wide here; of a number it may be how that is set.
    """
    content = b"BT /F1 12 Tf 72 700 Td 4 Tc (52) Tj 0 Tc 18.4 0 Td (%b) Tj ET" % after
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>"
    assert read_text(make_drawn_pdf(content, font=font)) == text


@pytest.mark.parametrize("matrix", [b"1 0 0 1 72 700", b"0 1 -1 0 300 100"])
def test_close_cells_are_apart(read_text, matrix):
    """A figure of Courier is 7.2 points wide here, and the cells are two points apart."""
    cells = b"(1,000) Tj 38 0 Td (1) Tj 9.2 0 Td (0) Tj"
    content = b"BT /F1 12 Tf %b Tm %b ET" % (matrix, cells)
    data = make_drawn_pdf(content, font=b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>")
    assert read_text(data) == "1,000 1 0"


@pytest.mark.parametrize(
    ("cell", "text"), [("A", "A1"), ("Mai", "Mai 1"), ("No.", "No. 1"), ("4%", "4% 1")]
)
def test_a_word_is_a_cell_beside_a_figure_and_a_letter_is_a_formula(read_text, cell, text):
    content = f"BT /F1 12 Tf 72 700 Td ({cell}) Tj {7.2 * len(cell) + 1.5} 0 Td (1) Tj ET"
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>"
    assert read_text(make_drawn_pdf(content.encode(), font=font)) == text


@pytest.mark.parametrize("number", ["1.5", "01,5"])
def test_a_number_with_a_sign_that_is_set_one_by_one_is_one_number(read_text, number):
    figures = [f"1 0 0 1 {72 + 8 * k} 700 Tm ({sign}) Tj" for k, sign in enumerate(number)]
    content = f"BT /F1 12 Tf {' '.join(figures)} ET"
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>"
    assert read_text(make_drawn_pdf(content.encode(), font=font)) == number


@pytest.mark.parametrize(("gap", "text"), [(1.5, "2006"), (1.9, "2 006")])
def test_a_number_whose_figures_have_room_between_them_is_one(read_text, gap, text):
    """Of a justified line in two pieces: half a point between figures, more where one ends."""
    content = b"BT /F1 12 Tf 0.5 Tc 72 700 Td (2) Tj %g 0 Td (006) Tj ET" % (7.2 + gap)
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>"
    assert read_text(make_drawn_pdf(content, font=font)) == text


@pytest.mark.parametrize(("step", "gap", "text"), [(7.2, 1.6, "1,250 17"), (8.7, 0, "1,25017")])
def test_cells_that_are_drawn_figure_by_figure_are_apart(read_text, step, gap, text):
    """A figure of Courier is 7.2 points wide here: in a word set apart there is room at each."""
    places = [72 + step * k + gap * (k >= len("1,250")) for k in range(len("1,25017"))]
    signs = zip(places, "1,25017", strict=True)
    figures = [f"1 0 0 1 {place:g} 700 Tm ({sign}) Tj" for place, sign in signs]
    content = f"BT /F1 12 Tf {' '.join(figures)} ET".encode()
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>"
    assert read_text(make_drawn_pdf(content, font=font)) == text


def test_numbers_whose_spaces_lie_over_each_other_are_two(read_text):
    """A figure of Courier is 7.2 points wide here: the first number ends at 36, its space at 43."""
    content = b"BT /F1 12 Tf 72 700 Td (1,250 ) Tj 36.7 0 Td ( 17) Tj ET"
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>"
    assert read_text(make_drawn_pdf(content, font=font)) == "1,250 17"


def test_figures_that_are_set_one_by_one_are_one_number(read_text):
    figures = [b"1 0 0 1 %d 700 Tm (%d) Tj" % (72 + 8 * k, k) for k in range(5)]
    content = b"BT /F1 12 Tf %b ET" % b" ".join(figures)
    data = make_drawn_pdf(content, font=b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>")
    assert read_text(data) == "01234"


@pytest.mark.parametrize(
    ("drawn", "text"),
    [
        (b"(Revenue was 1,250) Tj 5 Ts /F1 7 Tf (3) Tj 0 Ts /F1 12 Tf ( million) Tj",
         "Revenue was 1,250 3 million"),
        (b"(In 2025) Tj 5 Ts /F1 7 Tf (1) Tj 0 Ts /F1 12 Tf (, up) Tj", "In 2025 1, up"),
        (b"5 Ts /F1 7 Tf (3) Tj 0 Ts /F1 12 Tf (1,250) Tj", "3 1,250"),
        (b"(12.) Tj 5 Ts /F1 7 Tf (7) Tj 0 Ts /F1 12 Tf ( A survey) Tj", "12. 7 A survey"),
        (b"(1,250) Tj 5 Ts (3) Tj 0 Ts ( million) Tj", "1,250 3 million"),
        (b"(10) Tj 5 Ts /F1 7 Tf (6) Tj 0 Ts /F1 12 Tf ( people) Tj", "10^6 people"),
        (b"(5x10) Tj 5 Ts /F1 7 Tf (6) Tj", "5x10^6"),
        (b"(Max10) Tj 5 Ts /F1 7 Tf (6) Tj", "Max10 6"),
        (b"(2 x 10) Tj 5 Ts /F1 7 Tf (-3) Tj 0 Ts /F1 12 Tf ( kg) Tj", "2 x 10^-3 kg"),
        (b"(Mon 10) Tj (-3) Tj 5 Ts /F1 7 Tf (b) Tj", "Mon 10-3b"),
        (b"(x is 17) Tj -3 Ts /F1 7 Tf (2) Tj", "x is 17 2"),
        (b"(Area in km) Tj 5 Ts /F1 7 Tf (2) Tj", "Area in km²"),
        (b"(H) Tj -3 Ts /F1 7 Tf (2) Tj 0 Ts /F1 12 Tf (O) Tj", "H2O"),
        (b"(See) Tj 0 -20 Td 5 Ts /F1 7 Tf (12) Tj 0 Ts /F1 12 Tf (Cole) Tj", "See\n12 Cole"),
        (b"(Ends.) Tj 5 Ts /F1 7 Tf (b) Tj 0 Ts /F1 12 Tf (TI-RADS) Tj", "Ends.b TI-RADS"),
        (b"(Ends. iPhone) Tj", "Ends. iPhone"),
        (b"(1,250) Tj (3) Tj", "1,2503"),
        (b"(1,250) Tj /F1 11.5 Tf (3) Tj", "1,2503"),
    ],
    ids=["a mark", "after a year", "before", "after a stop", "as large", "power", "an x",
         "a name in x", "small power", "no power", "lowered", "unit",
         "formula", "of a note", "a letter", "a name", "not raised", "hardly smaller"],
)  # fmt: skip
def test_raised_and_lowered_digits(read_text, drawn, text):
    assert read_text(make_drawn_pdf(b"BT /F1 12 Tf 72 700 Td %b ET" % drawn)) == text


def test_digits_on_a_curve_stay_one_number(read_text):
    content = b"BT /F1 12 Tf 1 0 0 1 72 700 Tm (20) Tj 0.87 0.5 -0.5 0.87 86 701 Tm (25) Tj ET"
    assert read_text(make_drawn_pdf(content)) == "2025"


def test_figures_one_under_the_other_are_no_number(read_text):
    """Each is a piece of text of its own, as when a table is drawn column by column."""
    figures = b"(2) Tj 0 -14 Td (5) Tj 0 -14 Td (7) Tj"
    content = b"BT /F1 12 Tf 72 700 Td (3,000) Tj ET BT /F1 12 Tf 200 728 Td %b ET" % figures
    assert read_text(make_drawn_pdf(content)).split() == ["3,000", "2", "5", "7"]


def test_a_line_that_is_set_letter_by_letter_on_a_turned_page_is_one(read_text):
    """As LibreOffice sets a page that is turned. One with no more than that has no other sign."""
    height = 530.2
    parts = []
    for letter, width in zip("This is", (7.2, 6, 3.3, 4.7, 3, 3.3, 4.7), strict=True):
        parts.append(b"0.00174 -1 1 0.00174 700 %.1f Tm (%b) Tj" % (height, letter.encode()))
        height -= width
    content = b"BT /F1 12 Tf %b ET" % b" ".join(parts)
    turned = b"/Rotate 270 /MediaBox [0 0 842 595]"
    assert read_text(make_drawn_pdf(content, turned)) == "This is"


def test_letters_that_are_set_one_by_one_are_words(read_text):
    """PDFium takes two lines with more room beside their letters than over them for columns."""
    letters = [
        b"BT /F1 12 Tf 1 0 0 1 %d %d Tm (%b) Tj ET" % (72 + 7 * place, height, letter.encode())
        for height, line in ((700, "Bone   Hue Bone"), (688, "Hue   B"))
        for place, letter in enumerate(line)
        if letter != " "
    ]
    words = read_text(make_drawn_pdf(b" ".join(letters))).split()
    assert words == ["Bone", "Hue", "Bone", "Hue", "B"]


@pytest.mark.parametrize(
    ("letters", "text"),
    [
        ("Quarterly Report 2025", "Quarterly Report 2025"),
        ("Quarterly", "Quarterly"),
        ("ABCDEF", "A B C D E F"),
    ],
    ids=["words", "a word", "capitals alone"],
)
def test_words_with_room_between_their_letters(read_text, letters, text):
    """A letter of Courier is 7.2 points wide here, and there are 3.8 more to the next one."""
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>"
    content = b" ".join(
        b"1 0 0 1 %d 700 Tm (%b) Tj" % (72 + 11 * place, letter.encode())
        for place, letter in enumerate(letters)
        if letter != " "
    )
    assert read_text(make_drawn_pdf(b"BT /F1 12 Tf %b ET" % content, font=font)) == text


def draw_last_letters_apart(words, letter_space):
    """Words of Courier, 7.2 points a letter, with room after each; the last letter by itself."""
    x, parts = 72.0, [f"{letter_space} Tc"]
    for word in words:
        last = x + (7.2 + letter_space) * (len(word) - 1)
        parts.append(
            f"1 0 0 1 {x:g} 700 Tm ({word[:-1]}) Tj 1 0 0 1 {last:g} 700 Tm ({word[-1]}) Tj"
        )
        x = last + 2 * (7.2 + letter_space)
    return f"BT /F1 12 Tf {' '.join(parts)} ET".encode()


def test_the_last_letter_of_a_spaced_word_belongs_to_it(read_text):
    words = ["United", "Arab", "States,", "36363"]
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>"
    data = make_drawn_pdf(draw_last_letters_apart(words, letter_space=2), font=font)
    assert read_text(data) == "United Arab States, 36363"


def test_letters_by_themselves_after_words_that_are_not_spaced_stay_by_themselves(read_text):
    words = (
        b"(Part) Tj 32 0 Td (A) Tj 10 0 Td (Part) Tj 32 0 Td (B) Tj 10 0 Td (Part) Tj 32 0 Td (C)"
    )
    content = b"BT /F1 12 Tf 72 700 Td %b Tj ET" % words
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>"
    assert read_text(make_drawn_pdf(content, font=font)) == "Part A Part B Part C"


def test_a_glyph_without_a_character_is_marked_within_a_word_and_by_a_digit(read_text):
    end = "items that stand in the books of the harbour and of the tides"
    data = make_bitmap_font_pdf(f"dell\0Impresa \0e\0 of 1\x00250 \x005 {end}".encode())
    assert read_text(data) == f"dell\ufffdImpresa e of 1\ufffd250 \ufffd5 {end}"


@pytest.mark.parametrize(
    ("drawn", "text"),
    [
        (b"9 tides \0\0\0 and", "9 tides and"),
        (b"9 ti\0\0\0des and", "9 ti\ufffddes and"),
        (b"\x005 tides and", "\ufffd5 tides and"),
        (b"\0\0b 5 tides and", "b 5 tides and"),
    ],
    ids=["between words", "within a word", "first of all", "before a letter"],
)
def test_glyphs_without_characters_in_a_row_are_marked_where_they_are(read_text, drawn, text):
    end = " items that stand in the books of the harbour and of the tides"
    assert read_text(make_bitmap_font_pdf(drawn + end.encode())) == text + end


@pytest.mark.parametrize("code", [0, 3])
def test_a_glyph_without_a_character_that_draws_nothing_is_a_space(read_text, code):
    text = "Tides of the harbour at 5 and 7, and of the books that stand in it"
    blank = bytes([code])
    data = make_bitmap_font_pdf(text.encode().replace(b" ", blank), blanks=blank)
    assert read_text(data) == text


def test_padding_between_all_letters_is_none_of_them(read_text):
    text = "Tide tables".encode("utf-16-be")
    assert read_text(make_bitmap_font_pdf(text)) == "Tide tables"


def test_letters_with_typed_spaces_between_them_stay_apart(read_text):
    content = b"BT /F1 12 Tf 72 700 Td (a b c d e f) Tj ET"
    assert read_text(make_drawn_pdf(content)) == "a b c d e f"


def test_a_raised_digit_ends_no_line(read_text):
    content = b"BT /F1 12 Tf 72 700 Td (in R) Tj 5 Ts /F1 7 Tf (n) Tj 0 Ts /F1 12 Tf ( with) Tj ET"
    assert read_text(make_drawn_pdf(content)) == "in Rn with"


def test_what_lies_outside_of_the_visible_box_is_left_out_and_the_rest_stays_apart(read_text):
    content = (
        b"BT /F1 12 Tf 72 700 Td (first line) Tj 0 -50 Td (second line) Tj ET "
        b"BT /F1 12 Tf 20 750 Td (crop mark) Tj ET BT /F1 12 Tf 72 600 Td (third) Tj ET"
    )
    text = read_text(make_drawn_pdf(content, b"/CropBox [50 50 550 730]"))
    assert text == "first line\nsecond line\nthird"


@pytest.mark.parametrize("place", range(3))
def test_a_line_outside_of_the_visible_box_is_left_out_wherever_it_is(read_text, place):
    lines = [b"BT /F1 12 Tf 72 700 Td (line 1) Tj ET", b"BT /F1 12 Tf 72 680 Td (line 2) Tj ET"]
    lines.insert(place, b"BT /F1 12 Tf 20 750 Td (1 crop mark) Tj ET")
    data = make_drawn_pdf(b" ".join(lines), b"/CropBox [50 50 550 730]")
    assert read_text(data) == "line 1\nline 2"


def test_a_line_that_the_visible_box_cuts_in_two_keeps_what_is_inside(read_text):
    content = b"BT /F1 12 Tf 72 700 Td (inside and) Tj 300 0 Td (outside) Tj 0 -20 Td (gone) Tj ET"
    content += b" BT /F1 12 Tf 72 600 Td (here) Tj ET"
    assert read_text(make_drawn_pdf(content, b"/CropBox [50 50 300 730]")) == "inside and\nhere"


def test_a_raised_digit_is_seen_after_hundreds_of_numbers(read_text):
    """Characters are asked about 256 at a time."""
    rows = b" ".join(
        b"1 0 0 1 72 %d Tm (%b) Tj" % (720 - 12 * row, b"  ".join([b"1,250"] * 10))
        for row in range(30)
    )
    content = b"BT /F1 8 Tf %b 1 0 0 1 72 340 Tm (1,250) Tj 5 Ts /F1 5 Tf (3) Tj ET" % rows
    numbers = read_text(make_drawn_pdf(content)).split()
    assert numbers == [*["1,250"] * 301, "3"]


def test_each_character_has_one_byte_for_its_kind():
    text = "An\xe9 7,\xb2\r\n\u0416\u2013\ud83d\ude00?"
    characters = PageCharacters(CharacterPairs(), text, has_unwritten=False)
    assert characters.kinds == b"Aaa 0,\xb2\r\n?????"
    assert len(characters.kinds) == len(text)
