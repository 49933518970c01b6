"""The report function: a tick of the schedule in, a day's report out. It has no model's key."""

import os
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.delivery.consumer import Consumer, Runtime
from functions.delivery.isolation import process_batch_in_isolation
from functions.observability import emit_report_made
from functions.queue_wiring import build_runtime
from functions.snapshot import prepare_container
from functions.wiring import build_services, utc_now
from pipeline.report.report_delivery import DeliveryServices, handle_report_item
from pipeline.report.report_failures import give_up_report, note_report_delay
from shared.aws.clients import Clients
from shared.aws.mail import Mailer
from shared.aws.topics import Topic
from shared.deadline import Deadline
from shared.messages.reports import ReportItem, decode_report_item
from shared.prices import MICRO_USD_PER_USD
from shared.queue_catalogue import REPORTS, SWEPT_QUEUES
from shared.settings import Settings, read_settings


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Make the reports that a batch of messages asks for."""
    consumer, runtime = _build_container()
    return process_batch_in_isolation(event, context, consumer, runtime)


@cache
def _build_container() -> tuple[Consumer[ReportItem], Runtime]:
    """What lives as long as the container, built at its first event."""
    return build_report(read_settings(os.environ), Clients())


def build_report(settings: Settings, clients: Clients) -> tuple[Consumer[ReportItem], Runtime]:
    """Put the function's parts together."""
    services = build_delivery(settings, clients)
    queue_url, dlq_url = REPORTS.find_urls(settings)
    consumer = Consumer(
        name=REPORTS.stage,
        queue_url=queue_url,
        dlq_url=dlq_url,
        decode=decode_report_item,
        handle=lambda item, deadline: _make_report(item, services, deadline),
        give_up=lambda item, end: give_up_report(item, end.message, services.table, utc_now),
        note_delay=lambda item, wait: note_report_delay(item, wait, services.table, utc_now),
    )
    return consumer, build_runtime(settings, clients, REPORTS.stage)


def _make_report(item: ReportItem, services: DeliveryServices, deadline: Deadline) -> None:
    handle_report_item(item, services, deadline)
    # A tick only orders reports, and one that a person has sent again is not the schedule's.
    if item.order.day is not None and not item.order.resend:
        emit_report_made()


def build_delivery(settings: Settings, clients: Clients) -> DeliveryServices:
    """Put together what making and sending reports works with."""
    cap = settings.daily_cap_usd
    return DeliveryServices(
        **vars(build_services(settings, clients)),
        dlqs=tuple((queue.name, queue.find_urls(settings)[1]) for queue in SWEPT_QUEUES),
        zone=settings.time_zone,
        stack=settings.stack_name,
        daily_cap_micro_usd=None if cap is None else round(cap * MICRO_USD_PER_USD),
        reports_queue_url=settings.reports_queue_url,
        mailer=_build_mailer(settings, clients),
        topic=_build_topic(settings, clients),
    )


def _build_mailer(settings: Settings, clients: Clients) -> Mailer | None:
    if settings.report_from is None or not settings.report_to:
        return None
    return Mailer(clients.sesv2, settings.report_from, settings.report_to)


def _build_topic(settings: Settings, clients: Clients) -> Topic | None:
    if settings.report_topic_arn is None:
        return None
    return Topic(clients.sns, settings.report_topic_arn)


prepare_container(_build_container, os.environ)
