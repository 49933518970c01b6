"""What every function is put together from."""

from datetime import UTC, datetime

from pipeline.services import Services
from shared.aws.clients import Clients
from shared.aws.dynamodb_table import LedgerTable
from shared.aws.objects import ObjectStore
from shared.aws.queues import Queues
from shared.deadline import sleep_in_time
from shared.ledger.documents import Clock
from shared.settings import Settings


def utc_now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


def build_table(settings: Settings, clients: Clients) -> LedgerTable:
    """The ledger."""
    return LedgerTable(clients.dynamodb, settings.ledger_table, sleep_in_time)


def build_services(settings: Settings, clients: Clients, now: Clock = utc_now) -> Services:
    """What work on documents, tasks and reports is done with."""
    return Services(
        table=build_table(settings, clients),
        objects=ObjectStore(clients.s3),
        queues=Queues(clients.sqs),
        artifacts_bucket=settings.artifacts_bucket,
        work_queue_url=settings.work_queue_url,
        now=now,
    )
