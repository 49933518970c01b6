"""The convert function: conversions queue in, chunks of text of documents that are no PDFs out."""

import os
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.delivery.consumer import Consumer, Runtime
from functions.delivery.isolation import process_batch_in_isolation
from functions.delivery.trial import is_trial, run_trial
from functions.queue_wiring import build_runtime
from functions.snapshot import prepare_container
from functions.wiring import build_services, utc_now
from pipeline.extraction.extractor import Extractor
from pipeline.extraction.limits import ExtractionLimits
from pipeline.formats.identify import identify_file
from pipeline.ingest.downloads import remove_leftovers
from pipeline.ingest.ingest_document import IngestServices, convert_item
from pipeline.ingest.ingest_failures import give_up_ingest, note_ingest_delay
from pipeline.ingest.trial_reading import ReadingTrial, try_reading
from shared.aws.clients import Clients
from shared.llm.model_window import build_window
from shared.messages.reading_messages import ConversionItem, decode_conversion
from shared.queue_catalogue import CONVERSIONS, RECOGNITION
from shared.settings import Settings, read_settings

# A sheet of a workbook is one unit, however many rows it has.
_MOST_UNIT_CHARACTERS = 10_000_000


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Read the documents that a batch of messages names."""
    consumer, runtime = _build_container()
    if is_trial(event):
        return run_trial(event, context, consumer)
    return process_batch_in_isolation(event, context, consumer, runtime)


@cache
def _build_container() -> tuple[Consumer[ConversionItem], Runtime]:
    """What lives as long as the container, built at its first event."""
    settings = read_settings(os.environ)
    remove_leftovers()
    return build_convert(settings, Clients(), build_converter(settings))


def build_converter(settings: Settings) -> Extractor:
    """What reads the documents: readers of all formats but PDF."""
    limits = ExtractionLimits(
        max_document_bytes=settings.max_document_bytes,
        max_pages=settings.max_document_pages,
        max_page_characters=_MOST_UNIT_CHARACTERS,
    )
    return Extractor(limits, reader="pipeline.formats.child", identify=identify_file)


def build_convert(
    settings: Settings, clients: Clients, extractor: Extractor
) -> tuple[Consumer[ConversionItem], Runtime]:
    """Put the function's parts together."""
    base = build_services(settings, clients)
    queue_url, dlq_url = CONVERSIONS.find_urls(settings)
    recognition_queue_url, _ = RECOGNITION.find_urls(settings)
    services = IngestServices(
        **vars(base),
        extractor=extractor,
        queue_url=queue_url,
        recognition_queue_url=recognition_queue_url if settings.ocr_engine else None,
        conversions_queue_url=None,
        max_document_bytes=settings.max_document_bytes,
        chunk_tokens=build_window(settings).chunk_tokens,
    )
    consumer = Consumer(
        name=CONVERSIONS.stage,
        queue_url=queue_url,
        dlq_url=dlq_url,
        decode=lambda body, message_id, sent_at: decode_conversion(body),
        handle=lambda item, deadline: convert_item(item, services, deadline),
        give_up=lambda item, end: give_up_ingest(item, end.message, base, recognition_queue_url),
        note_delay=lambda item, wait: note_ingest_delay(item, wait, base.table, utc_now),
        try_out=lambda trial, deadline: try_reading(
            ReadingTrial.model_validate(trial), services, deadline
        ),
    )
    return consumer, build_runtime(settings, clients, CONVERSIONS.stage)


prepare_container(_build_container, os.environ)
