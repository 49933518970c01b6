"""The timeline of a document or a task: one row a step.

Some steps have no row of their own, as other rows tell of them: the first few of a document or a
task, by its row, and that a chunk is done, by the row of the chunk.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from shared.aws.dynamodb_items import Row
from shared.aws.dynamodb_table import LedgerTable, Operation, Put, Update

# What the partitions of kept answers begin with.
ANSWER_PREFIX = "ANSWER#"

CHUNK_PREFIX = "CHUNK#"
_DOCUMENT_SK = "DOC"
_TASK_SK = "TASK"
_TASK_PREFIX = "TASK#"
_EVENT_PREFIX = "EVENT#"
# The steps that a row tells itself, as it is written with each of them in any case. More would have
# it pass a kilobyte, and then each of its writes costs as much as a row for the step.
_STEPS = "steps"
_MOST_STEPS_ON_ROW = 3
_ARRIVAL = ("size_bytes", "parent")
_OF_CHUNK = ("model", "input_tokens", "output_tokens", "cost_micro_usd", "told_micro_usd")


class Event(BaseModel):
    """One step of the timeline of a document or a task, or waits of a kind in one.

    Args:
        at: When it happened; of waits, when the last of them began.
        step: What happened.
        details: More about it; of waits, about the last of them.
        count: How many waits it stands for.
        first_at: When the first of them began.
        planned_seconds: How long they were to be, together.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    at: str
    step: str
    details: dict[str, Any] = {}
    count: int = 1
    first_at: str | None = None
    planned_seconds: int = 0


def write_time(at: datetime) -> str:
    """A time as rows have it: ISO 8601 in UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")


def write_step_time(at: datetime) -> str:
    """The time of a step: ISO 8601 in UTC, to the microsecond."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def build_event(
    pk: str,
    at: datetime,
    step: str,
    details: Mapping[str, Any],
    with_rows: Sequence[Operation] = (),
) -> Put:
    """The row of one step, to be written in the transaction whose effect it tells of.

    Args:
        pk: The partition of what the timeline is about, such as `document_pk(document_id)`.
        at: When it happened.
        step: What happened.
        details: More about it; None is left out.
        with_rows: Further rows of the transaction. Answers of a model among them are named in the
            event, so that they can be found again from what they are about.
    """
    told = _build_step(at, step, details)
    return Put(
        {
            "pk": pk,
            "sk": f"EVENT#{told['at']}#{step}#{told['details'].get('chunk', 0)}",
            **told,
            "answers": name_answers(with_rows),
        }
    )


def _build_step(at: datetime, step: str, details: Mapping[str, Any]) -> Row:
    known = {name: value for name, value in details.items() if value is not None}
    return {"at": write_step_time(at), "step": step, "details": known}


def count_steps(row: Mapping[str, Any]) -> int | None:
    """How many steps a row tells itself; None if it is of no document or task, and tells none."""
    return len(row.get(_STEPS, ())) if row.get("sk") in (_DOCUMENT_SK, _TASK_SK) else None


def list_first_steps(at: datetime, steps: Mapping[str, Mapping[str, Any]]) -> Row:
    """The attribute of a new row that tells its first steps, each with its details."""
    return {_STEPS: [_build_step(at, step, details) for step, details in steps.items()]}


def tell_step(
    change: Update,
    steps_on_row: int | None,
    at: datetime,
    step: str,
    details: Mapping[str, Any],
    with_rows: Sequence[Operation] = (),
) -> list[Operation]:
    """The change of a document's or a task's row with its step, on that row or in one beside.

    Args:
        change: The change.
        steps_on_row: How many steps the row tells itself, as it was read: should it be more by now,
            it becomes longer than it need be, and nothing is lost. None if it tells none.
        at: As for `build_event`, like what follows.
        step: What happened.
        details: More about it.
        with_rows: Further rows of the transaction.
    """
    if steps_on_row is None or steps_on_row >= _MOST_STEPS_ON_ROW:
        return [change, build_event(change.pk, at, step, details, with_rows)]
    answers = name_answers(with_rows)
    append: dict[str, list[Any]] = {
        _STEPS: [_build_step(at, step, details)],
        **({} if answers is None else {"answers": answers}),
    }
    return [replace(change, append=append)]


def write_told(table: LedgerTable, operations: Sequence[Operation]) -> None:
    """Write a change with its step, of `tell_step`: by itself, if it can be, or in a transaction.

    Raises:
        LedgerConflictError, ServiceError: As `LedgerTable` does.
    """
    match operations:
        case [Update() as alone]:
            # Half of what a transaction costs.
            table.update_row(alone)
        case _:
            table.transact(operations)


def name_answers(with_rows: Sequence[Operation]) -> list[str] | None:
    """The partitions of the answers among the rows of a transaction, if there are any.

    They stand on a row of what they are about, so that they go when that is erased.
    """
    written = (one.row["pk"] if isinstance(one, Put) else one.pk for one in with_rows)
    return [pk for pk in written if pk.startswith(ANSWER_PREFIX)] or None


def note_delay(
    table: LedgerTable, pk: str, at: datetime, step: str, details: Mapping[str, Any]
) -> None:
    """Write a step that has no other effect than that the document or task waits."""
    table.update_row(build_delay(pk, at, step, details))


def build_delay(pk: str, at: datetime, step: str, details: Mapping[str, Any]) -> Update:
    """The change that notes a wait.

    Waits of the same item for the same reason are one row, however many: what waits for weeks
    would else fill the ledger. It sorts after all other steps, and `read_timeline` puts it where
    its last wait belongs.
    """
    stamp = write_step_time(at)
    kind = f"{step}#{details.get('item', '')}#{details.get('reason', '')}"
    return Update(
        pk,
        f"EVENT#WAIT#{kind}",
        assign={"at": stamp, "step": step, "details": dict(details)},
        assign_once={"first_at": stamp},
        add={"count": 1, "planned_seconds": round(details.get("delay_seconds", 0))},
    )


def read_timeline(table: LedgerTable, pk: str) -> list[Event]:
    """All steps of a document or task, oldest first; `pk` as for `build_event`."""
    last = _TASK_SK if pk.startswith(_TASK_PREFIX) else f"{_EVENT_PREFIX}~"
    return read_steps(table.query_rows(pk, CHUNK_PREFIX, last))


def read_steps(rows: Iterable[Row]) -> list[Event]:
    """The steps that rows of one partition tell of, oldest first."""
    told = [event for row in rows for event in _read_steps(row)]
    # A document that an earlier release has entered has a row for its arrival, too.
    arrivals = [event for event in told if event.step == "received"][:-1]
    return sorted((event for event in told if event not in arrivals), key=lambda event: event.at)


def _read_steps(row: Row) -> list[Event]:
    sk = row["sk"]
    if sk.startswith(_EVENT_PREFIX):
        return [Event.model_validate(row)]
    details: dict[str, Any]
    if sk == _DOCUMENT_SK and "received_at" in row and "status" in row:
        details = {name: row[name] for name in _ARRIVAL if name in row}
        arrival = Event(at=row["received_at"], step="received", details=details)
        return [arrival, *map(Event.model_validate, row.get(_STEPS, ()))]
    if sk == _TASK_SK:
        return [Event.model_validate(step) for step in row.get(_STEPS, ())]
    if sk.startswith(CHUNK_PREFIX) and "at" in row:
        details = {
            "chunk": row["chunk_number"],
            "pages": f"{row['first_page']}-{row['last_page']}",
            **{name: row[name] for name in _OF_CHUNK if name in row},
        }
        return [Event(at=row["at"], step="chunk_done", details=details)]
    return []
