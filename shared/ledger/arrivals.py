"""What arrived within a stretch of time, however many that is: read page by page, never scanned."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shared.aws.dynamodb_items import Row
from shared.aws.dynamodb_table import DAY_INDEX, LedgerTable
from shared.ledger.documents import DOCUMENT_SK

# The partitions of the index by day: a day's documents, and apart from them its tasks.
DOCUMENTS = ""
TASKS = "#tasks"


@dataclass(frozen=True)
class ArrivalPage:
    """A page of what arrived.

    Args:
        count: How many rows the index holds of it.
        rows: The rows, each read as it is asked for; None for one that was erased a moment ago.
    """

    count: int
    rows: Iterator[Row | None]


def read_arrivals(
    table: LedgerTable, part: str, window: tuple[datetime, datetime], attributes: Sequence[str]
) -> Iterator[ArrivalPage]:
    """Read the documents or the tasks that arrived within a window, oldest first.

    The partitions are days in UTC; a day of another zone lies in two of them.

    Args:
        table: The ledger.
        part: `DOCUMENTS` or `TASKS`.
        window: From, included, and to, not included.
        attributes: What is wanted of each row.
    """
    for day, within in _split_window(window):
        for found in table.query_index_pages(DAY_INDEX, ("day", f"{day}{part}"), within):
            yield ArrivalPage(len(found), table.read_indexed(found, "day", attributes))


def list_arrived_documents(
    table: LedgerTable, window: tuple[datetime, datetime]
) -> Iterator[tuple[str, list[str]]]:
    """The partition keys of the documents that arrived within a window, oldest first.

    Page by page, each with its partition of the index: what `read_arrived_documents` takes.
    """
    for day, within in _split_window(window):
        pages = table.query_index_pages(DAY_INDEX, ("day", day), within, is_brief=True)
        for found in pages:
            yield day, [row["pk"] for row in found]


def read_arrived_documents(
    table: LedgerTable, day: str, pks: Sequence[str], attributes: Sequence[str]
) -> Iterator[Row | None]:
    """Read documents of a partition of the index; None for one that was erased a moment ago."""
    found: list[Row] = [{"pk": pk, "sk": DOCUMENT_SK, "day": day} for pk in pks]
    return table.read_indexed(found, "day", attributes)


def has_arrivals(table: LedgerTable, window: tuple[datetime, datetime]) -> bool:
    """Whether a document or a task arrived within a window."""
    return any(
        _has_one(table, f"{day}{part}", within)
        for part in (DOCUMENTS, TASKS)
        for day, within in _split_window(window)
    )


def _has_one(table: LedgerTable, day: str, within: tuple[str, str, str]) -> bool:
    pages = table.query_index_pages(DAY_INDEX, ("day", day), within, page_rows=1)
    return bool(next(pages, None))


def _split_window(
    window: tuple[datetime, datetime],
) -> Iterator[tuple[str, tuple[str, str, str]]]:
    """The days in UTC that a window touches, each with its stretch of times of arrival."""
    # Times of arrival are whole milliseconds.
    start, last = (at.astimezone(UTC) for at in (window[0], window[1] - timedelta(milliseconds=1)))
    day = start.date()
    while start <= last and day <= last.date():
        first_stamp, last_stamp = (at.isoformat(timespec="milliseconds") for at in (start, last))
        yield f"{day:%Y-%m-%d}", ("received_at", first_stamp, last_stamp)
        day += timedelta(days=1)
