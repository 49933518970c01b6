"""What was given up, as the ledger's rows tell it: what the dead letters are about, without them.

A DLQ shows its letters only by handing them out, which hides them from whoever works on them, and
takes seconds where there are many. The ledger knows of each document or task that it was given up,
and why, before its letter lies in the DLQ.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from pipeline.report.causes import End, LettersLeft, find_document_end, find_task_end
from shared.aws.dynamodb_items import Row
from shared.aws.dynamodb_table import MOST_KEYS, LedgerTable
from shared.dead_letters.given_up import DAYS_BACK, list_given_up_keys
from shared.ledger.arrivals import DOCUMENTS, TASKS, read_arrivals
from shared.ledger.documents import DOCUMENT_SK
from shared.ledger.subjects import subject_row_key
from shared.messages.message import Subject
from shared.printable import fold_text

_READ_AT_ONCE = 8
_GROUP_CHARACTERS = 12

_ATTRIBUTES = (
    *("status", "reason", "finished_at", "discarded_at", "name", "key", "reason_code", "about"),
    *("chunk_reason", "chunks_done", "chunks_failed"),
)
# What the index has: each attribute that is read takes its time, where rows are thousands.
_KEYED_ATTRIBUTES = ("received_at",)


@dataclass(frozen=True)
class GivenUp:
    """A document or a task that was given up, or a document of which parts were.

    Args:
        end: How it was given up.
        called: What people call it.
        letters: How many dead letters it left.
        received_at: When it arrived, in UTC, as rows have it.
        finished_at: When it was given up, in UTC; empty where its row does not say.
        is_discarded: Whether its letter was discarded since; not told where it left several.
    """

    end: End
    called: str
    letters: int
    received_at: str
    finished_at: str
    is_discarded: bool

    @cached_property
    def group_id(self) -> str:
        """The same for all that was given up for the same cause, short enough for an address."""
        queue, kind, letters, cause = self.end.group
        told = "\0".join((queue, kind, letters.name, cause))
        return hashlib.sha256(told.encode()).hexdigest()[:_GROUP_CHARACTERS]

    @property
    def place(self) -> tuple[str, str]:
        """Its place in the list, the newest first."""
        return (self.received_at, self.end.item_id)


@dataclass(frozen=True)
class GivenUpFilter:
    """Which are meant: those that fit everything that is given.

    Args:
        kind: `document` or `task`.
        queue: The queue whose DLQ its letters are looked for in first.
        group_id: The cause.
        words: Words that its name, its id or its cause has, in any case.
        with_discarded: Also those whose letters were discarded.
    """

    kind: str | None = None
    queue: str | None = None
    group_id: str | None = None
    words: str | None = None
    with_discarded: bool = False

    def fits(self, one: GivenUp) -> bool:
        """Whether one is meant."""
        return (
            self.kind in (None, one.end.kind)
            and self.queue in (None, one.end.queue)
            and self.group_id in (None, one.group_id)
            and (self.with_discarded or not one.is_discarded)
            and (self.words is None or self._has_words(one))
        )

    def _has_words(self, one: GivenUp) -> bool:
        told = fold_text(f"{one.called}\n{one.end.item_id}\n{one.end.cause}")
        return all(word in told for word in fold_text(self.words or "").split())


@dataclass(frozen=True)
class CauseGroup:
    """What was given up for the same cause; the causes may differ in numbers and ids.

    Args:
        example: The newest of it.
        count: How many documents or tasks.
        letters: How many dead letters they left.
        first_at: When the first of them arrived.
    """

    example: GivenUp
    count: int
    letters: int
    first_at: str


def list_given_up(table: LedgerTable, now: datetime, days: int = DAYS_BACK) -> list[GivenUp]:
    """All that arrived in the last days, was given up and has left letters; the newest first.

    Raises:
        ServiceError: The ledger cannot be reached.
    """
    found = list_given_up_keys(table, now - timedelta(days=days))
    with ThreadPoolExecutor(_READ_AT_ONCE) as pool:
        if found is None:
            parts = pool.map(lambda one: _read_arrived(table, *one), _split_days(now, days))
        else:
            some = [found[start : start + MOST_KEYS] for start in range(0, len(found), MOST_KEYS)]
            parts = pool.map(lambda keys: _read_rows(table, keys), some)
        given_up = [one for part in parts for one in part]
    return sorted(given_up, key=lambda one: one.place, reverse=True)


def find_given_up(table: LedgerTable, subject: Subject) -> tuple[GivenUp | None, str] | None:
    """How a document or task was given up, and its status; None if there is none of that id.

    The first is None where it stands otherwise, as after a replay.

    Raises:
        ServiceError: The ledger cannot be reached.
    """
    row = table.read_row(*subject_row_key(subject))
    if row is None or "status" not in row:
        return None
    return _to_given_up(row), str(row["status"])


def group_by_cause(given_up: Sequence[GivenUp]) -> list[CauseGroup]:
    """Groups by cause, that of the most letters first; what is given has the newest first."""
    counts = Counter(one.group_id for one in given_up)
    letters: Counter[str] = Counter()
    newest: dict[str, GivenUp] = {}
    first_at: dict[str, str] = {}
    for one in given_up:
        letters[one.group_id] += one.letters
        newest.setdefault(one.group_id, one)
        first_at[one.group_id] = one.received_at
    groups = [
        CauseGroup(newest[group_id], count, letters[group_id], first_at[group_id])
        for group_id, count in counts.items()
    ]
    return sorted(groups, key=lambda one: (-one.letters, one.example.end.cause))


def _read_rows(table: LedgerTable, keys: Sequence[Row]) -> list[GivenUp]:
    rows = zip(keys, table.read_indexed(keys, "in_flight", _ATTRIBUTES), strict=True)
    return _choose(None if row is None else {**key, **row} for key, row in rows)


def _split_days(now: datetime, days: int) -> list[tuple[str, tuple[datetime, datetime]]]:
    day = timedelta(days=1)
    stretches = [(now - day * (age + 1), now - day * age + day * (age == 0)) for age in range(days)]
    return [(part, stretch) for part in (DOCUMENTS, TASKS) for stretch in stretches]


def _read_arrived(
    table: LedgerTable, part: str, window: tuple[datetime, datetime]
) -> list[GivenUp]:
    """What was given up of all that arrived, as long as rows may be missing in the partition."""
    pages = read_arrivals(table, part, window, (*_ATTRIBUTES, *_KEYED_ATTRIBUTES))
    return _choose(row for page in pages for row in page.rows)


def _choose(rows: Iterator[Row | None]) -> list[GivenUp]:
    found = (_to_given_up(row) for row in rows if row is not None)
    return [one for one in found if one is not None]


def _to_given_up(row: Row) -> GivenUp | None:
    is_document = row["sk"] == DOCUMENT_SK
    item_id = row["pk"].partition("#")[2]
    if is_document:
        end = find_document_end({**row, "document_id": item_id})
    else:
        end = find_task_end({**row, "task_id": item_id})
    if end is None or end.letters is LettersLeft.NONE:
        return None
    finished_at = str(row.get("finished_at") or "")
    are_chunks = end.letters is LettersLeft.CHUNKS
    letters = max(1, int(row.get("chunks_failed", 0))) if are_chunks else 1
    return GivenUp(
        end=end,
        called=_name_document(row) if is_document else _name_task(row),
        letters=letters,
        received_at=str(row.get("received_at", "")),
        finished_at=finished_at,
        # Of several letters others may be left.
        is_discarded=letters == 1 and str(row.get("discarded_at") or "") > finished_at,
    )


def _name_document(row: Row) -> str:
    return str(row.get("name") or row.get("key", ""))


def _name_task(row: Row) -> str:
    about = str(row.get("about", ""))
    return f"{row['name']}: {about}" if row.get("name") else about
