"""`seashore enqueue extract --prefix`: a task for each document whose key begins so."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from infra.cli.command_context import CommandContext
from infra.cli.documents.find import find_documents_under
from infra.cli.documents.table import style_status
from infra.cli.exit_codes import ExitCode
from infra.cli.progress.follow_documents import REAL_PACE
from infra.cli.progress.follow_tasks import (
    FollowedTask,
    follow_tasks,
    read_tasks,
    show_task_progress,
)
from infra.cli.tasks.enqueue import TERMINAL, build_task, refuse_used_id, send_and_enter_task
from pipeline.tasks.extract.extract_many import (
    ends_without_text,
    name_after_prefix,
    name_extraction,
)
from shared.document_formats import count_units
from shared.errors import UnknownItemError
from shared.ledger.documents import Document
from shared.lifecycle import TaskStatus
from shared.messages.message_groups import group_of_bulk
from shared.messages.tasks import Task


def enqueue_extractions(
    context: CommandContext, content: Mapping[str, Any], prefix: str, *, wait: bool
) -> ExitCode:
    """Send a task for the newest document of each key that begins so.

    The id of a task is made of the schema and the document, so that the same command a second time
    sends tasks only for what has come since: a task of a known id is not carried out again.

    Args:
        context: What the command works with.
        content: The tasks' message; its id, if it has one, is what their ids begin with.
        prefix: What the keys begin with.
        wait: Whether to wait for all of them.

    Returns:
        FAILED if they were waited for, and not all are done.

    Raises:
        UnknownItemError: There is no such document, or none with text.
        WrongUsageError: The task cannot be sent as it is, or an id is another task's.
        OperatorError: AWS refused it.
    """
    found = find_documents_under(context, prefix)
    documents = [one for one in found if not ends_without_text(one)]
    if len(documents) < len(found):
        left = Counter(str(one.status) for one in found if ends_without_text(one))
        told = ", ".join(f"{count:,} {status}" for status, count in left.most_common())
        context.output.say(f"Without text, so left out: {told}.")
    if not documents:
        raise UnknownItemError(
            f"There is no document with text whose key begins with {prefix!r}: "
            "`seashore documents` lists what is there."
        )
    tasks = [_build_task(context, content, prefix, document) for document in documents]
    known = read_tasks(context.table, [task.task_id for task in tasks])
    for task in tasks:
        refuse_used_id(known.get(task.task_id), task)
    for task in tasks:
        send_and_enter_task(context, task, group_of_bulk(TERMINAL))
    if not wait:
        _write_sent(context, tasks, documents)
        return ExitCode.OK
    return _wait(context, [task.task_id for task in tasks], documents)


def _build_task(
    context: CommandContext, content: Mapping[str, Any], prefix: str, document: Document
) -> Task:
    own = {
        "id": name_extraction(content["schema"], document, content["id"]),
        "name": content["name"] or name_after_prefix(prefix),
        "document": document.document_id,
    }
    return build_task(context, {**content, **own})


def _write_sent(
    context: CommandContext, tasks: Sequence[Task], documents: Sequence[Document]
) -> None:
    sent = [(task.task_id, one.key) for task, one in zip(tasks, documents, strict=True)]
    if context.as_json:
        context.output.write_json([{"task_id": task_id, "document": key} for task_id, key in sent])
        return
    for line in sent:
        context.output.write_line(line)


def _wait(
    context: CommandContext, task_ids: Sequence[str], documents: Sequence[Document]
) -> ExitCode:
    output = context.output
    followed: Sequence[FollowedTask] = ()
    try:
        with show_task_progress(output.talk) as show:
            for followed in follow_tasks(context.table, task_ids, REAL_PACE):
                show(followed)
    except KeyboardInterrupt:
        verb = "goes" if len(task_ids) == 1 else "go"
        output.say(
            f"{count_units(len(task_ids), 'task')} {verb} on without this command: "
            "`seashore tasks`."
        )
        raise
    ended = list(zip(followed, documents, strict=True))
    if context.as_json:
        output.write_json([one.task.model_dump(mode="json") for one in followed if one.task])
    else:
        output.write_table(
            {"task": "name", "status": "word", "document": "name"},
            [(one.task_id, style_status(one.status), document.key) for one, document in ended],
            [(one.task_id, one.status, document.key) for one, document in ended],
        )
    is_done = all(one.status == TaskStatus.DONE for one in followed)
    return ExitCode.OK if is_done else ExitCode.FAILED
