"""`seashore watch`: documents and tasks as they move on."""

from collections.abc import Iterable, Sequence

from infra.cli.command_context import CommandContext
from infra.cli.documents.find import find_wanted_document
from infra.cli.documents.progress_view import show_progress
from infra.cli.documents.table import write_document_table
from infra.cli.exit_codes import ExitCode
from infra.cli.operations.pause import say_pauses
from infra.cli.output import Output
from infra.cli.progress.follow_documents import (
    REAL_PACE,
    Followed,
    follow_documents,
    follow_in_flight,
    is_all_done,
)
from infra.cli.progress.follow_tasks import FollowedTask, follow_tasks, show_task_progress
from shared.ledger.document_lists import list_documents
from shared.ledger.pauses import read_pauses
from shared.ledger.tasks import find_task
from shared.lifecycle import TaskStatus


def watch(
    context: CommandContext, wanted: Sequence[str], days: int, *, with_final: bool
) -> ExitCode:
    """Show documents and tasks as they move on, tasks first, until all are final.

    Args:
        context: What the command works with.
        wanted: Ids of tasks, and ids, beginnings of ids, or keys of documents; if empty, all
            documents that are in flight.
        days: How many days back to look for documents that are final already.
        with_final: Whether to show those too.

    Returns:
        FAILED if one of the wanted documents is not DONE in the end.

    Raises:
        UnknownItemError: One of the wanted documents does not exist.
    """
    table, output = context.table, context.output
    say_pauses(read_pauses(table), output)
    task_ids = [name for name in wanted if find_task(table, name) is not None]
    names = [name for name in wanted if name not in task_ids]
    tasks_done = _watch_tasks(context, task_ids)
    if task_ids and not names:
        return ExitCode.OK if tasks_done else ExitCode.FAILED
    if names:
        found = [find_wanted_document(context, name) for name in names]
        looks = follow_documents(table, [Followed(d.document_id, d.key, d) for d in found])
    else:
        finals = list_documents(table, context.now, days) if with_final else ()
        looks = follow_in_flight(table, finals)
    followed = _write_changes(looks, output) if context.as_json else _show_live(looks, context)
    if not followed:
        output.say("No document is in flight. A task is watched by its id: `seashore watch ID`.")
    all_done = tasks_done and is_all_done(followed)
    return ExitCode.OK if not wanted or all_done else ExitCode.FAILED


def _watch_tasks(context: CommandContext, task_ids: Sequence[str]) -> bool:
    """Show tasks as they move on, until all are final; whether all are DONE then."""
    if not task_ids:
        return True
    output = context.output
    written: dict[str, FollowedTask] = {}
    followed: tuple[FollowedTask, ...] = ()
    with show_task_progress(output.talk if context.as_json else output.results) as show:
        for followed in follow_tasks(context.table, task_ids, REAL_PACE):
            if not context.as_json:
                show(followed)
                continue
            for seen in followed:
                if seen.task is not None and written.get(seen.task_id) != seen:
                    written[seen.task_id] = seen
                    output.write_json_line(
                        {**seen.task.model_dump(mode="json"), "delay": seen.delay}
                    )
    return all(f.task is not None and f.task.status is TaskStatus.DONE for f in followed)


def _show_live(
    looks: Iterable[tuple[Followed, ...]], context: CommandContext
) -> tuple[Followed, ...]:
    followed: tuple[Followed, ...] = ()
    with show_progress(context.output.results) as show:
        for followed in looks:
            show(followed)
    if context.output.is_terminal:
        write_document_table([f.document for f in followed if f.document is not None], context)
    return followed


def _write_changes(looks: Iterable[tuple[Followed, ...]], output: Output) -> tuple[Followed, ...]:
    followed: tuple[Followed, ...] = ()
    written: dict[str, Followed] = {}
    for followed in looks:
        for seen in followed:
            if seen.document is not None and written.get(seen.document_id) != seen:
                written[seen.document_id] = seen
                output.write_json_line(
                    {**seen.document.model_dump(mode="json"), "delay": seen.delay}
                )
    return followed
