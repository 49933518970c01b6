"""The daily report as Markdown, for people who keep their notes in it and for other tools."""

from collections.abc import Iterable, Iterator, Sequence

from pipeline.report.page.build_view import build_view
from pipeline.report.page.markdown_escapes import escape_markdown, fence_code, quote_code
from pipeline.report.page.outline import (
    Addresses,
    Bars,
    Block,
    Bullet,
    Bullets,
    Command,
    Figures,
    Heading,
    Paragraph,
    Rule,
    Table,
    Title,
    outline_page,
)
from pipeline.report.page.view import Alarm, Figure, Room
from pipeline.report.report_types import DailyReport

ROOM = Room(documents=200, tasks=50, letters=20, files=50, models=20, digest_characters=20_000)


def render_markdown(report: DailyReport) -> str:
    """A report as Markdown (CommonMark, with the tables that GitHub has)."""
    return "\n\n".join(map(_write_block, outline_page(build_view(report, ROOM)))) + "\n"


def _write_block(block: Block) -> str:
    match block:
        case Title(verdict, place):
            return f"# {escape_markdown(verdict)}\n\n{escape_markdown(place)}"
        case Heading(title, is_minor):
            return f"{'###' if is_minor else '##'} {escape_markdown(title)}"
        case Paragraph(text, is_aside):
            words = escape_markdown(text)
            return f"*{words}*" if is_aside else words
        case Command(purpose, line):
            return f"{purpose}:\n\n{fence_code(line)}"
        case Bullets(items):
            return "\n".join(line for item in items for line in _write_bullet(item))
        case Table(head, rows):
            return _write_table(head, rows)
        case Figures(figures):
            return "\n".join(map(_write_figure, figures))
        case Bars(unit, bars):
            rows = tuple((bar.label, bar.value, bar.details) for bar in bars)
            return _write_table(("Day", unit, "All"), rows)
        case Addresses(places):
            return "\n".join(f"- {place.label}: {quote_code(place.value)}" for place in places)
        case Rule():
            return "---"
        case Alarm():
            return _write_alarm(block)


def _write_bullet(bullet: Bullet) -> Iterator[str]:
    if bullet.mark:
        details = " · ".join((bullet.mark, *bullet.details))
        yield f"- {escape_markdown(bullet.text)}: {escape_markdown(details)}"
        return
    yield f"- {escape_markdown(bullet.text)}"
    for detail in bullet.details:
        yield f"  - {escape_markdown(detail)}"


def _write_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    rule = ["---", *["---:"] * (len(head) - 2), "---"]
    cells = ([*map(escape_markdown, row)] for row in rows)
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *cells))


def _write_figure(figure: Figure) -> str:
    remark = f" ({figure.remark})" if figure.remark else ""
    return f"- {figure.label}: **{escape_markdown(figure.value)}**{escape_markdown(remark)}"


def _write_alarm(alarm: Alarm) -> str:
    sentences = [f"**{alarm.headline.upper()}**", *map(escape_markdown, alarm.sentences)]
    quote = "\n>\n".join(f"> {sentence}" for sentence in sentences)
    commands = (f"Where to look:\n\n{fence_code(command)}" for command in alarm.commands)
    return "\n\n".join((quote, *commands))
