"""`seashore enqueue`: put a task on the work queue, and wait for it if wanted."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from infra.aws import aws_errors_as
from infra.cli.command_context import CommandContext
from infra.cli.documents.find import find_document_name
from infra.cli.exit_codes import ExitCode
from infra.cli.operations.pause import say_pauses
from infra.cli.progress.follow_documents import REAL_PACE
from infra.cli.progress.follow_tasks import follow_tasks, show_task_progress
from infra.cli.tasks.view import write_task
from infra.stacks import Stack
from pipeline.tasks.intake import check_order, register_order
from shared.aws.callback_targets import find_callback_target
from shared.document_formats import PDF, TEXT, find_format
from shared.errors import OperatorError, SeashoreError, TaskRefusedError, WrongUsageError
from shared.ledger.pauses import read_pauses
from shared.ledger.tasks import Task as KnownTask
from shared.ledger.tasks import find_task
from shared.lifecycle import TaskStatus
from shared.messages.message import escape_for_sqs
from shared.messages.message_groups import group_of_sender
from shared.messages.problem_words import describe_problem
from shared.messages.task_names import (
    NEED_MODEL,
    TASK_ID_PATTERN,
    TASK_ID_WORDS,
    say_model_is_needed,
)
from shared.messages.tasks import TASK, Task

# Who sends what is sent by this command line.
TERMINAL = "terminal"


def read_text(name: str) -> str:
    """Read a text file, or stdin for `-`.

    Raises:
        WrongUsageError: It cannot be read, is a document of another kind, or is no text in UTF-8.
    """
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise WrongUsageError(f"{name} cannot be read: {error.strerror}.") from error
    try:
        if not data.startswith(b"%PDF-"):
            return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    found = PDF if data.startswith(b"%PDF-") else find_format(name)
    if found is None or found is TEXT:
        raise WrongUsageError(f"{name} is no text in UTF-8: convert it and send that.")
    raise WrongUsageError(
        f"{name} is {found.one}: put it with `seashore put {name}`, and name it with --document."
    )


def read_schema(name: str) -> dict[str, Any]:
    """Read a JSON Schema from a file.

    Raises:
        WrongUsageError: It cannot be read, or is no JSON object.
    """
    try:
        schema = json.loads(read_text(name))
    except (ValueError, RecursionError) as error:
        raise WrongUsageError(f"{name} is not JSON: {error}.") from None
    if not isinstance(schema, dict):
        raise WrongUsageError(f"{name} holds no JSON object.")
    return schema


def enqueue_task(
    context: CommandContext, content: Mapping[str, Any], *, wait: bool, review: bool = False
) -> ExitCode:
    """Send a task.

    Args:
        context: What the command works with: the stack to send it to.
        content: The task's message; what is None is left out.
        wait: Whether to wait for it and write its result.
        review: Whether to write also what a model has given and no page bears out.

    Returns:
        FAILED if it was waited for and not done.

    Raises:
        WrongUsageError: The task, or the schema of an extraction, cannot be sent as it is, or its
            id is another task's.
        UnknownItemError: There is no document of a name.
        OperatorError: AWS refused it.
    """
    task = build_task(context, content)
    if task.id is not None:
        refuse_used_id(find_task(context.table, task.id), task)
    task_id = send_and_enter_task(context, task, group_of_sender(TERMINAL))
    if not wait:
        if context.as_json:
            context.output.write_json({"task_id": task_id})
        else:
            context.output.write_line([task_id])
        return ExitCode.OK
    return _wait(context, task.model_copy(update={"id": task_id}), review=review)


def send_and_enter_task(context: CommandContext, task: Task, group: str) -> str:
    """Put a task on the work queue, and enter it in the ledger before a worker has received it.

    So it can be shown, and cancelled, while it lies behind others or the worker is paused. Only
    what is sent is entered: nothing waits in the ledger that nobody will work on.

    Returns:
        Its id.

    Raises:
        OperatorError: AWS refused to send it.
    """
    task_id = send_task(context.stack, task, group)
    try:
        register_order(task.model_copy(update={"id": task_id}), context.table, context.now)
    except SeashoreError as error:
        told = f"The task {task_id} is sent; until the worker receives it nothing shows it: {error}"
        context.output.say(told, style="yellow")
    return task_id


def send_task(stack: Stack, task: Task, group: str) -> str:
    """Put a task on the work queue, in a message group.

    Returns:
        Its id: that of its SQS message if it has none of its own.

    Raises:
        OperatorError: AWS refused it.
    """
    body = escape_for_sqs(task.model_dump_json(by_alias=True, exclude_none=True))
    with aws_errors_as(OperatorError):
        sent = stack.client("sqs").send_message(
            QueueUrl=stack.output("WorkQueueUrl"), MessageBody=body, MessageGroupId=group
        )
    return task.id or str(sent["MessageId"])


def refuse_used_id(known: KnownTask | None, task: Task) -> None:
    """Refuse a task whose id the ledger holds for another; the same task again is as good as one.

    Raises:
        WrongUsageError: Another task has the id.
    """
    if known is not None and known.digest != task.digest:
        raise WrongUsageError(
            f"The id {task.id} is another task's ({known.kind}, {known.status}: {known.about!r}): "
            f"choose another id; `seashore show {task.id}` shows that one."
        )


def build_task(context: CommandContext, content: Mapping[str, Any]) -> Task:
    """The message of a task, checked; what is None is left out.

    Raises:
        WrongUsageError: It cannot be sent as it is.
        UnknownItemError: There is no document of a name.
    """
    given = {name: value for name, value in content.items() if value is not None}
    if "document" in given:
        given["document"] = find_document_name(context, given["document"])
    if "documents" in given:
        given["documents"] = [find_document_name(context, name) for name in given["documents"]]
    try:
        task = TASK.validate_python(given)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, problem['loc'][1:])) or problem['loc'][0]}: "
            f"{describe_problem(problem, {TASK_ID_PATTERN: TASK_ID_WORDS})}"
            for problem in error.errors(include_input=False)
        )
        raise WrongUsageError(f"The task cannot be sent: {problems}.") from None
    try:
        check_order(task)
        allowed = context.stack.outputs.get("CallbackArns")
        # A stack of an earlier release says neither; there the worker refuses it.
        if task.callback is not None and allowed is not None:
            find_callback_target(task.callback, allowed.split(","))
        if task.kind in NEED_MODEL and context.stack.outputs.get("HasModel") == "false":
            raise TaskRefusedError(say_model_is_needed(task.kind))
    except TaskRefusedError as error:
        raise WrongUsageError(str(error)) from error
    return task


def _wait(context: CommandContext, task: Task, *, review: bool) -> ExitCode:
    output, task_id = context.output, task.task_id
    say_pauses(read_pauses(context.table), output)
    try:
        with show_task_progress(output.talk) as show:
            for followed in follow_tasks(context.table, [task_id], REAL_PACE):
                show(followed)
    except KeyboardInterrupt:
        output.say(f"The task goes on without this command: `seashore show {task_id}`.")
        raise
    (last,) = followed
    if last.task is None:
        raise OperatorError(f"The task {task_id} was not taken up.")
    # One of two that were sent at the same time under one id is refused by the worker.
    refuse_used_id(last.task, task)
    write_task(context, last.task, review=review)
    return ExitCode.OK if last.task.status is TaskStatus.DONE else ExitCode.FAILED
