"""Parts of the worker that few of its containers need, loaded when the first one is needed."""

from collections.abc import Callable
from datetime import timedelta

from functions.model_wiring import build_priced_meter
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
from pipeline.work_items import give_up_work
from shared.aws.clients import Clients
from shared.llm.text_detection import TEXTRACT, TEXTRACT_PRICE, TextractModel
from shared.messages.reading_messages import (
    decode_conversion,
    decode_ingest_item,
    decode_recognition_item,
)
from shared.messages.reports import decode_report_item
from shared.messages.work_items import decode_work_item
from shared.queue_catalogue import (
    CONVERSIONS,
    RECOGNITION,
    REPORTS,
    UPLOADS,
    WORK,
    SourceQueue,
)
from shared.settings import PAID_ENGINES, Settings

# How long SQS keeps a dead letter that it moved, counted from when it was first sent, and a day to
# spare. A source queue keeps its messages for less, and each wait is a new message.
_LONGEST_RETENTION = timedelta(days=14)
_SPARE = timedelta(days=1)


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
    settings: Settings,
    items: TaskServices,
    base: Services,
    pictures: Callable[[], PictureServices],
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
