"""The recognise function: pictures of pages in, their text into the documents.

It decodes pictures, in a child process, and so holds no key and reads no document.
"""

import os
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.delivery.consumer import Consumer, Runtime
from functions.delivery.isolation import process_batch_in_isolation
from functions.queue_wiring import build_runtime
from functions.snapshot import prepare_container
from functions.wiring import build_services
from pipeline.recognition.recognise_page import (
    PictureEngine,
    RecognitionServices,
    do_recognition,
)
from pipeline.recognition.recogniser import TESSERACT
from pipeline.recognition.recognition_failures import (
    give_up_recognition,
    note_recognition_delay,
)
from pipeline.recognition.tesseract_engine import TesseractEngine
from pipeline.services import Services
from shared.aws.clients import Clients
from shared.messages.work_items import RecognitionItem, decode_recognition_item
from shared.queue_catalogue import RECOGNITION
from shared.settings import Settings, read_settings


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
    return build_recognise(settings, clients, base, build_engines(settings, base))


def build_engines(settings: Settings, base: Services) -> tuple[PictureEngine, ...]:
    """The engines that the settings name, in their order."""
    folder = Path(tempfile.gettempdir()) / "seashore-languages"
    engines: dict[str, PictureEngine] = {
        TESSERACT: TesseractEngine(
            settings.ocr_languages, folder, base.objects, base.artifacts_bucket
        ),
    }
    return tuple(engines[name] for name in settings.ocr_engine if name in engines)


def build_recognise(
    settings: Settings, clients: Clients, base: Services, engines: tuple[PictureEngine, ...]
) -> tuple[Consumer[RecognitionItem], Runtime]:
    """Put the function's parts together."""
    queue_url, dlq_url = RECOGNITION.find_urls(settings)
    services = RecognitionServices(**vars(base), engines=engines, recognition_queue_url=queue_url)
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
