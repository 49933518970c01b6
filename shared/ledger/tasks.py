"""Tasks in the ledger: registration, moves from status to status, spending, listings."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NotRequired, TypedDict, Unpack

from boto3.dynamodb.conditions import Attr
from pydantic import BaseModel, ConfigDict, Field

from shared.aws.day_places import DayPlace, query_day
from shared.aws.dynamodb_items import Row
from shared.aws.dynamodb_table import DAY_INDEX, LedgerTable, Put, Update
from shared.errors import LedgerConflictError
from shared.ledger.documents import GIVEN_UP, Clock
from shared.ledger.spend import Account
from shared.ledger.timeline import (
    build_event,
    list_first_steps,
    tell_step,
    write_time,
    write_told,
)
from shared.lifecycle import TaskStatus, find_task_sources

TASK_SK = "TASK"

# The value of `in_flight` for tasks; documents have another, and so a part of the index to
# themselves.
TASK_IN_FLIGHT = "task"

# Why a task was given up that no queue knows any more: it has left no dead letter.
LOST_TASK_REASON = "Its message is gone from every queue; send it again under another id."

_PK_PREFIX = "TASK#"
_MAX_ABOUT_CHARACTERS = 200

_TASKS_OF_DAY = "#tasks"


class Task(BaseModel):
    """A task that a user sent. Times are ISO 8601 in UTC.

    Attributes:
        account: Whose limit of a day its calls count against.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    task_id: str
    kind: str
    name: str | None = None
    about: str = ""
    digest: str
    callback: str | None = None
    account: Account = Account.PIPELINE
    status: TaskStatus
    received_at: str
    updated_at: str
    finished_at: str | None = None
    attempts: int = 0
    model: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    cost_micro_usd: int = 0
    told_micro_usd: int = 0
    result_key: str | None = None
    reason: str | None = None
    # Its row, where it was made just now and nobody else has had it yet.
    new_row: Row | None = Field(default=None, exclude=True)
    # Those that its row tells itself.
    steps: list[dict[str, Any]] = Field(default=[], exclude=True)


def task_pk(task_id: str) -> str:
    """The partition that holds all that belongs to a task."""
    return f"{_PK_PREFIX}{task_id}"


def task_row_key(task_id: str) -> tuple[str, str]:
    """The row of a task itself."""
    return task_pk(task_id), TASK_SK


class TaskArrival(TypedDict):
    """A task that arrived.

    Attributes:
        task_id: The task's id.
        kind: What it asks for.
        about: One line about it, for lists.
        digest: Tells its message from another of the same id.
        callback: Where to send word when it is final.
        now: The clock.
        name: What its sender calls it.
        account: Whose limit of a day its calls count against.
        begins: Whether it is begun at once, as it waits for nothing: one write instead of two.
    """

    task_id: str
    kind: str
    about: str
    digest: str
    callback: str | None
    now: Clock
    name: NotRequired[str | None]
    account: NotRequired[Account]
    begins: NotRequired[bool]


class TaskEnd(TypedDict):
    """What a task has come to.

    Attributes:
        result_key: Where the result lies in the artifacts bucket.
        model: Who answered.
        shortfall: What the result lacks, in a sentence; None if nothing.
    """

    result_key: str
    model: str | None
    shortfall: str | None


def register_task(table: LedgerTable, **arrival: Unpack[TaskArrival]) -> Task:
    """Enter a task that arrived, once.

    Returns:
        The task as it stands; that of an earlier message where one of the same id came first, and
        then it has no `new_row`.
    """
    return _enter(table, make_task(**arrival))


