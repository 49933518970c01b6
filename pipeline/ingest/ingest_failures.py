"""What the ledger is told when documents cannot be ingested, or not yet."""

import logging

from shared.aws.dynamodb_table import LedgerTable
from shared.errors import LedgerConflictError
from shared.ledger.document_versions import register_document
from shared.ledger.documents import Clock, Document, document_row_key, find_document, move_document
from shared.ledger.waiting import Wait, note_wait
from shared.lifecycle import DocumentStatus
from shared.messages.work_items import ContinueIngest, IngestItem

logger = logging.getLogger("seashore.ingest")


def give_up_ingest(item: IngestItem, cause: str, table: LedgerTable, now: Clock) -> None:
    """Note that documents could not be ingested: FAILED, unless they went further meanwhile."""
    for document in _find_documents(item, table, now):
        if document.status not in (DocumentStatus.RECEIVED, DocumentStatus.EXTRACTED):
            continue
        try:
            move_document(
                table,
                document,
                DocumentStatus.FAILED,
                now,
                step="failed",
                changes={"reason_code": "ingest_failed", "reason": cause},
            )
        except LedgerConflictError:
            logger.info("moved_on_already", extra={"action": "moved_on_already"})


def note_ingest_delay(item: IngestItem, wait: Wait, table: LedgerTable, now: Clock) -> None:
    """Note in the documents' timelines that their ingestion waits."""
    details = {"item": "ingest", **wait.details}
    for subject in item.subjects:
        note_wait(table, document_row_key(subject.id), now(), wait.step, details)


def _find_documents(item: IngestItem, table: LedgerTable, now: Clock) -> list[Document]:
    if isinstance(item, ContinueIngest):
        document = find_document(table, item.document_id)
        return [document] if document is not None and document.run == item.run else []
    found = (register_document(table, upload, now) for upload in item.uploads)
    return [document for document in found if document is not None]
