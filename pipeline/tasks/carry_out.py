"""The tasks that users send: registered once, worked on, their results kept, their senders told."""

import json
import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from itertools import chain

from pipeline.documents.document_reader import DocumentReader
from pipeline.tasks.agent.agent import AgentResult
from pipeline.tasks.agent.document_tools import GetSummary
from pipeline.tasks.intake import check_order, describe_order, register_order
from pipeline.tasks.kinds import TASK_KINDS
from pipeline.tasks.task_calls import TaskCalls, TaskFacts
from pipeline.tasks.task_documents import find_named_documents
from pipeline.tasks.task_kind import TaskFile, TaskServices, TaskWork
from pipeline.tasks.task_markdown import render_task_result
from shared.aws.callback_targets import find_callback_target
from shared.deadline import Deadline
from shared.errors import DeferredError, LedgerConflictError, TaskConflictError, TaskRefusedError
from shared.ledger.documents import Document
from shared.ledger.erasures import link_task
from shared.ledger.spend import Account
from shared.ledger.spending import Spending
from shared.ledger.tasks import (
    LOST_TASK_REASON,
    Task,
    TaskEnd,
    end_flight,
    enter_finished_task,
    fail_task,
    find_task,
    finish_task,
    make_task,
    note_conflict,
    put_task_back,
    start_task,
)
from shared.llm.model_choice import EXTRACTIVE
from shared.messages.message import encode_message
from shared.messages.tasks import ExtractTask, SummarizeTask
from shared.messages.tasks import Task as TaskOrder
from shared.messages.work_items import TaskCallback

logger = logging.getLogger("seashore.tasks")


def work_on_task(order: TaskOrder, services: TaskServices, deadline: Deadline) -> None:
    """Do what a user asks for, keep the result, and have the sender told.

    Safe to repeat: of a task that is done, or cancelled, only the sender is told again.

    Raises:
        TaskConflictError: Another task of the same id came first.
        TaskRefusedError: It cannot be done as it is; the message says why.
        DeferredError: It waits: for a document, or for what is not its fault.
        RetryableError, PermanentError: As the model, S3 and the ledger do.
    """
    check_order(order)
    if _is_picked(order, services):
        _pick(order, services, deadline)
        return
    waits_for_nothing = not order.document_names and order.callback is None
    task = register_order(order, services.table, services.now, begins=waits_for_nothing)
    _refuse_other(task, order)
    if task.new_row is None and task.status.is_settled:
        _send_callback(task, services)
        return
    if order.callback is not None:
        find_callback_target(order.callback, services.callback_arns)
    since = datetime.fromisoformat(task.received_at)
    documents = find_named_documents(order.document_names, since, services.reader)
    TASK_KINDS[order.kind].wait_for_documents(documents, since, services.reader)
    if task.new_row is None or not waits_for_nothing:
        task = start_task(services.table, task, services.now, _tell_about(order, documents))
    link_task(services.table, task.task_id, [one.document_id for one in documents])
    result = _make_result(order, task, documents, services, deadline)
    # Once more before it is kept: one may have been deleted, and an agent chooses what it reads.
    link_task(services.table, task.task_id, _find_subjects(result, documents, services.reader))
    # Each attempt has a folder of its own: a stale one never overwrites a committed result.
    end = _write_result(order, result, str(task.attempts), services)
    status = finish_task(services.table, task, services.now, **end)
    _send_callback(task.model_copy(update={"status": status}), services)


def _tell_about(order: TaskOrder, documents: Sequence[Document]) -> str | None:
    """A line about a task of one document by the name of that, which the order may not have."""
    match order:
        case ExtractTask(document=str()):
            return order.tell_of(documents[0].called)
        case SummarizeTask(document=str()):
            return documents[0].called
        case _:
            return None


def _is_picked(order: TaskOrder, services: TaskServices) -> bool:
    """Whether the result of a task is picked from its own text, which takes moments."""
    is_text = isinstance(order, SummarizeTask) and order.text is not None
    return is_text and order.callback is None and services.answers.model.name == EXTRACTIVE


def _pick(order: TaskOrder, services: TaskServices, deadline: Deadline) -> None:
    """Make a result, and enter the task with it, in one write: nobody sees it being worked on.

    Its folder is that of this order alone, so that another one of the same id, which the ledger is
    yet to refuse, overwrites none of its files; the same order writes the same.
    """
    task = make_task(**describe_order(order, services.now, begins=True))
    folder = f"{task.attempts}-{order.digest}"
    result = _make_result(order, task, (), services, deadline, is_entered=False)
    end = _write_result(order, result, folder, services)
    entered = enter_finished_task(services.table, task, services.now, **end)
    if entered.new_row is not None or entered.result_key == end["result_key"]:
        return
    if entered.digest != order.digest or entered.status.is_settled:
        _empty_result(order, folder, services)
        _refuse_other(entered, order)
        return
    # It came by the API, or an attempt did not end.
    started = start_task(services.table, entered, services.now)
    if entered.attempts:
        # Its result tells what they have cost.
        result = _make_result(order, started, (), services, deadline)
        end = _write_result(order, result, folder, services)
    finish_task(services.table, started, services.now, **end)


def _refuse_other(task: Task, order: TaskOrder) -> None:
    """Pass if a task of the ledger is the one that is asked for.

    Raises:
        TaskConflictError: It is another one of the same id, which came first.
    """
    if task.digest != order.digest:
        raise TaskConflictError(
            f"the task {order.task_id} was sent before and asked for something else; "
            "send this one under another id"
        )