def make_task(**arrival: Unpack[TaskArrival]) -> Task:
    """A task that arrived, with its row, which is not written yet."""
    at, begins = arrival["now"](), arrival.get("begins", False)
    row: Row = {
        "pk": task_pk(arrival["task_id"]),
        "sk": TASK_SK,
        "task_id": arrival["task_id"],
        "kind": arrival["kind"],
        "about": _cut_about(arrival["about"]),
        "digest": arrival["digest"],
        "callback": arrival["callback"],
        "name": arrival.get("name"),
        "account": arrival.get("account", Account.PIPELINE),
        "status": TaskStatus.RUNNING if begins else TaskStatus.RECEIVED,
        "in_flight": TASK_IN_FLIGHT,
        "day": _day(at),
        "received_at": write_time(at),
        "updated_at": write_time(at),
        "attempts": int(begins),
        **list_first_steps(
            at,
            {
                "received": {"kind": arrival["kind"]},
                **({"started": {"attempt": 1}} if begins else {}),
            },
        ),
    }
    return Task.model_validate({**row, "new_row": row})


def _enter(table: LedgerTable, task: Task) -> Task:
    try:
        table.put_row(Put(task.new_row or {}, condition=Attr("pk").not_exists()))
    except LedgerConflictError as conflict:
        if conflict.row is None:
            raise
        return Task.model_validate(conflict.row)
    return task


def enter_finished_task(table: LedgerTable, task: Task, now: Clock, **end: Unpack[TaskEnd]) -> Task:
    """Enter a task that is done already, once, with its result.

    Args:
        table: The ledger.
        task: The task of `make_task`, begun.
        now: The clock.
        end: What it has come to.

    Returns:
        The task as it stands, as of `register_task`.
    """
    at, status, changes = now(), *_describe_end(end)
    row = {
        **(task.new_row or {}),
        **changes,
        "status": status,
        "in_flight": None,
        "updated_at": write_time(at),
        "finished_at": write_time(at),
    }
    told = list_first_steps(at, {"finished": {"model": end["model"], "reason": end["shortfall"]}})
    row |= {name: [*row[name], *steps] for name, steps in told.items()}
    return _enter(table, task.model_copy(update={"status": status, "new_row": row}))


def _describe_end(end: TaskEnd) -> tuple[TaskStatus, dict[str, str | None]]:
    """The status of a task that has come to an end, and what its row says of that."""
    status = TaskStatus.DONE if end["shortfall"] is None else TaskStatus.PARTIAL
    return status, {
        "result_key": end["result_key"], "model": end["model"], "reason": end["shortfall"],
    }  # fmt: skip


def _day(at: datetime) -> str:
    """The partition of a day's tasks in the index by day, apart from that of its documents."""
    return f"{at.astimezone(UTC):%Y-%m-%d}{_TASKS_OF_DAY}"


def find_task(table: LedgerTable, task_id: str) -> Task | None:
    """Read a task, or None if there is none of that id."""
    row = table.read_row(*task_row_key(task_id))
    return None if row is None else Task.model_validate(row)


def list_tasks(table: LedgerTable, now: Clock, days: int) -> Iterator[Task]:
    """The tasks that arrived on the last `days` days (UTC), newest first."""
    for age in range(days):
        day = _day(now() - timedelta(days=age))
        found = list(table.query_index(DAY_INDEX, "day", day, newest_first=True))
        yield from map(Task.model_validate, filter(None, table.read_indexed(found, "day")))


def list_tasks_of_day(
    table: LedgerTable, place: DayPlace, limit: int
) -> tuple[list[Task], DayPlace | None]:
    """Some tasks that arrived on one day (UTC), newest first, from a place in their list on.

    Returns:
        The tasks, and the place to go on from; None if there are no more on that day.
    """
    day = f"{place.day}{_TASKS_OF_DAY}"
    rows, next_place = query_day(table, day, place, limit, task_row_key)
    return [Task.model_validate(row) for row in rows], next_place


def _cut_about(about: str) -> str:
    return " ".join(about.split())[:_MAX_ABOUT_CHARACTERS]


def start_task(table: LedgerTable, task: Task, now: Clock, about: str | None = None) -> Task:
    """Begin a task, once more where an earlier attempt did not end.

    Args:
        table: The ledger.
        task: The task as it was read.
        now: The clock.
        about: One line about it, where more is known by now; None to keep that of its arrival.

    Returns:
        The task as it stands now.

    Raises:
        LedgerConflictError: It has moved on.
    """
    told = {} if about is None else {"about": _cut_about(about)}
    started = task.model_copy(
        update={"status": TaskStatus.RUNNING, "attempts": task.attempts + 1, "reason": None, **told}
    )
    _move(
        table,
        task,
        TaskStatus.RUNNING,
        now,
        step="started",
        changes={"attempts": started.attempts, "reason": None, **told},
        details={"attempt": started.attempts},
    )
    return started


