"""The recognise function: pictures of pages in, their text into the documents.

It decodes pictures, in a child process, and so holds no key and reads no document.
"""

import os
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.delivery.consumer import Consumer, Runtime
from functions.delivery.isolation import process_batch_in_isolation
from functions.queue_wiring import build_runtime
from functions.snapshot import prepare_container
from functions.wiring import build_services
from pipeline.recognition.engine_order import PictureEngine
from pipeline.recognition.page_words import TESSERACT
from pipeline.recognition.recognise_page import (
    RecognitionServices,
    do_recognition,
)
from pipeline.recognition.recognition_failures import (
    give_up_recognition,
    note_recognition_delay,
)
from pipeline.recognition.tesseract_engine import TesseractEngine
from pipeline.services import Services
from shared.aws.clients import Clients
from shared.deadline import Deadline
from shared.messages.reading_messages import RecognitionItem, decode_recognition_item
from shared.queue_catalogue import RECOGNITION
from shared.settings import PAID_ENGINES, Settings, read_settings


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Recognise the pages that a batch of messages names."""
    consumer, runtime = _build_container()
    return process_batch_in_isolation(event, context, consumer, runtime)


@cache
def _build_container() -> tuple[Consumer[RecognitionItem], Runtime]:
    """What lives as long as the container, built at its first event."""
    settings = read_settings(os.environ)
    clients = Clients()
    base = build_services(settings, clients)
    folder = Path(tempfile.gettempdir()) / "seashore-languages"
    tesseract = TesseractEngine(settings.ocr_languages, folder, base.objects, base.artifacts_bucket)
    engines = (tesseract,) if TESSERACT in settings.ocr_engine else ()
    return build_recognise(settings, clients, base, engines, tesseract.prepare)


def build_recognise(
    settings: Settings,
    clients: Clients,
    base: Services,
    engines: tuple[PictureEngine, ...],
    prepare: Callable[[bytes, Deadline], bytes] = lambda picture, deadline: picture,
) -> tuple[Consumer[RecognitionItem], Runtime]:
    """Put the function's parts together.

    Args:
        settings: The settings.
        clients: The AWS clients.
        base: The ledger and S3.
        engines: Those that cost nothing, in their order.
        prepare: Makes a picture one that the others take, which the worker asks.
    """
    queue_url, dlq_url = RECOGNITION.find_urls(settings)
    services = RecognitionServices(
        **vars(base),
        engines=engines,
        has_paid_engines=any(name in PAID_ENGINES for name in settings.ocr_engine),
        prepare=prepare,
        recognition_queue_url=queue_url,
    )
    consumer = Consumer(
        name=RECOGNITION.stage,
        queue_url=queue_url,
        dlq_url=dlq_url,
        decode=lambda body, message_id, sent_at: decode_recognition_item(body),
        handle=lambda item, deadline: do_recognition(item, services, deadline),
        give_up=lambda item, end: give_up_recognition(item, end.message, queue_url, base),
        note_delay=lambda item, wait: note_recognition_delay(item, wait, base),
    )
    return consumer, build_runtime(settings, clients, RECOGNITION.stage, base.now)


prepare_container(_build_container, os.environ)
