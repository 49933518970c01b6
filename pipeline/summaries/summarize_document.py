"""From chunks of text to the summary of a document, with every page accounted for."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.ingest.chunk_sending import build_combine, find_group
from pipeline.ingest.chunk_text import ChunkText
from pipeline.metering.known_answers import DoneBeforeError, Effect
from pipeline.metering.metered_calls import KeptAnswer, MeteredCalls
from pipeline.metering.payers import pay_by_document
from pipeline.summaries.combining import SummarizedPart, combine_summaries, summarize_sources
from pipeline.summaries.coverage import compute_coverage
from pipeline.summaries.results import (
    DocumentSummary,
    excerpt_abstract,
    render_markdown,
    result_folder,
)
from pipeline.summaries.summarize_services import SummarizeServices
from pipeline.summaries.summary_types import Summary
from shared.aws.dynamodb_items import Row
from shared.deadline import Deadline
from shared.errors import LedgerConflictError, ObjectMissingError
from shared.ledger.chunks import (
    Chunk,
    ChunkStatus,
    Parts,
    chunk_row_key,
    is_summarized,
    read_parts,
    record_chunk,
)
from shared.ledger.documents import (
    Document,
    document_row_key,
    find_document,
    is_erased,
    move_document,
    to_document,
)
from shared.ledger.spending import Spending
from shared.lifecycle import DocumentStatus, find_sources
from shared.llm.model import Source
from shared.messages.document_messages import Combine, RedoTerms, SummarizeChunk
from shared.messages.message import encode_message

logger = logging.getLogger("seashore.summarize")

# So often a document is read before text that is always gone again counts as a fault of the set-up.
_MOST_RUNS = 5
_ENDED = (DocumentStatus.DELETED, DocumentStatus.CANCELLED)


def summarize_chunk(
    message: SummarizeChunk, services: SummarizeServices, deadline: Deadline
) -> None:
    """Summarise one chunk, count it, and have the document combined if it was the last.

    A document whose text is gone is sent to be read anew; its chunks then come again. Nothing is
    left to do for one that somebody has deleted or cancelled.

    Raises:
        RetryableError, DeferredError, PermanentError: As the model, S3 and the ledger do.
    """
    with _unless_deleted(message.document_id, services):
        _summarize_chunk(message, services, deadline)


@contextmanager
def _unless_deleted(document_id: str, services: SummarizeServices) -> Iterator[None]:
    """Let pass that a document's row or text is gone, if somebody put an end to the document.

    Raises:
        LedgerConflictError, ObjectMissingError: As the work does, of a document that is there.
    """
    try:
        yield
    except (LedgerConflictError, ObjectMissingError):
        document = find_document(services.table, document_id)
        if document is not None and document.status not in _ENDED:
            raise
        logger.info("document_ended", extra={"action": "document_ended"})


def _summarize_chunk(
    message: SummarizeChunk, services: SummarizeServices, deadline: Deadline
) -> None:
    if message.terms is not None and not _is_wanted(message, services):
        logger.info("redo_outdated", extra={"action": "redo_outdated"})
        return
    row_key = chunk_row_key(message.document_id, message.run, message.chunk_number)
    try:
        content = services.objects.read_json(services.artifacts_bucket, message.text_key)
    except ObjectMissingError:
        if is_summarized(services.table.read_row(*row_key)):
            _send_combine_if_complete(message.document_id, message.run, services)
            return
        if message.run >= _MOST_RUNS:
            raise
        _have_read_anew(message, services)
        return
    text = ChunkText.model_validate(content)
    calls = _open_calls(message, Spending(), services, effect=Effect(row_key, message.run))
    sources = tuple(Source(page.number, page.number, page.text, text.unit) for page in text.pages)
    try:
        with calls.go_on_later():
            answer = summarize_sources(sources, calls, services.window, deadline)
    except DoneBeforeError:
        # It may have broken off before it had the document combined.
        _send_combine_if_complete(message.document_id, message.run, services)
        return
    chunk = Chunk(
        **message.model_dump(),
        status=ChunkStatus.DONE,
        summary=answer.value.model_dump(mode="json"),
        model=answer.model,
        **answer.used.model_dump(),
    )
    # Where another delivery came first, what this one has cost is on no row yet.
    is_counted = calls.keep_with(
        answer,
        lambda rows: record_chunk(services.table, chunk, services.now, with_rows=rows),
    )
    complete = _complete_by_one(calls.payer_row, message.run) if is_counted else None
    if complete is None:
        _send_combine_if_complete(message.document_id, message.run, services)
    else:
        _send_combine(complete, services)


def _complete_by_one(row: Row | None, run: int) -> Document | None:
    """A document with the chunk that has just been counted, if that was the only one to come.

    What was read before the chunk was summarised tells: counters of a run only grow, and no chunks
    are added to one of whose pages none is being recognised. Any other is looked at again.

    `row` is the document's as it was read before, `run` the one in which the chunk was counted.
    """
    before = None if row is None else to_document(row)
    if before is None or before.run != run or before.recognising_pages or before.chunks_failed:
        return None
    is_complete = before.chunks_done + 1 == before.chunks_total
    return before.model_copy(update={"chunks_done": before.chunks_total}) if is_complete else None


def _is_wanted(message: SummarizeChunk, services: SummarizeServices) -> bool:
    """Whether the run that an operator ordered is not cancelled: nothing is paid for such a one."""
    document = find_document(services.table, message.document_id)
    return document is not None and document.run == message.run and document.before_redo is not None


def _have_read_anew(message: SummarizeChunk, services: SummarizeServices) -> None:
    document = find_document(services.table, message.document_id)
    is_lost = (
        document is not None
        and document.run == message.run
        and document.status in find_sources(DocumentStatus.RECEIVED)
    )
    action = "text_gone" if is_lost else "text_gone_and_not_needed"
    logger.warning(action, extra={"action": action})
    if document is not None and is_lost:
        # Text is seldom gone; the messages of who reads it are a hundredth of the worker's start.
        from shared.messages.reading_messages import ContinueIngest

        again = ContinueIngest(document_id=message.document_id, run=message.run, next_page=1)
        services.queues.send(
            services.uploads_queue_url, [encode_message(again)], find_group(document)
        )


def _open_calls(
    message: SummarizeChunk | Combine,
    spent: Spending,
    services: SummarizeServices,
    row: Row | None = None,
    effect: Effect | None = None,
) -> MeteredCalls:
    """The calls for a document; the last answer is kept with the effect that it leads to.

    Raises:
        ModelRequestError: It is to be redone by a model that the settings do not name any more.
    """
    terms = message.terms or RedoTerms()
    return MeteredCalls(
        services.answers.ask_model(terms.model),
        pay_by_document(message.document_id),
        spent,
        keeps_at_once=False,
        payer_row=row,
        effect=effect,
        # A chunk has few requests to spare, its document's combination few units.
        settles_along=isinstance(message, SummarizeChunk),
        anew=f"{message.document_id}:{message.run}" if terms.is_fresh else "",
    )


def give_up_chunk(message: SummarizeChunk, cause: str, services: SummarizeServices) -> None:
    """Count a chunk as failed, and have the document combined from the others."""
    if find_document(services.table, message.document_id) is None:
        logger.info("document_unknown", extra={"action": "document_unknown"})
        return
    chunk = Chunk(**message.model_dump(), status=ChunkStatus.FAILED, reason=cause)
    record_chunk(services.table, chunk, services.now)
    _send_combine_if_complete(message.document_id, message.run, services)


def _send_combine_if_complete(document_id: str, run: int, services: SummarizeServices) -> None:
    """Look after every chunk, also a repeated one: a crash before the sending is healed so."""
    [row] = services.table.read_rows_together([document_row_key(document_id)])
    document = None if row is None or is_erased(row) else to_document(row)
    if document is None or document.run != run or not document.has_all_parts:
        return
    if document.status is not DocumentStatus.SUMMARIZING:
        return
    _send_combine(document, services)


def _send_combine(document: Document, services: SummarizeServices) -> None:
    body = encode_message(build_combine(document))
    services.queues.send(services.work_queue_url, [body], find_group(document))


def combine_chunks(message: Combine, services: SummarizeServices, deadline: Deadline) -> None:
    """Combine the summaries of a document's chunks, write the results, and finish the document.

    DONE needs every page to be summarised or empty, and every file inside to be a document of its
    own; else the document is PARTIAL and names what is missing, or FAILED where no chunk could be
    summarised.

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
    if not summaries and parts.document.recognising_pages:
        # Their text may come to something yet; whoever takes it up has the document combined.
        logger.info("recognition_waited_for", extra={"action": "recognition_waited_for"})
        return
    if not summaries:
        _fail(parts.document, "no chunk of the text could be summarised", services)
        return
    document = parts.document
    calls = _open_calls(message, Spending.model_validate(document), services, parts.row)
    with _unless_deleted(document.document_id, services):
        with calls.go_on_later():
            answer = _combine(document.unit, summaries, calls, services, deadline)
        # Apart from the effect, which a replayed chunk may have overtaken: the answer is paid for.
        calls.keep(answer)
        _finish(parts, answer, calls.spent, services)


