"""From chunks of text to the summary of a document, with every page accounted for."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.answers import AnswerServices, KeptAnswer
from pipeline.chunk_text import ChunkText
from pipeline.combining import (
    SummarizedPart,
    build_chunk_request,
    build_combine_request,
    combine_summaries,
    summarize_sources,
)
from pipeline.document_calls import DocumentCalls
from pipeline.page_ranges import format_page_ranges, parse_page_ranges
from pipeline.results import Coverage, DocumentSummary, render_markdown, result_folder
from pipeline.summary_types import Summary
from pipeline.unfinished import go_on_later
from shared.deadline import Deadline
from shared.errors import LedgerConflictError
from shared.ledger.chunks import Chunk, ChunkStatus, Parts, read_parts, record_chunk
from shared.ledger.documents import Clock, Document, find_document, move_document
from shared.ledger.spending import Spending
from shared.ledger.table import LedgerTable
from shared.lifecycle import DocumentStatus
from shared.llm.model import Source, Usage
from shared.messages import Combine, SummarizeChunk, encode_message
from shared.objects import ObjectStore
from shared.prices import MICRO_USD_PER_USD
from shared.queues import Queues

logger = logging.getLogger("seashore.summarize")


@dataclass(frozen=True)
class SummarizeServices:
    """What summarising works with.

    Args:
        table: The ledger.
        objects: S3.
        queues: SQS.
        answers: The language model, metered, with its kept answers.
        artifacts_bucket: Where text is read and results are written.
        work_queue_url: Where the combining of a document is sent.
        combine_tokens: The most tokens of summaries that one request combines.
        now: The clock.
    """

    table: LedgerTable
    objects: ObjectStore
    queues: Queues
    answers: AnswerServices
    artifacts_bucket: str
    work_queue_url: str
    combine_tokens: int
    now: Clock


def summarize_chunk(
    message: SummarizeChunk, services: SummarizeServices, deadline: Deadline
) -> None:
    """Summarise one chunk, count it, and have the document combined if it was the last.

    Raises:
        RetryableError, DeferredError, PermanentError: As the model, S3 and the ledger do.
    """
    content = services.objects.read_json(services.artifacts_bucket, message.text_key)
    text = ChunkText.model_validate(content)
    calls = DocumentCalls(message.document_id, services.answers)
    with go_on_later(calls):
        answer = summarize_sources(
            tuple(Source(page.number, page.number, page.text) for page in text.pages),
            lambda sources: calls.ask(build_chunk_request(sources), deadline),
            lambda parts: _combine_parts(parts, calls, services, deadline),
            calls.keep,
        )
    chunk = Chunk(
        document_id=message.document_id,
        run=message.run,
        chunk_number=message.chunk_number,
        first_page=message.first_page,
        last_page=message.last_page,
        status=ChunkStatus.DONE,
        summary=answer.value.model_dump(mode="json"),
        model=answer.model,
        input_tokens=answer.usage.input_tokens,
        output_tokens=answer.usage.output_tokens,
        cost_micro_usd=answer.cost,
    )
    rows = [answer.row] if answer.row else []
    if not record_chunk(services.table, chunk, services.now, with_rows=rows):
        # Another delivery came first; what this one has cost is on no row yet.
        calls.keep(answer)
    _send_combine_if_complete(message.document_id, message.run, services)


def give_up_chunk(message: SummarizeChunk, cause: str, services: SummarizeServices) -> None:
    """Count a chunk as failed, and have the document combined from the others."""
    if find_document(services.table, message.document_id) is None:
        logger.info("document_unknown", extra={"action": "document_unknown"})
        return
    chunk = Chunk(
        document_id=message.document_id,
        run=message.run,
        chunk_number=message.chunk_number,
        first_page=message.first_page,
        last_page=message.last_page,
        status=ChunkStatus.FAILED,
        reason=cause,
    )
    record_chunk(services.table, chunk, services.now)
    _send_combine_if_complete(message.document_id, message.run, services)


def _send_combine_if_complete(document_id: str, run: int, services: SummarizeServices) -> None:
    """Look after every chunk, also a repeated one: a crash before the sending is healed so."""
    document = find_document(services.table, document_id)
    if document is None or document.run != run or not document.has_all_parts:
        return
    if document.status is not DocumentStatus.SUMMARIZING:
        return
    message = Combine(document_id=document_id, run=run, chunks_done=document.chunks_done)
    services.queues.send(services.work_queue_url, [encode_message(message)])


def combine_chunks(message: Combine, services: SummarizeServices, deadline: Deadline) -> None:
    """Combine the summaries of a document's chunks, write the results, and finish the document.

    DONE needs every page to be summarised or empty, and no file inside; else the document is
    PARTIAL and names what is missing, or FAILED where no chunk could be summarised.

    Raises:
        RetryableError, DeferredError, PermanentError: As the model, S3 and the ledger do.
    """
    parts = read_parts(services.table, message.document_id, message.run)
    if parts is None or not _is_current(parts.document, message):
        logger.info("combine_outdated", extra={"action": "combine_outdated"})
        return
    summaries = [
        (chunk, Summary.model_validate(chunk.summary))
        for chunk in parts.chunks
        if chunk.status is ChunkStatus.DONE
    ]
    if not summaries:
        _fail(parts.document, "no chunk of the text could be summarised", services)
        return
    calls = DocumentCalls(message.document_id, services.answers)
    with go_on_later(calls):
        answer = _combine(summaries, calls, services, deadline)
    # Apart from the effect, which a replayed chunk may have overtaken: the answer is paid for.
    calls.keep(answer)
    _finish(parts, answer, calls.billed, services)


def _is_current(document: Document, message: Combine) -> bool:
    return (
        document.run == message.run
        and document.chunks_done == message.chunks_done
        and document.has_all_parts
        and document.status in (DocumentStatus.SUMMARIZING, DocumentStatus.FAILED)
    )


def _combine(
    summaries: list[tuple[Chunk, Summary]],
    calls: DocumentCalls,
    services: SummarizeServices,
    deadline: Deadline,
) -> KeptAnswer[Summary]:
    """The one summary that there is, or all combined into one."""
    if len(summaries) == 1:
        chunk, summary = summaries[0]
        model = chunk.model or services.answers.model.name
        return KeptAnswer(summary, model, Usage(), 0, None)
    parts = [
        SummarizedPart(chunk.first_page, chunk.last_page, summary) for chunk, summary in summaries
    ]
    return _combine_parts(parts, calls, services, deadline)


def _combine_parts(
    parts: Sequence[SummarizedPart],
    calls: DocumentCalls,
    services: SummarizeServices,
    deadline: Deadline,
) -> KeptAnswer[Summary]:
    return combine_summaries(
        parts,
        lambda sources: calls.ask(build_combine_request(sources), deadline),
        calls.keep,
        services.combine_tokens,
    )


def _finish(
    parts: Parts, answer: KeptAnswer[Summary], billed: Spending, services: SummarizeServices
) -> None:
    """Write the results and finish the document.

    Args:
        parts: The document as it was read, with its chunks.
        answer: The summary.
        billed: What was noted on the document's row since it was read.
        services: The ledger and S3.
    """
    document = parts.document
    coverage = compute_coverage(parts)
    status = DocumentStatus.DONE if coverage.is_complete else DocumentStatus.PARTIAL
    spent = billed + Spending(
        input_tokens=document.input_tokens,
        output_tokens=document.output_tokens,
        cost_micro_usd=document.cost_micro_usd,
    )
    result = DocumentSummary(
        document_id=document.document_id,
        key=document.key,
        status=status,
        title=answer.value.title,
        abstract=answer.value.abstract,
        key_points=answer.value.key_points,
        language=answer.value.language,
        entities=answer.value.entities,
        dates=answer.value.dates,
        coverage=coverage,
        model=answer.model,
        input_tokens=spent.input_tokens,
        output_tokens=spent.output_tokens,
        cost_usd=spent.cost_micro_usd / MICRO_USD_PER_USD,
    )
    # Each combination has a folder of its own: a stale one never overwrites a newer one's files.
    folder = result_folder(document.document_id, document.run, document.chunks_done)
    bucket = services.artifacts_bucket
    services.objects.write_text(
        bucket, f"{folder}/summary.json", result.model_dump_json(indent=2), "application/json"
    )
    services.objects.write_text(
        bucket, f"{folder}/summary.md", render_markdown(result), "text/markdown; charset=utf-8"
    )
    _move_unless_outdated(
        document,
        status,
        {
            "title": result.title,
            "model": result.model,
            "missing_pages": coverage.missing_pages,
            "result_key": f"{folder}/summary.json",
            "reason_code": _find_reason_code(coverage),
            "reason": coverage.describe_gaps() or None,
        },
        services,
    )


def _find_reason_code(coverage: Coverage) -> str | None:
    if coverage.is_complete:
        return None
    return "pages_missing" if coverage.lacks_pages else "files_unread"


def compute_coverage(parts: Parts) -> Coverage:
    """Account for every page: summarised, empty, a picture, failed, or in a chunk that failed.

    A page that spans several chunks is summarised only if all of them are.
    """
    document = parts.document
    done = {c.chunk_number for c in parts.chunks if c.status is ChunkStatus.DONE}
    empty = parse_page_ranges(document.empty_pages)
    failed = parse_page_ranges(document.failed_pages)
    missing: set[int] = set()
    for number, chunk in enumerate(document.chunk_plan, start=1):
        if number not in done:
            missing.update(range(chunk.first_page, chunk.last_page + 1))
    unread = empty | failed | parse_page_ranges(document.picture_pages)
    missing -= unread
    summarised = set(range(1, document.pages + 1)) - unread - missing
    return Coverage(
        pages=document.pages,
        summarised_pages=format_page_ranges(summarised),
        empty_pages=format_page_ranges(empty),
        failed_pages=format_page_ranges(failed),
        missing_pages=format_page_ranges(missing),
        picture_pages=document.picture_pages,
        failures=list(document.page_failures),
        unread_files=list(document.embedded_files),
    )


def _fail(document: Document, reason: str, services: SummarizeServices) -> None:
    _move_unless_outdated(
        document,
        DocumentStatus.FAILED,
        {"reason_code": "not_summarised", "reason": reason},
        services,
    )


def give_up_combine(message: Combine, cause: str, services: SummarizeServices) -> None:
    """Note that a document's summaries could not be combined: FAILED, unless it went on."""
    document = find_document(services.table, message.document_id)
    if document is not None and _is_current(document, message):
        _fail(document, cause, services)


def _move_unless_outdated(
    document: Document,
    status: DocumentStatus,
    changes: dict[str, object],
    services: SummarizeServices,
) -> None:
    """Finish a document, unless a replayed chunk or a new run has overtaken this one."""
    try:
        move_document(
            services.table,
            document,
            status,
            services.now,
            step="finished",
            changes=changes,
            unchanged=("chunks_done", "chunks_failed"),
        )
    except LedgerConflictError:
        logger.info("combine_overtaken", extra={"action": "combine_overtaken"})
