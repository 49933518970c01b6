"""The tasks that users send: registered once, worked on, their results kept, their senders told."""

import json
import logging
from dataclasses import dataclass
from datetime import datetime

from pipeline.documents.document_reader import DocumentReader
from pipeline.ingest.text_division import divide_text
from pipeline.metering.metered_calls import AnswerServices
from pipeline.services import Services
from pipeline.tasks.agent.agent import Agent, AgentLimits, AgentResult
from pipeline.tasks.ask import AskResult, answer_question
from pipeline.tasks.extract import ExtractResult, extract_fields
from pipeline.tasks.field_schema import read_field_schema
from pipeline.tasks.summarize import hand_over_summary, summarize_text
from pipeline.tasks.task_calls import TaskCalls
from pipeline.tasks.task_documents import find_named_documents, wait_for_summary, wait_for_text
from pipeline.tasks.task_markdown import TaskResult, render_task_result
from shared.aws.callbacks import CallbackSender, find_callback_target
from shared.deadline import Deadline
from shared.errors import LedgerConflictError, TaskConflictError, TaskRefusedError
from shared.ledger.documents import Document
from shared.ledger.tasks import (
    Task,
    fail_task,
    find_task,
    finish_task,
    note_conflict,
    register_task,
    start_task,
)
from shared.lifecycle import TaskStatus
from shared.llm.model import Source
from shared.llm.model_window import ModelWindow
from shared.messages.tasks import AgentTask, AskTask, ExtractTask, SummarizeTask
from shared.messages.tasks import Task as TaskOrder
from shared.messages.work_items import TaskCallback, encode_message

logger = logging.getLogger("seashore.tasks")


@dataclass(frozen=True, kw_only=True)
class TaskServices(Services):
    """What tasks work with besides: the metered model and its window, the agent, and more.

    Args:
        callbacks: Tells senders.
        callback_arns: The queues and topics that may be told.
    """

    answers: AnswerServices
    window: ModelWindow
    reader: DocumentReader
    agent: Agent
    callbacks: CallbackSender
    callback_arns: tuple[str, ...]


def work_on_task(order: TaskOrder, services: TaskServices, deadline: Deadline) -> None:
    """Do what a user asks for, keep the result, and have the sender told.

    Safe to repeat: a task that is DONE only has its sender told again.

    Raises:
        TaskConflictError: Another task of the same id came first.
        TaskRefusedError: It cannot be done as it is; the message says why.
        DeferredError: It waits: for a document, or for what is not its fault.
        RetryableError, PermanentError: As the model, S3 and the ledger do.
    """
    task = _register(order, services)
    if task.digest != order.digest:
        raise TaskConflictError(
            f"the task {order.task_id} was sent before and asked for something else; "
            "send this one under another id"
        )
    if task.status is TaskStatus.DONE:
        _send_callback(task, services)
        return
    if order.callback is not None:
        find_callback_target(order.callback, services.callback_arns)
    documents = _find_documents(order, task, services)
    task = start_task(services.table, task, services.now)
    calls = TaskCalls(task, services.answers)
    with calls.go_on_later():
        result = _carry_out(order, documents, calls, services, deadline)
    done = _keep_result(task, result, services)
    _send_callback(done, services)


def _register(order: TaskOrder, services: TaskServices) -> Task:
    return register_task(
        services.table,
        task_id=order.task_id,
        kind=order.kind,
        about=order.about,
        digest=order.digest,
        callback=order.callback,
        now=services.now,
    )


def _find_documents(order: TaskOrder, task: Task, services: TaskServices) -> list[Document]:
    """The documents that a task is about, once they are far enough for it."""
    match order:
        case AskTask(documents=names):
            pass
        case SummarizeTask(document=str(name)) | ExtractTask(document=str(name)):
            names = (name,)
        case _:
            return []
    since = datetime.fromisoformat(task.received_at)
    documents = find_named_documents(names, since, services.reader)
    if isinstance(order, SummarizeTask):
        wait_for_summary(documents[0], since, services.reader)
    else:
        wait_for_text(documents, since, services.reader)
    return documents


def _carry_out(
    order: TaskOrder,
    documents: list[Document],
    calls: TaskCalls,
    services: TaskServices,
    deadline: Deadline,
) -> TaskResult:
    match order:
        case SummarizeTask(text=str(text)):
            return summarize_text(text, calls, services.window, deadline)
        case SummarizeTask():
            summary = services.reader.read_summary(documents[0])
            if summary is None:
                raise TaskRefusedError(f"the document {documents[0].key!r} has no summary")
            return hand_over_summary(documents[0], summary, calls)
        case AskTask():
            answered = answer_question(
                order.question, documents, services.reader, calls, services.window, deadline
            )
            return AskResult(**calls.describe().model_dump(), **answered.model_dump())
        case ExtractTask():
            return _extract(order, documents, calls, services, deadline)
        case AgentTask():
            calls.need_language_model()
            limits = AgentLimits(max_steps=order.max_steps, max_tokens=order.max_tokens)
            run = services.agent.run(order.prompt, calls, limits, deadline)
            return AgentResult(**calls.describe().model_dump(), **run.model_dump())


def _extract(
    order: ExtractTask,
    documents: list[Document],
    calls: TaskCalls,
    services: TaskServices,
    deadline: Deadline,
) -> ExtractResult:
    schema = read_field_schema(order.fields)
    calls.need_language_model()
    document = documents[0] if documents else None
    if document is not None:
        passages = services.reader.read_passages(document)
        sources = [Source(passage.page, passage.page, passage.text) for passage in passages]
    else:
        parts = divide_text(order.text or "", services.window.chunk_tokens)
        sources = [Source(0, 0, part) for part in parts]
    found = extract_fields(sources, schema, calls, services.window, deadline)
    missing = [name for name in schema.properties if name not in found.values]
    return ExtractResult(
        **calls.describe().model_dump(),
        fields={name: found.values.get(name) for name in schema.properties},
        pages=dict(found.pages),
        missing=missing,
        is_complete=not set(missing) & set(schema.required),
        document_id=document.document_id if document else None,
        document_key=document.key if document else None,
    )


def _keep_result(task: Task, result: TaskResult, services: TaskServices) -> Task:
    """Write a result and commit it: the task is DONE with it, or, overtaken, stays as it is."""
    # Each attempt has a folder of its own: a stale one never overwrites a committed result.
    folder = f"results/tasks/{task.task_id}/{task.attempts}"
    bucket, key = services.artifacts_bucket, f"{folder}/result.json"
    services.objects.write_text(bucket, key, result.model_dump_json(indent=2), "application/json")
    services.objects.write_text(
        bucket,
        f"{folder}/result.md",
        render_task_result(result),
        "text/markdown; charset=utf-8",
    )
    finish_task(services.table, task, services.now, result_key=key, model=result.model)
    return task.model_copy(update={"status": TaskStatus.DONE})


def give_up_task(order: TaskOrder, cause: str, services: TaskServices) -> None:
    """Note that a task will not be done, and why, and have its sender told."""
    task = _register(order, services)
    if task.digest != order.digest:
        note_conflict(services.table, task, services.now)
        return
    if task.status is TaskStatus.DONE:
        return
    if task.status is not TaskStatus.FAILED:
        try:
            fail_task(services.table, task, cause, services.now)
        except LedgerConflictError:
            logger.info("moved_on_already", extra={"action": "moved_on_already"})
            return
    _send_callback(task, services)


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
    services.callbacks.send(target, write_callback(task, services.artifacts_bucket))


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
