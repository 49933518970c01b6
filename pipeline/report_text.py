"""The daily report as plain text in 72 columns, for the plain part of the mail and for terminals.

Only what is there to be copied, commands and addresses, may make a line longer.
"""

from collections.abc import Iterable, Iterator

from pipeline.report_page.build_view import build_view
from pipeline.report_page.plain_layout import COLUMNS, align_columns, measure_width, pad, wrap_text
from pipeline.report_page.view import (
    Alarm,
    Attention,
    Bar,
    DigestText,
    FileNote,
    Line,
    ReportView,
    Room,
    Spending,
    Sum,
    Times,
)
from pipeline.report_types import DailyReport

ROOM = Room(documents=60, tasks=20, letters=12, files=20, models=10, digest_characters=6_000)

_BAR_COLUMNS = 28


def render_text(report: DailyReport) -> str:
    """A report as plain text."""
    return "\n".join(_write_page(build_view(report, ROOM))) + "\n"


def _write_page(view: ReportView) -> Iterator[str]:
    yield from wrap_text(f"{view.stack} · {view.day}")
    yield from wrap_text(view.verdict.upper())
    yield "=" * COLUMNS
    calm = "" if view.attention or view.alarm else " Nothing needs you."
    yield from wrap_text(f"{view.lead}{calm}")
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
    yield ""
    yield "-" * COLUMNS
    yield from wrap_text(view.made)
    for address in view.addresses:
        yield f"{address.label}:"
        yield f"  {address.value}"


def _begin(title: str) -> Iterator[str]:
    yield ""
    yield title.upper()
    yield "-" * measure_width(title)


def _write_note(note: str) -> Iterator[str]:
    if note:
        yield from wrap_text(note)


def _write_alarm(alarm: Alarm) -> Iterator[str]:
    yield ""
    yield "!" * COLUMNS
    yield from wrap_text(alarm.headline.upper(), indent=4, first="!!!")
    for sentence in alarm.sentences:
        yield from wrap_text(sentence, indent=4, first="!!!")
    for command in alarm.commands:
        yield f"!!! Where to look: {command}"
    yield "!" * COLUMNS


def _write_attention(attention: Attention) -> Iterator[str]:
    yield from _begin("Needs you")
    yield from wrap_text(attention.lead)
    for card in attention.letters:
        yield ""
        yield from wrap_text(f"{card.headline}:", indent=2, first="*")
        yield from wrap_text(card.cause, indent=2)
        if card.examples:
            yield from wrap_text(card.examples, indent=2)
        if card.command:
            yield "  To take it up again:"
            yield f"    {card.command}"
    if attention.letters_more or attention.depths:
        yield ""
    yield from _write_note(attention.letters_more)
    yield from _write_note(attention.depths)
    if attention.list_command:
        yield "To see them all:"
        yield f"    {attention.list_command}"
    yield from _write_files("Rejected files", attention.rejected, attention.rejected_more)
    yield from _write_files(
        "Summaries with pages missing", attention.partial, attention.partial_more
    )


def _write_files(title: str, files: Iterable[FileNote], more: str) -> Iterator[str]:
    files = tuple(files)
    if not files and not more:
        return
    yield ""
    yield f"{title}:"
    for file in files:
        code = f" ({file.code})" if file.code else ""
        yield from wrap_text(f"{file.sentence}{code}", indent=2, first="*")
        for key in file.keys:
            yield from wrap_text(key, indent=4)
    yield from _write_note(more)


def _write_sum(total: Sum) -> Iterator[str]:
    yield from _begin("What came in, and what became of it")
    rows = [("", "documents", "tasks", "")]
    rows += [(row.label, f"{row.documents:,}", f"{row.tasks:,}", row.meaning) for row in total.rows]
    rows.append(("Together", f"{total.documents_accounted:,}", f"{total.tasks_accounted:,}", ""))
    rows.append(("Arrived", f"{total.documents:,}", f"{total.tasks:,}", ""))
    yield from align_columns(rows, numbers=(1, 2))
    yield total.verdict


def _write_digest(digest: DigestText) -> Iterator[str]:
    yield from _begin("What the documents say")
    for paragraph in digest.paragraphs:
        yield from wrap_text(paragraph)
        yield ""
    for point in digest.points:
        yield from wrap_text(point, indent=2, first="*")
    if digest.points:
        yield ""
    yield from _write_note(digest.byline)
    yield from _write_note(digest.note)


def _write_lines(title: str, lines: Iterable[Line], more: str) -> Iterator[str]:
    lines = tuple(lines)
    if not lines and not more:
        return
    yield from _begin(title)
    width = max((measure_width(line.status) for line in lines), default=0) + 2
    for line in lines:
        yield from wrap_text(line.name, indent=width, first=line.status)
        facts = " · ".join(filter(None, (line.facts, line.item_id)))
        for detail in filter(None, (line.key, facts, line.note)):
            yield from wrap_text(detail, indent=width)
    yield from _write_note(more)


def _write_times(times: Times) -> Iterator[str]:
    yield from _begin("From drop to summary")
    yield from wrap_text(times.lead)
    yield from align_columns(
        [(figure.label, figure.value, figure.remark) for figure in times.figures], numbers=(1,)
    )
    if not times.slowest:
        return
    yield ""
    yield "The slowest, and why:"
    for slow in times.slowest:
        yield from wrap_text(f"{slow.value}: {slow.label}", indent=2, first="*")
        yield from wrap_text(slow.details, indent=4)


def _write_spending(spending: Spending) -> Iterator[str]:
    yield from _begin("Pages, tokens, cost")
    yield from align_columns(
        [(figure.label, figure.value, figure.remark) for figure in spending.figures], numbers=(1,)
    )
    yield from _write_note(spending.chunks)
    yield from _write_note(spending.cap)
    if spending.models:
        yield ""
        yield "By model:"
        for model in spending.models:
            yield from wrap_text(f"{model.name}: {model.cost}", indent=2, first="*")
            counts = f"{model.calls} calls, {model.tokens_in} tokens in, {model.tokens_out} out"
            yield from wrap_text(counts, indent=4)
        yield from _write_note(spending.models_more)
    if spending.bars:
        yield ""
        yield f"{spending.bars_title}:"
        yield from _write_bars(spending.bars)
        yield from _write_note(spending.comparison)


def _write_bars(bars: tuple[Bar, ...]) -> Iterator[str]:
    label_width = max(measure_width(bar.label) for bar in bars)
    value_width = max(measure_width(bar.value) for bar in bars)
    for bar in bars:
        length = -(-bar.share_percent * _BAR_COLUMNS // 100)
        drawn = ("#" if bar.is_today else "=") * length
        yield (
            f"{pad(bar.label, label_width)}  {pad(bar.value, value_width, right=True)}  {drawn}"
        ).rstrip()
        yield from wrap_text(bar.details, indent=label_width + 2)
