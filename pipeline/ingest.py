"""From an uploaded PDF to chunks of text on the way to the worker."""

import logging
import tempfile
from dataclasses import dataclass
from pathlib import Path

from pipeline.chunk_text import ChunkText, PageOfText, chunk_text_key
from pipeline.chunking import Chunk, group_pages
from pipeline.extraction import Extractor, PageStatus, PageText
from pipeline.page_ranges import format_page_ranges
from shared.deadline import Deadline
from shared.errors import (
    AccessDeniedError,
    LedgerConflictError,
    ObjectMissingError,
    RejectedDocumentError,
    RejectionCode,
)
from shared.ledger.documents import (
    ChunkPages,
    Clock,
    Document,
    Extraction,
    find_document,
    move_document,
    record_extraction,
    register_document,
)
from shared.ledger.table import LedgerTable
from shared.lifecycle import DocumentStatus
from shared.messages import SummarizeChunk, encode_work_message
from shared.objects import ObjectStore
from shared.queues import Queues
from shared.uploads import Upload, UploadNotice

logger = logging.getLogger("seashore.ingest")


@dataclass(frozen=True)
class IngestServices:
    """What ingestion works with.

    Args:
        table: The ledger.
        objects: S3.
        queues: SQS.
        extractor: Reads the text of PDFs.
        artifacts_bucket: Where text goes.
        work_queue_url: Where chunks are sent to be summarised.
        max_document_bytes: Larger documents are refused before they are downloaded.
        chunk_tokens: The size of a chunk, in tokens of the model in use.
        now: The clock.
    """

    table: LedgerTable
    objects: ObjectStore
    queues: Queues
    extractor: Extractor
    artifacts_bucket: str
    work_queue_url: str
    max_document_bytes: int
    chunk_tokens: int
    now: Clock


def ingest_notice(notice: UploadNotice, services: IngestServices, deadline: Deadline) -> None:
    """Ingest every document that a message announces.

    Each step leaves its mark in the ledger, so that a repeated delivery goes on where the last one
    stopped and repeats no effect.

    Raises:
        RetryableError: The work may succeed later.
        DeferredError: An AWS service asks for patience.
    """
    for upload in notice.uploads:
        _ingest_document(upload, services, deadline)


def _ingest_document(upload: Upload, services: IngestServices, deadline: Deadline) -> None:
    document = register_document(services.table, upload, services.now)
    if document.status in (DocumentStatus.RECEIVED, DocumentStatus.FAILED):
        _extract_document(document, services, deadline)
        document = find_document(services.table, document.document_id) or document
    if document.status is DocumentStatus.EXTRACTED:
        _send_chunks(document, services)


def _extract_document(document: Document, services: IngestServices, deadline: Deadline) -> None:
    try:
        extraction = _store_text(document, services, deadline)
        if extraction.failed_pages and not extraction.chunk_plan:
            raise RejectedDocumentError(
                RejectionCode.DAMAGED,
                f"No text was found, and these pages could not be read: {extraction.failed_pages}; "
                "print the file to a new PDF and upload that.",
            )
    except RejectedDocumentError as rejection:
        move_document(
            services.table,
            document,
            DocumentStatus.REJECTED,
            services.now,
            step="rejected",
            changes={"reason_code": rejection.code, "reason": rejection.sentence},
        )
    else:
        record_extraction(services.table, document, extraction, services.now)


def _download(document: Document, path: Path, services: IngestServices) -> None:
    """Fetch a document's bytes, unless they are too many.

    Raises:
        RejectedDocumentError: The object is too large, gone, or not to be read.
    """
    source = (document.bucket, document.key, document.version_id)
    try:
        size_bytes = services.objects.measure(*source)
        if size_bytes > services.max_document_bytes:
            limit_mb = services.max_document_bytes / 1024 / 1024
            raise RejectedDocumentError(
                RejectionCode.TOO_LARGE,
                f"The file has {size_bytes / 1024 / 1024:.0f} MB, the limit is {limit_mb:.0f} MB; "
                "split it, or raise the limit.",
            )
        services.objects.download(*source, path)
    except ObjectMissingError as error:
        raise RejectedDocumentError(
            RejectionCode.OBJECT_GONE,
            "The file was deleted before it could be read; put it into the bucket again.",
        ) from error
    except AccessDeniedError as error:
        raise RejectedDocumentError(
            RejectionCode.ACCESS_DENIED,
            "The ingest function may not read the file; check its encryption key and owner, "
            "then put it into the bucket again.",
        ) from error


def _store_text(document: Document, services: IngestServices, deadline: Deadline) -> Extraction:
    """Write the document's text to the artifacts bucket, one object a chunk, as it is read."""
    counts = _PageCounts()
    plan: list[ChunkPages] = []
    with tempfile.TemporaryDirectory(prefix="seashore-") as folder:
        path = Path(folder) / "document.pdf"
        _download(document, path, services)
        with services.extractor.open(path, deadline) as opened:
            pages = map(counts.count, opened.pages())
            for chunk in group_pages(pages, services.chunk_tokens):
                text = _to_chunk_text(document, len(plan) + 1, chunk)
                if not text.pages:
                    continue
                services.objects.write_text(
                    services.artifacts_bucket,
                    chunk_text_key(document.document_id, document.run, text.chunk_number),
                    text.model_dump_json(),
                    "application/json",
                )
                plan.append(
                    ChunkPages(
                        first_page=text.pages[0].number,
                        last_page=text.pages[-1].number,
                    )
                )
    return Extraction(
        pages=counts.total,
        empty_pages=format_page_ranges(counts.empty),
        failed_pages=format_page_ranges(counts.failed),
        chunk_plan=tuple(plan),
    )


class _PageCounts:
    """Accounts for every page as it goes by."""

    def __init__(self) -> None:
        self.total = 0
        self.empty: list[int] = []
        self.failed: list[int] = []

    def count(self, page: PageText) -> PageText:
        self.total += 1
        if page.status is PageStatus.EMPTY:
            self.empty.append(page.number)
        elif page.status is PageStatus.FAILED:
            self.failed.append(page.number)
        return page


def _to_chunk_text(document: Document, chunk_number: int, chunk: Chunk) -> ChunkText:
    return ChunkText(
        document_id=document.document_id,
        run=document.run,
        chunk_number=chunk_number,
        pages=tuple(
            PageOfText(number=page.number, text=page.text) for page in chunk.pages if page.text
        ),
    )


def _send_chunks(document: Document, services: IngestServices) -> None:
    messages = [
        SummarizeChunk(
            document_id=document.document_id,
            run=document.run,
            chunk_number=number,
            first_page=chunk.first_page,
            last_page=chunk.last_page,
        )
        for number, chunk in enumerate(document.chunk_plan, start=1)
    ]
    services.queues.send(services.work_queue_url, [encode_work_message(m) for m in messages])
    try:
        move_document(
            services.table,
            document,
            DocumentStatus.SUMMARIZING,
            services.now,
            step="sent",
        )
    except LedgerConflictError:
        # The first chunk came back before this write, and moved the document itself.
        logger.info("summarizing_already", extra={"action": "summarizing_already"})
