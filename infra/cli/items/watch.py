"""`seashore watch`: documents and tasks as they move on."""

from collections.abc import Iterable, Sequence

from infra.cli.documents.find import find_wanted_document
from infra.cli.documents.progress_view import show_progress
from infra.cli.documents.table import write_document_table
from infra.cli.exit_codes import ExitCode
from infra.cli.output import Output
from infra.cli.progress.follow_documents import (
    REAL_PACE,
    Followed,
    follow_documents,
    follow_in_flight,
    is_all_done,
)
from infra.cli.progress.follow_tasks import FollowedTask, follow_tasks, show_task_progress
from infra.cli.stack_access import open_ledger
from infra.stacks import Stack
from shared.aws.dynamodb_table import LedgerTable
from shared.ledger.document_lists import list_documents
from shared.ledger.tasks import find_task
from shared.lifecycle import TaskStatus


def watch(
    stack: Stack,
    wanted: Sequence[str],
    days: int,
    *,
    with_final: bool,
    as_json: bool,
    output: Output,
) -> ExitCode:
    """Show documents and tasks as they move on, tasks first, until all are final.

    Args:
        stack: Where they are.
        wanted: Ids of tasks, and ids, beginnings of ids, or keys of documents; if empty, all
            documents that are in flight.
        days: How many days back to look for documents that are final already.
        with_final: Whether to show those too.
        as_json: Whether to write each change as a JSON object on a line of its own.
        output: Where to write.

    Returns:
        FAILED if one of the wanted documents is not DONE in the end.

    Raises:
        UnknownItemError: One of the wanted documents does not exist.
    """
    table = open_ledger(stack)
    task_ids = [name for name in wanted if find_task(table, name) is not None]
    names = [name for name in wanted if name not in task_ids]
    tasks_done = _watch_tasks(table, task_ids, as_json=as_json, output=output)
    if task_ids and not names:
        return ExitCode.OK if tasks_done else ExitCode.FAILED
    if names:
        bucket = stack.output("DocumentsBucket")
        found = [find_wanted_document(table, bucket, name, REAL_PACE.now) for name in names]
        looks = follow_documents(table, [Followed(d.document_id, d.key, d) for d in found])
    else:
        finals = list_documents(table, REAL_PACE.now, days) if with_final else ()
        looks = follow_in_flight(table, finals)
    followed = _write_changes(looks, output) if as_json else _show_live(looks, output)
    if not followed:
        output.say("Nothing is in flight.")
    all_done = tasks_done and is_all_done(followed)
    return ExitCode.OK if not wanted or all_done else ExitCode.FAILED


def _watch_tasks(
    table: LedgerTable, task_ids: Sequence[str], *, as_json: bool, output: Output
) -> bool:
    """Show tasks as they move on, until all are final; whether all are DONE then."""
    if not task_ids:
        return True
    written: dict[str, FollowedTask] = {}
    followed: tuple[FollowedTask, ...] = ()
    with show_task_progress(output.talk if as_json else output.results) as show:
        for followed in follow_tasks(table, task_ids, REAL_PACE):
            if not as_json:
                show(followed)
                continue
            for seen in followed:
                if seen.task is not None and written.get(seen.task_id) != seen:
                    written[seen.task_id] = seen
                    output.write_json_line(
                        {**seen.task.model_dump(mode="json"), "delay": seen.delay}
                    )
    return all(f.task is not None and f.task.status is TaskStatus.DONE for f in followed)


def _show_live(looks: Iterable[tuple[Followed, ...]], output: Output) -> tuple[Followed, ...]:
    followed: tuple[Followed, ...] = ()
    with show_progress(output.results) as show:
        for followed in looks:
            show(followed)
    if output.is_terminal:
        documents = [f.document for f in followed if f.document is not None]
        write_document_table(documents, output, as_json=False)
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
