"""Pauses in the ledger: which consumers of the stack take no messages, why, and for how long.

The ledger is the truth and the event source mappings follow it: whatever has switched one on again,
as a deployment that made it anew, it is switched off again by the next look.

| pk | sk | what |
|---|---|---|
| `PAUSE` | a consumer, such as `worker` | its pause now, and the earlier ones |
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict

from shared.aws.dynamodb_table import LedgerTable, Put
from shared.ledger.documents import Clock
from shared.ledger.timeline import write_time

PAUSE_PK = "PAUSE"
# Of earlier pauses so many are kept; they count only as long as something may wait for their end.
_MOST_KEPT = 50


class PastPause(BaseModel):
    """A pause that is over."""

    model_config = ConfigDict(frozen=True)

    since: str
    until: str


class Pause(BaseModel):
    """Whether a consumer is paused. Times are ISO 8601 in UTC.

    Args:
        consumer: The consumer, as logs call it.
        is_on: Whether it is paused now.
        reason: Why, in the words of who paused it.
        by: Who paused it, or had it resume.
        since: When that was.
        past: The pauses that are over, the oldest first.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    consumer: str
    is_on: bool
    reason: str = ""
    by: str
    since: str
    past: tuple[PastPause, ...] = ()


def read_pauses(table: LedgerTable) -> list[Pause]:
    """What is known of the consumers' pauses; nothing of one that was never paused."""
    return [Pause.model_validate(row) for row in table.query_rows(PAUSE_PK, "!", "~")]


def note_pause(table: LedgerTable, consumer: str, reason: str, by: str, now: Clock) -> Pause:
    """Note that a consumer is to be paused; of one that is, only the reason becomes another."""
    known = _find(table, consumer)
    at = write_time(now())
    since = known.since if known is not None and known.is_on else at
    past = known.past if known is not None else ()
    return _keep(table, Pause(
        consumer=consumer, is_on=True, reason=reason, by=by, since=since, past=past
    ))  # fmt: skip


def note_resumption(table: LedgerTable, consumer: str, by: str, now: Clock) -> Pause | None:
    """Note that a consumer is to go on; None if it was never paused."""
    known = _find(table, consumer)
    if known is None or not known.is_on:
        return known
    at = write_time(now())
    past = (*known.past, PastPause(since=known.since, until=at))[-_MOST_KEPT:]
    return _keep(table, Pause(consumer=consumer, is_on=False, by=by, since=at, past=past))


def _find(table: LedgerTable, consumer: str) -> Pause | None:
    row = table.read_row(PAUSE_PK, consumer)
    return None if row is None else Pause.model_validate(row)


def _keep(table: LedgerTable, pause: Pause) -> Pause:
    table.put_row(Put({"pk": PAUSE_PK, "sk": pause.consumer, **pause.model_dump(mode="json")}))
    return pause


def count_paused_time(pauses: Iterable[Pause], since: datetime, now: datetime) -> timedelta:
    """How long consumers were paused after a time; of several the one that was so longest."""
    times = [timedelta(0)]
    for pause in pauses:
        spans = [(one.since, one.until) for one in pause.past]
        if pause.is_on:
            spans.append((pause.since, write_time(now)))
        lengths = (
            datetime.fromisoformat(end) - max(datetime.fromisoformat(begin), since)
            for begin, end in spans
        )
        times.append(sum((one for one in lengths if one > timedelta(0)), timedelta(0)))
    return max(times)
