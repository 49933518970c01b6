"""A day as things stand, looked at again and again: what is done is not read each time.

Most of a day's documents are done, and stay so. A container keeps which they are, and reads of them
only the keys, which the index has. What is redone meanwhile is in flight first, or given up by now,
which an index tells; what is deleted is not told by any, nor is what is rejected when it is read
anew: so of what is kept some is read at each look, and all of it within some ten looks.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pipeline.report.day_report import ReportServices, compose_report
from pipeline.report.figures import DocumentFigures, count_documents
from pipeline.report.report_types import DailyReport, Digest
from shared.aws.dynamodb_items import Row
from shared.aws.dynamodb_table import IN_FLIGHT_INDEX, LedgerTable
from shared.calendar import find_window
from shared.ledger.arrivals import (
    ArrivalPage,
    list_arrived_documents,
    read_arrived_documents,
)
from shared.ledger.documents import GIVEN_UP, IN_FLIGHT
from shared.ledger.timeline import write_time
from shared.lifecycle import DocumentStatus

# Without pages, durations and summaries, which a look does not tell: each attribute takes its time.
_ATTRIBUTES = (
    *("document_id", "key", "name", "status", "received_at", "recognising_pages", "chunks_done"),
    *("chunks_failed", "reason_code", "reason", "chunk_reason"),
    *("deferred_until", "deferred_reason", "deferred_cause"),
)
# What is done is believed for so long; beyond it, so many are read anew at a look.
_BELIEVED = timedelta(minutes=5)
_MOST_READ_ANEW = 1_000


@dataclass
class DayLook:
    """Looks at days, and keeps which documents of the last one are done.

    Attributes:
        day: The day that was looked at last.
        seen_done_at: When each document of it was last read as done, by its partition key.
    """

    day: str = ""
    seen_done_at: dict[str, datetime] = field(default_factory=dict)

    def look_at(self, day: str, services: ReportServices) -> DailyReport:
        """The report of a day as things stand now: nothing is written or asked.

        It has neither a digest nor durations, knows no pages, and lists nothing that is done.

        Raises:
            DeferredError, PermanentError: As the ledger does.
        """
        made_at = services.now()
        known = self.seen_done_at if day == self.day else {}
        # Two looks at the same time each make their own.
        figures, seen = _count(day, known, made_at, services)
        self.day, self.seen_done_at = day, seen
        report = compose_report(day, Digest(), figures, made_at, services)
        not_done = tuple(one for one in report.lines if one.status != DocumentStatus.DONE)
        return report.model_copy(update={"lines": not_done, "lines_more": 0})


def _count(
    day: str, known: dict[str, datetime], made_at: datetime, services: ReportServices
) -> tuple[DocumentFigures, dict[str, datetime]]:
    """The figures of a day's documents, and which are done and when each was read as that."""
    window = find_window(day, services.zone)
    # Where nothing is kept, there is nothing to doubt.
    not_done = _find_not_done(services.table, window) if known else set()
    doubtful = _find_doubtful(known, made_at) | not_done
    seen: dict[str, datetime] = {}
    believed = 0

    def read() -> Iterator[ArrivalPage]:
        nonlocal believed
        for partition, pks in list_arrived_documents(services.table, window):
            kept = {pk: known[pk] for pk in pks if pk in known and pk not in doubtful}
            seen.update(kept)
            believed += len(kept)
            to_read = [pk for pk in pks if pk not in kept]
            yield ArrivalPage(len(to_read), note(partition, to_read))

    def note(partition: str, pks: Sequence[str]) -> Iterator[Row | None]:
        for row in read_arrived_documents(services.table, partition, pks, _ATTRIBUTES):
            if row is not None and row.get("status") == DocumentStatus.DONE:
                seen[row["pk"]] = made_at
            yield row

    figures = count_documents(read(), made_at)
    figures.tally.add_known(DocumentStatus.DONE, believed)
    return figures, seen


def _find_doubtful(known: dict[str, datetime], now: datetime) -> set[str]:
    """Those that were not read for longest, if that is long."""
    old = sorted((at, pk) for pk, at in known.items() if at < now - _BELIEVED)
    return {pk for _, pk in old[:_MOST_READ_ANEW]}


def _find_not_done(table: LedgerTable, window: tuple[datetime, datetime]) -> set[str]:
    """Those that are in flight or given up: a redo may have led from done to either."""
    within = ("received_at", write_time(window[0]), write_time(window[1]))
    return {
        row["pk"]
        for standing in (IN_FLIGHT, GIVEN_UP)
        for page in table.query_index_pages(IN_FLIGHT_INDEX, ("in_flight", standing), within)
        for row in page
    }
