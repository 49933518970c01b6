"""What a model writes about a chunk, in as few tokens as it takes, and the summary that it makes.

A token that is written costs eight times one that is read, so nothing is asked for that the text
itself tells: on which pages a name stands, and how a date reads in ISO 8601.
"""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from pipeline.prompts import FIND_MENTIONS, SUMMARIZE_ALL, SUMMARIZE_CHUNK, SUMMARIZE_CORE
from pipeline.summaries.mentions import (
    MAX_ENTITIES,
    PageTexts,
    add_mentions,
    write_on_one_line,
)
from pipeline.summaries.summary_types import CoreSummary, Entity, EntityKind, EventDate, Summary
from shared.llm.extractive.date_finding import read_iso
from shared.llm.model import AnswerT, ModelRequest, Purpose, Source
from shared.llm.model_window import MAX_CHUNK_OUTPUT_TOKENS
from shared.llm.prompt_rendering import estimate_source_tokens

MAX_OUTPUT_TOKENS = 2_000

_MAX_MENTIONS_OUTPUT_TOKENS = 1_500

# So many names, and so many dates, for each of so many tokens of text.
_MENTIONS = 15
_TOKENS_FOR_MENTIONS = 8_000

# Between a date and what happens then: not the colon of a time of day.
_AFTER_DATE = re.compile(r"\s*:\s+|\s+[\u2013\u2014-]\s+")
# A word that says what an event is about has more letters than this.
_SHORT_WORD = 3


def _read_lines(written: object) -> object:
    """A list of lines; of a model that writes objects instead, the texts in each."""
    if not isinstance(written, list):
        return written
    return [
        ": ".join(text for text in line.values() if isinstance(text, str))
        if isinstance(line, dict)
        else line
        for line in written
    ]


_Lines = Annotated[
    list[str],
    BeforeValidator(_read_lines),
    Field(json_schema_extra={"maxItems": MAX_ENTITIES}),
]


class Mentions(BaseModel):
    """The names and dates of a chunk, as a model writes them."""

    model_config = ConfigDict(frozen=True)

    people: _Lines = []
    organisations: _Lines = []
    places: _Lines = []
    products: _Lines = []
    laws: _Lines = []
    other_names: _Lines = []
    dates: _Lines = Field(
        default=[],
        description="Each a date as it stands in the text, a colon, and what happens then.",
    )

    @property
    def names(self) -> Iterable[tuple[EntityKind, str]]:
        """Each name with its kind."""
        kinds = (
            (EntityKind.PERSON, self.people),
            (EntityKind.ORGANISATION, self.organisations),
            (EntityKind.PLACE, self.places),
            (EntityKind.PRODUCT, self.products),
            (EntityKind.LAW, self.laws),
            (EntityKind.OTHER, self.other_names),
        )
        return ((kind, name) for kind, names in kinds for name in names)


class ChunkAnswer(CoreSummary, Mentions):
    """What a chunk says, with its names and dates."""


def build_chunk_request(sources: Sequence[Source]) -> ModelRequest[ChunkAnswer]:
    """The request for all of a chunk's summary at once."""
    question = SUMMARIZE_ALL.format(most=count_mentions(sources))
    return _build_request(sources, ChunkAnswer, MAX_CHUNK_OUTPUT_TOKENS, question)


def build_core_request(sources: Sequence[Source]) -> ModelRequest[CoreSummary]:
    """The request for what a chunk says, without names and dates."""
    return _build_request(sources, CoreSummary, MAX_OUTPUT_TOKENS, SUMMARIZE_CORE)


def build_mentions_request(sources: Sequence[Source]) -> ModelRequest[Mentions]:
    """The request for the names and dates of a chunk, which begins as that for its core does."""
    question = FIND_MENTIONS.format(most=count_mentions(sources))
    request = _build_request(sources, Mentions, _MAX_MENTIONS_OUTPUT_TOKENS, question)
    return replace(request, purpose=Purpose.FIND_MENTIONS)


def build_picking_request(sources: Sequence[Source]) -> ModelRequest[Summary]:
    """The request to the offline model, which fills the shape of a summary itself."""
    return _build_request(sources, Summary, MAX_CHUNK_OUTPUT_TOKENS)


def _build_request(
    sources: Sequence[Source],
    answer_type: type[AnswerT],
    max_output_tokens: int,
    question: str = "",
) -> ModelRequest[AnswerT]:
    return ModelRequest(
        purpose=Purpose.SUMMARIZE_CHUNK,
        instructions=SUMMARIZE_CHUNK,
        sources=tuple(sources),
        answer_type=answer_type,
        max_output_tokens=max_output_tokens,
        question=question,
    )


def count_mentions(sources: Iterable[Source]) -> int:
    """How many names, and how many dates, a text of that length may have in its summary."""
    tokens = sum(estimate_source_tokens(source.text) for source in sources)
    return min(MAX_ENTITIES, _MENTIONS * math.ceil(tokens / _TOKENS_FOR_MENTIONS))


def build_summary(
    core: CoreSummary, mentions: Mentions | None, sources: Sequence[Source]
) -> Summary:
    """The summary of a chunk, with those names and dates that its text bears out.

    Args:
        core: What the chunk says.
        mentions: Its names and dates; None if there are none to be had.
        sources: Its pages; a text without pages has the page 0.
    """
    texts = PageTexts(sources)
    return add_mentions(
        core,
        [_read_names(mentions, texts)] if mentions else [],
        [_read_dates(mentions, texts)] if mentions else [],
    )


def _read_names(mentions: Mentions, texts: PageTexts) -> list[Entity]:
    entities = []
    for kind, written in mentions.names:
        name = write_on_one_line(written)
        pages = texts.find_pages(name)
        if pages is not None and any(map(str.isalpha, name)):
            entities.append(Entity(name=name, kind=kind, pages=pages))
    return entities


def _read_dates(mentions: Mentions, texts: PageTexts) -> list[EventDate]:
    """The dates; one that stands on several pages is cited from those that tell of its event."""
    dates = []
    for line in mentions.dates:
        text, *event = _AFTER_DATE.split(write_on_one_line(line), maxsplit=1)
        pages = texts.find_pages(text)
        if pages is not None:
            happening = "".join(event)
            words = [word for word in re.findall(r"\w+", happening) if len(word) > _SHORT_WORD]
            pages = texts.choose_pages(pages, words)
            dates.append(EventDate(text=text, iso=read_iso(text), event=happening, pages=pages))
    return dates
