"""What a kind of task is made of, and what carrying one out works with."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from pipeline.documents.document_reader import DocumentReader
from pipeline.metering.answer_services import AnswerServices
from pipeline.summaries.summarize_services import SummarizeServices
from pipeline.tasks.task_calls import TaskCalls, TaskFacts
from pipeline.tasks.task_documents import wait_for_text
from shared.aws.callback_targets import CallbackSender
from shared.deadline import Deadline
from shared.ledger.documents import Document
from shared.markdown import Markdown
from shared.messages.tasks import TaskMessage

OrderT = TypeVar("OrderT", bound=TaskMessage)
ResultT = TypeVar("ResultT", bound=TaskFacts)


@dataclass(frozen=True, kw_only=True)
class TaskServices(SummarizeServices):
    """What tasks work with besides what summaries do: documents, and whoever is told.

    Args:
        api_answers: The metered model for tasks that came by the HTTP API.
        callbacks: Tells senders.
        callback_arns: The queues and topics that may be told.
        calls_at_once: How many calls of the model one task makes at the same time at most.
    """

    reader: DocumentReader
    api_answers: AnswerServices
    callbacks: CallbackSender
    callback_arns: tuple[str, ...]
    calls_at_once: int


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
class TaskFile:
    """A file beside a result, in its folder: its name, its type and its text."""

    name: str
    content_type: str
    text: str


def build_no_files(result: TaskFacts) -> Iterable[TaskFile]:
    """What most results have beside them."""
    return ()


@dataclass(frozen=True)
class TaskKind(Generic[OrderT, ResultT]):
    """A kind of task.

    Args:
        carry_out: Does what a message asks for.
        render: The parts of a result as Markdown.
        build_files: What lies beside a result.
        wait_for_documents: Passes once the documents that a message names are far enough; since
            when the task waits is told.
    """

    carry_out: Callable[[OrderT, TaskWork], ResultT]
    render: Callable[[ResultT], Iterable[Markdown]]
    build_files: Callable[[ResultT], Iterable[TaskFile]] = build_no_files
    wait_for_documents: Callable[[Sequence[Document], datetime, DocumentReader], None] = (
        wait_for_text
    )
