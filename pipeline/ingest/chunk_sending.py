"""The chunks of a document on their way to the worker, and what combines them.

Whoever sends one of these messages takes it from here, so that where the text lies and on which
terms a document is redone is said in one place.
"""

from pipeline.ingest.chunk_text import locate_chunk
from pipeline.services import Services
from shared.ledger.children import INSIDE
from shared.ledger.chunks import note_all_sent
from shared.ledger.documents import Document
from shared.lifecycle import DocumentStatus
from shared.messages.document_messages import Combine, RedoTerms, SummarizeChunk
from shared.messages.message import encode_message
from shared.messages.message_groups import group_of_document


def may_lack_chunks(document: Document) -> bool:
    """Whether a delivery that broke off may have left chunks unsent.

    The first of them may be summarised by now, hence SUMMARIZING; to send one again is safe.
    """
    waits = document.status in (DocumentStatus.EXTRACTED, DocumentStatus.SUMMARIZING)
    return waits and not document.has_all_parts


def send_chunks(document: Document, services: Services) -> None:
    """Send every chunk of a document's run to the worker, and note that they are sent."""
    bodies = [encode_message(message) for message in list_chunk_messages(document)]
    services.queues.send(services.work_queue_url, bodies, find_group(document))
    note_all_sent(services.table, document, services.now)


def list_chunk_messages(document: Document) -> list[SummarizeChunk]:
    """What has the chunks of a document's run summarised, in their order."""
    return [
        SummarizeChunk(
            document_id=document.document_id,
            run=document.run,
            chunk_number=number,
            text_key=locate_chunk(document, number),
            first_page=chunk.first_page,
            last_page=chunk.last_page,
            terms=_find_terms(document),
        )
        for number, chunk in enumerate(document.chunk_plan, start=1)
    ]


def build_combine(document: Document) -> Combine:
    """What has the summaries of a document's chunks combined, as they are now."""
    return Combine(
        document_id=document.document_id,
        run=document.run,
        chunks_done=document.chunks_done,
        is_recognised=document.is_recognised,
        terms=_find_terms(document),
    )


def find_group(document: Document) -> str:
    """The message group of all messages about a document."""
    # Keys of files inside share a folder, whoever's documents they lie in.
    key = document.key if document.parent is None else document.called.partition(INSIDE)[0]
    return group_of_document(key, document.redo_order)


def _find_terms(document: Document) -> RedoTerms | None:
    """On which terms a document is redone; None for one that never was."""
    if not document.redo_order:
        return None
    return RedoTerms(model=document.redo_model, is_fresh=document.redo_is_fresh)
