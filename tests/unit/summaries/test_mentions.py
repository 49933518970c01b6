"""Names and dates are held to the text, whatever a model claims, and joined by rule."""

from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.summaries.mention_markdown import render_mentions
from pipeline.summaries.mentions import (
    MAX_DATES,
    MAX_ENTITIES,
    MAX_EVENTS_PER_DATE,
    check_mentions,
    join_dates,
    join_entities,
)
from pipeline.summaries.summary_types import Entity, EntityKind, EventDate, Summary
from shared.llm.model import Source

PAGES = (
    Source(1, 1, "Nordwind GmbH meets Ada Lovelace on 4 May 2026. The museum is open."),
    Source(
        2, 2, "Ada Love-\nlace writes to the EU about Nord\ufffe\nwind\u2019s plan of 4\nMay 2026."
    ),
    Source(3, 3, "東京都は2026年5月4日に発表した。"),
)


def entity(name, *pages, kind="person"):
    return Entity(name=name, kind=kind, pages=list(pages))


def date(text, *pages, iso=None, event="it begins"):
    return EventDate(text=text, iso=iso, event=event, pages=list(pages))


def check(entities=(), dates=(), sources=PAGES):
    summary = Summary(
        title="t",
        abstract="a",
        key_points=[],
        language="en",
        entities=list(entities),
        dates=list(dates),
    )
    return check_mentions(summary, sources)


def checked_pages(name, *cited, sources=PAGES):
    return [one.pages for one in check([entity(name, *cited)], sources=sources).entities]


@pytest.mark.parametrize(
    ("name", "cited", "pages"),
    [
        ("Ada Lovelace", [1, 2], [1, 2]),
        # Pages that do not hold it, or that do not exist, are not cited.
        ("Ada Lovelace", [1, 3, 99, 0, -1], [1]),
        # Over a line's end, hyphenated, with an ending, with another apostrophe, in other case.
        ("ada lovelace", [2], [2]),
        ("Nordwind", [1, 2], [1, 2]),
        ("Nordwind's", [2], [2]),
        # Scripts without spaces have no ends of words.
        ("東京", [3], [3]),
        ("EU", [2], [2]),
    ],
)
def test_a_name_is_cited_where_it_stands(name, cited, pages):
    assert checked_pages(name, *cited) == [pages]


@pytest.mark.parametrize(
    ("name", "cited"),
    [
        ("Grace Hopper", [1, 2, 3]),
        ("Ada Lovelace", [3]),
        ("Ada Lovelace", []),
        # Within another word: museum, Lovelace.
        ("EU", [1]),
        ("eu", [2]),
        ("lace", [1]),
        ("...", [1]),
        ("", [1]),
        ("2026", [1]),
        ("x" * 5_000, [1]),
    ],
)
def test_a_name_that_does_not_stand_there_is_dropped(name, cited):
    assert checked_pages(name, *cited) == []


def test_a_date_keeps_the_iso_form_that_its_text_bears_out():
    got = check(
        dates=[
            date("4 May 2026", 1, 2, iso="1999-01-01"),
            date("2026年5月4日", 3),
            date("4 June 2026", 1, iso="2026-06-04"),
            date("next year", 1, iso="2027"),
        ]
    ).dates
    assert [(one.text, one.iso, one.pages) for one in got] == [
        ("4 May 2026", "2026-05-04", [1, 2, 3])
    ]


def test_a_date_is_not_a_part_of_a_longer_number():
    sources = (Source(1, 1, "14 May 20267"),)
    assert check(dates=[date("4 May 2026", 1)], sources=sources).dates == []


def test_a_text_without_pages_cites_none():
    got = check([entity("Ada", 0), entity("Bob", 0)], sources=(Source(0, 0, "Ada waits."),))
    assert got.entities == [entity("Ada")]


def test_a_page_in_two_parts_is_one_page():
    sources = (Source(7, 7, "Ada waits."), Source(7, 7, "Bob waits."))
    assert [
        one.name for one in check([entity("Ada", 7), entity("Bob", 7)], sources=sources).entities
    ] == [
        "Ada",
        "Bob",
    ]


def test_the_same_name_is_one_entry_with_all_its_pages():
    joined = join_entities(
        [
            [entity("the Nordwind GmbH", 4, kind="other"), entity("Ada", 4)],
            [entity("Nordwind GmbH", 9, 7, 8, kind="organisation"), entity("ADA", 1, 4)],
        ]
    )
    assert joined == [
        entity("Nordwind GmbH", 4, 7, 8, 9, kind="organisation"),
        entity("ADA", 1, 4),
    ]


