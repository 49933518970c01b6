"""Summaries of parts into the summary of a whole, of a document or of a text."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from pipeline.answers import KeptAnswer
from pipeline.prompts import COMBINE, SUMMARIZE_CHUNK
from pipeline.summary_types import Summary
from shared.errors import ContextOverflowError
from shared.ledger.table import Put
from shared.llm.model import ModelRequest, Purpose, Source, Usage
from shared.llm.prompt_rendering import TOKENS_AROUND_SOURCE
from shared.llm.token_estimate import estimate_tokens

_MAX_OUTPUT_TOKENS = 2_000

# Groups are not made smaller than this to fit a model whose window is smaller than was said.
_MIN_GROUP_TOKENS = 500

# A page is not divided further than this for the same reason.
_MIN_PART_CHARACTERS = 200


def build_chunk_request(sources: Iterable[Source]) -> ModelRequest[Summary]:
    """The request for the summary of one part."""
    return ModelRequest(
        purpose=Purpose.SUMMARIZE_CHUNK,
        instructions=SUMMARIZE_CHUNK,
        sources=tuple(sources),
        answer_type=Summary,
        max_output_tokens=_MAX_OUTPUT_TOKENS,
    )


def build_combine_request(sources: tuple[Source, ...]) -> ModelRequest[Summary]:
    """The request that makes one summary of those of several parts."""
    return ModelRequest(
        purpose=Purpose.COMBINE,
        instructions=COMBINE,
        sources=sources,
        answer_type=Summary,
        max_output_tokens=_MAX_OUTPUT_TOKENS,
    )


def summarize_sources(
    sources: tuple[Source, ...],
    ask: Callable[[tuple[Source, ...]], KeptAnswer[Summary]],
    combine: Callable[[list[tuple[Source, ...]]], KeptAnswer[Summary]],
    keep: Callable[[Put], object],
) -> KeptAnswer[Summary]:
    """Summarise one part of a text, in halves where the model cannot take it whole.

    Args:
        sources: The pages of the part.
        ask: Summarises pages.
        combine: Combines the summaries of two halves, each as sources.
        keep: Writes the row of an intermediate answer.

    Raises:
        ContextOverflowError: The model cannot take even a small piece.
    """
    try:
        return ask(sources)
    except ContextOverflowError:
        halves = halve_sources(sources)
        if halves is None:
            raise
    usage, cost = Usage(), 0
    parts = []
    for half in halves:
        answer = summarize_sources(half, ask, combine, keep)
        usage, cost = usage + answer.usage, cost + answer.cost
        if answer.row is not None:
            keep(answer.row)
        parts.append(to_sources(half[0].first_page, half[-1].last_page, answer.value))
    whole = combine(parts)
    return KeptAnswer(whole.value, whole.model, usage + whole.usage, cost + whole.cost, whole.row)


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


def combine_parts(
    parts: list[tuple[Source, ...]],
    ask: Callable[[tuple[Source, ...]], KeptAnswer[Summary]],
    keep: Callable[[Put], object],
    max_tokens: int,
) -> KeptAnswer[Summary]:
    """Combine the summaries of parts group by group until one is left.

    Every intermediate answer is kept, so that a repeated delivery goes on where the last stopped.

    Args:
        parts: The summaries, each as sources (`to_sources`), in order.
        ask: Combines a group.
        keep: Writes the row of an intermediate answer.
        max_tokens: The most that one group has.

    Returns:
        The last answer, with the usage and the cost of all.
    """
    level = parts
    usage, cost = Usage(), 0
    while True:
        groups = group_sources(level, max_tokens)
        combined: list[tuple[Source, ...]] = []
        try:
            for group in groups:
                answer = ask(group)
                usage, cost = usage + answer.usage, cost + answer.cost
                if len(groups) == 1:
                    return KeptAnswer(answer.value, answer.model, usage, cost, answer.row)
                if answer.row is not None:
                    # At once: should the next group fail, this one is not paid for again.
                    keep(answer.row)
                last_page = max(source.last_page for source in group)
                combined.append(to_sources(group[0].first_page, last_page, answer.value))
        except ContextOverflowError:
            if max_tokens < _MIN_GROUP_TOKENS:
                raise
            max_tokens //= 2
            continue
        level = combined


def to_sources(first_page: int, last_page: int, summary: Summary) -> tuple[Source, ...]:
    """A part's summary as sources: its abstract, then its key points with their own pages."""
    abstract = Source(first_page, last_page, f"{summary.title}\n\n{summary.abstract}")
    points = (
        Source(min(point.pages), max(point.pages), point.text)
        if point.pages
        else Source(first_page, last_page, point.text)
        for point in summary.key_points
    )
    return (abstract, *points)


def group_sources(parts: list[tuple[Source, ...]], max_tokens: int) -> list[tuple[Source, ...]]:
    """Join consecutive parts into groups of at most `max_tokens`, each of at least two parts.

    Two parts a group at the least, so that every level of combining is shorter than the last.
    """
    groups: list[tuple[Source, ...]] = []
    group: tuple[Source, ...] = ()
    size, count = 0, 0
    for index, part in enumerate(parts):
        part_tokens = sum(estimate_tokens(s.text) + TOKENS_AROUND_SOURCE for s in part)
        is_last = index == len(parts) - 1
        if count >= 2 and size + part_tokens > max_tokens and not is_last:
            groups.append(group)
            group, size, count = (), 0, 0
        group, size, count = (*group, *part), size + part_tokens, count + 1
    return [*groups, group]
