"""The list of tasks in pages, with a cursor that says where the next one begins."""

import base64
import json
from dataclasses import dataclass
from datetime import UTC, timedelta

from shared.aws.dynamodb_table import LedgerTable
from shared.calendar import parse_day
from shared.errors import InvalidRequestError
from shared.ledger.documents import Clock
from shared.ledger.tasks import Task, TaskPlace, list_tasks_of_day
from shared.lifecycle import TaskStatus
from shared.messages.tasks import is_own_task

# Without a day the list goes back so far; older tasks are found by naming their day.
DAYS_BACK = 30
# The most rows that are looked through for one page, so that a rare name costs no long read.
_MAX_ROWS_READ = 500


@dataclass(frozen=True)
class TasksWanted:
    """Which tasks are asked for: those that users sent.

    Args:
        day: The day (UTC) of their arrival; None for the last thirty.
        status: Their status; None for any.
        name: What their name begins with; None for any.
        limit: The most that a page holds.
        cursor: Where the page begins, as the page before said; None for the first.
    """

    day: str | None
    status: TaskStatus | None
    name: str | None
    limit: int
    cursor: str | None


def list_task_page(
    wanted: TasksWanted, table: LedgerTable, now: Clock
) -> tuple[list[Task], str | None]:
    """A page of tasks, newest first, and the cursor of the next; None if there is none.

    A page may hold fewer than asked for, and even none, and still have a next one.

    Raises:
        InvalidRequestError: The cursor is none that this list has given.
        ServiceError: The ledger cannot be reached.
    """
    today = now().astimezone(UTC).date()
    first_day = parse_day(wanted.day) if wanted.day else today - timedelta(days=DAYS_BACK - 1)
    newest = parse_day(wanted.day) if wanted.day else today
    place = _read_cursor(wanted.cursor) if wanted.cursor else TaskPlace(f"{newest:%Y-%m-%d}")
    if wanted.cursor and not first_day <= parse_day(place.day) <= newest:
        raise InvalidRequestError("the cursor is of another list: it goes with the same day")
    found: list[Task] = []
    rows_left = _MAX_ROWS_READ
    while rows_left > 0 and len(found) < wanted.limit:
        # Never more rows than are wanted, so that the cursor passes over none.
        size = min(rows_left, wanted.limit - len(found))
        tasks, next_place = list_tasks_of_day(table, place, size)
        rows_left -= max(1, len(tasks))
        found += [task for task in tasks if _fits(task, wanted)]
        if next_place is None:
            day = parse_day(place.day) - timedelta(days=1)
            if day < first_day:
                return found, None
            next_place = TaskPlace(f"{day:%Y-%m-%d}")
        place = next_place
    return found, _write_cursor(place)


def _fits(task: Task, wanted: TasksWanted) -> bool:
    return (
        not is_own_task(task.task_id)
        and wanted.status in (None, task.status)
        and (task.name or "").startswith(wanted.name or "")
    )


def _write_cursor(place: TaskPlace) -> str:
    content = json.dumps([place.day, place.received_at, place.task_id])
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> TaskPlace:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        day, received_at, task_id = json.loads(base64.urlsafe_b64decode(padded))
        parse_day(day)
        if (received_at is None) is not (task_id is None):
            raise ValueError("not a place")
        place = TaskPlace(day, received_at and str(received_at), task_id and str(task_id))
    except (ValueError, TypeError, RecursionError) as error:
        raise InvalidRequestError("the cursor is none that this list has given") from error
    return place
