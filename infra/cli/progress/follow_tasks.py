"""Following tasks in the ledger until they are final."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rich.console import Console
from rich.text import Text

from infra.cli.progress.follow_documents import (
    MOST_STORIES_PER_LOOK,
    Pace,
    read_present_rows,
)
from infra.cli.timeline_table import describe_delay
from shared.aws.dynamodb_table import LedgerTable
from shared.ledger.tasks import Task, task_pk, task_row_key
from shared.ledger.timeline import read_timeline
from shared.printable import to_printable

# After this time without a change, the timeline of a task is asked for the reason.
_PATIENCE = timedelta(seconds=3)


@dataclass(frozen=True)
class FollowedTask:
    """A task that is followed.

    Args:
        task_id: Its id.
        task: What the ledger knows of it; None until the worker has received it.
        delay: Why it is not moving, if its timeline tells.
    """

    task_id: str
    task: Task | None = None
    delay: str | None = None

    @property
    def status(self) -> str:
        """Its status, or WAITING before the worker has received it."""
        return "WAITING" if self.task is None else self.task.status

    @property
    def is_final(self) -> bool:
        """Whether nothing more happens to it by itself."""
        return self.task is not None and self.task.status.is_final


ShowTasks = Callable[[Sequence[FollowedTask]], None]


def follow_tasks(
    table: LedgerTable, task_ids: Sequence[str], pace: Pace
) -> Iterator[tuple[FollowedTask, ...]]:
    """Look at tasks once a second or, if they are few, four times, until all are final.

    Yields:
        All tasks, in the same order, as they are now; at least once.
    """
    followed = tuple(FollowedTask(task_id) for task_id in task_ids)
    while True:
        look_began = pace.stopwatch()
        found = read_tasks(table, [f.task_id for f in followed if not f.is_final])
        followed = tuple(replace(f, task=found.get(f.task_id, f.task)) for f in followed)
        followed = _explain_delays(table, followed, pace)
        yield followed
        if all(f.is_final for f in followed):
            return
        pace.rest(look_began, sum(not f.is_final for f in followed))


def read_tasks(table: LedgerTable, task_ids: Sequence[str]) -> dict[str, Task]:
    """Read tasks with few calls, as they are now; those that are not there are left out."""
    rows = read_present_rows(table, [task_row_key(i) for i in task_ids])
    return {row["task_id"]: Task.model_validate(row) for row in rows}


def _explain_delays(
    table: LedgerTable, followed: Sequence[FollowedTask], pace: Pace
) -> tuple[FollowedTask, ...]:
    """Say of a few tasks that have not moved for a while what they wait for."""
    limit = pace.now() - _PATIENCE
    stuck = [
        f.task
        for f in followed
        if f.task and not f.is_final and datetime.fromisoformat(f.task.updated_at) < limit
    ]
    delays = {
        task.task_id: describe_delay(read_timeline(table, task_pk(task.task_id)))
        for task in stuck[:MOST_STORIES_PER_LOOK]
    }
    return tuple(replace(f, delay=delays.get(f.task_id)) for f in followed)


@contextmanager
def show_task_progress(console: Console) -> Iterator[ShowTasks]:
    """Show tasks as they move on: a live line on a terminal, else a line for each change.

    Yields:
        A function that shows all tasks as they are now.
    """
    if console.is_terminal:
        with console.status("") as status:
            yield lambda followed: status.update(Text("\n".join(map(describe_step, followed))))
        return
    shown: dict[str, str] = {}

    def write_changes(followed: Sequence[FollowedTask]) -> None:
        for one in followed:
            line = describe_step(one)
            if one.task is not None and shown.get(one.task_id) != line:
                shown[one.task_id] = line
                console.print(line, soft_wrap=True)

    yield write_changes


def describe_step(followed: FollowedTask) -> str:
    """One line about where a task is now."""
    about = "" if followed.task is None else f"{followed.task.kind}: {followed.task.about}"
    parts = [f"{followed.status:<8}", followed.task_id, about, followed.delay or ""]
    return to_printable("  ".join(filter(None, parts)))