def put_task_back(table: LedgerTable, task: Task, now: Clock) -> None:
    """Let a task wait as one that was not started, so that it can be cancelled meanwhile.

    Args:
        table: The ledger.
        task: The task as `start_task` returned it, of which nothing was done.
        now: The clock.

    Raises:
        LedgerConflictError: It has moved on, or another attempt has begun.
    """
    unchanged = Attr("status").eq(TaskStatus.RUNNING) & Attr("attempts").eq(task.attempts)
    assign = {"status": TaskStatus.RECEIVED, "updated_at": write_time(now())}
    table.update_row(Update(*task_row_key(task.task_id), assign=assign, condition=unchanged))


def finish_task(table: LedgerTable, task: Task, now: Clock, **end: Unpack[TaskEnd]) -> TaskStatus:
    """Make a task DONE, or PARTIAL, with its result, in one transaction.

    Args:
        table: The ledger.
        task: The task as `start_task` returned it: no other attempt may have begun since.
        now: The clock.
        end: What it has come to.

    Returns:
        The status that it has now.

    Raises:
        LedgerConflictError: The task has moved on.
    """
    status, changes = _describe_end(end)
    _move(
        table,
        task,
        status,
        now,
        step="finished",
        changes=changes,
        details={"model": end["model"]},
    )
    return status


def fail_task(
    table: LedgerTable, task: Task, reason: str, now: Clock, *, stays_in_flight: bool = False
) -> None:
    """Make a task FAILED, with the reason.

    Args:
        table: The ledger.
        task: The task as it was read.
        reason: Why.
        now: The clock.
        stays_in_flight: It is lost and leaves no letter: it stays among those in flight until
            `end_flight`, so that the sweep finds it again if its sender could not be told.

    Raises:
        LedgerConflictError: The task has moved on.
    """
    changes = {"reason": reason, "in_flight": TASK_IN_FLIGHT if stays_in_flight else GIVEN_UP}
    _move(table, task, TaskStatus.FAILED, now, step="failed", changes=changes)


def end_flight(table: LedgerTable, task: Task) -> None:
    """Take a FAILED task from among those in flight.

    Raises:
        LedgerConflictError: It was taken up again.
    """
    pk, sk = task_row_key(task.task_id)
    unchanged = Attr("status").eq(TaskStatus.FAILED) & Attr("attempts").eq(task.attempts)
    table.update_row(Update(pk, sk, assign={"in_flight": None}, condition=unchanged))


def note_conflict(table: LedgerTable, task: Task, now: Clock) -> None:
    """Note in a task's timeline that another message of its id was refused."""
    table.put_row(build_event(task_pk(task.task_id), now(), "conflicting_message_refused", {}))


def _move(
    table: LedgerTable,
    task: Task,
    target: TaskStatus,
    now: Clock,
    *,
    step: str,
    changes: Mapping[str, Any],
    details: Mapping[str, Any] | None = None,
) -> None:
    """Move a task in one guarded write: only legal moves of the same attempt pass."""
    at = now()
    pk, sk = task_row_key(task.task_id)
    condition = (
        Attr("status").is_in(sorted(find_task_sources(target)))
        & Attr("attempts").eq(task.attempts)
        & Attr("digest").eq(task.digest)
    )
    assign = {
        "status": target,
        "updated_at": write_time(at),
        "in_flight": None if target.is_final else TASK_IN_FLIGHT,
        "finished_at": write_time(at) if target.is_final else None,
        **changes,
    }
    change = Update(pk, sk, assign=assign, condition=condition)
    told = {"reason": changes.get("reason"), **(details or {})}
    write_told(table, tell_step(change, len(task.steps), at, step, told))