def _make_result(
    order: TaskOrder,
    task: Task,
    documents: Sequence[Document],
    services: TaskServices,
    deadline: Deadline,
    *,
    is_entered: bool = True,
) -> TaskFacts:
    is_by_api = task.account is Account.CHAT
    answers = services.api_answers if is_by_api else services.answers
    calls = TaskCalls(task, answers, is_entered=is_entered)
    work = TaskWork(documents, calls, services, deadline)
    try:
        with calls.go_on_later():
            result: TaskFacts = TASK_KINDS[order.kind].carry_out(order, work)
    except DeferredError:
        if calls.spent == Spending():
            with suppress(LedgerConflictError):
                put_task_back(services.table, task, services.now)
        raise
    return result


def _find_subjects(
    result: TaskFacts, documents: Sequence[Document], reader: DocumentReader
) -> list[str]:
    """The ids of the documents that a result is about: named, or looked at by an agent."""
    ids = dict.fromkeys(document.document_id for document in documents)
    if not isinstance(result, AgentResult):
        return list(ids)
    ids |= dict.fromkeys(read.document_id for read in result.pages_read)
    for step in result.steps:
        # Of a summary no pages are told. An argument that cannot be read has led to nothing.
        with suppress(ValueError):
            if step.tool == "get_summary" and not step.is_error:
                asked = GetSummary.model_validate_json(step.arguments)
                found = reader.find(asked.document)
                ids |= {found.document_id: None} if found is not None else {}
    return list(ids)


def _write_result(
    order: TaskOrder, result: TaskFacts, folder: str, services: TaskServices
) -> TaskEnd:
    """Write a result's files into a folder; it is committed with what is returned."""
    kind = TASK_KINDS[order.kind]
    text = render_task_result(result, kind.render(result))
    files = chain(
        [TaskFile("result.md", "text/markdown; charset=utf-8", text)],
        kind.build_files(result),
        [TaskFile("result.json", "application/json", result.model_dump_json(indent=2))],
    )
    place = _name_place(order, folder)
    for file in files:
        services.objects.write_text(
            services.artifacts_bucket, f"{place}/{file.name}", file.text, file.content_type
        )
    return TaskEnd(
        result_key=f"{place}/result.json", model=result.model, shortfall=result.shortfall
    )


def _empty_result(order: TaskOrder, folder: str, services: TaskServices) -> None:
    """Take the text out of a result's files that the ledger will never name.

    Nobody would look for them to delete them, and the worker may delete nothing. What they held
    is an older version by then, which the bucket's lifecycle ends.
    """
    bucket = services.artifacts_bucket
    for key in services.objects.list_keys(bucket, f"{_name_place(order, folder)}/"):
        services.objects.write_text(bucket, key, "", "text/plain")


def _name_place(order: TaskOrder, folder: str) -> str:
    return f"results/tasks/{order.task_id}/{folder}"


def is_task_over(order: TaskOrder, services: TaskServices) -> bool:
    """Whether a task has its result, and nobody has to be told of it."""
    if order.callback is not None:
        return False
    task = find_task(services.table, order.task_id)
    return task is not None and task.digest == order.digest and task.status.has_result


def give_up_task(order: TaskOrder, cause: str, services: TaskServices) -> None:
    """Note that a task will not be done, and why, and have its sender told."""
    task = register_order(order, services.table, services.now)
    if task.digest != order.digest:
        note_conflict(services.table, task, services.now)
        return
    # A task that is final may have died before its sender's word was on its way.
    if not task.status.is_final:
        try:
            fail_task(services.table, task, cause, services.now)
        except LedgerConflictError:
            logger.info("moved_on_already", extra={"action": "moved_on_already"})
            return
    _send_callback(task, services)


def settle_lost_task(task: Task, services: TaskServices) -> None:
    """Give up a task that no queue knows any more, and have its sender told.

    Safe to repeat: it stays among those in flight until word to its sender is on its way.

    Raises:
        LedgerConflictError: It has moved on.
        DeferredError: An AWS service asks for patience.
    """
    if not task.status.is_final:
        fail_task(services.table, task, LOST_TASK_REASON, services.now, stays_in_flight=True)
    _send_callback(task, services)
    end_flight(services.table, task)


def _send_callback(task: Task, services: TaskServices) -> None:
    """Put word to a task's sender on its way.

    It is a message of its own, so that a sender's queue that is gone delays and fails only the
    word, and not the task.
    """
    if task.callback is None:
        return
    try:
        find_callback_target(task.callback, services.callback_arns)
    except TaskRefusedError:
        return
    message = TaskCallback(task_id=task.task_id, attempt=task.attempts)
    services.queues.send(services.work_queue_url, [encode_message(message)])


def send_callback(message: TaskCallback, services: TaskServices) -> None:
    """Tell a task's sender how it ended.

    Raises:
        TaskRefusedError: The stack's CallbackArns no longer name the sender's queue or topic.
        DeferredError: The queue or topic cannot be reached, or is not there.
    """
    task = find_task(services.table, message.task_id)
    if task is None or task.callback is None or not task.status.is_final:
        logger.info("callback_outdated", extra={"action": "callback_outdated"})
        return
    target = find_callback_target(task.callback, services.callback_arns)
    services.callbacks.send(
        target,
        write_callback(task, services.artifacts_bucket),
        subject=task.task_id,
        word_id=f"{task.task_id}.{task.attempts}.{task.status}",
    )


def write_callback(task: Task, artifacts_bucket: str) -> str:
    """The word to a sender, as JSON: references only, no text of a result."""
    return json.dumps(
        {
            "v": 1,
            "task_id": task.task_id,
            "kind": task.kind,
            "status": task.status,
            "attempt": task.attempts,
            "result_bucket": artifacts_bucket if task.result_key else None,
            "result_key": task.result_key,
            "reason": task.reason,
        },
        ensure_ascii=False,
    )
