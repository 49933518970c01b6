"""Summaries that a task asks for: of a text, or of a document that has its own already."""

from pydantic import BaseModel, Field

from pipeline.ingest.text_division import divide_text
from pipeline.summaries.combining import SummarizedPart, combine_summaries, summarize_sources
from pipeline.summaries.coverage import Coverage
from pipeline.summaries.results import DocumentSummary
from pipeline.summaries.summary_types import Entity, EventDate, KeyPoint
from pipeline.tasks.task_calls import TaskCalls, TaskFacts
from pipeline.tasks.task_kind import TaskWork
from shared.deadline import Deadline
from shared.errors import TaskRefusedError
from shared.ledger.documents import Document
from shared.llm.model import Source
from shared.llm.model_window import ModelWindow
from shared.messages.tasks import SummarizeTask


class SummarizedDocument(BaseModel):
    """The document that a summary is of, and where that lies."""

    document_id: str
    key: str
    status: str
    result_key: str
    coverage: Coverage


class SummarizeResult(TaskFacts):
    """The result of a summary; without a document it is that of a text, which has no pages."""

    title: str
    abstract: str
    key_points: list[KeyPoint]
    language: str
    entities: list[Entity] = Field(default_factory=list)
    dates: list[EventDate] = Field(default_factory=list)
    document: SummarizedDocument | None


def carry_out_summarize(order: SummarizeTask, work: TaskWork) -> SummarizeResult:
    """Summarise the text of a task, or hand over its document's summary.

    Raises:
        TaskRefusedError: The document has no summary.
        RetryableError, DeferredError, PermanentError: As the model, S3 and the ledger do.
    """
    services = work.services
    if order.text is not None:
        return summarize_text(order.text, work.calls, services.window, work.deadline)
    document = work.documents[0]
    summary = services.reader.read_summary(document)
    if summary is None:
        raise TaskRefusedError(f"the document {document.key!r} has no summary")
    return hand_over_summary(document, summary, work.calls)


def summarize_text(
    text: str, calls: TaskCalls, window: ModelWindow, deadline: Deadline
) -> SummarizeResult:
    """Summarise a text, chunk by chunk where it is long.

    Raises:
        RetryableError, DeferredError, PermanentError: As the model and the ledger do.
    """
    parts = []
    for chunk in divide_text(text, window.chunk_tokens):
        answer = summarize_sources((Source(0, 0, chunk),), calls, window, deadline)
        parts.append(SummarizedPart(0, 0, answer.value))
    if len(parts) == 1:
        summary = parts[0].summary
    else:
        summary = combine_summaries(parts, calls, window.combine_tokens, deadline).value
    points = [KeyPoint(text=point.text, pages=[]) for point in summary.key_points]
    summary = summary.model_copy(update={"key_points": points})
    return SummarizeResult(**dict(calls.describe()), **dict(summary), document=None)


def hand_over_summary(
    document: Document, summary: DocumentSummary, calls: TaskCalls
) -> SummarizeResult:
    """A document's own summary as the result of a task, which costs nothing more."""
    facts = calls.describe().model_copy(update={"model": summary.model})
    return SummarizeResult(
        **facts.model_dump(),
        title=summary.title,
        abstract=summary.abstract,
        key_points=summary.key_points,
        language=summary.language,
        entities=summary.entities,
        dates=summary.dates,
        document=SummarizedDocument(
            document_id=document.document_id,
            key=document.key,
            status=document.status,
            result_key=document.result_key or "",
            coverage=summary.coverage,
        ),
    )
