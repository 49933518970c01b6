"""A page that is read by engines that cost money, in the function that holds their keys."""

from dataclasses import dataclass
from functools import cache

from pipeline.ingest.chunk_text import recognised_key
from pipeline.recognition.engine_order import (
    BestReading,
    ask_engines,
    fetch,
    find_waiting_document,
    read_kept,
    settle_reading,
)
from pipeline.recognition.paid_engines import PaidEngines
from pipeline.services import Services
from shared.deadline import Deadline
from shared.errors import LedgerConflictError, ObjectMissingError
from shared.ledger.documents import Document, find_document
from shared.lifecycle import DocumentStatus
from shared.messages.document_messages import ReadPicture

_ENDED = (DocumentStatus.DELETED, DocumentStatus.CANCELLED)


@dataclass(frozen=True)
class PictureServices:
    """What reading pictures for money works with besides.

    Args:
        free_engines: The names of those that are asked before, whose readings are kept.
        paid: The others.
        recognition_queue_url: Where the document's pages are taken up.
    """

    free_engines: tuple[str, ...]
    paid: PaidEngines
    recognition_queue_url: str


def read_picture(
    message: ReadPicture, pictures: PictureServices, services: Services, deadline: Deadline
) -> None:
    """Have a page read by engines that cost money, and settle it by the best reading.

    Raises:
        RetryableError, DeferredError: As S3, the ledger and the engines do.
    """
    document = find_waiting_document(message, services)
    if document is None:
        return

    @cache
    def fetch_picture() -> bytes:
        return fetch(message, services)

    best = _find_best(message, document, pictures.free_engines, services)
    try:
        engines = pictures.paid.open(message.document_id)
        best = ask_engines(message, document, engines, best, fetch_picture, services, deadline)
    except (LedgerConflictError, ObjectMissingError):
        document = find_document(services.table, message.document_id)
        if document is not None and document.status not in _ENDED:
            raise
        return
    settle_reading(message, best, pictures.recognition_queue_url, services)


def give_up_picture(
    message: ReadPicture, cause: str, pictures: PictureServices, services: Services
) -> None:
    """Settle a page by what was read before, however unsure; or note that it cannot be read."""
    document = find_waiting_document(message, services)
    if document is not None:
        best = _find_best(message, document, pictures.free_engines, services)
        best = BestReading(best.page, best.key, (*best.reasons, cause))
        settle_reading(message, best, pictures.recognition_queue_url, services)


def _find_best(
    message: ReadPicture, document: Document, free_engines: tuple[str, ...], services: Services
) -> BestReading:
    best = BestReading(reasons=(message.reasons,))
    for name in free_engines:
        key = recognised_key(document.text_address, message.page, name)
        page = read_kept(key, services)
        if page is not None:
            best = best.weigh(page, key)
    return best
