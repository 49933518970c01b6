"""The worker function: work items in, summaries out. It and the API use the model's key."""

import os
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.delivery.consumer import Consumer, Runtime
from functions.delivery.direct_tick import handle_tick
from functions.delivery.isolation import process_batch_in_isolation
from functions.model_wiring import build_answers, build_priced_meter, build_reader
from functions.queue_wiring import build_runtime
from functions.snapshot import prepare_container
from functions.wiring import build_services, utc_now
from pipeline.dead_letters.sweep import SweepServices
from pipeline.dead_letters.sweep_letters import SweptQueue
from pipeline.ingest.ingest_failures import give_up_ingest
from pipeline.metering.answer_services import AnswerServices
from pipeline.recognition.page_words import TESSERACT, name_tesseract
from pipeline.recognition.paid_engines import PaidEngines
from pipeline.recognition.read_picture import PictureServices
from pipeline.recognition.recognition_failures import give_up_recognition
from pipeline.report.report_failures import give_up_report
from pipeline.services import Services
from pipeline.tasks.carry_out import settle_lost_task
from pipeline.tasks.task_kind import TaskServices
from pipeline.work_items import (
    WorkServices,
    do_work,
    give_up_work,
    is_over,
    is_told_by_ledger,
    note_work_delay,
)
from shared.aws.callback_targets import CallbackSender
from shared.aws.clients import Clients
from shared.ledger.documents import Clock
from shared.ledger.spend import Account
from shared.llm.build import build_fallback_model, build_language_model, build_other_model
from shared.llm.model import LanguageModel
from shared.llm.model_window import build_window
from shared.llm.text_detection import TEXTRACT, TEXTRACT_PRICE, TextractModel
from shared.messages.reports import decode_report_item
from shared.messages.work_items import (
    SWEEP,
    WorkItem,
    decode_conversion,
    decode_ingest_item,
    decode_recognition_item,
    decode_work_item,
)
from shared.queue_catalogue import (
    CONVERSIONS,
    RECOGNITION,
    REPORTS,
    UPLOADS,
    WORK,
    SourceQueue,
)
from shared.settings import PAID_ENGINES, Settings, read_settings

# How long SQS keeps a dead letter that it moved, counted from when it was first sent, and a day to
# spare. A source queue keeps its messages for less, and each wait is a new message.
_LONGEST_RETENTION = timedelta(days=14)
_SPARE = timedelta(days=1)

# Of the model, by one task at the same time at most: a list of thousands of rows takes minutes.
_CALLS_OF_A_TASK = 16


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any] | None:
    """Work on a batch of items, or sweep at a tick, which comes past the queue."""
    consumer, runtime = _build_container()
    if event.get("kind") == SWEEP:
        handle_tick(event, context, consumer, runtime)
        return None
    return process_batch_in_isolation(event, context, consumer, runtime)


@cache
def _build_container() -> tuple[Consumer[WorkItem], Runtime]:
    """What lives as long as the container, built at its first event."""
    settings = read_settings(os.environ)
    clients = Clients()
    model = build_language_model(settings, clients)
    return build_worker(settings, clients, model, fallback=build_fallback_model(settings, clients))


def build_worker(
    settings: Settings,
    clients: Clients,
    model: LanguageModel,
    now: Clock = utc_now,
    *,
    fallback: LanguageModel | None = None,
    find_other: Callable[[str], LanguageModel | None] | None = None,
) -> tuple[Consumer[WorkItem], Runtime]:
    """Put the function's parts together.

    Args:
        settings: The settings.
        clients: The AWS clients.
        model: The model.
        now: The clock that all parts go by.
        fallback: Who answers while the model is down, if anybody.
        find_other: Finds another model by its name, for what is redone; those of the settings if
            None.
    """
    base = build_services(settings, clients, now)
    find = find_other or (lambda name: build_other_model(name, settings, clients))
    items = build_item_services(settings, clients, model, base, fallback, find)
    pictures = build_pictures(settings, clients, items.answers, base)
    services = WorkServices(items, build_sweep(settings, items, base, pictures), pictures)
    queue_url, dlq_url = WORK.find_urls(settings)
    consumer = Consumer(
        name=WORK.stage,
        queue_url=queue_url,
        dlq_url=dlq_url,
        decode=lambda body, message_id, sent_at: decode_work_item(body, message_id),
        handle=lambda item, deadline: do_work(item, services, deadline),
        give_up=lambda item, end: give_up_work(item, end.message, items, pictures),
        note_delay=lambda item, wait: note_work_delay(item, wait, items),
        is_told_by_ledger=is_told_by_ledger,
        is_over=lambda item: is_over(item, items),
    )
    return consumer, build_runtime(settings, clients, WORK.stage, now)


