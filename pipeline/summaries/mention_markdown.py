"""The names and dates of a summary as lines for people, in Markdown and on a terminal."""

from collections.abc import Sequence

from pipeline.summaries.summary_types import Entity, EntityKind, EventDate
from shared.document_formats import PAGE, cite_units
from shared.markdown import Markdown, join_markdown, write_markdown
from shared.page_ranges import format_page_ranges

_KINDS = {
    EntityKind.PERSON: "Persons",
    EntityKind.ORGANISATION: "Organisations",
    EntityKind.PLACE: "Places",
    EntityKind.PRODUCT: "Products",
    EntityKind.LAW: "Laws",
    EntityKind.OTHER: "Other names",
}


def render_mentions(
    entities: Sequence[Entity], dates: Sequence[EventDate], unit: str = PAGE
) -> Markdown:
    """The names, one list item a kind, and the dates, one list item each, under their headings."""
    names = [
        write_markdown("- **{}:** {}", title, names) for title, names in list_names(entities, unit)
    ]
    events = [write_markdown("- {}", line) for line in list_dates(dates, unit)]
    blocks = []
    if names:
        blocks += [write_markdown("## Names"), join_markdown(names, "\n")]
    if events:
        blocks += [write_markdown("## Dates"), join_markdown(events, "\n")]
    return join_markdown(blocks)


def list_names(entities: Sequence[Entity], unit: str = PAGE) -> list[tuple[str, str]]:
    """For each kind that there is its title, and its names with their pages on one line."""
    lines = []
    for kind, title in _KINDS.items():
        names = [
            f"{_write_on_one_line(entity.name)}{_cite(entity.pages, unit)}"
            for entity in entities
            if entity.kind is kind
        ]
        if names:
            lines.append((title, "; ".join(names)))
    return lines


def list_dates(dates: Sequence[EventDate], unit: str = PAGE) -> list[str]:
    """Each date on one line: as it is written, its ISO form, what happens then, its pages."""
    lines = []
    for date in dates:
        text = _write_on_one_line(date.text)
        iso = f" ({date.iso})" if date.iso and date.iso != text else ""
        event = f": {_write_on_one_line(date.event)}" if date.event.strip() else ""
        lines.append(f"{text}{iso}{event}{_cite(date.pages, unit)}")
    return lines


def _cite(pages: Sequence[int], unit: str) -> str:
    return f" ({cite_units(unit, format_page_ranges(pages))})" if pages else ""


def _write_on_one_line(text: str) -> str:
    return " ".join(text.split())
