"""`seashore results`: what several extractions have found, as one table."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from infra.cli.command_context import CommandContext
from infra.cli.exit_codes import ExitCode
from pipeline.tasks.extract.result_table import TaskResult, build_table
from shared.document_formats import count_units
from shared.errors import UnknownItemError, WrongUsageError
from shared.ledger.tasks import Task, find_task, list_tasks
from shared.lifecycle import TaskStatus
from shared.printable import defuse_cell

_PARALLEL_READS = 8
_EXTRACT = "extract"


def write_results(
    context: CommandContext,
    task_ids: Sequence[str],
    name: str | None,
    days: int,
    path: str | None,
    *,
    as_csv: bool,
) -> ExitCode:
    """Write the results of extractions: a line a task, or a line a row of a list.

    Args:
        context: What the command works with.
        task_ids: The tasks.
        name: What the names of further tasks begin with; None for none.
        days: How many days back these are looked for.
        path: The list whose rows are the lines; None for a line a task.
        as_csv: Whether to write CSV.

    Returns:
        FAILED if a task is not done.

    Raises:
        WrongUsageError: Nothing is named, or a task extracts nothing.
        UnknownItemError: There is no such task.
        ObjectMissingError: A result is gone from the artifacts bucket.
    """
    tasks = _find_tasks(context, task_ids, name, days)
    with ThreadPoolExecutor(_PARALLEL_READS) as pool:
        results = list(pool.map(lambda task: _read(context, task), tasks))
    if context.as_json:
        context.output.write_json(
            [
                {
                    **{"task_id": one.task_id, "document": one.about, "status": one.status},
                    **{"reason": one.reason, "result": one.result},
                }
                for one in results
            ]
        )
    else:
        _write_table(context, build_table(results, path), as_csv=as_csv)
    lacking = sum(task.status is not TaskStatus.DONE for task in tasks)
    if lacking:
        verb = "is" if lacking == 1 else "are"
        of = count_units(len(tasks), "task")
        context.output.say(f"{lacking} of {of} {verb} not DONE: see the reasons.")
    return ExitCode.FAILED if lacking else ExitCode.OK


def _find_tasks(
    context: CommandContext, task_ids: Sequence[str], name: str | None, days: int
) -> list[Task]:
    if not task_ids and name is None:
        raise WrongUsageError("Name tasks by their ids, or by --name what their names begin with.")
    found: dict[str, Task] = {}
    for task_id in task_ids:
        task = find_task(context.table, task_id)
        if task is None:
            raise UnknownItemError(f"There is no task {task_id!r}: `seashore tasks` lists them.")
        found[task_id] = task
    if name is not None:
        named = [
            task
            for task in list_tasks(context.table, context.now, days)
            if task.kind == _EXTRACT and (task.name or "").startswith(name)
        ]
        if not named:
            raise UnknownItemError(
                f"No extraction of the last {days} days has a name that begins with {name!r}."
            )
        found |= {task.task_id: task for task in named}
    for task in found.values():
        if task.kind != _EXTRACT:
            raise WrongUsageError(f"The task {task.task_id} extracts nothing: it is {task.kind}.")
    return list(found.values())


def _read(context: CommandContext, task: Task) -> TaskResult:
    result: dict[str, Any] | None = None
    if task.result_key is not None:
        bucket = context.stack.output("ArtifactsBucket")
        result = context.objects.read_json(bucket, task.result_key)
    about = (result or {}).get("document_key") or task.about
    return TaskResult(task.task_id, task.status, about, task.reason, result)


def _write_table(context: CommandContext, table: Sequence[Sequence[Any]], *, as_csv: bool) -> None:
    heading, *lines = table
    if as_csv:
        context.output.write_csv([defuse_cell(name) for name in heading], lines)
        return
    cells = [["" if cell is None else str(cell) for cell in line] for line in lines]
    context.output.write_table(dict.fromkeys(heading, "text"), cells, cells)
