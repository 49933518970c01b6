"""Columns beside one another are rows where their lines are too short for prose."""

import pytest

from pipeline.recognition.page_words import PageWords, RecognisedWord, join_words, read_page
from pipeline.recognition.table_rows import join_rows

HEIGHT, WIDTH = 20, 30
# Left edge, top and text of each line, in the order in which an engine gives them.
FORM = (
    (0, 0, "Application for a berth"),
    (0, 100, "Name:"),
    (0, 140, "Date of birth:"),
    (0, 180, "Fee:"),
    (400, 102, "Ruth Delacroix"),
    (400, 141, "8 October 1972"),
    (400, 178, "90.12"),
)
ROWS = "Application for a berth\nName: Ruth Delacroix\nDate of birth: 8 October 1972\nFee: 90.12"
LINE = "and the ferry leaves the harbour"
PROSE = tuple((left, top, LINE) for left in (0, 400) for top in range(0, 400, 40))
TURNS = {
    "as it is": lambda box: box,
    "on its head": lambda box: (1000 - box[2], 1000 - box[3], 1000 - box[0], 1000 - box[1]),
    "running up": lambda box: (box[1], 1000 - box[2], box[3], 1000 - box[0]),
    "running down": lambda box: (1000 - box[3], box[0], 1000 - box[1], box[2]),
}


def write(lines, turn=TURNS["as it is"]):
    words = []
    for left, top, text in lines:
        for number, word in enumerate(text.split()):
            at = left + number * WIDTH
            box = turn((at, top, at + WIDTH - 5, top + HEIGHT))
            words.append(RecognisedWord(text=word, box=box, confidence=90, begins_line=not number))
    return words


@pytest.mark.parametrize("turn", TURNS)
def test_values_stand_beside_their_labels_however_the_page_lies(turn):
    assert join_words(join_rows(write(FORM, TURNS[turn]))) == ROWS


def test_columns_of_prose_stay_apart():
    assert join_rows(write(PROSE)) == tuple(write(PROSE))


def test_each_column_of_a_table_is_a_cell_of_its_row():
    columns = ("Item Anchor Rope Lamp", "Count 3 12 1", "Price 10.00 2.50 20.00")
    lines = [
        (300 * column, 40 * row, cell)
        for column, cells in enumerate(columns)
        for row, cell in enumerate(cells.split())
    ]
    assert join_words(join_rows(write(lines))) == (
        "Item Count Price\nAnchor 3 10.00\nRope 12 2.50\nLamp 1 20.00"
    )


def test_a_lone_note_beside_a_text_is_no_row():
    lines = (*((0, top, LINE) for top in range(0, 400, 40)), (500, 80, "see 4"))
    assert join_rows(write(lines)) == tuple(write(lines))


def test_no_word_is_lost_and_none_said_twice():
    words = write((*FORM, *PROSE, (0, 0, "a"), (0, 0, "b"), (10, 0, "c")))
    joined = join_rows(words)
    assert sorted(word.text for word in joined) == sorted(word.text for word in words)


def test_a_page_without_words_has_no_rows():
    assert join_rows([]) == ()


def test_pages_are_read_so():
    page = PageWords(width=1000, height=1000, words=tuple(write(FORM)))
    assert read_page("engine", page).text == ROWS
