"""The ingest function: uploads queue in, chunks of text on the work queue out."""

import os
from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.delivery.consumer import Consumer, Runtime
from functions.delivery.isolation import process_batch_in_isolation
from functions.delivery.trial import is_trial, run_trial
from functions.queue_wiring import build_runtime
from functions.snapshot import prepare_container
from functions.wiring import build_services, utc_now
from pipeline.extraction.extractor import Extractor
from pipeline.extraction.limits import ExtractionLimits
from pipeline.ingest.downloads import remove_leftovers
from pipeline.ingest.ingest_document import IngestServices, ingest_item
from pipeline.ingest.ingest_failures import give_up_ingest, note_ingest_delay
from pipeline.ingest.trial_reading import ReadingTrial, try_reading
from shared.aws.clients import Clients
from shared.llm.model_window import build_window
from shared.messages.reading_messages import IngestItem, decode_ingest_item
from shared.messages.uploads import UploadNotice
from shared.queue_catalogue import CONVERSIONS, RECOGNITION, UPLOADS
from shared.settings import Settings, read_settings

if TYPE_CHECKING:
    from pipeline.inbound_mail.admission import InboundMail


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Ingest the documents that a batch of S3 notifications announces."""
    consumer, runtime = _build_container()
    if is_trial(event):
        return run_trial(event, context, consumer)
    return process_batch_in_isolation(event, context, consumer, runtime)


@cache
def _build_container() -> tuple[Consumer[IngestItem], Runtime]:
    """What lives as long as the container, built at its first event."""
    settings = read_settings(os.environ)
    remove_leftovers()
    return build_ingest(settings, Clients(), build_pdf_extractor(settings))


def build_pdf_extractor(settings: Settings) -> Extractor:
    """What reads PDFs, and takes files of every format that is read out of them."""
    limits = ExtractionLimits(
        max_document_bytes=settings.max_document_bytes, max_pages=settings.max_document_pages
    )
    return Extractor(limits, reader="pipeline.formats.pdf_child")


def build_ingest(
    settings: Settings, clients: Clients, extractor: Extractor
) -> tuple[Consumer[IngestItem], Runtime]:
    """Put the function's parts together."""
    base = build_services(settings, clients)
    queue_url, dlq_url = UPLOADS.find_urls(settings)
    services = IngestServices(
        **vars(base),
        extractor=extractor,
        queue_url=queue_url,
        conversions_queue_url=CONVERSIONS.find_urls(settings)[0],
        recognition_queue_url=RECOGNITION.find_urls(settings)[0] if settings.ocr_engine else None,
        max_document_bytes=settings.max_document_bytes,
        chunk_tokens=build_window(settings).chunk_tokens,
        inbound_mail=read_inbound_mail(settings),
    )
    consumer = Consumer(
        name=UPLOADS.stage,
        queue_url=queue_url,
        dlq_url=dlq_url,
        decode=lambda body, message_id, sent_at: decode_ingest_item(body),
        handle=lambda item, deadline: ingest_item(item, services, deadline),
        give_up=lambda item, end: give_up_ingest(
            item, end.message, base, RECOGNITION.find_urls(settings)[0]
        ),
        note_delay=lambda item, wait: note_ingest_delay(item, wait, base.table, utc_now),
        try_out=lambda trial, deadline: try_reading(
            ReadingTrial.model_validate(trial), services, deadline
        ),
        find_group=lambda item: item.group if isinstance(item, UploadNotice) else None,
    )
    return consumer, build_runtime(settings, clients, UPLOADS.stage)


def read_inbound_mail(settings: Settings) -> "InboundMail | None":
    """Who may send mails to the stack, as its settings have it; None where it takes none."""
    if settings.inbound_mail is None:
        return None
    from pipeline.inbound_mail.admission import InboundMail

    own = () if settings.report_from is None else (settings.report_from,)
    return InboundMail(settings.inbound_mail, settings.inbound_mail_senders, own)


prepare_container(_build_container, os.environ)
