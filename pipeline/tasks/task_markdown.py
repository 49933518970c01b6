"""The results of tasks as Markdown."""

import json
from collections.abc import Iterable, Iterator

from pipeline.summaries.results import render_content, tell_origin
from pipeline.tasks.agent.agent import AgentResult, StoppedBy
from pipeline.tasks.ask import AskResult, Citation, PagesRead
from pipeline.tasks.extract.extract import ExtractResult
from pipeline.tasks.summarize import SummarizeResult
from pipeline.tasks.task_calls import TaskFacts
from shared.document_formats import cite_units, name_units
from shared.markdown import Markdown, join_markdown, write_code, write_lines, write_markdown
from shared.page_ranges import format_page_ranges

_MOST_PROMPT = 200
_MOST_VALUE = 2_000
_MOST_MISSING = 50
_STOPS = {
    StoppedBy.STEPS: "It was stopped at the limit of its steps.",
    StoppedBy.TOKENS: "It was stopped at the limit of its tokens.",
    StoppedBy.TIME: "It was stopped at the limit of its time.",
}


def render_task_result(facts: TaskFacts, parts: Iterable[Markdown]) -> str:
    """A task's result as Markdown, of the parts that its kind renders."""
    origin = tell_origin(facts.model, facts.input_tokens, facts.output_tokens, facts.cost_usd)
    return f"{join_markdown([*parts, write_markdown('*{}*', origin)])}\n"


def render_answer(result: AskResult) -> Iterator[Markdown]:
    """An answer with its citations."""
    yield write_markdown("# {}", result.question)
    if not result.answered:
        yield write_markdown("**No page was found that supports an answer.**")
    yield write_lines(result.answer)
    yield join_markdown(map(_render_citation, result.citations), "\n")
    yield _tell_reading(result.pages_read)


def _render_citation(citation: Citation) -> Markdown:
    quote = write_markdown(": “{}”" if citation.quote else "", citation.quote)
    return write_markdown(
        "- {}, {}{}", citation.key, cite_units(citation.unit, str(citation.page)), quote
    )


def render_fields(result: ExtractResult) -> Iterator[Markdown]:
    """The fields of a document as a table."""
    yield write_markdown("# {}", result.document_key or "Fields of a text")
    if result.shortfall:
        yield write_markdown("**Not complete: {}.**", result.shortfall)
    rows = [
        write_markdown("| {} | {} | {} |", name, _write_value(value), result.pages.get(name, ""))
        for name, value in result.fields.items()
    ]
    yield join_markdown(
        [write_markdown("| field | value | {} |\n|---|---|---|", result.unit), *rows], "\n"
    )
    for path, rows_of_list in result.rows.items():
        yield write_markdown(
            "{}: {} rows, all of them in {}.csv and {}.jsonl beside this file.",
            path,
            len(rows_of_list),
            result.files[path],
            result.files[path],
        )
    if result.missing:
        more = len(result.missing) - _MOST_MISSING
        named = ", ".join(result.missing[:_MOST_MISSING])
        yield write_markdown("Not found: {}{}.", named, f", and {more} more" if more > 0 else "")
    for name, candidates in result.conflicts.items():
        said = "; ".join(
            f"{_write_value(one.value)} ({_tell_pages(one.pages, result.unit)})"
            for one in candidates
        )
        yield write_markdown("{} is told differently: {}.", name, said)


def _tell_pages(pages: list[int], unit: str) -> str:
    return f"{unit} {format_page_ranges(pages)}" if pages else "in the text"


def _write_value(value: object) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _MOST_VALUE else f"{text[:_MOST_VALUE]} \u2026"


def render_summary(result: SummarizeResult) -> Iterator[Markdown]:
    """A summary of a text or a document."""
    yield render_content(
        result.title, result.abstract, result.key_points, result.entities, result.dates
    )
    if result.document is not None:
        gaps = result.document.coverage.describe_gaps()
        yield write_markdown("Of {}{}.", result.document.key, f"; {gaps}" if gaps else "")


def render_work(result: AgentResult) -> Iterator[Markdown]:
    """What came of a prompt, and the steps to it."""
    yield write_markdown("# {}", " ".join(result.prompt.split())[:_MOST_PROMPT])
    yield write_lines(result.answer)
    yield _tell_reading(result.pages_read)
    if result.steps:
        yield write_markdown("Steps:")
    steps = (
        write_markdown(
            "{}. {} {} (refused)" if step.is_error else "{}. {} {}",
            number,
            step.tool,
            write_code(step.arguments),
        )
        for number, step in enumerate(result.steps, start=1)
    )
    yield join_markdown(steps, "\n")
    yield write_markdown("{}", _STOPS.get(result.stopped_by, ""))


def _tell_reading(pages_read: list[PagesRead]) -> Markdown:
    lines = []
    for read in pages_read:
        failed = read.could_not_be_read
        lines.append(
            f"{read.key}: {name_units(read.unit, read.pages) if read.pages else f'no {read.unit}'} "
            f"of {read.of}{f' (unreadable: {failed})' if failed else ''}"
        )
    return write_markdown("Read: {}." if lines else "", "; ".join(lines))
