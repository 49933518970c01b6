"""Summaries of parts into the summary of a whole, of a document or of a text."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain

from pipeline.metering.metered_calls import KeptAnswer, MeteredCalls
from pipeline.prompts import COMBINE
from pipeline.summaries.chunk_answers import (
    MAX_OUTPUT_TOKENS,
    build_chunk_request,
    build_core_request,
    build_mentions_request,
    build_picking_request,
    build_summary,
)
from pipeline.summaries.mentions import add_mentions, check_mentions
from pipeline.summaries.summary_types import CoreSummary, Summary
from shared.deadline import Deadline
from shared.document_formats import PAGE
from shared.errors import ContextOverflowError, LateAnswerError, ModelAnswerError
from shared.ledger.spending import Spending
from shared.llm.model import ModelRequest, Purpose, Source
from shared.llm.model_window import ModelWindow, pack
from shared.llm.prompt_rendering import estimate_source_tokens

logger = logging.getLogger("seashore.summarize")

# Groups are not made smaller than this to fit a model whose window is smaller than was said.
_MIN_GROUP_TOKENS = 500

# A page is not divided further than this for the same reason.
_MIN_PART_CHARACTERS = 200


@dataclass(frozen=True)
class SummarizedPart:
    """The summary of a part of a text, and the pages of that part (0 for a text without pages)."""

    first_page: int
    last_page: int
    summary: Summary
    unit: str = PAGE


def build_combine_request(sources: tuple[Source, ...]) -> ModelRequest[CoreSummary]:
    """The request that makes one summary of those of several parts, without names and dates."""
    return ModelRequest(
        purpose=Purpose.COMBINE,
        instructions=COMBINE,
        sources=sources,
        answer_type=CoreSummary,
        max_output_tokens=MAX_OUTPUT_TOKENS,
    )


def summarize_sources(
    sources: tuple[Source, ...], calls: MeteredCalls, window: ModelWindow, deadline: Deadline
) -> KeptAnswer[Summary]:
    """Summarise one part of a text, in halves where the model cannot take it whole.

    Its names and dates are those that the text bears out.

    Args:
        sources: The pages of the part.
        calls: The model. Answers on the way are kept; the last one is the caller's to keep.
        window: How much the model reads and writes.
        deadline: When the time is up.

    Returns:
        The last answer, with its own cost only.

    Raises:
        ContextOverflowError: The model cannot take even a small piece.
    """
    try:
        return _summarize_whole(sources, calls, window, deadline)
    except ContextOverflowError:
        halves = halve_sources(sources)
        if halves is None:
            raise
    parts = []
    for half in halves:
        answer = summarize_sources(half, calls, window, deadline)
        calls.keep(answer)
        parts.append(SummarizedPart(half[0].first_page, half[-1].last_page, answer.value))
    return combine_summaries(parts, calls, window.combine_tokens, deadline)


def _summarize_whole(
    sources: tuple[Source, ...], calls: MeteredCalls, window: ModelWindow, deadline: Deadline
) -> KeptAnswer[Summary]:
    """The summary of one part, as the model in use is best asked for it."""
    if calls.is_extractive:
        picked = calls.ask(build_picking_request(sources), deadline)
        return replace(picked, value=check_mentions(picked.value, sources))
    if window.is_small:
        return _summarize_in_turns(sources, calls, deadline)
    answer = calls.ask(build_chunk_request(sources), deadline)
    value = build_summary(answer.value, answer.value, sources)
    return KeptAnswer(value, answer.model, answer.used, answer.row)


def _summarize_in_turns(
    sources: tuple[Source, ...], calls: MeteredCalls, deadline: Deadline
) -> KeptAnswer[Summary]:
    """What a part says first, then its names and dates: a small window cuts off both together.

    A small model that cannot list names has still written a summary.
    """
    core = calls.ask(build_core_request(sources), deadline)
    calls.keep(core)
    try:
        answer = calls.ask(build_mentions_request(sources), deadline)
    except LateAnswerError:
        raise
    except ModelAnswerError as error:
        logger.warning(
            "mentions_left_out", extra={"action": "mentions_left_out", "cause": str(error)}
        )
        return KeptAnswer(build_summary(core.value, None, sources), core.model, Spending(), None)
    value = build_summary(core.value, answer.value, sources)
    return KeptAnswer(value, answer.model, answer.used, answer.row)


def halve_sources(
    sources: tuple[Source, ...],
) -> tuple[tuple[Source, ...], tuple[Source, ...]] | None:
    """Two halves: between two pages, or within the only page; None if it is too short for that."""
    if len(sources) > 1:
        middle = len(sources) // 2
        return sources[:middle], sources[middle:]
    (page,) = sources
    if len(page.text) < 2 * _MIN_PART_CHARACTERS:
        return None
    middle = len(page.text) // 2
    # At the next space, if there is one soon: each half has to be much shorter than the whole.
    middle = page.text.find(" ", middle, middle + middle // 2) + 1 or middle
    return (replace(page, text=page.text[:middle]),), (replace(page, text=page.text[middle:]),)


def combine_summaries(
    parts: Sequence[SummarizedPart], calls: MeteredCalls, max_tokens: int, deadline: Deadline
) -> KeptAnswer[Summary]:
    """Combine the summaries of parts: what they say by a model, names and dates by rule.

    Args and Returns: As of `combine_parts`.
    """
    sources = [
        to_sources(part.first_page, part.last_page, part.summary, part.unit) for part in parts
    ]
    answer = combine_parts(sources, calls, max_tokens, deadline)
    summary = add_mentions(
        answer.value,
        (part.summary.entities for part in parts),
        (part.summary.dates for part in parts),
    )
    return KeptAnswer(summary, answer.model, answer.used, answer.row)


def combine_parts(
    parts: list[tuple[Source, ...]], calls: MeteredCalls, max_tokens: int, deadline: Deadline
) -> KeptAnswer[CoreSummary]:
    """Combine the summaries of parts group by group until one is left.

    Every intermediate answer is kept, so that a repeated delivery goes on where the last stopped.

    Args:
        parts: The summaries, each as sources (`to_sources`), in order.
        calls: The model. The last answer is the caller's to keep.
        max_tokens: The most that one group has.
        deadline: When the time is up.

    Returns:
        The last answer, with its own cost only.

    Raises:
        ContextOverflowError: The model cannot take even a small group.
    """
    level = parts
    refused: set[tuple[Source, ...]] = set()
    while True:
        groups = group_sources(level, max_tokens)
        combined: list[tuple[Source, ...]] = []
        for group in groups:
            try:
                answer = calls.ask(build_combine_request(group), deadline)
            except ContextOverflowError:
                refused.add(group)
                smaller = _find_smaller_limit(level, refused, max_tokens)
                if smaller is None:
                    raise
                max_tokens = smaller
                break
            if len(groups) == 1:
                return answer
            # At once: should the next group fail, this one is not paid for again.
            calls.keep(answer)
            last_page = max(source.last_page for source in group)
            first = group[0]
            combined.append(to_sources(first.first_page, last_page, answer.value, first.unit))
        else:
            level = combined


def _find_smaller_limit(
    level: list[tuple[Source, ...]], refused: set[tuple[Source, ...]], max_tokens: int
) -> int | None:
    """The next lower limit at which no group is asked for that was refused; None at the lowest."""
    while max_tokens >= _MIN_GROUP_TOKENS:
        max_tokens //= 2
        if refused.isdisjoint(group_sources(level, max_tokens)):
            return max_tokens
    return None


def to_sources(
    first_page: int, last_page: int, summary: CoreSummary, unit: str = PAGE
) -> tuple[Source, ...]:
    """A part's summary as sources: its abstract, then its key points with their own pages."""
    abstract = Source(first_page, last_page, f"{summary.title}\n\n{summary.abstract}", unit)
    points = (
        Source(min(point.pages), max(point.pages), point.text, unit)
        if point.pages
        else Source(first_page, last_page, point.text, unit)
        for point in summary.key_points
    )
    return (abstract, *points)


def group_sources(parts: list[tuple[Source, ...]], max_tokens: int) -> list[tuple[Source, ...]]:
    """Join consecutive parts into groups of at most `max_tokens`, each of at least two parts.

    Two parts a group at the least, so that every level of combining is shorter than the last.
    """
    groups = list(pack(parts, _weigh_part, max_tokens, least_items=2))
    if len(groups) > 1 and len(groups[-1]) == 1:
        last = groups.pop()
        groups[-1] += last
    return [tuple(chain.from_iterable(group)) for group in groups]


def _weigh_part(part: tuple[Source, ...]) -> int:
    return sum(estimate_source_tokens(source.text) for source in part)
