"""Engines that read pictures, asked one after the other until one is sure, and what counts then.

Both functions that have engines go by this: it decodes nothing, and knows of no key.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from pydantic import ValidationError

from pipeline.ingest.chunk_text import recognised_key
from pipeline.ingest.settled_pages import MOST_CAUSE_CHARACTERS, settle_and_follow
from pipeline.recognition.page_words import PageNotRecognisedError, RecognisedPage
from pipeline.services import Services
from shared.deadline import Deadline
from shared.errors import ObjectMissingError
from shared.ledger.document_texts import SettledPage
from shared.ledger.documents import LEAST_CONFIDENCE, Document, find_document
from shared.messages.document_messages import ReadPicture
from shared.messages.reading_messages import RecognisePage

logger = logging.getLogger("seashore.recognise")

PICTURE_TYPE = "application/octet-stream"


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


@dataclass(frozen=True)
class BestReading:
    """The reading of a page that counts so far.

    Args:
        page: It; None where no engine could read the page.
        key: Where it is kept.
        reasons: Why engines could not.
    """

    page: RecognisedPage | None = None
    key: str = ""
    reasons: tuple[str, ...] = ()

    @property
    def is_sure(self) -> bool:
        """Whether no further engine is asked: one that does not say how sure it is counts as it."""
        confidence = None if self.page is None else self.page.confidence
        return self.page is not None and (confidence is None or confidence >= LEAST_CONFIDENCE)

    def weigh(self, page: RecognisedPage, key: str) -> "BestReading":
        """The better of this and a later one, which counts where it does not say how sure it is."""
        mine = -1 if self.page is None or self.page.confidence is None else self.page.confidence
        if page.confidence is None or page.confidence > mine:
            return BestReading(page, key, self.reasons)
        return self


def find_waiting_document(
    message: RecognisePage | ReadPicture, services: Services
) -> Document | None:
    """The document of a page, if it still waits for pages."""
    document = find_document(services.table, message.document_id)
    if document is None or document.run != message.run or not document.recognising_pages:
        logger.info("recognition_outdated", extra={"action": "recognition_outdated"})
        return None
    return document


def fetch(message: RecognisePage | ReadPicture, services: Services) -> bytes:
    """The picture of a page."""
    return services.objects.read_bytes(services.artifacts_bucket, message.picture_key)


def ask_engines(
    message: RecognisePage | ReadPicture,
    document: Document,
    engines: tuple[PictureEngine, ...],
    best: BestReading,
    fetch_picture: Callable[[], bytes],
    services: Services,
    deadline: Deadline,
) -> BestReading:
    """Ask engines in turn until one is sure; what one has read before is not read again."""
    for engine in engines:
        key = recognised_key(document.text_address, message.page, engine.name)
        try:
            page = read_kept(key, services)
            if page is None:
                page = engine.recognise(fetch_picture, deadline)
                services.objects.write_text(
                    services.artifacts_bucket, key, page.model_dump_json(), "application/json"
                )
        except PageNotRecognisedError as error:
            best = BestReading(best.page, best.key, (*best.reasons, str(error)))
            continue
        best = best.weigh(page, key)
        if best.is_sure:
            break
    return best


def read_kept(key: str, services: Services) -> RecognisedPage | None:
    """What was read before, for a document of the same bytes or by a delivery that broke off."""
    try:
        content = services.objects.read_text(services.artifacts_bucket, key)
        return RecognisedPage.model_validate_json(content)
    except (ObjectMissingError, ValidationError):
        return None


def join_reasons(best: BestReading) -> str:
    """Why engines could not read a page, each reason once."""
    return "; ".join(dict.fromkeys(filter(None, best.reasons)))[:MOST_CAUSE_CHARACTERS]


def settle_reading(
    message: RecognisePage | ReadPicture,
    best: BestReading,
    recognition_queue_url: str,
    services: Services,
) -> None:
    """Settle a page by its best reading, and let go of its picture where there is one."""
    settled = SettledPage(document_id=message.document_id, run=message.run, page=message.page)
    if best.page is None:
        changes: dict[str, object] = {"reason": join_reasons(best)}
    else:
        has_text = bool(best.page.text.strip())
        changes = {
            "source": best.page.source,
            "confidence": best.page.confidence if has_text else None,
            "text_key": best.key if has_text else None,
        }
    settle_and_follow(settled.model_copy(update=changes), recognition_queue_url, services)
    if best.page is not None:
        # Whoever reads it anew finds the reading. Only operators may delete, so it is emptied.
        services.objects.write_bytes(
            services.artifacts_bucket, message.picture_key, b"", PICTURE_TYPE
        )
