"""The daily report as plain text in 72 columns, for the plain part of the mail and for terminals.

Only what is there to be copied, commands and addresses, may make a line longer.
"""

from collections.abc import Iterator, Sequence
from itertools import chain, pairwise

from pipeline.report.page.build_view import build_view
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
from pipeline.report.page.plain_layout import COLUMNS, align_columns, measure_width, pad, wrap_text
from pipeline.report.page.view import Alarm, Bar, Room
from pipeline.report.report_types import DailyReport

ROOM = Room(documents=60, tasks=20, letters=12, files=20, models=10, digest_characters=6_000)

_BAR_COLUMNS = 28


def render_text(report: DailyReport) -> str:
    """A report as plain text."""
    blocks = [*outline_page(build_view(report, ROOM))]
    lines = [*_write_block(blocks[0])]
    for before, block in pairwise(blocks):
        if not isinstance(before, Title | Heading | Rule):
            lines.append("")
        lines.extend(_write_block(block))
    return "\n".join(lines) + "\n"


def _write_block(block: Block) -> Iterator[str]:
    match block:
        case Title(verdict, place):
            yield from wrap_text(place)
            yield from wrap_text(verdict.upper())
            yield "=" * COLUMNS
        case Heading(title, is_minor):
            yield from [f"{title}:"] if is_minor else [title.upper(), "-" * measure_width(title)]
        case Paragraph(text):
            yield from wrap_text(text)
        case Command(purpose, command):
            yield f"{purpose}:"
            yield f"    {command}"
        case Bullets(items):
            yield from _write_bullets(items)
        case Table(head, rows):
            yield from align_columns([head, *rows], numbers=range(1, len(head) - 1))
        case Figures(figures):
            rows = tuple((one.label, one.value, one.remark) for one in figures)
            yield from align_columns(rows, numbers=[1])
        case Bars(_, bars):
            yield from _write_bars(bars)
        case Addresses(places):
            yield from chain.from_iterable((f"{one.label}:", f"  {one.value}") for one in places)
        case Rule():
            yield "-" * COLUMNS
        case Alarm():
            yield from _write_alarm(block)


def _write_bullets(bullets: Sequence[Bullet]) -> Iterator[str]:
    widest = max(measure_width(bullet.mark) for bullet in bullets)
    for bullet in bullets:
        indent = widest + 2 if widest else 2
        yield from wrap_text(bullet.text, indent=indent, first=bullet.mark or "*")
        for detail in bullet.details:
            yield from wrap_text(detail, indent=indent if widest else 4)


def _write_bars(bars: Sequence[Bar]) -> Iterator[str]:
    label_width = max(measure_width(bar.label) for bar in bars)
    value_width = max(measure_width(bar.value) for bar in bars)
    for bar in bars:
        length = -(-bar.share_percent * _BAR_COLUMNS // 100)
        drawn = ("#" if bar.is_today else "=") * length
        yield (
            f"{pad(bar.label, label_width)}  {pad(bar.value, value_width, right=True)}  {drawn}"
        ).rstrip()
        yield from wrap_text(bar.details, indent=label_width + 2)


def _write_alarm(alarm: Alarm) -> Iterator[str]:
    yield "!" * COLUMNS
    for sentence in (alarm.headline.upper(), *alarm.sentences):
        yield from wrap_text(sentence, indent=4, first="!!!")
    for command in alarm.commands:
        yield "!!! Where to look:"
        yield f"    {command}"
    yield "!" * COLUMNS
