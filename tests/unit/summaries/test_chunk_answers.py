"""What a model writes about a chunk: few tokens, and what the text itself tells is read there."""

import pytest

from pipeline.metering.metered_calls import KeptAnswer
from pipeline.summaries.chunk_answers import (
    ChunkAnswer,
    Mentions,
    build_chunk_request,
    build_core_request,
    build_mentions_request,
    build_summary,
    count_mentions,
)
from pipeline.summaries.combining import summarize_sources
from pipeline.summaries.summary_types import CoreSummary, Entity, EntityKind, EventDate
from shared.errors import LateAnswerError, ModelAnswerError
from shared.ledger.spending import Spending
from shared.llm.chat_completions.structured_output import strict_schema
from shared.llm.model import Purpose, Source
from shared.llm.model_window import ModelWindow
from shared.llm.prompt_rendering import render_prompt
from tests.fakes.lasting_deadline import DEADLINE

CORE = CoreSummary(title="T", abstract="A", key_points=[], language="en")
PAGES = (
    Source(1, 1, "Ada Lovelace opened the pier on 4 May 2026. Nordwind GmbH paid for it."),
    Source(2, 2, "Since 4 May 2026 the ferry calls. Ada Love-\nlace came by it in spring 2027."),
    Source(3, 3, "The lighthouse burnt at 10: 30 on 3 maja 1931, and on 04/05/2026 again."),
)


def build(**written):
    return build_summary(CORE, Mentions(**written), PAGES)


def test_a_name_is_cited_from_every_page_that_it_stands_on():
    summary = build(people=["Ada Lovelace", "Mallory"], organisations=["Nordwind\nGmbH", "4", ""])
    assert summary.entities == [
        Entity(name="Ada Lovelace", kind=EntityKind.PERSON, pages=[1, 2]),
        Entity(name="Nordwind GmbH", kind=EntityKind.ORGANISATION, pages=[1]),
    ]


@pytest.mark.parametrize(
    ("name", "pages"),
    [
        ("Northpier", [1, 3]),
        ("May", [2]),
        # As it is written nowhere, but as it reads.
        ("north Pier", [1, 2, 3]),
    ],
)
def test_words_that_only_read_alike_are_others(name, pages):
    sources = (
        Source(1, 1, "The ferry to North-\npier is late."),
        Source(2, 2, "May Hartwell met it at the north pier."),
        Source(3, 3, "NORTHPIER\nIt may rain."),
    )
    summary = build_summary(CORE, Mentions(places=[name]), sources)
    assert [one.pages for one in summary.entities] == [pages]


@pytest.mark.parametrize(
    ("line", "text", "iso", "event", "pages"),
    [
        # On two pages, of which one tells of it.
        ("4 May 2026: the pier is opened", "4 May 2026", "2026-05-04", "the pier is opened", [1]),
        ("4 May 2026: the ferry begins", "4 May 2026", "2026-05-04", "the ferry begins", [2]),
        ("4 May 2026", "4 May 2026", "2026-05-04", "", [1, 2]),
        ("4 May 2026 - something else", "4 May 2026", "2026-05-04", "something else", [1, 2]),
        # Of a form that is not known, and of a month in an unknown language.
        ("spring 2027: a visit", "spring 2027", "2027", "a visit", [2]),
        ("3 maja 1931: a fire", "3 maja 1931", None, "a fire", [3]),
        ("04/05/2026: a fire", "04/05/2026", None, "a fire", [3]),
    ],
)
def test_a_date_is_read_in_the_text(line, text, iso, event, pages):
    assert build(dates=[line]).dates == [EventDate(text=text, iso=iso, event=event, pages=pages)]


