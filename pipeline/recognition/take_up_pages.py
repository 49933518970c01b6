"""From settled pages to chunks of their text, in their document once and for all."""

import logging
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from pipeline.extraction.page_text import PageText
from pipeline.extraction.text_cleanup import clean_text, drop_lone_surrogates
from pipeline.ingest.chunk_sending import build_combine, find_group, list_chunk_messages
from pipeline.ingest.chunk_text import (
    ChunkText,
    PageOfText,
    locate_chunk,
    read_chunk_tokens,
)
from pipeline.ingest.chunking import PlannedChunk, group_pages
from pipeline.ingest.failed_pages import FailedPages
from pipeline.recognition.page_words import RecognisedPage
from pipeline.services import Services
from shared.errors import LedgerConflictError, RejectionCode
from shared.ledger.document_texts import (
    SettledPage,
    TakenUpPages,
    TextSource,
    read_settled_pages,
)
from shared.ledger.document_texts import (
    take_up_pages as record_taken_up,
)
from shared.ledger.documents import ChunkPages, Document, PageFailure, find_document
from shared.lifecycle import DocumentStatus
from shared.messages.message import encode_message
from shared.messages.reading_messages import TakeUpPages
from shared.messages.work_items import WorkMessage
from shared.page_ranges import format_page_ranges, parse_page_ranges

logger = logging.getLogger("seashore.recognise")

_PARALLEL_READS = 16


@dataclass(frozen=True, kw_only=True)
class TakeUpServices(Services):
    """What taking up pages works with besides.

    Args:
        recognition_queue_url: Where its messages come from.
    """

    recognition_queue_url: str


def take_up_pages(message: TakeUpPages, services: TakeUpServices) -> None:
    """Take the text of recognised pages into their document, and have it summarised.

    Raises:
        RetryableError: The document changes at this moment.
        RetryableError, DeferredError, PermanentError: As S3, SQS and the ledger do.
    """
    document = find_document(services.table, message.document_id)
    if document is None or document.run != message.run:
        logger.info("recognition_outdated", extra={"action": "recognition_outdated"})
        return
    if document.recognising_pages:
        settled = _list_settled(document, message, services)
        if settled is None:
            logger.info("recognition_goes_on", extra={"action": "recognition_goes_on"})
            return
        try:
            _take_up(document, settled, services)
        except LedgerConflictError:
            logger.info("taken_up_already", extra={"action": "taken_up_already"})
        document = find_document(services.table, message.document_id)
    if document is not None and document.run == message.run and document.is_recognised:
        _send_what_follows(document, services)
    elif document is not None and not document.status.is_final:
        raise LedgerConflictError(f"the row of {document.document_id} changes at this moment")


def _list_settled(
    document: Document, message: TakeUpPages, services: TakeUpServices
) -> list[SettledPage] | None:
    """All pages that were to be recognised; None while one is still waited for."""
    settled = read_settled_pages(services.table, document.document_id, document.run)
    open_pages = parse_page_ranges(document.recognising_pages) - {one.page for one in settled}
    if open_pages and not message.failure:
        return None
    given_up = [
        SettledPage(
            document_id=document.document_id, run=document.run, page=page, reason=message.failure
        )
        for page in sorted(open_pages)
    ]
    return settled + given_up


def _take_up(document: Document, settled: Sequence[SettledPage], services: TakeUpServices) -> None:
    with_text = sorted(
        (one for one in settled if one.text_key is not None), key=lambda one: one.page
    )
    texts = _read_texts(with_text, services)
    by_page = {one.page: one for one in with_text}
    chunks = list(group_pages(texts, read_chunk_tokens(document.text_address)))
    plan = (*document.chunk_plan, *(_plan_chunk(chunk) for chunk in chunks))
    planned = document.model_copy(update={"chunk_plan": plan})
    for number, chunk in enumerate(chunks, start=len(document.chunk_plan) + 1):
        services.objects.write_text(
            services.artifacts_bucket,
            locate_chunk(planned, number),
            _to_chunk_text(chunk, by_page).model_dump_json(),
            "application/json",
        )
    record_taken_up(services.table, document, account_for(document, settled, plan), services.now)


def _read_texts(pages: Iterable[SettledPage], services: TakeUpServices) -> list[PageText]:
    def read(page: SettledPage) -> PageText:
        content = services.objects.read_text(services.artifacts_bucket, page.text_key or "")
        text = RecognisedPage.model_validate_json(content).text
        return PageText(page.page, clean_text(drop_lone_surrogates(text)))

    with ThreadPoolExecutor(_PARALLEL_READS) as pool:
        return [page for page in pool.map(read, pages) if page.text]


def _plan_chunk(chunk: PlannedChunk) -> ChunkPages:
    return ChunkPages(
        first_page=chunk.first_page,
        last_page=chunk.last_page,
        recognised_pages=format_page_ranges({page.number for page in chunk.pages}),
    )


def _to_chunk_text(chunk: PlannedChunk, settled: dict[int, SettledPage]) -> ChunkText:
    return ChunkText(
        pages=tuple(
            PageOfText(
                number=page.number,
                text=page.text,
                source=settled[page.number].source,
                confidence=settled[page.number].confidence,
            )
            for page in chunk.pages
        )
    )


def account_for(
    document: Document, settled: Iterable[SettledPage], plan: tuple[ChunkPages, ...]
) -> TakenUpPages:
    """What settled pages change of a document's pages: none of them counts twice."""
    pages = {one.page: one for one in settled}
    with_text = {one.page for one in pages.values() if one.text_key is not None}
    unread = {one.page for one in pages.values() if one.reason is not None}
    kept = [
        PageFailure(pages=format_page_ranges(left), code=failure.code, reason=failure.reason)
        for failure in document.page_failures
        if (left := parse_page_ranges(failure.pages) - pages.keys())
    ]
    failed = FailedPages(
        kept, format_page_ranges(parse_page_ranges(document.failed_pages) - pages.keys())
    )
    for page in sorted(unread):
        failed.add(page, RejectionCode.NOT_RECOGNISED, pages[page].reason or "")
    empty = parse_page_ranges(document.empty_pages) | (pages.keys() - with_text - unread)
    sources: dict[TextSource, set[int]] = {}
    confidences: dict[int, set[int]] = {}
    for page in with_text:
        sources.setdefault(pages[page].source, set()).add(page)
        if (confidence := pages[page].confidence) is not None:
            confidences.setdefault(confidence, set()).add(page)
    return TakenUpPages(
        empty_pages=format_page_ranges(empty),
        picture_pages=format_page_ranges(parse_page_ranges(document.picture_pages) - pages.keys()),
        failed_pages=failed.ranges,
        page_failures=failed.by_reason,
        chunk_plan=plan,
        sources={one: format_page_ranges(found) for one, found in sorted(sources.items())},
        confidences={one: format_page_ranges(found) for one, found in sorted(confidences.items())},
    )


def _send_what_follows(document: Document, services: TakeUpServices) -> None:
    """Send the chunks of recognised text, or the combination where there is none to wait for.

    It is looked after every delivery: a crash before the sending is healed so.
    """
    if document.status is not DocumentStatus.SUMMARIZING:
        return
    messages: list[WorkMessage] = [
        message
        for message, chunk in zip(list_chunk_messages(document), document.chunk_plan, strict=True)
        if chunk.recognised_pages
    ]
    if document.has_all_parts:
        messages = [build_combine(document)]
    bodies = [encode_message(one) for one in messages]
    services.queues.send(services.work_queue_url, bodies, find_group(document))
