"""A day's documents and tasks, counted in one pass, in memory that does not grow with their number.

Only what a report lists is kept: the first few of each list, and two numbers a document for the
times. All of it is plain computing on rows of the ledger; who reads them is `daily_report.py`.
"""

from bisect import insort
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from pipeline.report.causes import CauseTally
from pipeline.report.report_types import Counts, DocumentLine, RejectedFile, TaskLine
from pipeline.report.slowness import DurationTally, measure_seconds, say_wait
from shared.aws.dynamodb_items import Row
from shared.document_formats import PAGE
from shared.ledger.arrivals import ArrivalPage
from shared.lifecycle import DEFERRED, IN_FLIGHT, STANDINGS, DocumentStatus, TaskStatus
from shared.messages.task_names import is_own_task
from shared.page_ranges import count_pages

DOCUMENT_ATTRIBUTES = (
    "document_id", "key", "name", "status", "received_at", "finished_at", "pages", "empty_pages",
    "picture_pages", "recognising_pages", "failed_pages", "missing_pages", "chunks_total",
    "chunks_done", "chunks_failed", "reason_code", "reason", "chunk_reason", "title", "excerpt",
    "unit", "cost_micro_usd", "result_key", "deferred_until", "deferred_reason", "deferred_cause",
)  # fmt: skip
TASK_ATTRIBUTES = (
    "task_id", "kind", "about", "status", "received_at", "reason", "deferred_until",
    "deferred_reason", "deferred_cause",
)  # fmt: skip

MOST_LINES = 200
MOST_REJECTED = 50
MOST_TASK_LINES = 50
MOST_UNACCOUNTED = 20
MOST_SUMMARIES = 100

_NO_TEXT_NOTE = (
    "no words on any page; if it is a scan, see whether the stack reads scans (OcrEngine), or run "
    "text recognition (OCR) and put it again"
)
_DOCUMENTS_IN_FLIGHT = {status.value for status in DocumentStatus if not status.is_final}
_TASKS_IN_FLIGHT = {status.value for status in TaskStatus if not status.is_final}

ValueT = TypeVar("ValueT")


class Smallest(Generic[ValueT]):
    """Keeps the few values with the smallest keys, of however many.

    Args:
        most: How many are kept.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: list[tuple[Any, ValueT]] = []
        self.seen = 0

    def add(self, key: Any, make: Callable[[], ValueT]) -> None:
        """Offer a value, which is made only if it is kept."""
        self.seen += 1
        if len(self._kept) == self._most:
            if not key < self._kept[-1][0]:
                return
            self._kept.pop()
        insort(self._kept, (key, make()), key=lambda entry: entry[0])

    @property
    def values(self) -> tuple[ValueT, ...]:
        """What is kept, smallest first."""
        return tuple(value for _, value in self._kept)

    @property
    def more(self) -> int:
        """How many were offered and are not kept."""
        return self.seen - len(self._kept)


class CountTally:
    """Counts how things stand.

    `received` comes from what the index by day has found, the rest from each row, so that
    a row that is lost on the way, or stands as no report knows, shows as a discrepancy.
    """

    def __init__(self) -> None:
        self.received = 0
        self._counted = dict.fromkeys((one.count for one in STANDINGS.values()), 0)
        self.unaccounted: list[str] = []

    def add(self, standing: str | None, item_id: str) -> None:
        """Count one row; None stands for nothing that is known."""
        known = STANDINGS.get(standing or "")
        if known is not None:
            self._counted[known.count] += 1
        elif len(self.unaccounted) < MOST_UNACCOUNTED:
            self.unaccounted.append(item_id)

    def add_known(self, standing: str, count: int) -> None:
        """Count what is known to stand so, and was received, without its rows."""
        self.received += count
        self._counted[STANDINGS[standing].count] += count

    @property
    def counts(self) -> Counts:
        """The counts so far."""
        return Counts(received=self.received, **self._counted)


def tell_standing(row: Mapping[str, Any], in_flight: Collection[str], made_at: str) -> str | None:
    """How a document or task stands, as a report counts it; None if its status is not known.

    Args:
        row: Its row.
        in_flight: The statuses of what is in flight.
        made_at: When the report is made: what waits for longer is deferred.
    """
    status = row.get("status")
    # A summary of its text is there, and pages of it are still being recognised.
    is_being_recognised = status == DocumentStatus.PARTIAL and row.get("recognising_pages")
    if status in in_flight or is_being_recognised:
        return DEFERRED if str(row.get("deferred_until", "")) > made_at else IN_FLIGHT
    return status if status in STANDINGS else None


@dataclass
class DocumentFigures:
    """What a report says of a day's documents."""

    tally: CountTally = field(default_factory=CountTally)
    children: int = 0
    pages: int = 0
    empty_pages: int = 0
    failed_pages: int = 0
    chunks: int = 0
    chunks_done: int = 0
    chunks_failed: int = 0
    durations: DurationTally = field(default_factory=DurationTally)
    causes: CauseTally = field(default_factory=CauseTally)
    rejected: Smallest[RejectedFile] = field(default_factory=lambda: Smallest(MOST_REJECTED))
    lines: Smallest[DocumentLine] = field(default_factory=lambda: Smallest(MOST_LINES))
    # Ids are hashes, so the smallest are a fair sample, and the same one each time.
    summaries: Smallest[str] = field(default_factory=lambda: Smallest(MOST_SUMMARIES))


