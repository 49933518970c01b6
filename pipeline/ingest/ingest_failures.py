"""What the ledger is told when documents cannot be ingested, or not yet."""

import logging

from pipeline.ingest.settled_pages import have_rest_given_up
from pipeline.services import Services
from shared.aws.dynamodb_table import LedgerTable
from shared.errors import LedgerConflictError
from shared.ledger.document_versions import register_document
from shared.ledger.documents import Clock, Document, document_row_key, find_document, move_document
from shared.ledger.waiting import Wait, note_wait
from shared.lifecycle import DocumentStatus
from shared.messages.reading_messages import (
    ContinueIngest,
    ConversionItem,
    ConvertDocument,
    IngestItem,
    RenderPages,
)
from shared.messages.uploads import UploadNotice

# How often a document is looked at anew because it has moved on meanwhile.
_MOST_TRIES = 5

logger = logging.getLogger("seashore.ingest")


def give_up_ingest(
    item: IngestItem | ConversionItem,
    cause: str,
    services: Services,
    recognition_queue_url: str,
) -> None:
    """Note that documents could not be ingested: FAILED, unless they go on without ingest.

    Where only pages could not be rendered, these are given up and not their document.

    Raises:
        LedgerConflictError: Chunks kept coming in between; a later try will do.
    """
    if isinstance(item, RenderPages):
        have_rest_given_up(item.document_id, item.run, cause, recognition_queue_url, services)
        return
    for document in _find_documents(item, services.table, services.now):
        fail_if_stuck(document, cause, services.table, services.now)


def fail_if_stuck(known: Document, cause: str, table: LedgerTable, now: Clock) -> None:
    """Make a document FAILED that goes no further without who gives up now.

    Raises:
        LedgerConflictError: Chunks kept coming in between; a later try will do.
    """
    document: Document | None = known
    for tries_left in reversed(range(_MOST_TRIES)):
        if document is None or not _is_stuck(document):
            return
        is_unread = document.status is DocumentStatus.RECEIVED
        try:
            move_document(
                table,
                document,
                DocumentStatus.FAILED,
                now,
                step="failed",
                changes={"reason_code": "ingest_failed", "reason": cause},
                # Whoever brings in the last chunk has it combined, and must find it as it was.
                unchanged=("status",) if is_unread else ("status", "chunks_done", "chunks_failed"),
            )
            return
        except LedgerConflictError:
            logger.info("moved_on_already", extra={"action": "moved_on_already"})
            if not tries_left:
                raise
            document = find_document(table, known.document_id)


def _is_stuck(document: Document) -> bool:
    """Whether it goes no further without ingest: unread, or chunks of it may never be sent."""
    if document.status is DocumentStatus.SUMMARIZING:
        return document.may_lack_messages
    return document.status in (DocumentStatus.RECEIVED, DocumentStatus.EXTRACTED)


def note_ingest_delay(
    item: IngestItem | ConversionItem, wait: Wait, table: LedgerTable, now: Clock
) -> None:
    """Note in the documents' timelines that their ingestion waits."""
    details = {"item": "ingest", **wait.details}
    for subject in item.subjects:
        note_wait(table, document_row_key(subject.id), now(), wait.step, details)


def _find_documents(
    item: UploadNotice | ContinueIngest | ConvertDocument, table: LedgerTable, now: Clock
) -> list[Document]:
    if isinstance(item, ConvertDocument):
        document = find_document(table, item.document_id)
        return [document] if document is not None and document.run == item.run else []
    if isinstance(item, ContinueIngest):
        document = find_document(table, item.document_id)
        return [document] if document is not None and item.is_about(document.run) else []
    found = (register_document(table, upload, now) for upload in item.uploads)
    return [document for document in found if document is not None]
