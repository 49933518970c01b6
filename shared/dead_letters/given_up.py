"""What was given up and has left dead letters: listed by a partition of the index `in_flight`.

A row comes into the partition as it is given up, and leaves it with its next move. A release before
this one left such rows out of the index. So the sweep puts those of the last 30 days in, once, and
notes in the partition that it is whole; until then lists look through all that arrived. The sweep
notes at each tick that it was here: after a gap, in which an earlier release may have been, it
looks again.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from boto3.dynamodb.conditions import Attr

from shared.aws.dynamodb_items import Row
from shared.aws.dynamodb_table import IN_FLIGHT_INDEX, LedgerTable, Put, Update
from shared.deadline import Deadline
from shared.errors import LedgerConflictError
from shared.ledger.arrivals import DOCUMENTS, TASKS, read_arrivals
from shared.ledger.documents import GIVEN_UP, Clock, leaves_letters
from shared.ledger.tasks import LOST_TASK_REASON, TASK_SK
from shared.ledger.timeline import write_time
from shared.lifecycle import TaskStatus

# How far lists of what was given up go back.
DAYS_BACK = 30

# The row of the sweep's notes. It is in the partition itself, after all that ever arrives, once the
# partition is whole: who lists it sees that without another request.
_STATE_KEY = ("GIVEN_UP", "STATE")
_AFTER_ALL = "9"

# The sweep ticks every ten minutes, unless its schedule is another one (`SweepSchedule`): a gap is
# longer than this, and than so many times what has lain between two ticks before.
_LONGEST_GAP = timedelta(minutes=35)
_TICKS_MISSED = 3
# An invocation of an earlier release lives no longer (AWS Lambda Developer Guide, "Lambda quotas").
_LONGEST_INVOCATION = timedelta(minutes=15)

_ATTRIBUTES = ("status", "reason_code", "reason", "chunks_failed", "in_flight", "updated_at")


def list_given_up_keys(table: LedgerTable, since: datetime) -> list[Row] | None:
    """The index's keys of all that arrived since, was given up and has left letters, oldest first.

    None if rows of an earlier release may be missing.
    """
    within = ("received_at", write_time(since), _AFTER_ALL)
    pages = table.query_index_pages(IN_FLIGHT_INDEX, ("in_flight", GIVEN_UP), within)
    found = [row for page in pages for row in page]
    if not found or _key(found[-1]) != _STATE_KEY:
        return None
    return found[:-1]


def complete_given_up(
    table: LedgerTable, now: Clock, deadline: Deadline, reserve_seconds: float
) -> None:
    """Put what an earlier release has given up into the partition, if that was not done yet.

    Args:
        table: The ledger.
        now: The clock.
        deadline: When the time is up: what is left of the days is for the next time.
        reserve_seconds: How much of it is left alone.

    Raises:
        ServiceError: The ledger cannot be reached.
    """
    at = now()
    state = table.read_row(*_STATE_KEY)
    seen: Row = {"seen_at": write_time(at)}
    if state is None or _has_gap(state, at):
        pk, sk = _STATE_KEY
        begun: Row = {"pk": pk, "sk": sk, **seen, "begun_at": write_time(at)}
        if state is not None:
            # If it always comes so seldom, the next time is no gap.
            begun["tick_seconds"] = state.get("tick_seconds") or _seconds_since(state, at)
        table.put_row(Put(begun))
        return
    is_just_begun = state["begun_at"] == state["seen_at"]
    before = 0 if is_just_begun else state.get("tick_seconds", 0)
    # None, so that it is not there, before two ticks have had time between them.
    seen["tick_seconds"] = max(_seconds_since(state, at), before) or None
    begun_at = datetime.fromisoformat(state["begun_at"])
    if "in_flight" not in state and begun_at + _LONGEST_INVOCATION <= at:
        marked = int(state.get("days_marked", 0))
        for start in _list_days(begun_at)[marked:]:
            if not _mark_day(table, start, deadline, reserve_seconds):
                break
            marked += 1
        else:
            seen |= {"in_flight": GIVEN_UP, "received_at": _AFTER_ALL}
        seen["days_marked"] = marked
    table.update_row(Update(*_STATE_KEY, assign=seen))


def _seconds_since(state: Row, at: datetime) -> int:
    return round((at - datetime.fromisoformat(state["seen_at"])).total_seconds())


def _has_gap(state: Row, at: datetime) -> bool:
    """Whether the sweep was away for so long that an earlier release may have been there."""
    most = max(_LONGEST_GAP.total_seconds(), _TICKS_MISSED * int(state.get("tick_seconds", 0)))
    return _seconds_since(state, at) > most


def _list_days(last: datetime) -> list[datetime]:
    """The beginnings of the days that lists from a time on may go back to, newest first."""
    midnight = last.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    # The notes are made, and lists read, on a later day than the one on which it began, perhaps.
    return [midnight + timedelta(days=1 - age) for age in range(DAYS_BACK + 2)]


def _mark_day(
    table: LedgerTable, start: datetime, deadline: Deadline, reserve_seconds: float
) -> bool:
    """Mark what arrived on a day, was given up and is in no partition; False if time is short."""
    window = (start, start + timedelta(days=1))
    for part in (DOCUMENTS, TASKS):
        for page in read_arrivals(table, part, window, _ATTRIBUTES):
            for row in page.rows:
                if deadline.remaining_seconds <= reserve_seconds:
                    return False
                if row is not None and "in_flight" not in row and _leaves_letters(row):
                    _mark(table, row)
    return True


def _leaves_letters(row: Mapping[str, Any]) -> bool:
    status = row.get("status", "")
    if row["sk"] == TASK_SK:
        return bool(status == TaskStatus.FAILED and row.get("reason") != LOST_TASK_REASON)
    return leaves_letters(status, row.get("reason_code"), row.get("chunks_failed", 0))


def _mark(table: LedgerTable, row: Row) -> None:
    unmoved = Attr("updated_at").eq(row["updated_at"]) & Attr("in_flight").not_exists()
    # What has moved on meanwhile was marked by its move.
    with suppress(LedgerConflictError):
        table.update_row(
            Update(row["pk"], row["sk"], assign={"in_flight": GIVEN_UP}, condition=unmoved)
        )


def _key(row: Row) -> tuple[str, str]:
    return row["pk"], row["sk"]
