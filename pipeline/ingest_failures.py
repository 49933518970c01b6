"""What the ledger is told when documents cannot be ingested, or not yet."""

import logging

from shared.errors import LedgerConflictError
from shared.ledger.documents import Clock, move_document, register_document
from shared.ledger.table import LedgerTable
from shared.ledger.timeline import note_delay
from shared.lifecycle import DocumentStatus
from shared.uploads import UploadNotice

logger = logging.getLogger("seashore.ingest")


def give_up_notice(notice: UploadNotice, cause: str, table: LedgerTable, now: Clock) -> None:
    """Note that documents could not be ingested: FAILED, unless they went further meanwhile."""
    for upload in notice.uploads:
        document = register_document(table, upload, now)
        if document.status is DocumentStatus.SUMMARIZING or document.status.is_final:
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


def note_notice_delay(
    notice: UploadNotice,
    step: str,
    reason: str,
    delay_seconds: float,
    table: LedgerTable,
    now: Clock,
) -> None:
    """Note in the documents' stories that their ingestion waits."""
    details = {"item": "ingest", "reason": reason, "delay_seconds": round(delay_seconds)}
    for upload in notice.uploads:
        note_delay(table, upload.document_id, now(), step, details)