def test_dates_are_joined_by_day_and_event_in_order_of_time():
    joined = join_dates(
        [
            [date("May 2026", 3, iso="2026-05"), date("some day", 1)],
            [date("4 May 2026", 2, iso="2026-05-04"), date("May 4, 2026", 1, iso="2026-05-04")],
            [date("4 May 2026", 2, iso="2026-05-04", event="it ends")],
        ]
    )
    assert [(one.text, one.event, one.pages) for one in joined] == [
        ("May 2026", "it begins", [3]),
        ("4 May 2026", "it begins", [1, 2]),
        ("4 May 2026", "it ends", [2]),
        ("some day", "it begins", [1]),
    ]


def test_there_is_an_end_to_them():
    names = join_entities(
        [[entity(f"Name {n}", n, *([n + 1] * (n == 500)))] for n in range(1, 901)]
    )
    assert len(names) == MAX_ENTITIES
    # What stands on most pages comes first, then what comes first.
    assert [one.name for one in names[:3]] == ["Name 500", "Name 1", "Name 2"]
    one_day = [date("4 May 2026", n, iso="2026-05-04", event=f"event {n}") for n in range(1, 50)]
    assert len(join_dates([one_day])) == MAX_EVENTS_PER_DATE
    days = [
        date(f"{n} May {year}", 1, iso=f"{year}-05-{n:02d}")
        for n in range(1, 31)
        for year in (2020, 2021)
    ]
    assert len(join_dates([days])) == MAX_DATES


ENTITIES = st.lists(
    st.builds(
        Entity,
        name=st.sampled_from(["Ada", "ADA", "Bob", "the Bob", "Nordwind GmbH"]),
        kind=st.sampled_from(EntityKind),
        pages=st.lists(st.integers(1, 9), min_size=1, max_size=3),
    ),
    max_size=6,
)


@given(st.lists(ENTITIES, max_size=5))
def test_joining_loses_no_page_and_is_the_same_done_in_steps(lists):
    whole = join_entities(lists)
    assert len({one.name.casefold().removeprefix("the ") for one in whole}) == len(whole)
    for name in ("ada", "bob", "nordwind gmbh"):
        given_pages = {p for one in chain(*lists) if name in one.name.casefold() for p in one.pages}
        kept = {p for one in whole if name in one.name.casefold() for p in one.pages}
        assert kept == given_pages
    assert join_entities([whole]) == whole


@given(st.text(), st.text(), st.text())
def test_no_model_can_name_what_is_not_there(name, text, event):
    page = Source(1, 1, text)
    got = check([entity(name, 1)], [date(name, 1, event=event)], sources=(page,))
    if len(text) < len(name):
        folded = [one.name for one in got.entities] + [one.text for one in got.dates]
        assert all(len(one) <= 2 * len(text) + 2 for one in folded)
    if not name.strip():
        assert got.entities == got.dates == []


@given(st.text(min_size=1), st.text(min_size=1), st.text())
def test_rendered_mentions_add_no_lines_of_their_own(name, text, event):
    mentions = render_mentions(
        [entity(name, 1, 2, 5)], [date(text, 3, iso="2026-05-04", event=event)]
    )
    blocks = str(mentions).split("\n\n")
    assert [block.splitlines()[0][:2] for block in blocks] == ["##", "- ", "##", "- "]
    assert all(len(block.splitlines()) == 1 for block in blocks)


def test_mentions_for_people():
    mentions = render_mentions(
        [entity("Ada", 1, 2, 5), entity("Delft", kind="place"), entity("Bob", 3)],
        [date("4 May 2026", 3, iso="2026-05-04"), date("2026-05-05", iso="2026-05-05", event="")],
    )
    assert str(mentions) == (
        "## Names\n\n- **Persons:** Ada (p. 1-2,5); Bob (p. 3)\n- **Places:** Delft\n\n"
        "## Dates\n\n- 4 May 2026 (2026-05-04): it begins (p. 3)\n- 2026-05-05"
    )
    assert str(render_mentions([], [])) == ""


def test_an_unknown_kind_is_some_other_kind():
    assert Entity.model_validate({"name": "x", "kind": "Company", "pages": []}).kind == "other"
    assert Entity.model_validate({"name": "x", "kind": " Person ", "pages": []}).kind == "person"


def test_summaries_without_them_are_still_read():
    old = {"title": "t", "abstract": "a", "key_points": [], "language": "en"}
    assert Summary.model_validate(old).entities == Summary.model_validate(old).dates == []
