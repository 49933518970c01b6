"""Where a quote stands in the text of a page, and what is never taken for it."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.extraction.text_cleanup import clean_text
from pipeline.page_views.quote_places import MOST_PLACES, QuoteMatch, find_quote

PAGE = (
    "The pier was opened in 1987.\r\nThe har\x02\r\nbour master kept the of\ufb01ce open-\r\nended."
)


def find(quote, text=PAGE):
    found = find_quote(quote, text)
    return found.match.value, [text[one.start : one.end] for one in found.stretches]


@pytest.mark.parametrize(
    ("quote", "match", "stretch"),
    [
        ("opened in 1987", "exact", "opened in 1987"),
        ("opened  in\n1987.", "exact", "opened in 1987."),
        ("The harbour master", "exact", "The har\x02\r\nbour master"),
        ("office", "exact", "of\ufb01ce"),
        ("open-ended", "exact", "open-\r\nended"),
        ("openended", "exact", "open-\r\nended"),
        ("Opened (in 1987)", "near", "opened in 1987"),
    ],
)
def test_a_quote_is_found_as_the_cleaned_text_has_it(quote, match, stretch):
    assert find(quote) == (match, [stretch])


@pytest.mark.parametrize(
    "quote", ["", " \n", "…", "pie", "ened", "closed in 1987", "198", "of-fice"]
)
def test_what_is_not_there_or_only_in_a_word_is_not_found(quote):
    assert find(quote) == ("none", [])


def test_a_hyphen_within_a_line_belongs_to_the_words():
    assert find("10-12", "from 10-12 to 1012") == ("exact", ["10-12"])
    assert find("1012", "from 10-12 to 1012") == ("exact", ["1012"])
    assert find("1012", "from 10-12") == ("none", [])


def test_every_place_is_told_but_no_more_than_some():
    assert find("the", "the boat, the sea") == ("exact", ["the", "the"])
    assert len(find_quote("a", "a " * 500).stretches) == MOST_PLACES
    # Where it is a part of other words, it is not counted.
    assert find("the", "there " * 100 + "the") == ("exact", ["the"])
    assert find("ana", "banana ana") == ("exact", ["ana"])


def test_of_a_quote_over_two_pages_the_part_on_this_one_is_near():
    quote = "The ferry leaves the harbour at noon, when the tide turns and the bridge opens."
    first, second = (
        "Before. The ferry leaves the harbour at noon, when the",
        "tide turns and the bridge opens. After.",
    )
    assert find(quote, first) == ("near", [first.removeprefix("Before. ")])
    assert find(quote, second) == ("near", [second.removesuffix(". After.")])
    assert find(quote, f"{first} x {first}") == ("none", [])
    # Where the two part in the middle of a word, that word is another one.
    other = first.removesuffix("the") + "theatre"
    assert find(quote, other) == ("near", ["The ferry leaves the harbour at noon, when"])
    # What is left without it is too little.
    assert find(quote, "under" + second) == ("none", [])


def test_scripts_without_spaces_have_quotes_that_begin_anywhere():
    assert find("港の桟橋", "北の港の桟橋は長い。") == ("exact", ["港の桟橋"])


WORDS = st.lists(st.text(string.ascii_letters + string.digits + ".,ﬁéß港", min_size=1), min_size=1)


@given(WORDS, st.data())
def test_whatever_stands_in_the_cleaned_text_between_spaces_is_exact(words, data):
    ends = data.draw(
        st.lists(
            st.sampled_from([" ", "\r\n", "  ", "-\r\n"]), min_size=len(words), max_size=len(words)
        )
    )
    text = "".join(word + end for word, end in zip(words, ends, strict=True))
    cleaned = clean_text(text).split()
    if not cleaned:
        return
    first = data.draw(st.integers(0, len(cleaned) - 1))
    last = data.draw(st.integers(first, len(cleaned) - 1))
    quote = " ".join(cleaned[first : last + 1])
    if any(letter.isalnum() for letter in quote):
        assert find_quote(quote, text).match is QuoteMatch.EXACT


@given(st.text(max_size=80), st.text(max_size=300))
def test_what_is_exact_has_the_letters_of_the_quote(quote, text):
    found = find_quote(quote, text)
    for one in found.stretches:
        assert 0 <= one.start < one.end <= len(text)
        if found.match is QuoteMatch.EXACT:
            assert keep_letters(text[one.start : one.end]) == keep_letters(quote)
    assert bool(found.stretches) == (found.match is not QuoteMatch.NONE)


def keep_letters(text):
    return [letter for letter in clean_text(text) if letter.isalnum()]
