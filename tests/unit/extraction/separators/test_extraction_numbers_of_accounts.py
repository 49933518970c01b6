"""Numbers of accounts: their sign behind them, struck out, or in columns that are too narrow."""

import pytest

from tests.fakes.pdf.shown_pdf_files import make_drawn_pdf

COURIER = b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>"


def draw_at(places, lines=""):
    """Words at places of the page, each a piece of text of its own, and lines."""
    pieces = [f"1 0 0 1 {x:g} {y:g} Tm ({word}) Tj" for x, y, word in places]
    content = f"{lines} BT /F1 12 Tf {' '.join(pieces)} ET".encode()
    return make_drawn_pdf(content, font=COURIER)


def test_a_sign_behind_a_number_stays_with_it_and_ends_its_line(read_text):
    """It is no hyphen that divides a word."""
    rows = (("Rent", "1.234,50-"), ("per month", "98,00-"), ("Fee 12", "7-"), ("03.05. Sum", "5-"))
    places = [(72, 700 - 20 * k, name) for k, (name, _) in enumerate(rows)]
    places += [(300, 700 - 20 * k, amount) for k, (_, amount) in enumerate(rows)]
    lines = read_text(draw_at(sorted(places, key=lambda place: (-place[1], place[0]))))
    assert lines.splitlines() == [" ".join(row) for row in rows]


@pytest.mark.parametrize(
    ("over", "text"), [(0, "1,0002,000"), (4, "1,000 2,000"), (8, "1,000 2,000")]
)
def test_a_number_that_lies_over_the_end_of_another_is_a_number(read_text, over, text):
    """A figure of Courier is 7.2 points wide here."""
    assert read_text(draw_at([(72, 700, "1,000"), (72 + 5 * 7.2 - over, 700, "2,000")])) == text


def test_a_number_after_letters_that_are_drawn_too_wide_is_one(read_text):
    assert read_text(draw_at([(72, 700, "C2->2"), (72 + 5 * 7.2 - 8, 700, "5,90")])) == "C2->25,90"


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        ("72 703 36 0.6 re f", "1,250 1,300 EUR"),
        ("1 w 108 704 m 144 704 l S", "1,250 1,300 EUR"),
        ("72 703 72 0.6 re f", "1,2501,300 EUR"),
        ("72 698 36 0.6 re f", "1,2501,300 EUR"),
        ("72 700 36 8 re f", "1,2501,300 EUR"),
        ("", "1,2501,300 EUR"),
    ],
    ids=["the old one", "the new one", "both", "underlined", "coloured", "none"],
)
def test_a_number_that_is_struck_out_is_apart_from_the_one_behind_it(read_text, lines, text):
    """A figure of Courier is 7.2 points wide here."""
    assert read_text(draw_at([(72, 700, "1,250"), (108, 700, "1,300 EUR")], lines)) == text
