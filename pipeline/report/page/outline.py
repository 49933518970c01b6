"""The page as plain blocks, in order: what plain text and Markdown are both written from.

Each of the two says how a block looks; what stands where, and what is left out, is said once here.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pipeline.report.page.view import (
    Alarm,
    Attention,
    Bar,
    DigestText,
    Figure,
    FileNote,
    LetterCard,
    Line,
    ReportView,
    Spending,
    Sum,
    Times,
)


@dataclass(frozen=True)
class Title:
    """What the page begins with: the day in a few words, and which day and stack it is."""

    verdict: str
    place: str


@dataclass(frozen=True)
class Heading:
    """A heading; a minor one stands within the section of another."""

    title: str
    is_minor: bool = False


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; an aside is less important than what it stands beside."""

    text: str
    is_aside: bool = False


@dataclass(frozen=True)
class Command:
    """A command to be copied, and what it is for."""

    purpose: str
    line: str


@dataclass(frozen=True)
class Bullet:
    """An entry of a list, with details below it; `mark` is a word that stands before it."""

    text: str
    details: tuple[str, ...] = ()
    mark: str = ""


@dataclass(frozen=True)
class Bullets:
    """A list."""

    items: tuple[Bullet, ...]


@dataclass(frozen=True)
class Table:
    """A table; all columns are numbers but the first and the last."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Figures:
    """Figures that stand out."""

    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class Bars:
    """A chart; `unit` says what its bars show."""

    unit: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Addresses:
    """What lies where, to be copied."""

    places: tuple[Figure, ...]


@dataclass(frozen=True)
class Rule:
    """The line below which the page speaks of itself."""


Block = (
    Title
    | Heading
    | Paragraph
    | Command
    | Bullets
    | Table
    | Figures
    | Bars
    | Addresses
    | Rule
    | Alarm
)


def outline_page(view: ReportView) -> Iterator[Block]:
    """The blocks of the page from top to bottom; none of them is empty."""
    yield Title(view.verdict, f"{view.stack} · {view.day}")
    calm = "" if view.attention or view.alarm else " Nothing needs you."
    yield Paragraph(f"{view.lead}{calm}")
    if view.alarm:
        yield view.alarm
    if view.attention:
        yield from _outline_attention(view.attention)
    if view.sum:
        yield from _outline_sum(view.sum)
    if view.digest:
        yield from _outline_digest(view.digest)
    yield from _outline_lines("Documents", view.documents, view.documents_more)
    if view.explain_command:
        yield Command("The whole story of one, by its id", view.explain_command)
    yield from _outline_lines("Tasks that failed or wait", view.tasks, view.tasks_more)
    if view.times:
        yield from _outline_times(view.times)
    if view.spending:
        yield from _outline_spending(view.spending)
    yield Rule()
    yield Paragraph(view.made)
    if view.again_command:
        yield Command("The same day as it stands now", view.again_command)
    yield Addresses(view.addresses)


def _note(*texts: str, is_aside: bool = False) -> Iterator[Paragraph]:
    """Those texts that say anything."""
    return (Paragraph(text, is_aside) for text in texts if text)


def _outline_attention(attention: Attention) -> Iterator[Block]:
    yield Heading("Needs you")
    yield Paragraph(attention.lead)
    for card in attention.letters:
        yield from _outline_card(card)
    yield from _note(attention.letters_more, attention.depths)
    if attention.list_command:
        yield Command("To see them all", attention.list_command)
    yield from _outline_files("Rejected files", attention.rejected, attention.rejected_more)
    yield from _outline_files(
        "Summaries with pages missing", attention.partial, attention.partial_more
    )


def _outline_card(card: LetterCard) -> Iterator[Block]:
    yield Bullets((Bullet(card.headline, tuple(filter(None, (card.cause, card.examples)))),))
    if card.command:
        yield Command("To take it up again", card.command)


def _outline_files(title: str, files: Iterable[FileNote], more: str) -> Iterator[Block]:
    bullets = tuple(
        Bullet(f"{file.sentence} ({file.code})" if file.code else file.sentence, file.keys)
        for file in files
    )
    yield from _outline_list(Heading(title, is_minor=True), bullets, more)


def _outline_list(heading: Heading, bullets: tuple[Bullet, ...], more: str) -> Iterator[Block]:
    """A list under its heading; nothing where there is nothing to list."""
    if not bullets and not more:
        return
    yield heading
    if bullets:
        yield Bullets(bullets)
    yield from _note(more)


def _outline_sum(total: Sum) -> Iterator[Block]:
    yield Heading("What came in, and what became of it")
    rows = [(row.label, f"{row.documents:,}", f"{row.tasks:,}", row.meaning) for row in total.rows]
    rows.append(("Together", f"{total.documents_accounted:,}", f"{total.tasks_accounted:,}", ""))
    rows.append(("Arrived", f"{total.documents:,}", f"{total.tasks:,}", ""))
    yield Table(("Status", "Documents", "Tasks", ""), tuple(rows))
    yield Paragraph(total.verdict)


def _outline_digest(digest: DigestText) -> Iterator[Block]:
    yield Heading("What the documents say")
    yield from _note(*digest.paragraphs)
    if digest.points:
        yield Bullets(tuple(map(Bullet, digest.points)))
    yield from _note(digest.byline, digest.note, is_aside=True)


def _outline_lines(title: str, lines: Sequence[Line], more: str) -> Iterator[Block]:
    yield from _outline_list(Heading(title), tuple(map(_to_bullet, lines)), more)


def _to_bullet(line: Line) -> Bullet:
    facts = " · ".join(filter(None, (line.facts, line.item_id)))
    return Bullet(line.name, tuple(filter(None, (line.key, facts, line.note))), line.status)


def _outline_times(times: Times) -> Iterator[Block]:
    yield Heading("From drop to summary")
    yield Paragraph(times.lead)
    yield Figures(times.figures)
    slowest = tuple(Bullet(f"{one.value}: {one.label}", (one.details,)) for one in times.slowest)
    yield from _outline_list(Heading("The slowest, and why", is_minor=True), slowest, "")


def _outline_spending(spending: Spending) -> Iterator[Block]:
    yield Heading("Pages, tokens, cost")
    yield Figures(spending.figures)
    yield from _note(spending.chunks, spending.cap)
    models = tuple(
        Bullet(
            f"{model.name}: {model.cost}",
            (f"{model.calls} calls, {model.tokens_in} tokens in, {model.tokens_out} out",),
        )
        for model in spending.models
    )
    yield from _outline_list(Heading("By model", is_minor=True), models, spending.models_more)
    if spending.bars:
        yield Heading(spending.bars_title, is_minor=True)
        yield Bars(spending.bars_title.split()[0], spending.bars)
        yield from _note(spending.comparison)
