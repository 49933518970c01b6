"""The results of tasks as Markdown."""

import json
from collections.abc import Iterable

from pipeline.summaries.mention_markdown import render_mentions
from pipeline.tasks.agent.agent import AgentResult, StoppedBy
from pipeline.tasks.ask import AskResult, Citation, PagesRead
from pipeline.tasks.extract import ExtractResult
from pipeline.tasks.summarize import SummarizeResult
from pipeline.tasks.task_calls import TaskFacts
from shared.llm.model import EXTRACTIVE

_STOPS = {
    StoppedBy.STEPS: "It was stopped at the limit of its steps.",
    StoppedBy.TOKENS: "It was stopped at the limit of its tokens.",
    StoppedBy.TIME: "It was stopped at the limit of its time.",
}


def render_task_result(facts: TaskFacts, parts: Iterable[str]) -> str:
    """A task's result as Markdown, of the parts that its kind renders."""
    return "\n\n".join(filter(None, [*parts, f"*{_tell_origin(facts)}*"])) + "\n"


def render_answer(result: AskResult) -> list[str]:
    """An answer with its citations."""
    doubt = "" if result.answered else "**No page was found that supports an answer.**"
    citations = "\n".join(map(_render_citation, result.citations))
    return [
        f"# {_one_line(result.question)}",
        doubt,
        result.answer,
        citations,
        _tell_reading(result.pages_read),
    ]


def _render_citation(citation: Citation) -> str:
    quote = f": “{_one_line(citation.quote)}”" if citation.quote else ""
    return f"- {_one_line(citation.key)}, p. {citation.page}{quote}"


def render_fields(result: ExtractResult) -> list[str]:
    """The fields of a document as a table."""
    rows = [
        f"| {_cell(name)} | {_cell(_write_value(value))} | {result.pages.get(name, '')} |"
        for name, value in result.fields.items()
    ]
    missing = f"Not found: {', '.join(map(_one_line, result.missing))}." if result.missing else ""
    return [
        f"# {_one_line(result.document_key or 'Fields of a text')}",
        "\n".join(["| field | value | page |", "|---|---|---|", *rows]),
        missing,
    ]


def _write_value(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def render_summary(result: SummarizeResult) -> list[str]:
    """A summary of a text or a document."""
    points = [f"- {_one_line(point.text)}{_cite(point.pages)}" for point in result.key_points]
    source = ""
    if result.document is not None:
        gaps = result.document.coverage.describe_gaps()
        source = f"Of {_one_line(result.document.key)}{f'; {gaps}' if gaps else ''}."
    return [
        f"# {_one_line(result.title)}",
        _one_line(result.abstract),
        "\n".join(points),
        *render_mentions(result.entities, result.dates),
        source,
    ]


def _cite(pages: list[int]) -> str:
    return f" (p. {', '.join(map(str, pages))})" if pages else ""


def render_work(result: AgentResult) -> list[str]:
    """What came of a prompt, and the steps to it."""
    steps = "\n".join(
        f"{number}. {_one_line(step.tool)} `{_one_line(step.arguments)}`"
        f"{' (refused)' if step.is_error else ''}"
        for number, step in enumerate(result.steps, start=1)
    )
    return [
        f"# {_one_line(result.prompt)[:200]}",
        result.answer,
        _tell_reading(result.pages_read),
        f"Steps:\n\n{steps}" if steps else "",
        _STOPS.get(result.stopped_by, ""),
    ]


def _tell_reading(pages_read: list[PagesRead]) -> str:
    lines = []
    for read in pages_read:
        failed = read.could_not_be_read
        lines.append(
            f"{_one_line(read.key)}: {f'pages {read.pages}' if read.pages else 'no page'} "
            f"of {read.of}{f' (unreadable: {failed})' if failed else ''}"
        )
    return f"Read: {'; '.join(lines)}." if lines else ""


def _tell_origin(facts: TaskFacts) -> str:
    if facts.model == EXTRACTIVE:
        return "Sentences picked from the text; no language model was asked."
    cost = f", ${facts.cost_usd:.4f}" if facts.cost_usd else ""
    return (
        f"Written by {facts.model}: {facts.input_tokens} tokens in, "
        f"{facts.output_tokens} out{cost}."
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _cell(text: str) -> str:
    return _one_line(text).replace("|", "\\|")
