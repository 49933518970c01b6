"""The list of tasks in pages: those that users sent, by status and by beginning of names."""

from dataclasses import dataclass
from functools import partial

from pipeline.day_listing import PageWanted, list_page
from shared.aws.dynamodb_table import LedgerTable
from shared.ledger.documents import Clock
from shared.ledger.tasks import Task, list_tasks_of_day
from shared.lifecycle import TaskStatus
from shared.messages.task_names import TASK_ID_PATTERN, is_own_task


@dataclass(frozen=True)
class TasksWanted:
    """Which tasks are asked for: those that users sent.

    Args:
        page: The page of their list.
        status: Their status; None for any.
        name: What their name begins with; None for any.
    """

    page: PageWanted
    status: TaskStatus | None = None
    name: str | None = None

    def fits(self, task: Task) -> bool:
        """Whether a task is asked for."""
        return (
            not is_own_task(task.task_id)
            and self.status in (None, task.status)
            and (task.name or "").startswith(self.name or "")
        )


def list_task_page(
    wanted: TasksWanted, table: LedgerTable, now: Clock
) -> tuple[list[Task], str | None]:
    """A page of tasks, and the cursor of the next, as `list_page` gives and raises it."""
    list_day = partial(list_tasks_of_day, table)
    return list_page(wanted.page, list_day, wanted.fits, _find_place, TASK_ID_PATTERN, now)


def _find_place(task: Task) -> tuple[str, str]:
    return task.received_at, task.task_id
