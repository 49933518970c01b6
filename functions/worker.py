"""The worker function: work items in, summaries out. It and the API use the model's key."""

import os
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.delivery.consumer import Consumer, Runtime
from functions.delivery.direct_tick import handle_tick
from functions.delivery.isolation import process_batch_in_isolation
from functions.model_wiring import build_answers, build_reader
from functions.queue_wiring import build_runtime
from functions.snapshot import prepare_container
from functions.wiring import build_services, utc_now
from pipeline.services import Services
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
from shared.messages.work_items import SWEEP, WorkItem, decode_work_item
from shared.queue_catalogue import UPLOADS, WORK
from shared.settings import Settings, read_settings

if TYPE_CHECKING:
    from pipeline.dead_letters.sweep import SweepServices
    from pipeline.recognition.read_picture import PictureServices

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

    @cache
    def build_pictures() -> "PictureServices":
        # Few containers get a picture or a tick: what that takes is loaded with the first one.
        from functions.worker_wiring import build_pictures

        return build_pictures(settings, clients, items.answers, base)

    @cache
    def build_sweep() -> "SweepServices":
        from functions.worker_wiring import build_sweep

        return build_sweep(settings, items, base, build_pictures)

    services = WorkServices(items, build_sweep, build_pictures)
    queue_url, dlq_url = WORK.find_urls(settings)
    consumer = Consumer(
        name=WORK.stage,
        queue_url=queue_url,
        dlq_url=dlq_url,
        decode=lambda body, message_id, sent_at: decode_work_item(body, message_id),
        handle=lambda item, deadline: do_work(item, services, deadline),
        give_up=lambda item, end: give_up_work(item, end.message, items, build_pictures),
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


prepare_container(_build_container, os.environ)
