"""Documents redone: the next run of a finished one begins, by an operator's order.

What was made before stays: each run writes its result in a folder of its own, and the document
keeps the one that it has until the new one is there. A document whose text is gone begins a run of
its own accord.
"""

from boto3.dynamodb.conditions import Attr

from shared.aws.dynamodb_items import Row
from shared.aws.dynamodb_table import LedgerTable, Update
from shared.ledger.document_texts import UNREAD
from shared.ledger.documents import (
    IN_FLIGHT,
    Clock,
    Document,
    StandBeforeRedo,
    document_pk,
    document_row_key,
    move_document,
)
from shared.ledger.timeline import build_event, write_time
from shared.lifecycle import REDONE_FROM, DocumentStatus
from shared.messages.document_messages import Redo


def begin_redo(table: LedgerTable, document: Document, order: Redo, now: Clock) -> None:
    """Begin the run that an operator has ordered, in one guarded transaction.

    A document whose text is all there is summarised from it; any other is read anew.

    Args:
        table: The ledger.
        document: The document as it was read; of it only the text counts, which does not change.
        order: The order; it holds for the run that it names, and only once that is finished.
        now: The clock.

    Raises:
        LedgerConflictError: Another run has begun since, this one goes on, or it was deleted.
    """
    at = now()
    before = StandBeforeRedo.model_validate(document, from_attributes=True)
    changes: Row = {
        "status": DocumentStatus.EXTRACTED if document.is_read else DocumentStatus.RECEIVED,
        "in_flight": IN_FLIGHT,
        "run": order.run + 1,
        "updated_at": write_time(at),
        "finished_at": None,
        "reason_code": None,
        "reason": None,
        "chunk_reason": None,
        "chunks_total": len(document.chunk_plan),
        "chunks_done": 0,
        "chunks_failed": 0,
        "redo_order": order.order,
        "redo_model": order.terms.model,
        "redo_is_fresh": order.terms.is_fresh,
        "before_redo": before.model_dump(mode="json", exclude_defaults=True),
        "cost_before_micro_usd": document.cost_micro_usd,
        **({} if document.is_read else UNREAD),
    }
    condition = (
        Attr("run").eq(order.run)
        & Attr("status").eq(document.status)
        & Attr("status").is_in(sorted(REDONE_FROM))
        & Attr("updated_at").eq(document.updated_at)
    )
    pk, sk = document_row_key(document.document_id)
    details = {
        "by": order.by,
        "order": order.order,
        "model": order.terms.model,
        "fresh": order.terms.is_fresh or None,
        "run": order.run + 1,
    }
    table.transact(
        [
            Update(pk, sk, assign=changes, condition=condition),
            build_event(document_pk(document.document_id), at, "redone", details),
        ]
    )


def begin_anew(table: LedgerTable, document: Document, now: Clock) -> None:
    """Begin a document from its first page, in a run of its own, as its text is gone.

    Raises:
        LedgerConflictError: The document has moved on.
    """
    move_document(
        table,
        document,
        DocumentStatus.RECEIVED,
        now,
        step="begun anew",
        changes={
            **UNREAD,
            "run": document.run + 1,
            "reason_code": None,
            "reason": None,
        },
    )
