"""From the picture of a page to its text: engine by engine, kept, and settled in the ledger.

Two functions go this way: this one, which decodes pictures and holds no key, then where that is
needed the worker (`read_picture`), which holds keys and hands on their bytes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from pipeline.ingest.chunk_sending import find_group
from pipeline.recognition.engine_order import (
    PICTURE_TYPE,
    BestReading,
    PictureEngine,
    ask_engines,
    fetch,
    find_waiting_document,
    join_reasons,
    settle_reading,
)
from pipeline.recognition.page_words import PageNotRecognisedError
from pipeline.recognition.take_up_pages import TakeUpServices, take_up_pages
from shared.deadline import Deadline
from shared.ledger.documents import Document
from shared.messages.document_messages import ReadPicture
from shared.messages.message import encode_message
from shared.messages.reading_messages import RecognisePage, RecognitionItem


@dataclass(frozen=True, kw_only=True)
class RecognitionServices(TakeUpServices):
    """What recognition works with besides.

    Args:
        engines: Who is asked, one after the other, until one is sure.
        has_paid_engines: Whether the worker has further ones, which cost money.
        prepare: Makes a picture one that those take: upright, not too large, in a usual format.
    """

    engines: tuple[PictureEngine, ...]
    has_paid_engines: bool = False
    prepare: Callable[[bytes, Deadline], bytes] = lambda picture, deadline: picture


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
    document = find_waiting_document(message, services)
    if document is None:
        return

    @cache
    def fetch_picture() -> bytes:
        return fetch(message, services)

    best = ask_engines(
        message, document, services.engines, BestReading(), fetch_picture, services, deadline
    )
    if not best.is_sure and services.has_paid_engines:
        try:
            _hand_on(message, document, best, fetch_picture(), services, deadline)
        except PageNotRecognisedError as error:
            best = BestReading(best.page, best.key, (*best.reasons, str(error)))
        else:
            return
    settle_reading(message, best, services.recognition_queue_url, services)


def _hand_on(
    message: RecognisePage,
    document: Document,
    best: BestReading,
    picture: bytes,
    services: RecognitionServices,
    deadline: Deadline,
) -> None:
    # One that another document of the same bytes has let go of was read by those who are asked now.
    prepared = services.prepare(picture, deadline) if picture else picture
    if prepared != picture:
        services.objects.write_bytes(
            services.artifacts_bucket, message.picture_key, prepared, PICTURE_TYPE
        )
    onward = ReadPicture(
        document_id=message.document_id,
        run=message.run,
        page=message.page,
        picture_key=message.picture_key,
        reasons=join_reasons(best),
    )
    group = find_group(document)
    services.queues.send(services.work_queue_url, [encode_message(onward)], group)
