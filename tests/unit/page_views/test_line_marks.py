"""Boxes around quotes: one a line, with nothing else in them; and layouts that are none."""

import json

import pytest

from pipeline.extraction.page_views.page_layout import (
    MOST_PIXELS_A_SIDE,
    PNG_BEGINNING,
    PageLayout,
    ViewError,
    decode_layout,
    decode_view,
    encode_layout,
    encode_view,
)
from pipeline.page_views.page_quote import (
    MOST_SHOWN_CHARACTERS,
    MarkedPicture,
    mark_picture,
    mark_text,
)
from pipeline.page_views.quote_places import QuoteMatch

# Of a letter, in parts of the page.
WIDE, HIGH = 100, 200


def lay_out(*lines, columns=1):
    """A page of lines, or of columns that are read one after the other."""
    text, places = [], []
    for column in range(columns):
        for row, line in enumerate(lines):
            for k, letter in enumerate(line.split("|")[column] if columns > 1 else line):
                left, top = 500 + column * 4_000 + k * WIDE, 500 + row * 2 * HIGH
                text.append(letter)
                places.append(None if letter == " " else (left, top, left + WIDE, top + HIGH))
            text.append("\n")
            places.append(None)
    return PageLayout(1_000, 1_000, "".join(text), tuple(places))


def test_a_quote_over_two_lines_has_two_boxes():
    layout = lay_out("the ferry leaves", "at noon today")
    marked = mark_picture("leaves at noon", layout)
    assert marked.match is QuoteMatch.EXACT
    assert marked.marks == ((1_500, 500, 2_100, 700), (500, 900, 1_200, 1_100))


def test_a_box_holds_no_words_of_another_column():
    # The two columns are read as one line, as an engine may: what is quoted stands in both.
    layout = lay_out("one two", "x")
    far = (9_000, 500, 9_100, 700)
    text, places = layout.text + "!", (*layout.places, far)
    marked = mark_picture("two x", PageLayout(1_000, 1_000, text, places))
    assert len(marked.marks) == 2
    between = PageLayout(1_000, 1_000, layout.text + "z", (*layout.places, (810, 510, 890, 690)))
    marked = mark_picture("one two", between)
    # Around each letter, as a box around all would hold the one that lies between.
    assert len(marked.marks) == 6
    assert not any(left < 850 < right for left, _, right, _ in marked.marks)


def test_columns_beside_each_other_are_boxes_of_their_own():
    layout = lay_out("first|third", "second|fourth", columns=2)
    assert len(mark_picture("second third", layout).marks) == 2


def test_what_is_not_drawn_is_no_mark_and_a_part_of_it_is_near():
    layout = lay_out("the ferry")
    hidden = PageLayout(10, 10, layout.text, tuple(None for _ in layout.places))
    assert mark_picture("the ferry", hidden).match is QuoteMatch.NONE
    half = PageLayout(10, 10, layout.text, (*layout.places[:4], *(None for _ in layout.places[4:])))
    assert mark_picture("the ferry", half).match is QuoteMatch.NEAR


def test_a_long_text_is_given_around_the_quote():
    text = "word " * MOST_SHOWN_CHARACTERS + "the ferry leaves" + " word" * MOST_SHOWN_CHARACTERS
    marked = mark_text("ferry leaves", text)
    assert marked.is_cut
    assert sum(len(piece.text) for piece in marked.pieces) == MOST_SHOWN_CHARACTERS
    assert [piece.text for piece in marked.pieces if piece.is_quote] == ["ferry leaves"]
    for place in (150_000, 199_990, 205_000, 1_000_000):
        sheet = "12 " * 400_000
        sheet = f"{sheet[:place]} the ferry leaves {sheet[place:]}"
        pieces = mark_text("ferry leaves", sheet).pieces
        assert [piece.text for piece in pieces if piece.is_quote] == ["ferry leaves"]
    whole = mark_text(None, "short")
    assert (whole.match, whole.is_cut, whole.pieces[0].text) == (None, False, "short")


def make_picture(width, height):
    size = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    return PNG_BEGINNING + b"\0\0\0\rIHDR" + size + b"the rest"


def test_a_view_comes_back_as_it_was():
    layout = lay_out("a b")
    assert decode_layout(encode_layout(layout)) == layout
    picture = make_picture(1_000, 1_000)
    assert decode_view(encode_view(layout, picture)) == (layout, picture)


GOOD = {"width": 9, "height": 9, "text": "a", "places": [1, 1, 2, 2]}


@pytest.mark.parametrize(
    "change",
    [
        {"width": 0},
        {"height": MOST_PIXELS_A_SIDE + 1},
        {"width": True},
        {"text": 7},
        {"text": "ab"},
        {"places": [1, 1, 2]},
        {"places": [1, 1, 2, 10_001]},
        {"places": [2, 1, 2, 2]},
        {"places": [-1, -1, -1, 2]},
        {"places": [1, 1, "2", 2]},
    ],
)
def test_what_no_sane_reader_sends_is_refused(change):
    decode_layout(json.dumps(GOOD))
    with pytest.raises(ViewError):
        decode_layout(json.dumps({**GOOD, **change}))


@pytest.mark.parametrize(
    "data",
    [b"", b"\0\0\0\xff{}", b"\0\0\0\x02{}", b"\0\0\0\x02[}" + PNG_BEGINNING,
     encode_view(lay_out("a"), b"GIF89a" + bytes(40)),
     encode_view(lay_out("a"), make_picture(1_000, 999))],
)  # fmt: skip
def test_bytes_that_are_no_view_are_refused(data):
    with pytest.raises(ViewError):
        decode_view(data)


def test_what_is_printed_twice_to_look_bold_is_one_text():
    layout = lay_out("the ferry")
    again = [place and (place[0] + 20, *place[1:3], place[3] + 10) for place in layout.places]
    bold = PageLayout(10, 10, layout.text * 2, (*layout.places, *again))
    assert mark_picture("the ferry", bold).match is QuoteMatch.EXACT
    over = PageLayout(10, 10, layout.text + "xxxxxxxxx\n", (*layout.places, *again))
    assert mark_picture("the ferry", over).match is QuoteMatch.NEAR


def test_a_part_of_what_has_one_box_is_near_and_the_box_is_marked_once():
    box = (1_000, 1_000, 3_000, 1_200)
    layout = PageLayout(
        10, 10, "Security Handler", tuple(None if c == " " else box for c in "Security Handler")
    )
    assert mark_picture("Security Handler", layout) == MarkedPicture(QuoteMatch.EXACT, (box,))
    assert mark_picture("Handler", layout) == MarkedPicture(QuoteMatch.NEAR, (box,))
