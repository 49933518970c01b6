"""Following documents in the ledger until nothing more happens to them by itself."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from infra.cli.timeline_table import describe_delay
from shared.aws.dynamodb_items import Row
from shared.aws.dynamodb_table import LedgerTable
from shared.ledger.document_lists import list_in_flight_ids
from shared.ledger.documents import (
    Document,
    document_pk,
    document_row_key,
    is_erased,
    to_document,
)
from shared.ledger.timeline import read_timeline
from shared.lifecycle import DocumentStatus

Clock = Callable[[], datetime]

_POLL_SECONDS = 1.0
# One or a few are looked at more often: somebody waits for just these.
_FEW = 5
_FEW_POLL_SECONDS = 0.25
# A call brings 16 MB at the most (Amazon DynamoDB API Reference, BatchGetItem), and a row has
# 400 KB at the most.
_ROWS_PER_READ = 40
# As many as a client of boto3 has connections.
_PARALLEL_READS = 10
# After this time without a change, the timeline of a document is asked for the reason.
_PATIENCE = timedelta(seconds=5)
MOST_STORIES_PER_LOOK = 5
# What was put a moment ago has not reached the ledger yet.
_ARRIVAL_TIME = timedelta(seconds=6)


@dataclass(frozen=True)
class Followed:
    """A document that is followed.

    Args:
        document_id: Its id.
        key: Its object key.
        document: What the ledger knows of it; None until its arrival is noticed.
        delay: Why it is not moving, if its timeline tells.
    """

    document_id: str
    key: str
    document: Document | None = None
    delay: str | None = None

    @property
    def status(self) -> str:
        """Its status, or WAITING before its arrival."""
        return "WAITING" if self.document is None else self.document.status

    @property
    def is_final(self) -> bool:
        """Whether nothing more happens to it by itself."""
        return self.document is not None and self.document.is_final


@dataclass(frozen=True)
class Pace:
    """The time that following works with: the clock, a stopwatch in seconds, and a sleep."""

    now: Clock
    stopwatch: Callable[[], float]
    sleep: Callable[[float], None]

    def rest(self, since: float, count: int) -> None:
        """Pause after a look at so many that began when the stopwatch showed `since`.

        Looks begin a second apart, or four times a second where they are few. Where one takes
        longer, the ledger is asked two thirds of the time; what is shown lags it by two looks and
        the pause between them.
        """
        poll_seconds = _FEW_POLL_SECONDS if count <= _FEW else _POLL_SECONDS
        looked_seconds = self.stopwatch() - since
        self.sleep(max(poll_seconds - looked_seconds, looked_seconds / 2))


REAL_PACE = Pace(lambda: datetime.now(UTC), time.monotonic, time.sleep)


def is_all_done(followed: Sequence[Followed]) -> bool:
    """Whether every document has its whole summary."""
    return all(f.document and f.document.status is DocumentStatus.DONE for f in followed)


def follow_documents(
    table: LedgerTable, wanted: Sequence[Followed], pace: Pace = REAL_PACE
) -> Iterator[tuple[Followed, ...]]:
    """Look at documents once a second or, if they are few, four times, until all are final.

    Args:
        table: The ledger.
        wanted: The documents, as far as they are known.
        pace: The time to work with.

    Yields:
        All documents, in the same order, as they are now; at least once.
    """
    followed = tuple(wanted)
    started = pace.now()
    while True:
        look_began = pace.stopwatch()
        unsettled = [f.document_id for f in followed if not f.is_final]
        found = read_documents(table, unsettled)
        followed = tuple(_refresh(f, found) for f in followed)
        yield _explain_delays(table, followed, started, pace.now)
        if all(f.is_final for f in followed):
            return
        pace.rest(look_began, sum(not f.is_final for f in followed))


def follow_in_flight(
    table: LedgerTable, finals: Iterable[Document] = (), pace: Pace = REAL_PACE
) -> Iterator[tuple[Followed, ...]]:
    """Look at all documents that are in flight, also at new ones, until all are final.

    Args:
        table: The ledger.
        finals: Documents to show besides, final or not.
        pace: The time to work with.

    Yields:
        All documents that were seen so far, as they are now, newest first; nothing while there
        are none.
    """
    started = pace.now()
    seen = {document.document_id: document for document in finals}
    was_in_flight = False
    while True:
        look_began = pace.stopwatch()
        unsettled = [i for i, document in seen.items() if not document.is_final]
        wanted = dict.fromkeys([*unsettled, *list_in_flight_ids(table)])
        found = read_documents(table, list(wanted))
        # One that is final already was so before anybody looked.
        seen |= {i: d for i, d in found.items() if i in seen or not d.is_final}
        if seen:
            yield _explain_delays(table, _sort_by_arrival(seen.values()), started, pace.now)
        is_in_flight = any(not document.is_final for document in seen.values())
        was_in_flight = was_in_flight or is_in_flight
        if not is_in_flight and (was_in_flight or pace.now() - started > _ARRIVAL_TIME):
            return
        pace.rest(look_began, len(unsettled))


def _sort_by_arrival(documents: Iterable[Document]) -> tuple[Followed, ...]:
    newest_first = sorted(documents, key=lambda d: d.received_at, reverse=True)
    return tuple(Followed(d.document_id, d.key, d) for d in newest_first)


def read_documents(table: LedgerTable, document_ids: Sequence[str]) -> dict[str, Document]:
    """Read documents with few calls, as they are now; those that are not there are left out."""
    rows = read_present_rows(table, [document_row_key(i) for i in document_ids])
    return {row["document_id"]: to_document(row) for row in rows if not is_erased(row)}


def read_present_rows(table: LedgerTable, keys: Sequence[tuple[str, str]]) -> list[Row]:
    """Read rows with few calls; those that are not there are left out.

    Args:
        table: The ledger.
        keys: Partition and sort keys, as many as there are, all different.
    """
    starts = range(0, len(keys), _ROWS_PER_READ)
    batches = [keys[start : start + _ROWS_PER_READ] for start in starts]
    with ThreadPoolExecutor(_PARALLEL_READS) as pool:
        read = pool.map(table.read_rows, batches)
        return [row for some in read for row in some if row is not None]


def _refresh(followed: Followed, found: Mapping[str, Document]) -> Followed:
    document = found.get(followed.document_id)
    if document is None:
        return followed
    return replace(followed, key=document.key, document=document)


def _explain_delays(
    table: LedgerTable, followed: tuple[Followed, ...], started: datetime, now: Clock
) -> tuple[Followed, ...]:
    """Say of a few documents that have not moved for a while what they wait for."""
    limit = now() - _PATIENCE
    stuck = [f for f in followed if not f.is_final and _last_change(f, started) < limit]
    ids = [f.document_id for f in stuck[:MOST_STORIES_PER_LOOK]]
    with ThreadPoolExecutor(_PARALLEL_READS) as pool:
        told = pool.map(lambda one: describe_delay(read_timeline(table, document_pk(one))), ids)
        delays = dict(zip(ids, told, strict=True))
    return tuple(replace(f, delay=delays.get(f.document_id)) for f in followed)


def _last_change(followed: Followed, started: datetime) -> datetime:
    if followed.document is None:
        return started
    return datetime.fromisoformat(followed.document.updated_at)
