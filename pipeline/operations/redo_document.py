"""The worker's part of a redo: a finished document's next run begins, and its chunks are sent.

The order comes as a message, so that an operator's process can die at any moment: what was sent is
carried out, and once, since the ledger lets only one run follow another.
"""

import logging

from pipeline.ingest.chunk_sending import find_group, may_lack_chunks, send_chunks
from pipeline.ingest.ingest_failures import fail_if_stuck
from pipeline.services import Services
from pipeline.summaries.summarize_services import SummarizeServices
from shared.errors import LedgerConflictError
from shared.ledger.documents import Document, find_document
from shared.ledger.redoing import begin_redo
from shared.lifecycle import REDONE_FROM, DocumentStatus
from shared.messages.document_messages import Redo
from shared.messages.message import encode_message
from shared.messages.reading_messages import ContinueIngest

logger = logging.getLogger("seashore.operations")

# How often a document is looked at anew because it has moved on meanwhile.
_MOST_TRIES = 5


def redo_document(order: Redo, services: SummarizeServices) -> None:
    """Begin the run that is ordered, and send its chunks; again, where that broke off.

    Nothing is done where another run has begun since, or the document goes on or is deleted.

    Raises:
        LedgerConflictError: The document kept moving on.
        DeferredError: An AWS service asks for patience.
    """
    document = _begin(order, services)
    if document is None:
        logger.info("redo_outdated", extra={"action": "redo_outdated"})
    elif document.status is DocumentStatus.RECEIVED:
        message = ContinueIngest(document_id=document.document_id, run=document.run, next_page=1)
        services.queues.send(
            services.uploads_queue_url, [encode_message(message)], find_group(document)
        )
    elif may_lack_chunks(document):
        send_chunks(document, services)


def _begin(order: Redo, services: Services) -> Document | None:
    """The document in the run that the order has begun, now or before; None if there is none."""
    for tries_left in reversed(range(_MOST_TRIES)):
        document = find_document(services.table, order.document_id)
        if document is None or document.redo_order == order.order:
            is_there = document is not None and document.run == order.run + 1
            return document if is_there else None
        is_over = document.status in REDONE_FROM and document.is_final
        if document.run != order.run or not is_over:
            return None
        try:
            begin_redo(services.table, document, order, services.now)
        except LedgerConflictError:
            if not tries_left:
                raise
    return None


def give_up_redo(order: Redo, cause: str, services: Services) -> None:
    """Note that a run was begun whose chunks could not be sent: FAILED, unless it goes on."""
    document = find_document(services.table, order.document_id)
    is_ours = document is not None and document.redo_order == order.order
    if document is not None and is_ours and document.run == order.run + 1:
        fail_if_stuck(document, cause, services.table, services.now)
