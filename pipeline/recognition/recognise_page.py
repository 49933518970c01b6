"""From the picture of a page to its text: engine by engine, kept, and settled in the ledger."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from pydantic import ValidationError

from pipeline.ingest.chunk_text import recognised_key
from pipeline.ingest.settled_pages import settle_and_follow
from pipeline.recognition.page_words import PageNotRecognisedError, RecognisedPage
from pipeline.recognition.take_up_pages import TakeUpServices, take_up_pages
from shared.deadline import Deadline
from shared.errors import ObjectMissingError
from shared.ledger.document_texts import SettledPage
from shared.ledger.documents import LEAST_CONFIDENCE, Document, find_document
from shared.messages.work_items import RecognisePage, RecognitionItem

logger = logging.getLogger("seashore.recognise")


class PictureEngine(Protocol):
    """What recognises the text of pictures."""

    @property
    def name(self) -> str:
        """What tells its readings from others: the engine, and what it was told to look for."""
        ...

    def recognise(self, picture: Callable[[], bytes], deadline: Deadline) -> RecognisedPage:
        """The text of a picture, whose bytes are fetched when they are asked for.

        Raises:
            PageNotRecognisedError: It cannot be read by this engine.
            RetryableError, DeferredError: It may be later.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class RecognitionServices(TakeUpServices):
    """What recognition works with besides.

    Args:
        engines: Who is asked, one after the other, until one is sure.
    """

    engines: tuple[PictureEngine, ...]


def do_recognition(
    item: RecognitionItem, services: RecognitionServices, deadline: Deadline
) -> None:
    """Do what a message of the recognition queue asks for.

    Raises:
        RetryableError, DeferredError, PermanentError: As S3, the ledger and the engines do.
    """
    if isinstance(item, RecognisePage):
        _recognise_page(item, services, deadline)
    else:
        take_up_pages(item, services)


def _recognise_page(
    message: RecognisePage, services: RecognitionServices, deadline: Deadline
) -> None:
    document = find_document(services.table, message.document_id)
    is_current = document is not None and document.run == message.run
    if document is None or not is_current or not document.recognising_pages:
        logger.info("recognition_outdated", extra={"action": "recognition_outdated"})
        return

    @cache
    def fetch_picture() -> bytes:
        return services.objects.read_bytes(services.artifacts_bucket, message.picture_key)

    best: RecognisedPage | None = None
    best_key, reasons = "", []
    for engine in services.engines:
        key = recognised_key(document.text_address, message.page, engine.name)
        try:
            page = _read_kept(key, services) or _recognise(
                key, engine, fetch_picture, services, deadline
            )
        except PageNotRecognisedError as error:
            reasons.append(str(error))
            continue
        if best is None or page.confidence > best.confidence:
            best, best_key = page, key
        if best.confidence >= LEAST_CONFIDENCE:
            break
    settled = _settle(message, document, best, best_key, "; ".join(dict.fromkeys(reasons)))
    settle_and_follow(settled, services.recognition_queue_url, services)
    if best is not None:
        # Whoever reads it anew finds the reading. Only operators may delete, so it is emptied.
        services.objects.write_bytes(
            services.artifacts_bucket, message.picture_key, b"", "application/octet-stream"
        )


def _read_kept(key: str, services: RecognitionServices) -> RecognisedPage | None:
    """What was read before, for a document of the same bytes or by a delivery that broke off."""
    try:
        content = services.objects.read_text(services.artifacts_bucket, key)
        return RecognisedPage.model_validate_json(content)
    except (ObjectMissingError, ValidationError):
        return None


def _recognise(
    key: str,
    engine: PictureEngine,
    fetch_picture: Callable[[], bytes],
    services: RecognitionServices,
    deadline: Deadline,
) -> RecognisedPage:
    page = engine.recognise(fetch_picture, deadline)
    services.objects.write_text(
        services.artifacts_bucket, key, page.model_dump_json(), "application/json"
    )
    return page


def _settle(
    message: RecognisePage,
    document: Document,
    page: RecognisedPage | None,
    key: str,
    reason: str,
) -> SettledPage:
    settled = SettledPage(document_id=document.document_id, run=message.run, page=message.page)
    if page is None:
        return settled.model_copy(update={"reason": reason})
    has_text = bool(page.text.strip())
    return settled.model_copy(
        update={
            "source": page.source,
            "confidence": page.confidence if has_text else None,
            "text_key": key if has_text else None,
        }
    )
