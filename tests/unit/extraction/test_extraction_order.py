"""Lines and letters come in the order in which a person reads them, whatever the script."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.extraction.shown_text.right_to_left import Glyph, read_visual_line
from tests.fakes.pdf.shown_pdf_files import make_drawn_pdf, make_mapped_pdf

LEFT_TO_RIGHT = (
    b"BT /F1 14 Tf 72 700 Td (The quick brown fox, 12 of 1,234.50 EUR.) Tj "
    b"0 -20 Td (Invoice 2026-03-04 total) Tj ET"
)
RIGHT_TO_LEFT_PAGES = b"/ViewerPreferences << /Direction /R2L >>"
# Arabic for "welcome", as it is read: m r h b a.
WELCOME = "\u0645\u0631\u062d\u0628\u0627"
# Hebrew for "peace" and "world".
PEACE, WORLD = "\u05e9\u05dc\u05d5\u05dd", "\u05e2\u05d5\u05dc\u05dd"
VERTICAL_FONT = (
    b"<< /Type /Font /Subtype /Type0 /BaseFont /HeiseiMin-W3 /Encoding /UniJIS-UTF16-V "
    b"/DescendantFonts [<< /Type /Font /Subtype /CIDFontType0 /BaseFont /HeiseiMin-W3 "
    b"/CIDSystemInfo << /Registry (Adobe) /Ordering (Japan1) /Supplement 2 >> "
    b"/FontDescriptor << /Type /FontDescriptor /FontName /HeiseiMin-W3 /Flags 4 "
    b"/FontBBox [0 -200 1000 900] /ItalicAngle 0 /Ascent 800 /Descent -200 /CapHeight 700 "
    b"/StemV 80 >> >>] >>"
)


def test_the_direction_in_which_pages_are_turned_is_not_that_of_lines(read_text):
    data = make_drawn_pdf(LEFT_TO_RIGHT, catalog_entries=RIGHT_TO_LEFT_PAGES)
    assert read_text(data) == ("The quick brown fox, 12 of 1,234.50 EUR.\nInvoice 2026-03-04 total")


def test_lines_of_a_page_that_is_shown_turned_come_in_order(read_text):
    lines = b"(One alpha) Tj 0 -20 Td (Two beta) Tj 0 -20 Td (Three gamma-) Tj 0 -20 Td (delta) Tj"
    content = b"BT /F1 14 Tf 72 700 Td %b ET" % lines
    assert read_text(make_drawn_pdf(content, b"/Rotate 90")) == (
        "One alpha\nTwo beta\nThree gammadelta"
    )


def test_lines_that_are_turned_to_the_right_come_in_order(read_text):
    content = b"BT /F1 14 Tf 0 -1 1 0 300 700 Tm (One alpha) Tj 0 -20 Td (Two beta) Tj ET"
    assert read_text(make_drawn_pdf(content)) == "One alpha\nTwo beta"


def test_vertical_columns_follow_each_other_from_the_right(read_text):
    columns = ["吾輩は猫である", "名前はまだ無い"]
    first, second = (column.encode("utf-16-be").hex().encode() for column in columns)
    content = b"BT /F1 20 Tf 500 700 Td <%b> Tj -30 0 Td <%b> Tj ET" % (first, second)
    assert read_text(make_drawn_pdf(content, font=VERTICAL_FONT)).split("\n") == columns


def test_a_number_in_a_vertical_column_is_one(read_text):
    text = "価格は1,250円です"
    content = b"BT /F1 20 Tf 500 700 Td <%b> Tj ET" % text.encode("utf-16-be").hex().encode()
    assert read_text(make_drawn_pdf(content, font=VERTICAL_FONT)) == text


def test_letters_that_are_drawn_one_by_one_upside_down_are_read_from_the_right(read_text):
    widths = {" ": 3.3, "i": 2.7, ".": 3.3, "s": 6.0, "d": 6.7, "o": 6.7, "u": 6.7}
    drawn, lines = [], ["1,250 dodos", "issue", "2026"]
    for k, line in enumerate(lines):
        x = 400.0
        for letter in line:
            if letter != " ":
                drawn.append(b"-1 0 0 -1 %.1f %d Tm (%b) Tj" % (x, 100 + 15 * k, letter.encode()))
            x -= widths.get(letter, 3.3 if letter == "," else 6.7)
    content = b"BT /F1 12 Tf %b ET" % b" ".join(drawn)
    assert read_text(make_drawn_pdf(content)).split("\n") == lines


def test_lines_that_are_shorter_when_they_are_read_from_the_right_are_read(read_text):
    """Most letters are drawn with a space that the next letter covers."""
    lines = ["12abcdeghk", "12edcbaghk", "12hgkdcbaa", "12abcdeghk"]
    drawn = b" ".join(
        b"-1 0 0 -1 %.1f %d Tm (%b%b) Tj"
        % (400 - 6.7 * k, 100 + 15 * row, letter.encode(), b" " if letter.isalpha() else b"")
        for row, line in enumerate(lines)
        for k, letter in enumerate(line)
    )
    assert read_text(make_drawn_pdf(b"BT /F1 12 Tf %b ET" % drawn)).split("\n") == lines


def test_what_is_turned_twice_is_read_from_the_left(read_text):
    """A program writes a size below zero, and turns that: the text stands upright."""
    drawn = b" ".join(
        b"-1 0 0 -1 %d 700 Tm (%b) Tj" % (72 + 7 * k, letter.encode())
        for k, letter in enumerate("2026")
    )
    assert read_text(make_drawn_pdf(b"BT /F1 -12 Tf %b ET" % drawn)) == "2026"


def draw_stacked(letters, x, step):
    """Letters one under the other, each by itself, as Chromium places them."""
    return b" ".join(
        b"1 0 0 1 %d %d Tm <%02X> Tj" % (x, 600 - step * k, 0x41 + k) for k in range(len(letters))
    )


@pytest.mark.parametrize(
    ("letters", "step", "separator"),
    [("備考は縦書き", 10, ""), ("備考は縦書き", 15, "\n"), ("가나다라마바", 10, "\n")],
)
def test_letters_one_under_the_other_are_a_line_and_rows_are_not(
    read_text, letters, step, separator
):
    line = b" ".join(b"1 0 0 1 %d 700 Tm <414243444546> Tj" % (72 + 60 * k) for k in range(7))
    content = b"BT /F1 10 Tf %b %b ET" % (line, draw_stacked(letters, 300, step))
    first, _, column = read_text(make_mapped_pdf(content, letters)).partition("\n")
    assert (first, column) == (" ".join([letters] * 7), separator.join(letters))


def draw_letters(codes, x, step):
    """Letters one by one, from x on, each a step further."""
    return b"BT /F1 10 Tf 72 700 Td %b ET" % b" ".join(
        b"1 0 0 1 %d 700 Tm <%02X> Tj" % (x + k * step, code) for k, code in enumerate(codes)
    )


@pytest.mark.parametrize("is_written_as_read", [True, False])
def test_words_of_right_to_left_script_however_they_are_written(read_text, is_written_as_read):
    codes = range(0x41, 0x41 + len(WELCOME))
    if is_written_as_read:
        content = draw_letters(codes, 400, -6)
    else:
        content = draw_letters(list(codes)[::-1], 400, 6)
    assert read_text(make_mapped_pdf(content, WELCOME)) == WELCOME


@pytest.mark.parametrize("mark", ["\u200f", "\u061c", "\u2067"])
def test_marks_of_direction_are_no_letters(read_text, mark):
    """With a place of its own in the line, as a font without such marks draws one."""
    places = b" ".join(
        b"1 0 0 1 %d 700 Tm <%b> Tj" % place
        for place in ((400, b"41"), (394, b"43"), (388, b"42"), (376, b"41"), (370, b"42"))
    )
    data = make_mapped_pdf(b"BT /F1 10 Tf %b ET" % places, ["\u05e9", "\u05dd", mark])
    assert read_text(data).replace(" ", "") == "\u05e9\u05dd\u05e9\u05dd"


def test_words_of_another_script_in_a_line_with_drawn_spaces(read_text):
    """As typst writes it: here of two words in Latin letters, with a word of Hebrew and a space."""
    places = b" ".join(
        b"1 0 0 1 %d 700 Tm <%b> Tj" % place
        for place in ((400, b"41"), (394, b"42"), (388, b"43"), (379, b"44"), (370, b"45"))
    )
    letters = ["\u05e9", "\u05dd", " ", "b", "a"]
    data = make_mapped_pdf(b"BT /F1 10 Tf %b ET" % places, letters)
    assert read_text(data) == "\u05e9\u05dd a b"


def test_spaces_of_another_script_are_none_of_the_words_beside_it(read_text):
    """As Chromium writes it: no space between words of Hebrew is drawn, and those of Latin are."""
    places = b" ".join(
        b"1 0 0 1 %d 700 Tm <%b> Tj" % place
        for place in ((400, b"41"), (394, b"42"), (386, b"41"), (362, b"434445"))
    )
    data = make_mapped_pdf(b"BT /F1 10 Tf %b ET" % places, ["\u05e9", "\u05dd", "b", " ", "a"])
    assert read_text(data) == "\u05e9\u05dd \u05e9 b a"


def test_words_of_this_script_between_drawn_spaces_are_apart(read_text):
    """As Chromium writes it in a line of English: the spaces that are drawn are around them."""
    places = b" ".join(
        b"1 0 0 1 %d 700 Tm <%b> Tj" % place
        for place in ((360, b"454443"), (386, b"41"), (394, b"42"), (400, b"4344"))
    )
    data = make_mapped_pdf(b"BT /F1 10 Tf %b ET" % places, ["\u05e9", "\u05dd", " ", "b", "a"])
    assert read_text(data) == "ab \u05dd \u05e9 b"


@pytest.mark.parametrize(
    ("gap", "text"), [(2.8, "\u05e9\u05dd \u05e9 \u05dd"), (0.9, "\u05e9\u05dd \u05e9\u05dd")]
)
def test_spaces_of_tex_in_a_line_with_a_drawn_one(read_text, gap, text):
    """As TeX writes Arabic: most spaces are room and no character, as wide as the drawn ones."""
    places = ((400.0, "41"), (394, "42"), (388, "43"), (382, "41"), (376 - gap, "42"))
    letters = " ".join(f"1 0 0 1 {place:g} 700 Tm <{code}> Tj" for place, code in places)
    data = make_mapped_pdf(f"BT /F1 10 Tf {letters} ET".encode(), ["\u05e9", "\u05dd", " "])
    assert read_text(data) == text


def test_vowel_signs_that_are_set_higher_end_no_line(read_text):
    """As TeX writes vowelled Arabic; fatha is drawn as a grave accent, and kasra as a low line."""
    beh, hah, meem, kasra, fatha = "\u0628\u062d\u0645\u0650\u064e"
    drawn = ((500, "A`"), (488, "B`"), (476, "C`"), (464, "A"), (452, "C_"))
    letters = "".join(
        f"1 0 0 1 {x} {y + 6 * (sign in '`_')} Tm ({sign}) Tj "
        for y in (700, 660)
        for x, signs in drawn
        for sign in signs
    )
    codes = [beh, hah, meem, *[" "] * 27, kasra, fatha]
    word = f"{beh}{fatha}{hah}{fatha}{meem}{fatha}{beh}{meem}{kasra}"
    data = make_mapped_pdf(f"BT /F1 20 Tf {letters} ET".encode(), codes)
    assert read_text(data) == f"{word}\n{word}"


def test_a_space_that_is_not_drawn_in_a_line_that_has_one(read_text):
    """As Chromium writes Persian: where letters are drawn in clusters, it draws no space."""
    places = b" ".join(
        b"1 0 0 1 %d 700 Tm <%b> Tj" % place
        for place in ((400, b"41"), (394, b"43"), (388, b"42"), (382, b"41"), (372, b"42"))
    )
    data = make_mapped_pdf(b"BT /F1 10 Tf %b ET" % places, ["\u05e9", "\u05dd", " "])
    assert read_text(data) == "\u05e9 \u05dd\u05e9 \u05dd"


def test_pieces_of_a_date_that_are_drawn_as_one_text_have_no_space(read_text):
    """As LibreOffice writes it: both hyphens with room between them, and then the figures."""
    hyphens = b"1 0 0 1 380 700 Tm [<45> -600 <45>] TJ"
    places = b" ".join(
        b"1 0 0 1 %d 700 Tm <%b> Tj" % place
        for place in (
            (416, b"41"),
            (410, b"41"),
            (404, b"42"),
            (374, b"43"),
            (386, b"44"),
            (398, b"46"),
        )
    )
    letters = ["\u05e9", " ", "1", "2", "-", "3"]
    data = make_mapped_pdf(b"BT /F1 10 Tf %b %b ET" % (hyphens, places), letters)
    assert read_text(data) == "\u05e9\u05e9 1-2-3"


def test_a_bracket_is_apart_from_the_number_before_it(read_text):
    """As typst writes it: the space between a number and what follows it is not drawn."""
    places = b" ".join(
        b"1 0 0 1 %d 700 Tm <%b> Tj" % place
        for place in ((400, b"41"), (394, b"45"), (388, b"42"), (379, b"43"), (373, b"41"))
    )
    data = make_mapped_pdf(b"BT /F1 10 Tf %b ET" % places, ["\u05e9", "4", "(", ")", " "])
    assert read_text(data) == "\u05e9 4 (\u05e9"


@pytest.mark.parametrize("rotation", [b"", b"/Rotate 180"])
def test_a_word_that_is_given_for_one_place_as_a_whole(read_text, rotation):
    words = [f"{WELCOME}{PEACE}", f"{WORLD} {PEACE}"]
    content = draw_letters([0x42, 0x41], 400, 30)
    data = make_mapped_pdf(content, words, page_entries=rotation)
    assert read_text(data) == " ".join(words)


def lay_out(*words):
    """Glyphs from left to right, ten points each."""
    letters = [letter for word in words for letter in word]
    return [Glyph(letter, (k,), 10.0 * k, 10.0 * k + 10) for k, letter in enumerate(letters)]


def read(*words):
    return "".join(glyph.text for glyph in read_visual_line(lay_out(*words)))


def test_numbers_and_other_words_in_a_line_that_is_read_from_the_right():
    visual = (".", WORLD[::-1], " 1,234.50 ", PEACE[::-1])
    assert read(*visual) == f"{PEACE} 1,234.50 {WORLD}."
    visual = (WORLD[::-1], " OpenAI Ltd 42 ", PEACE[::-1])
    assert read(*visual) == f"{PEACE} OpenAI Ltd 42 {WORLD}"
    assert read("50% ", PEACE[::-1]) == f"{PEACE} 50%"
    visual = (".Ltd 42% ", WORLD[::-1], " ", PEACE[::-1])
    assert read(*visual) == f"{PEACE} {WORLD} Ltd 42%."
    assert read("2026-03-04 ", PEACE[::-1]) == f"{PEACE} 2026-03-04"


def test_signs_beside_a_number_after_an_arabic_letter_are_none_of_it():
    """UAX #9: there a number is one of Arabic, and only what can be within it is (W2, W4, W5)."""
    assert read("1,234.50 ", WELCOME[::-1]) == f"{WELCOME} 1,234.50"
    assert read(".%42 ", WELCOME[::-1]) == f"{WELCOME} 42%."
    assert read("04-03-2026 ", WELCOME[::-1]) == f"{WELCOME} 2026-03-04"
    assert read("%42 ", WELCOME[::-1], " ", PEACE[::-1]) == f"{PEACE} {WELCOME} 42%"
    assert read("42% ", PEACE[::-1], " ", WELCOME[::-1]) == f"{WELCOME} {PEACE} 42%"
    assert read("It is ", "%42 ", WELCOME[::-1], " here") == f"It is %42 {WELCOME} here"


