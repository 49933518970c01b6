"""What a kind of task is made of, and what carrying one out works with."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from pipeline.documents.document_reader import DocumentReader
from pipeline.metering.kept_answers import AnswerServices
from pipeline.tasks.task_calls import TaskCalls, TaskFacts
from pipeline.tasks.task_documents import wait_for_text
from shared.aws.callbacks import CallbackSender
from shared.aws.dynamodb_table import LedgerTable
from shared.aws.objects import ObjectStore
from shared.aws.queues import Queues
from shared.deadline import Deadline
from shared.ledger.documents import Clock, Document
from shared.messages.tasks import TaskMessage

OrderT = TypeVar("OrderT", bound=TaskMessage)
ResultT = TypeVar("ResultT", bound=TaskFacts)


@dataclass(frozen=True)
class TaskServices:
    """What tasks work with.

    Args:
        table: The ledger.
        objects: S3.
        queues: SQS.
        answers: The language model, metered, with its kept answers.
        reader: Reads documents.
        callbacks: Tells senders.
        callback_arns: The queues and topics that may be told.
        artifacts_bucket: Where results are written.
        work_queue_url: Where word to a sender is put on its way.
        context_window_tokens: How much the model reads and writes, all told.
        chunk_tokens: The size of a chunk of text.
        combine_tokens: The most tokens of summaries that one request combines.
        now: The clock.
    """

    table: LedgerTable
    objects: ObjectStore
    queues: Queues
    answers: AnswerServices
    reader: DocumentReader
    callbacks: CallbackSender
    callback_arns: tuple[str, ...]
    artifacts_bucket: str
    work_queue_url: str
    context_window_tokens: int
    chunk_tokens: int
    combine_tokens: int
    now: Clock


@dataclass(frozen=True)
class TaskWork:
    """One attempt at a task.

    Args:
        documents: The documents that it is about, each once, far enough for it.
        calls: The model.
        services: What tasks work with.
        deadline: When the time is up.
    """

    documents: Sequence[Document]
    calls: TaskCalls
    services: TaskServices
    deadline: Deadline


@dataclass(frozen=True)
class TaskKind(Generic[OrderT, ResultT]):
    """A kind of task.

    Args:
        carry_out: Does what a message asks for.
        render: The parts of a result as Markdown.
        wait_for_documents: Passes once the documents that a message names are far enough; since
            when the task waits is told.
    """

    carry_out: Callable[[OrderT, TaskWork], ResultT]
    render: Callable[[ResultT], Iterable[str]]
    wait_for_documents: Callable[[Sequence[Document], datetime, DocumentReader], None] = (
        wait_for_text
    )
