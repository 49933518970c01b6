"""What has not begun is cancelled: of a document no part is summarised, a task is not started."""

from boto3.dynamodb.conditions import Attr

from shared.aws.dynamodb_items import Row
from shared.aws.dynamodb_table import LedgerTable, Update
from shared.ledger.document_texts import UNREAD
from shared.ledger.documents import (
    Clock,
    Document,
    StandBeforeRedo,
    document_pk,
    document_row_key,
)
from shared.ledger.tasks import Task, task_pk, task_row_key
from shared.ledger.timeline import build_event, write_time
from shared.lifecycle import DocumentStatus, TaskStatus, find_sources

CANCELLED_SENTENCE = "An operator cancelled it before it began."


def can_be_cancelled(document: Document) -> bool:
    """Whether no part of a document's run is summarised yet, nor given up."""
    is_waiting = document.status in find_sources(DocumentStatus.CANCELLED)
    return is_waiting and not document.chunks_done and not document.chunks_failed


def cancel_document(table: LedgerTable, document: Document, by: str, now: Clock) -> DocumentStatus:
    """Put an end to a document's run before any part of it is summarised.

    One that is being redone comes back to how it stood before, with its result; but one that what
    is on its way would take up from there is cancelled. Of one whose pages were to be recognised
    the text is let go: its next run reads it anew, and asks for them.

    Returns:
        Its status now.

    Raises:
        LedgerConflictError: It has begun, is finished, another run goes on, or its pages that are
            to be recognised are others by now.
    """
    at = now()
    before = document.before_redo
    if before is not None and _would_be_taken_up(before):
        before = None
    status = DocumentStatus.CANCELLED if before is None else before.status
    changes: Row = {
        "status": status,
        "in_flight": None,
        "updated_at": write_time(at),
        "finished_at": write_time(at) if before is None else before.finished_at,
        "reason_code": "cancelled" if before is None else before.reason_code,
        "reason": CANCELLED_SENTENCE if before is None else before.reason,
        "before_redo": None,
        "redo_order": None,
        "redo_model": None,
        "redo_is_fresh": None,
        # An erasure finds by its address what is read, also where the file is gone.
        **(UNREAD | {"text_address": document.text_address} if document.recognising_pages else {}),
        # It was to be read anew, so that its row tells of no page.
        **({} if before is None or before.is_read else before.to_page_attributes()),
    }
    condition = (
        Attr("run").eq(document.run)
        & Attr("status").is_in(sorted(find_sources(DocumentStatus.CANCELLED)))
        & (Attr("chunks_done").eq(0) | Attr("chunks_done").not_exists())
        & (Attr("chunks_failed").eq(0) | Attr("chunks_failed").not_exists())
        & (
            Attr("recognising_pages").eq(document.recognising_pages)
            if document.recognising_pages
            else Attr("recognising_pages").eq("") | Attr("recognising_pages").not_exists()
        )
    )
    pk, sk = document_row_key(document.document_id)
    event = build_event(
        document_pk(document.document_id), at, "cancelled", {"by": by, "status": status}
    )
    table.transact([Update(pk, sk, assign=changes, condition=condition), event])
    return status


def _would_be_taken_up(before: StandBeforeRedo) -> bool:
    """Whether a message of the run that is cancelled would begin it again from its old status."""
    is_part_read = before.status is DocumentStatus.PARTIAL and not before.is_read
    return before.status is DocumentStatus.FAILED or is_part_read


def cancel_task(table: LedgerTable, task: Task, by: str, now: Clock) -> None:
    """Put an end to a task that was not started.

    Raises:
        LedgerConflictError: It has begun, or is final.
    """
    at = now()
    changes: Row = {
        "status": TaskStatus.CANCELLED,
        "in_flight": None,
        "updated_at": write_time(at),
        "finished_at": write_time(at),
        "reason": CANCELLED_SENTENCE,
    }
    condition = Attr("status").eq(TaskStatus.RECEIVED) & Attr("digest").eq(task.digest)
    pk, sk = task_row_key(task.task_id)
    event = build_event(task_pk(task.task_id), at, "cancelled", {"by": by})
    table.transact([Update(pk, sk, assign=changes, condition=condition), event])