def count_documents(
    pages: Iterable[ArrivalPage],
    made_at: datetime,
    list_document: Callable[[DocumentLine], None] = lambda line: None,
) -> DocumentFigures:
    """Count a day's documents.

    Args:
        pages: Their rows.
        made_at: When the report is made.
        list_document: Told of every document, in the order of their arrival.
    """
    figures = DocumentFigures()
    stamp = _stamp(made_at)
    for page in pages:
        figures.tally.received += page.count
        for row in page.rows:
            if row is None:
                figures.tally.received -= 1
                continue
            _count_document(row, stamp, figures, list_document)
    return figures


def _count_document(
    row: Row,
    stamp: str,
    figures: DocumentFigures,
    list_document: Callable[[DocumentLine], None],
) -> None:
    document_id = str(row.get("document_id", ""))
    standing = tell_standing(row, _DOCUMENTS_IN_FLIGHT, stamp)
    figures.tally.add(standing, document_id)
    figures.children += bool(row.get("name"))
    figures.pages += row.get("pages", 0)
    figures.empty_pages += count_pages(row.get("empty_pages", ""))
    figures.empty_pages += count_pages(row.get("picture_pages", ""))
    figures.failed_pages += count_pages(row.get("failed_pages", ""))
    figures.failed_pages += count_pages(row.get("missing_pages", ""))
    figures.chunks += row.get("chunks_total", 0)
    figures.chunks_done += row.get("chunks_done", 0)
    figures.chunks_failed += row.get("chunks_failed", 0)
    if row.get("result_key") and standing in (DocumentStatus.DONE, DocumentStatus.PARTIAL):
        figures.durations.add(row)
        figures.summaries.add(document_id, lambda: str(row["result_key"]))
    figures.causes.add_document(row)
    arrival = (row.get("received_at", ""), document_id)
    if standing == DocumentStatus.REJECTED:
        figures.rejected.add(arrival, lambda: _to_rejected(row))
    line = _to_line(row, standing)
    list_document(line)
    figures.lines.add((_find_place(standing), *arrival), lambda: line)


def _find_place(standing: str | None) -> int:
    """The place in a list; what is not known is looked at first."""
    return STANDINGS[standing].place if standing else -1


def _to_rejected(row: Row) -> RejectedFile:
    return RejectedFile(
        document_id=row["document_id"],
        key=row["key"],
        name=row.get("name", ""),
        code=row.get("reason_code") or "",
        sentence=row.get("reason") or "",
    )


def _to_line(row: Row, standing: str | None) -> DocumentLine:
    # Checked by its type alone: validation takes most of the time at a hundred thousand.
    return DocumentLine.model_construct(
        document_id=row.get("document_id", ""),
        key=row.get("key", ""),
        name=row.get("name", ""),
        status=standing or str(row.get("status", "")),
        # What it said is not told any more, though it may still be there.
        title=None if standing == DocumentStatus.DELETED else row.get("title"),
        excerpt="" if standing == DocumentStatus.DELETED else row.get("excerpt", ""),
        pages=row.get("pages", 0),
        unit=row.get("unit", PAGE),
        duration_seconds=measure_seconds(row),
        cost_micro_usd=row.get("cost_micro_usd", 0),
        note=_note(row, standing),
    )


def _note(row: Row, standing: str | None) -> str:
    if standing == DEFERRED:
        words = say_wait(str(row.get("deferred_reason", "")))
        cause = str(row.get("deferred_cause") or "")
        return f"{words}: {cause}" if cause else words
    if standing is None:
        return "its status is none that this report knows"
    if standing == DocumentStatus.NO_TEXT:
        return _NO_TEXT_NOTE
    return str(row.get("reason") or "")


@dataclass
class TaskFigures:
    """What a report says of a day's tasks."""

    tally: CountTally = field(default_factory=CountTally)
    causes: CauseTally = field(default_factory=CauseTally)
    lines: Smallest[TaskLine] = field(default_factory=lambda: Smallest(MOST_TASK_LINES))


def count_tasks(pages: Iterable[ArrivalPage], made_at: datetime) -> TaskFigures:
    """Count a day's tasks, without those that reports send themselves."""
    figures = TaskFigures()
    stamp = _stamp(made_at)
    for page in pages:
        figures.tally.received += page.count
        for row in page.rows:
            if row is None or is_own_task(str(row.get("task_id", ""))):
                figures.tally.received -= 1
                continue
            _count_task(row, stamp, figures)
    return figures


def _count_task(row: Row, stamp: str, figures: TaskFigures) -> None:
    task_id = str(row.get("task_id", ""))
    standing = tell_standing(row, _TASKS_IN_FLIGHT, stamp)
    figures.tally.add(standing, task_id)
    figures.causes.add_task(row)
    if standing == TaskStatus.DONE:
        return
    line_key = (_find_place(standing), row.get("received_at", ""), task_id)
    figures.lines.add(line_key, lambda: _to_task_line(row, standing))


def _to_task_line(row: Row, standing: str | None) -> TaskLine:
    return TaskLine(
        task_id=row["task_id"],
        kind=str(row.get("kind", "")),
        about=str(row.get("about", "")),
        status=standing or str(row.get("status", "")),
        note=_note(row, standing),
    )


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")