def test_words_that_are_read_from_the_right_in_another_line():
    assert read("The word ", WORLD[::-1], " ", PEACE[::-1], " is Hebrew") == (
        f"The word {PEACE} {WORLD} is Hebrew"
    )


@pytest.mark.parametrize("brackets", ["()", ")("])
def test_brackets_are_pairs_whichever_of_them_a_producer_names(brackets):
    first, second = brackets
    assert read(first, WORLD[::-1], second, " ", PEACE[::-1]) == f"{PEACE} ({WORLD})"


@pytest.mark.parametrize(
    ("drawn", "text"),
    [
        (("Name ", PEACE[::-1], " )tenant), ID"), f"Name {PEACE} (tenant), ID"),
        (("Name (tenant( ", PEACE[::-1], ", ID"), f"Name (tenant) {PEACE}, ID"),
        (("a) ", PEACE[::-1], " b) is no pair"), f"a) {PEACE} b) is no pair"),
    ],
)
def test_a_bracket_beside_a_word_of_another_direction_is_that_of_its_pair(drawn, text):
    assert read(*drawn) == text


@given(st.text(alphabet=PEACE + "ab 12.,()%", max_size=40))
def test_no_glyph_is_lost_or_made_up(text):
    mirror = str.maketrans("()", "((")
    assert sorted(read(text).translate(mirror).replace(")", "(")) == sorted(
        text.translate(mirror).replace(")", "(")
    )


def test_a_cluster_is_read_once_and_leaves_no_gap(read_text):
    """Two glyphs that stand for two letters, as a browser writes Thai and Hindi."""
    letters = "\u0928\u093f\u092f\u093e"
    cluster = b"/Span << /ActualText <FEFF%b> >> BDC %b EMC"
    first = b"1 0 0 1 72 700 Tm <41> Tj 1 0 0 1 78 700 Tm <42> Tj"
    second = b"1 0 0 1 84 700 Tm <43> Tj 1 0 0 1 90 700 Tm <44> Tj"
    third = b"1 0 0 1 102 700 Tm <41> Tj"
    content = b"BT /F1 10 Tf %b %b %b ET" % (
        cluster % (b"0928093F", first),
        cluster % (b"092F093E", second),
        third,
    )
    assert read_text(make_mapped_pdf(content, letters)) == f"{letters} \u0928"
