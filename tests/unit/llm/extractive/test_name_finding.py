import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.llm.extractive.name_finding import find_names
from shared.llm.extractive.sentences import split_sentences


def names(text):
    return [(one.name, one.kind) for one in find_names([s.text for s in split_sentences(text)])]


@pytest.mark.parametrize(
    ("text", "name", "kind"),
    [
        ("It was signed by Professor Anna Lindqvist at noon.", "Anna Lindqvist", "person"),
        ("Then Dr. J. van der Berg spoke.", "J. van der Berg", "person"),
        ("Gestern kam Herr Müller-Lüdenscheidt an.", "Müller-Lüdenscheidt", "person"),
        ("The Ministry of Transport has agreed.", "Ministry of Transport", "organisation"),
        ("It was built by Nordwind GmbH in the port.", "Nordwind GmbH", "organisation"),
        ("They study at Aarhus University now.", "Aarhus University", "organisation"),
        ("Under Regulation (EU) 2016/679 it is so.", "Regulation (EU) 2016/679", "law"),
        ("See the Data Protection Act 2018 for this.", "Data Protection Act 2018", "law"),
        ("Die Richtlinie 2008/98/EG gilt.", "Richtlinie 2008/98/EG", "law"),
    ],
)
def test_names_that_a_mark_gives_away(text, name, kind):
    assert names(text) == [(name, kind)]


def test_a_run_of_capitals_counts_once_it_comes_back():
    once = "It is known that the old Blue Tide project was late again."
    assert names(once) == []
    assert names(f"{once} It is said that the Blue Tide project will be late once more.") == [
        ("Blue Tide", "other")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Table of Contents\nFull Address\nFull Address\nFull Address",
        "seals rest on sandbanks and hunt at high tide.",
        "Seals rest. Herons wait. Seals rest. Herons wait.",
        "THE WHOLE PAGE IS IN CAPITALS AND THE WHOLE PAGE IS LOUD.",
        "",
    ],
)
def test_what_is_no_certain_name(text):
    assert names(text) == []


@given(st.lists(st.text(alphabet="AaBbÉé .,GmbHDr'&-0/12\n", max_size=60), max_size=5))
def test_a_name_stands_in_a_sentence(sentences):
    for found in find_names(sentences):
        assert any(found.name in sentence for sentence in sentences)