def build_item_services(
    settings: Settings,
    clients: Clients,
    model: LanguageModel,
    base: Services,
    fallback: LanguageModel | None = None,
    find_other: Callable[[str], LanguageModel | None] = lambda name: None,
) -> TaskServices:
    """Put together what the work on documents and tasks works with."""
    return TaskServices(
        **vars(base),
        answers=build_answers(settings, model, base, fallback=fallback, find_other=find_other),
        api_answers=build_answers(
            settings, model, base, Account.CHAT, fallback, find_other=find_other
        ),
        window=build_window(settings),
        reader=build_reader(settings, base),
        callbacks=CallbackSender(clients.sqs, lambda: clients.sns),
        callback_arns=settings.callback_arns,
        calls_at_once=min(settings.model_calls_at_once or _CALLS_OF_A_TASK, _CALLS_OF_A_TASK),
        uploads_queue_url=UPLOADS.find_urls(settings)[0],
    )


def build_pictures(
    settings: Settings, clients: Clients, answers: AnswerServices, base: Services
) -> PictureServices:
    """What reads pictures for money: a model that sees, and Amazon Textract."""
    price = settings.model_prices.get(TEXTRACT, TEXTRACT_PRICE)
    meter = build_priced_meter(settings, base.table, base.now, TEXTRACT, price)
    textract = AnswerServices(TextractModel(lambda: clients.textract), meter, base.table, base.now)
    names = {TESSERACT: name_tesseract(settings.ocr_languages)}
    return PictureServices(
        free_engines=tuple(names[name] for name in settings.ocr_engine if name in names),
        paid=PaidEngines(
            tuple(name for name in settings.ocr_engine if name in PAID_ENGINES), answers, textract
        ),
        recognition_queue_url=RECOGNITION.find_urls(settings)[0],
    )


def build_sweep(
    settings: Settings, items: TaskServices, base: Services, pictures: PictureServices
) -> SweepServices:
    """Put the sweep's parts together: what a dead letter of each queue means."""
    recognition_queue_url = RECOGNITION.find_urls(settings)[0]

    def give_up_uploads(body: str, message_id: str, cause: str) -> None:
        give_up_ingest(decode_ingest_item(body), cause, base, recognition_queue_url)

    def give_up_pages(body: str, message_id: str, cause: str) -> None:
        item = decode_recognition_item(body)
        give_up_recognition(item, cause, recognition_queue_url, base)

    def give_up_conversions(body: str, message_id: str, cause: str) -> None:
        give_up_ingest(decode_conversion(body), cause, base, recognition_queue_url)

    def give_up_items(body: str, message_id: str, cause: str) -> None:
        give_up_work(decode_work_item(body, message_id), cause, items, pictures)

    def give_up_reports(body: str, message_id: str, cause: str) -> None:
        order = decode_report_item(body, message_id, base.now())
        give_up_report(order, cause, base.table, base.now)

    swept: dict[SourceQueue, Callable[[str, str, str], None]] = {
        UPLOADS: give_up_uploads,
        RECOGNITION: give_up_pages,
        CONVERSIONS: give_up_conversions,
        WORK: give_up_items,
        REPORTS: give_up_reports,
    }
    return SweepServices(
        table=base.table,
        queues=base.queues,
        swept=tuple(
            SweptQueue(queue, *queue.find_urls(settings), give_up)
            for queue, give_up in swept.items()
        ),
        settle_task=lambda task: settle_lost_task(task, items),
        lost_after=_LONGEST_RETENTION + _SPARE,
        now=base.now,
    )


prepare_container(_build_container, os.environ)