def test_objects_in_place_of_lines_are_taken_as_lines():
    """Of a model whose server does not hold it to the schema; to ask again would cost more."""
    mentions = Mentions.model_validate(
        {
            "people": [{"name": "Ada Lovelace", "pages": [1]}],
            "dates": [{"text": "4 May 2026", "event": "the ferry begins", "pages": [9]}],
        }
    )
    assert mentions.people == ["Ada Lovelace"]
    assert mentions.dates == ["4 May 2026: the ferry begins"]
    schema = strict_schema(Mentions)["properties"]
    assert schema["people"] == {"type": "array", "items": {"type": "string"}, "maxItems": 40}
    assert schema["dates"]["description"].startswith("Each a date")


def test_a_date_that_no_page_holds_is_dropped():
    assert build(dates=["5 May 2026: nothing", "", ": x"]).dates == []


def test_a_text_without_pages_has_names_and_dates_without_pages():
    text = (Source(0, 0, PAGES[0].text),)
    mentions = Mentions(people=["Ada Lovelace", "Mallory"], dates=["4 May 2026: it opens"])
    summary = build_summary(CORE, mentions, text)
    assert [(one.name, one.pages) for one in summary.entities] == [("Ada Lovelace", [])]
    assert [(one.text, one.pages) for one in summary.dates] == [("4 May 2026", [])]


def test_a_longer_text_may_have_more_names_and_dates():
    page = Source(1, 1, "word " * 700)
    assert [count_mentions([page] * pages) for pages in (1, 7, 8, 15, 25, 90)] == [
        *(15, 15, 30, 30, 40, 40)
    ]


def test_both_turns_about_a_chunk_begin_alike():
    first, second = (
        render_prompt(build_request(PAGES), "")
        for build_request in (build_core_request, build_mentions_request)
    )
    assert first.system == second.system
    assert first.user.rpartition("END ")[0] == second.user.rpartition("END ")[0]


class Asked:
    """A model that answers what it is told to, and knows what it was asked and to keep."""

    is_extractive = False

    def __init__(self, mentions=None):
        self.mentions = mentions
        self.purposes = []
        self.kept = []

    def ask(self, request, deadline):
        self.purposes.append(request.purpose)
        if request.answer_type is Mentions and isinstance(self.mentions, Exception):
            raise self.mentions
        value = request.answer_type(
            **(CORE.model_dump() if request.answer_type is not Mentions else {}),
            **({"people": ["Ada Lovelace"]} if request.answer_type is not CoreSummary else {}),
        )
        return KeptAnswer(value, "m", Spending(output_tokens=1), f"row {len(self.purposes)}")

    def keep(self, answer):
        self.kept.append(answer.row)


def test_a_chunk_is_one_answer():
    model = Asked()
    answer = summarize_sources(PAGES, model, ModelWindow(8_001), DEADLINE)
    assert model.purposes == [Purpose.SUMMARIZE_CHUNK]
    assert build_chunk_request(PAGES).answer_type is ChunkAnswer
    assert (answer.value.title, answer.row) == ("T", "row 1")
    assert [one.name for one in answer.value.entities] == ["Ada Lovelace"]


def test_in_a_small_window_the_core_comes_first_and_is_kept():
    model = Asked()
    answer = summarize_sources(PAGES, model, ModelWindow(8_000), DEADLINE)
    assert model.purposes == [Purpose.SUMMARIZE_CHUNK, Purpose.FIND_MENTIONS]
    assert model.kept == ["row 1"]
    assert (answer.value.title, answer.row) == ("T", "row 2")
    assert [one.name for one in answer.value.entities] == ["Ada Lovelace"]


def test_a_model_that_cannot_list_names_has_still_written_a_summary():
    model = Asked(ModelAnswerError("cut off"))
    answer = summarize_sources(PAGES, model, ModelWindow(8_000), DEADLINE)
    assert (answer.value.title, answer.value.entities) == ("T", [])
    assert (answer.row, answer.used) == (None, Spending())
    assert model.kept == ["row 1"]


def test_names_that_there_was_no_time_for_are_asked_for_later():
    with pytest.raises(LateAnswerError):
        summarize_sources(PAGES, Asked(LateAnswerError("no time")), ModelWindow(8_000), DEADLINE)
