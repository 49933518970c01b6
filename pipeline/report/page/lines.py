"""The lists of the page: documents and tasks, one line each, and the digest."""

from collections.abc import Collection

from pipeline.report.page.addresses import describe_rest, write_tasks_command
from pipeline.report.page.view import DigestText, Line, ListLimits
from pipeline.report.page.words import (
    say_cost,
    say_count,
    say_duration,
    shorten,
    shorten_key,
)
from pipeline.report.report_types import DailyReport, Digest, DocumentLine, TaskLine
from shared.document_formats import count_units
from shared.lifecycle import STANDINGS, Tone

_MOST_NAME = 120
_MOST_KEY = 100
_MOST_NOTE = 200
_MOST_POINT = 240
_MOST_POINTS = 8
# As much of an id as the command line needs to find what it belongs to.
_ID_CHARACTERS = 12


def build_digest(digest: Digest, limits: ListLimits) -> DigestText | None:
    """What the documents say, with who wrote it; None where there is nothing to say of it."""
    note = shorten(digest.note, _MOST_NOTE)
    if digest.origin == "none":
        return DigestText((), (), "", note) if note else None
    paragraphs, is_cut = _take_paragraphs(digest.text, limits.digest_characters)
    is_cut |= len(digest.key_points) > _MOST_POINTS
    is_cut |= any(len(point) > _MOST_POINT for point in digest.key_points)
    rest = "This is its beginning; all of it is in the JSON file (see the end)." if is_cut else ""
    return DigestText(
        paragraphs=paragraphs,
        points=tuple(shorten(point, _MOST_POINT) for point in digest.key_points[:_MOST_POINTS]),
        byline=_tell_origin(digest),
        note=" ".join(filter(None, [note, rest])),
    )


def _take_paragraphs(text: str, most_characters: int) -> tuple[tuple[str, ...], bool]:
    """The paragraphs that fit, the last one perhaps shortened, and whether that is not all."""
    taken: list[str] = []
    left = most_characters
    for paragraph in filter(str.strip, text.split("\n\n")):
        if left < 1:
            return tuple(taken), True
        taken.append(shorten(paragraph, left))
        left -= len(paragraph)
    return tuple(taken), left < 0


def _tell_origin(digest: Digest) -> str:
    read, known = digest.documents_read, digest.documents_with_summary
    summaries = say_count(known, "summary", "summaries")
    source = f"all {summaries}" if read == known and known > 1 else f"{read:,} of {summaries}"
    if digest.origin == "extractive":
        return f"Sentences picked from {source}; no language model was asked."
    return f"Written by {shorten(digest.model or 'a model', _MOST_NAME)} from {source}."


def build_document_lines(
    report: DailyReport, limits: ListLimits, told_ids: Collection[str]
) -> tuple[tuple[Line, ...], str]:
    """The day's documents as far as the limits go, and how many more there are.

    Args:
        report: The report.
        limits: How many lines there may be.
        told_ids: Documents of which the page has already said what is the matter.
    """
    shown = report.lines[: limits.documents]
    more = len(report.lines) - len(shown) + report.lines_more
    most = limits.excerpt_characters
    lines = tuple(_to_line(line, most, tell=line.document_id not in told_ids) for line in shown)
    return lines, describe_rest(more, "document", report)


def _to_line(line: DocumentLine, most_excerpt: int, *, tell: bool) -> Line:
    key = shorten_key(line.name or line.key, _MOST_KEY)
    title = shorten(line.title or "", _MOST_NAME)
    status, tone = _name_status(line.status)
    facts = [
        count_units(line.pages, line.unit) if line.pages else "",
        "" if line.duration_seconds is None else say_duration(line.duration_seconds),
        say_cost(line.cost_micro_usd) if line.cost_micro_usd else "",
    ]
    return Line(
        name=title or key,
        key=key if title else "",
        status=status,
        tone=tone,
        facts=" · ".join(filter(None, facts)),
        item_id=shorten(line.document_id[:_ID_CHARACTERS], _ID_CHARACTERS),
        note=shorten(line.note, _MOST_NOTE) if tell else "",
        excerpt=shorten(line.excerpt, most_excerpt) if most_excerpt else "",
    )


def build_task_lines(report: DailyReport, limits: ListLimits) -> tuple[tuple[Line, ...], str]:
    """The tasks that failed or wait as far as the limits go, and how many more there are."""
    shown = report.task_lines[: limits.tasks]
    more = len(report.task_lines) - len(shown) + report.task_lines_more
    command = write_tasks_command(report)
    rest = f"And {say_count(more, 'more task')} like these: {command}" if more > 0 else ""
    return tuple(map(_to_task_line, shown)), rest


def _to_task_line(line: TaskLine) -> Line:
    status, tone = _name_status(line.status)
    kind = shorten(line.kind, _ID_CHARACTERS)
    return Line(
        name=shorten(line.about, _MOST_NAME) or kind,
        key="",
        status=status,
        tone=tone,
        facts=kind,
        item_id=shorten(line.task_id, _MOST_KEY),
        note=shorten(line.note, _MOST_NOTE),
    )


def _name_status(status: str) -> tuple[str, Tone]:
    standing = STANDINGS.get(status)
    if standing is None:
        return shorten(status, _ID_CHARACTERS).lower(), Tone.NONE
    return standing.word, standing.tone
