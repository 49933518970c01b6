"""Documents by the day of their arrival, and those that are still in flight."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from shared.aws.day_places import DayPlace, query_day
from shared.aws.dynamodb_table import DAY_INDEX, IN_FLIGHT_INDEX, LedgerTable
from shared.ledger.documents import (
    IN_FLIGHT,
    Clock,
    Document,
    document_row_key,
    find_document,
    is_erased,
    to_document,
)
from shared.ledger.timeline import write_time


def list_documents(table: LedgerTable, now: Clock, days: int) -> Iterator[Document]:
    """The documents that arrived on the last `days` days (UTC), newest first."""
    today = now().astimezone(UTC).date()
    for age in range(days):
        day = f"{today - timedelta(days=age):%Y-%m-%d}"
        found = list(table.query_index(DAY_INDEX, "day", day, newest_first=True))
        yield from map(to_document, filter(None, table.read_indexed(found, "day")))


def list_documents_of_day(
    table: LedgerTable, place: DayPlace, limit: int
) -> tuple[list[Document], DayPlace | None]:
    """Some documents that arrived on one day (UTC), newest first, from a place in their list on.

    Returns:
        The documents, and the place to go on from; None if there are no more on that day.
    """
    rows, next_place = query_day(table, place.day, place, limit, document_row_key)
    return [to_document(row) for row in rows], next_place


def list_in_flight_ids(table: LedgerTable) -> list[str]:
    """The ids of the documents that are in flight or were a moment ago, oldest first."""
    rows = table.query_index(IN_FLIGHT_INDEX, "in_flight", IN_FLIGHT, newest_first=False)
    return [str(row["pk"]).removeprefix("DOC#") for row in rows]


def list_in_flight(table: LedgerTable, received_before: datetime) -> Iterator[Document]:
    """The documents that arrived before a time and are still in flight, oldest first."""
    before = write_time(received_before)
    rows = table.query_index(IN_FLIGHT_INDEX, "in_flight", IN_FLIGHT, newest_first=False)
    for row in rows:
        if row["received_at"] >= before:
            return
        document = find_document(table, row["pk"].removeprefix("DOC#"))
        if document is not None and not document.is_final:
            yield document


def read_children(table: LedgerTable, document: Document) -> dict[str, Document]:
    """The documents that came out of one, by their ids, as far as they have arrived."""
    ids = dict.fromkeys(file.document_id for file in document.embedded_files if file.document_id)
    rows = table.read_rows([document_row_key(document_id) for document_id in ids]) if ids else []
    there = [row for row in rows if row is not None and not is_erased(row)]
    return {row["document_id"]: to_document(row) for row in there}
