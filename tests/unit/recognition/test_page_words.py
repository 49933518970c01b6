"""What counts as words, and how sure a page is: pure functions."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.recognition.page_words import PageWords, RecognisedWord, measure_confidence, read_page
from pipeline.recognition.tesseract import parse_table

TABLE = "\n".join(
    [
        "1\t1\t0\t0\t0\t0\t0\t0\t600\t800\t-1\t",
        "5\t1\t1\t1\t1\t1\t10\t20\t30\t12\t96.4\tThe",
        "5\t1\t1\t1\t1\t2\t50\t20\t40\t12\t91.0\tpier",
        "5\t1\t1\t1\t2\t1\t10\t40\t40\t12\t80.2\topened",
        "5\t1\t2\t1\t1\t1\t10\t90\t40\t12\t70.0\tToday",
        "5\t1\t2\t1\t1\t2\t60\t90\t40\t12\t95.0\t ",
    ]
)


def make_word(text, confidence=90):
    return RecognisedWord(text=text, box=(0, 0, 1, 1), confidence=confidence)


def read(*words):
    return read_page("x", PageWords(width=10, height=10, words=words))


def test_lines_are_lines_and_paragraphs_stand_apart():
    page = read_page("x", parse_table(TABLE))

    assert page.text == "The pier\nopened\n\nToday"
    assert (page.width, page.height) == (600, 800)
    assert page.words[1].box == (50, 20, 90, 32)


def test_strokes_that_look_like_letters_are_no_words():
    assert read(make_word("|", 95), make_word("l", 90), make_word("—~", 70)).text == ""
    assert read(make_word("abc", 40), make_word("xy", 90)).text == ""


def test_a_word_that_is_sure_makes_a_page_of_words():
    page = read(make_word("Pier", 90), make_word("ab", 50))
    assert (page.text, page.confidence) == ("Pier ab", 77)


def test_much_text_is_text_however_unsure():
    page = read(*[make_word("letters", 35)] * 20)
    assert page.text
    assert page.confidence == 35


def test_stains_are_dropped_from_a_text():
    assert read(make_word("Pier", 90), make_word("''", 5)).text == "Pier"


@given(st.text(st.characters(exclude_characters="\t\n"), max_size=20))
def test_a_word_may_hold_any_characters(text):
    (*_, word) = [*parse_table(f"{TABLE}\n5\t1\t3\t1\t1\t1\t1\t2\t3\t4\t88.6\tx{text}").words]
    assert (word.text, word.confidence) == (f"x{text}".strip(), 89)


@given(st.lists(st.tuples(st.text(max_size=8), st.integers(0, 100)), max_size=12))
def test_a_page_is_as_sure_as_its_words(found):
    words = tuple(make_word(text, confidence) for text, confidence in found)
    assert 0 <= measure_confidence(words) <= 100
    page = read(*words)
    assert bool(page.words) == bool(page.text)