def _is_current(document: Document, message: Combine) -> bool:
    return (
        document.run == message.run
        and document.chunks_done == message.chunks_done
        and document.is_recognised == message.is_recognised
        and document.has_all_parts
        and document.status in (DocumentStatus.SUMMARIZING, DocumentStatus.FAILED)
    )


def _combine(
    unit: str,
    summaries: list[tuple[Chunk, Summary]],
    calls: MeteredCalls,
    services: SummarizeServices,
    deadline: Deadline,
) -> KeptAnswer[Summary]:
    """The one summary that there is, or all combined into one."""
    if len(summaries) == 1:
        chunk, summary = summaries[0]
        return KeptAnswer(summary, chunk.model or calls.model_name, Spending(), None)
    parts = [SummarizedPart(c.first_page, c.last_page, summary, unit) for c, summary in summaries]
    return combine_summaries(parts, calls, services.window.combine_tokens, deadline)


def _finish(
    parts: Parts, answer: KeptAnswer[Summary], spent: Spending, services: SummarizeServices
) -> None:
    """Write the results and finish the document.

    Args:
        parts: The document as it was read, with its chunks.
        answer: The summary.
        spent: What the document has used up, in all.
        services: The ledger and S3.
    """
    document = parts.document
    coverage = compute_coverage(parts)
    status = DocumentStatus.DONE if coverage.is_complete else DocumentStatus.PARTIAL
    result = DocumentSummary(
        document_id=document.document_id,
        key=document.key,
        parent=document.parent,
        status=status,
        **dict(answer.value),
        coverage=coverage,
        model=answer.model,
        input_tokens=spent.input_tokens,
        output_tokens=spent.output_tokens,
        cost_usd=spent.cost_usd,
    )
    # Each combination has a folder of its own: a stale one never overwrites a newer one's files.
    folder = result_folder(
        document.document_id, document.run, document.chunks_done, document.is_recognised
    )
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
            "excerpt": excerpt_abstract(result.abstract),
            "model": result.model,
            "missing_pages": coverage.missing_pages,
            "result_key": f"{folder}/summary.json",
            "reason_code": coverage.reason_code,
            "reason": coverage.describe_gaps() or None,
        },
        services,
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
            unchanged=_find_guards(document),
        )
    except LedgerConflictError:
        logger.info("combine_overtaken", extra={"action": "combine_overtaken"})


def _find_guards(document: Document) -> tuple[str, ...]:
    """What must be as it was read: the chunks that came in, and that pages are still waited for."""
    counters = ("chunks_done", "chunks_failed")
    return (*counters, "recognising_pages") if document.recognising_pages else counters
