# ruff: noqa: RUF001 - texts of many scripts, meant as they stand
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.llm.extractive.sentences import INVISIBLE, MAX_SENTENCE_CHARS, split_sentences


def texts(text):
    return [sentence.text for sentence in split_sentences(text)]


def without_space(text):
    return re.sub(r"\s+", "", INVISIBLE.sub("", text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One thing. Another thing! A third?", ["One thing.", "Another thing!", "A third?"]),
        ("It cost 3.14 euro. Dr. Who paid.", ["It cost 3.14 euro.", "Dr. Who paid."]),
        ("J. R. Smith wrote it. He did.", ["J. R. Smith wrote it.", "He did."]),
        ("Am 3. Mai war es kalt. Es war z. B. Frost.", ["Am 3. Mai war es kalt.", None]),
        ("He said “stop.” Then he left.", ["He said “stop.”", "Then he left."]),
        (
            "これは文です。「次の文です。」終わり。",
            ["これは文です。", "「次の文です。」", "終わり。"],
        ),
        ("第一句。第二句！第三句？", ["第一句。", "第二句！", "第三句？"]),
        ("यह एक वाक्य है। यह दूसरा है।", ["यह एक वाक्य है।", "यह दूसरा है।"]),
        ("ما هذا؟ هذا كتاب. شكرا.", ["ما هذا؟", "هذا كتاب.", "شكرا."]),
        ("یہ ایک جملہ ہے۔ یہ دوسرا ہے۔", ["یہ ایک جملہ ہے۔", "یہ دوسرا ہے۔"]),
        ("ეს არის წინადადება. მეორე.", ["ეს არის წინადადება.", "მეორე."]),
    ],
)
def test_sentences_end_where_each_script_ends_them(text, expected):
    for got, wanted in zip(texts(text), expected, strict=True):
        assert wanted is None or got == wanted


def test_a_sentence_runs_over_printed_lines_and_a_heading_does_not():
    page = (
        "The Title\n"
        "This sentence is printed over two of the lines of\n"
        "its page. And here is a second one that is long too.\n"
        "Second part\n"
        "More text follows here, as long as the other lines are.\n"
    )
    assert texts(page) == [
        "The Title",
        "This sentence is printed over two of the lines of its page.",
        "And here is a second one that is long too.",
        "Second part",
        "More text follows here, as long as the other lines are.",
    ]


def test_list_items_are_sentences_of_their_own():
    assert texts("• first point of the list\n• second point\n1. numbered\n2. again") == [
        "• first point of the list",
        "• second point",
        "1. numbered",
        "2. again",
    ]


def test_hyphens_at_line_ends_and_scripts_without_spaces_are_joined():
    assert texts("a well-\nknown thing.") == ["a well-known thing."]
    assert texts("東京は日本の首\n都です。") == ["東京は日本の首都です。"]
    # PDFium's own mark for a hyphen that it has taken out.
    assert texts("a hyphen\x02ated word.") == ["a hyphenated word."]


def test_whether_a_sentence_is_complete():
    assert [one.complete for one in split_sentences("A heading\n\nA sentence. A fragment")] == [
        False,
        True,
        False,
    ]


@pytest.mark.parametrize("unit", ["word ", "字", "กขค", "x", "a. ", "1 2 3\n", "A. B. ", "\u0301"])
def test_any_run_is_cut_to_length_and_quickly(unit):
    text = unit * (100_000 // len(unit))
    started = time.process_time()
    sentences = split_sentences(text)
    assert time.process_time() - started < 2
    assert all(0 < len(one.text) <= MAX_SENTENCE_CHARS for one in sentences)
    assert without_space("".join(one.text for one in sentences)) == without_space(text)


@given(st.text(alphabet=st.characters() | st.sampled_from(" \n.。?!-•1A字"), max_size=300))
def test_nothing_is_lost_added_or_reordered(text):
    sentences = texts(text)
    assert without_space("".join(sentences)) == without_space(text)
    assert all(sentence == sentence.strip() != "" for sentence in sentences)
