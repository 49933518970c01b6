"""Following documents in the ledger until nothing more happens to them by itself."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from infra.cli.timeline_table import describe_delay
from shared.aws.dynamodb_table import LedgerTable
from shared.ledger.document_lists import list_documents, list_in_flight
from shared.ledger.documents import Document, document_pk, find_document
from shared.ledger.timeline import read_timeline
from shared.lifecycle import DocumentStatus

Clock = Callable[[], datetime]

_POLL_SECONDS = 1.0
# A look that takes long is a look at much: the ledger is left in peace for longer.
_REST_PER_LOOK = 4.0
# More documents than this are read by their day, with a query instead of a call each.
_MOST_SINGLE_READS = 25
# After this time without a change, the timeline of a document is asked for the reason.
_PATIENCE = timedelta(seconds=5)
_MOST_STORIES_PER_LOOK = 5
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

    def rest(self, since: float) -> None:
        """Pause after a look that began when the stopwatch showed `since`."""
        self.sleep(max(_POLL_SECONDS, (self.stopwatch() - since) * _REST_PER_LOOK))


REAL_PACE = Pace(lambda: datetime.now(UTC), time.monotonic, time.sleep)


def is_all_done(followed: Sequence[Followed]) -> bool:
    """Whether every document has its whole summary."""
    return all(f.document and f.document.status is DocumentStatus.DONE for f in followed)


def follow_documents(
    table: LedgerTable, wanted: Sequence[Followed], pace: Pace = REAL_PACE
) -> Iterator[tuple[Followed, ...]]:
    """Look at documents about once a second until all are final.

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
        found = _read_documents(table, unsettled, started, pace.now)
        followed = tuple(_refresh(f, found) for f in followed)
        yield _explain_delays(table, followed, started, pace.now)
        if all(f.is_final for f in followed):
            return
        pace.rest(look_began)


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
        tomorrow = pace.now() + timedelta(days=1)
        flying = {document.document_id: document for document in list_in_flight(table, tomorrow)}
        landed = [document_id for document_id in unsettled if document_id not in flying]
        seen |= flying | _read_documents(table, landed, started, pace.now)
        if seen:
            yield _explain_delays(table, _sort_by_arrival(seen.values()), started, pace.now)
        is_in_flight = any(not document.is_final for document in seen.values())
        was_in_flight = was_in_flight or is_in_flight
        if not is_in_flight and (was_in_flight or pace.now() - started > _ARRIVAL_TIME):
            return
        pace.rest(look_began)


def _sort_by_arrival(documents: Iterable[Document]) -> tuple[Followed, ...]:
    newest_first = sorted(documents, key=lambda d: d.received_at, reverse=True)
    return tuple(Followed(d.document_id, d.key, d) for d in newest_first)


def _read_documents(
    table: LedgerTable, document_ids: Sequence[str], started: datetime, now: Clock
) -> dict[str, Document]:
    """Read documents: a few one by one, many by the days since the following began."""
    found: dict[str, Document] = {}
    if len(document_ids) > _MOST_SINGLE_READS:
        days = _count_days(started, now())
        found = {d.document_id: d for d in list_documents(table, now, days)}
    unlisted = [i for i in document_ids if i not in found][:_MOST_SINGLE_READS]
    singles = (find_document(table, document_id) for document_id in unlisted)
    return found | {d.document_id: d for d in singles if d is not None}


def _count_days(first: datetime, last: datetime) -> int:
    """The days (UTC) from one time to another, both included."""
    return (last.astimezone(UTC).date() - first.astimezone(UTC).date()).days + 1


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
    delays = {
        f.document_id: describe_delay(read_timeline(table, document_pk(f.document_id)))
        for f in stuck[:_MOST_STORIES_PER_LOOK]
    }
    return tuple(replace(f, delay=delays.get(f.document_id)) for f in followed)


def _last_change(followed: Followed, started: datetime) -> datetime:
    if followed.document is None:
        return started
    return datetime.fromisoformat(followed.document.updated_at)
