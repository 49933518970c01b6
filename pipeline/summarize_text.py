"""Summaries that a task asks for: of a text, or of a document that has its own already."""

from collections.abc import Sequence

from pydantic import BaseModel

from pipeline.answers import KeptAnswer
from pipeline.chunking import divide_text
from pipeline.combining import (
    build_chunk_request,
    build_combine_request,
    combine_parts,
    to_sources,
)
from pipeline.results import Coverage, DocumentSummary
from pipeline.summary_types import KeyPoint, Summary
from pipeline.task_calls import TaskCalls, TaskFacts
from shared.deadline import Deadline
from shared.ledger.documents import Document
from shared.llm.model import Source


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
    document: SummarizedDocument | None


def summarize_text(
    text: str, calls: TaskCalls, chunk_tokens: int, combine_tokens: int, deadline: Deadline
) -> SummarizeResult:
    """Summarise a text, chunk by chunk where it is long.

    Raises:
        RetryableError, DeferredError, PermanentError: As the model and the ledger do.
    """
    chunks = divide_text(text, chunk_tokens)
    summaries = [
        calls.ask(build_chunk_request([Source(0, 0, chunk)]), deadline).value for chunk in chunks
    ]
    summary = _combine(summaries, calls, combine_tokens, deadline)
    return SummarizeResult(
        **calls.describe().model_dump(),
        title=summary.title,
        abstract=summary.abstract,
        key_points=[KeyPoint(text=point.text, pages=[]) for point in summary.key_points],
        language=summary.language,
        document=None,
    )


def _combine(
    summaries: Sequence[Summary], calls: TaskCalls, combine_tokens: int, deadline: Deadline
) -> Summary:
    if len(summaries) == 1:
        return summaries[0]

    def ask(sources: tuple[Source, ...]) -> KeptAnswer[Summary]:
        return calls.ask(build_combine_request(sources), deadline)

    parts = [to_sources(0, 0, summary) for summary in summaries]
    return combine_parts(parts, ask, lambda row: None, combine_tokens).value


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
        document=SummarizedDocument(
            document_id=document.document_id,
            key=document.key,
            status=document.status,
            result_key=document.result_key or "",
            coverage=summary.coverage,
        ),
    )
