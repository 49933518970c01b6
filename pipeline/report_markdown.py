"""The daily report as Markdown, for people who keep their notes in it and for other tools."""

from collections.abc import Iterable, Iterator, Sequence

from pipeline.report_page.build_view import build_view
from pipeline.report_page.markdown_escapes import escape_markdown, fence_code, quote_code
from pipeline.report_page.view import (
    Alarm,
    Attention,
    DigestText,
    Figure,
    FileNote,
    Line,
    ReportView,
    Room,
    Spending,
    Sum,
    Times,
)
from pipeline.report_types import DailyReport

ROOM = Room(documents=200, tasks=50, letters=20, files=50, models=20, digest_characters=20_000)


def render_markdown(report: DailyReport) -> str:
    """A report as Markdown (CommonMark, with the tables that GitHub has)."""
    return "\n\n".join(filter(None, _write_page(build_view(report, ROOM)))) + "\n"


def _write_page(view: ReportView) -> Iterator[str]:
    yield f"# {escape_markdown(view.verdict)}"
    yield f"{escape_markdown(view.stack)} · {view.day}"
    calm = "" if view.attention or view.alarm else " Nothing needs you."
    yield f"{view.lead}{calm}"
    if view.alarm:
        yield from _write_alarm(view.alarm)
    if view.attention:
        yield from _write_attention(view.attention)
    if view.sum:
        yield from _write_sum(view.sum)
    if view.digest:
        yield from _write_digest(view.digest)
    yield from _write_lines("Documents", view.documents, view.documents_more)
    yield from _write_lines("Tasks that failed or wait", view.tasks, view.tasks_more)
    if view.times:
        yield from _write_times(view.times)
    if view.spending:
        yield from _write_spending(view.spending)
    yield "---"
    yield view.made
    yield _list(f"{file.label}: {quote_code(file.value)}" for file in view.addresses)


def _list(items: Iterable[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def _write_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose first column stands at the left, and all others at the right."""
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rows))


def _list_figures(figures: Iterable[Figure]) -> str:
    return _list(
        f"{figure.label}: **{figure.value}**{f' ({figure.remark})' if figure.remark else ''}"
        for figure in figures
    )


def _write_alarm(alarm: Alarm) -> Iterator[str]:
    sentences = [f"**{alarm.headline.upper()}**", *map(escape_markdown, alarm.sentences)]
    yield "\n>\n".join(f"> {sentence}" for sentence in sentences)
    for command in alarm.commands:
        yield fence_code(command)


def _write_attention(attention: Attention) -> Iterator[str]:
    yield "## Needs you"
    yield attention.lead
    for card in attention.letters:
        examples = f" ({escape_markdown(card.examples)})" if card.examples else ""
        yield f"**{escape_markdown(card.headline)}:** {escape_markdown(card.cause)}{examples}"
        if card.command:
            yield fence_code(card.command)
    yield escape_markdown(attention.letters_more)
    yield escape_markdown(attention.depths)
    if attention.list_command:
        yield f"To see them all: {quote_code(attention.list_command)}"
    yield from _write_files("Rejected files", attention.rejected, attention.rejected_more)
    yield from _write_files(
        "Summaries with pages missing", attention.partial, attention.partial_more
    )


def _write_files(title: str, files: Sequence[FileNote], more: str) -> Iterator[str]:
    if files or more:
        yield f"### {title}"
    for file in files:
        code = f" ({escape_markdown(file.code)})" if file.code else ""
        yield f"{escape_markdown(file.sentence)}{code}"
        yield _list(map(escape_markdown, file.keys))
    yield more


def _write_sum(total: Sum) -> Iterator[str]:
    yield "## What came in, and what became of it"
    rows = [(row.label, f"{row.documents:,}", f"{row.tasks:,}") for row in total.rows]
    rows.append(("Together", f"{total.documents_accounted:,}", f"{total.tasks_accounted:,}"))
    rows.append(("**Arrived**", f"**{total.documents:,}**", f"**{total.tasks:,}**"))
    yield _write_table(("Status", "Documents", "Tasks"), rows)
    yield f"**{total.verdict}**"


def _write_digest(digest: DigestText) -> Iterator[str]:
    yield "## What the documents say"
    yield from map(escape_markdown, digest.paragraphs)
    yield _list(map(escape_markdown, digest.points))
    for words in (digest.byline, digest.note):
        yield f"*{escape_markdown(words)}*" if words else ""


def _write_lines(title: str, lines: Sequence[Line], more: str) -> Iterator[str]:
    if lines or more:
        yield f"## {title}"
    yield _list(map(_write_line, lines))
    yield more


def _write_line(line: Line) -> str:
    details = filter(None, (line.status, line.facts, line.key, line.item_id, line.note))
    return f"{escape_markdown(line.name)}: {' · '.join(map(escape_markdown, details))}"


def _write_times(times: Times) -> Iterator[str]:
    yield "## From drop to summary"
    yield times.lead
    yield _list_figures(times.figures)
    if times.slowest:
        yield "### The slowest, and why"
        yield _list(
            f"{slow.value}: {escape_markdown(slow.label)}: {escape_markdown(slow.details)}"
            for slow in times.slowest
        )


def _write_spending(spending: Spending) -> Iterator[str]:
    yield "## Pages, tokens, cost"
    yield _list_figures(spending.figures)
    yield spending.chunks
    yield spending.cap
    if spending.models:
        yield "### By model"
        yield _write_table(
            ("Model", "Calls", "Tokens in", "Tokens out", "Cost"),
            [
                (escape_markdown(one.name), one.calls, one.tokens_in, one.tokens_out, one.cost)
                for one in spending.models
            ],
        )
        yield spending.models_more
    if spending.bars:
        yield f"### {spending.bars_title}"
        yield _write_table(
            ("Day", spending.bars_title.split()[0], "All"),
            [(bar.label, bar.value, bar.details) for bar in spending.bars],
        )
        yield spending.comparison
