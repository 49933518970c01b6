"""Numbers of accounts: their sign behind them, struck out, or in columns that are too narrow."""

import math

import pytest

from tests.fakes.pdf.shown_pdf_files import make_drawn_pdf, make_mapped_pdf

COURIER = b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>"


def draw_at(places, lines=""):
    """Words at places of the page, each a piece of text of its own, and lines."""
    return make_drawn_pdf(lines.encode() + b" " + draw_pieces(places), font=COURIER)


def draw_pieces(places):
    pieces = [f"1 0 0 1 {x:g} {y:g} Tm ({word}) Tj" for x, y, word in places]
    return f"BT /F1 12 Tf {' '.join(pieces)} ET".encode()


def test_a_sign_behind_a_number_stays_with_it_and_ends_its_line(read_text):
    """It is no hyphen that divides a word."""
    rows = (("Rent", "1.234,50-"), ("per month", "98,00-"), ("Fee 12", "7-"), ("03.05. Sum", "5-"))
    places = [(72, 700 - 20 * k, name) for k, (name, _) in enumerate(rows)]
    places += [(300, 700 - 20 * k, amount) for k, (_, amount) in enumerate(rows)]
    lines = read_text(draw_at(sorted(places, key=lambda place: (-place[1], place[0]))))
    assert lines.splitlines() == [" ".join(row) for row in rows]


@pytest.mark.parametrize(("over", "text"), [(0, "100200"), (4, "100 200"), (8, "100 200")])
def test_a_number_that_lies_over_the_end_of_another_is_a_number(read_text, over, text):
    """A figure of Courier is 7.2 points wide here."""
    assert read_text(draw_at([(72, 700, "100"), (72 + 3 * 7.2 - over, 700, "200")])) == text


@pytest.mark.parametrize("width", [600, 900, 1200])
def test_figures_that_are_set_one_by_one_are_one_number_whatever_their_font_says(read_text, width):
    """Widths that are not those of the glyphs, as of fonts that have lost them, are no overlap."""
    widths = b" ".join([b"%d" % width] * 26)
    font = b"<< /Type /Font /Subtype /TrueType /BaseFont /Courier /Encoding /WinAnsiEncoding "
    font += b"/FirstChar 32 /LastChar 57 /Widths [%b] >>" % widths
    figures = [(72 + 7.2 * k, 700, figure) for k, figure in enumerate("1250.75")]
    assert read_text(make_drawn_pdf(draw_pieces(figures), font=font)) == "1250.75"


def test_a_number_after_letters_that_are_drawn_too_wide_is_one(read_text):
    assert read_text(draw_at([(72, 700, "C2->2"), (72 + 5 * 7.2 - 8, 700, "5,90")])) == "C2->25,90"


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        ("72 703 21.6 0.6 re f", "125 130 EUR"),
        ("1 w 93.6 704 m 115.2 704 l S", "125 130 EUR"),
        ("72 703 43.2 0.6 re f", "125130 EUR"),
        ("72 698 21.6 0.6 re f", "125130 EUR"),
        ("72 709 21.6 0.6 re f", "125130 EUR"),
        ("72 700 21.6 8 re f", "125130 EUR"),
        ("", "125130 EUR"),
    ],
    ids=["the old one", "the new one", "both", "underlined", "below a rule", "coloured", "none"],
)
def test_a_number_that_is_struck_out_is_apart_from_the_one_behind_it(read_text, lines, text):
    """A figure of Courier is 7.2 points wide here."""
    assert read_text(draw_at([(72, 700, "125"), (93.6, 700, "130 EUR")], lines)) == text


def test_figures_that_are_drawn_one_by_one_are_one_number_though_a_line_ends_within(read_text):
    """As that of a grid behind a label."""
    figures = [(72 + 7.2 * k, 700, figure) for k, figure in enumerate("1250")]
    assert read_text(draw_at(figures, "72 703 14.4 0.6 re f")) == "1250"


@pytest.mark.parametrize("lean", [4, -4, 6])
@pytest.mark.parametrize("number", ["1250.75", "12", "AB12"])
def test_figures_that_lean_lie_over_none(read_text, number, lean):
    """Office makes italics of a font that has none so: a box has the room for a top that leans."""
    places = " ".join(
        f"12 0 {lean} 12 {72 + 7.2 * k:g} 700 Tm ({sign}) Tj" for k, sign in enumerate(number)
    )
    content = f"BT /F1 1 Tf {places} ET".encode()
    assert read_text(make_drawn_pdf(content, font=COURIER)) == number


def test_figures_along_a_curve_lie_over_none(read_text):
    """Their boxes do."""
    turns = [math.pi - 0.12 * k for k in range(10)]
    letters = " ".join(
        f"{math.sin(turn):f} {-math.cos(turn):f} {math.cos(turn):f} {math.sin(turn):f} "
        f"{300 + 60 * math.cos(turn):f} {400 + 60 * math.sin(turn):f} Tm ({figure}) Tj"
        for turn, figure in zip(turns, "1234567890", strict=True)
    )
    content = f"BT /F1 12 Tf {letters} ET".encode()
    assert read_text(make_drawn_pdf(content, font=COURIER)) == "1234567890"


def test_cells_of_a_piece_are_apart_on_a_page_of_many_numbers(read_text):
    rows = b"(12 34) Tj 0 -10 Td " * 30 + b"[(70)-112(7,947.13)-112(2,250.5)] TJ"
    lines = read_text(make_drawn_pdf(b"BT /F1 10 Tf 72 700 Td %b ET" % rows)).splitlines()
    assert lines == ["12 34"] * 30 + ["70 7,947.13 2,250.5"]


@pytest.mark.parametrize(
    ("first", "second", "text"),
    [
        ("20,000", "300,000", "20,000 300,000"),
        ("1.250,50", "80,00", "1.250,50 80,00"),
        ("22", "333,000", "22333,000"),
        ("1.2", "50.75", "1.250.75"),
        ("12,000.5", "10", "12,000.510"),
    ],
)
def test_two_amounts_that_touch_are_two(read_text, first, second, text):
    """A figure of Courier is 7.2 points wide here."""
    assert read_text(draw_at([(72, 700, first), (72 + 7.2 * len(first), 700, second)])) == text


def test_amounts_of_three_cells_that_touch_are_three(read_text):
    cells = [(72, 700, "20,000"), (115.2, 700, "300,000"), (165.6, 700, "1,250.00")]
    assert read_text(draw_at(cells)) == "20,000 300,000 1,250.00"


@pytest.mark.parametrize("slash", ["/", "\u2044"])
def test_a_fraction_of_one_glyph_is_apart_from_the_number_before_it(read_text, slash):
    content = b"BT /F1 12 Tf 72 700 Td (ABCAD) Tj ET"
    data = make_mapped_pdf(content, ["1", f"1{slash}2", " of ", f"11{slash}12"])
    assert read_text(data) == f"1 1{slash}2 of 1 11{slash}12"


def test_a_sign_that_a_font_calls_a_soft_hyphen_is_a_sign(read_text):
    content = b"BT /F1 12 Tf 72 700 Td (AB) Tj 0 -20 Td (BAC) Tj ET"
    data = make_mapped_pdf(content, ["98.00", "\xad", " per month"])
    assert read_text(data) == "98.00-\n-98.00 per month"
