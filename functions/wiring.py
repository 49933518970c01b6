"""The one place where the functions' parts are put together."""

import random
import time
from datetime import UTC, datetime

from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer

from functions.batch import Runtime
from functions.observability import build_logger, build_metrics
from functions.outcome import Policy
from shared.clients import Clients
from shared.ledger.table import LedgerTable
from shared.llm.prompt_rendering import TOKENS_AROUND_SOURCES
from shared.queues import Queues
from shared.settings import Settings


def utc_now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


def build_runtime(settings: Settings, clients: Clients, stage: str) -> Runtime:
    """What every consumer of a queue needs to run."""
    return Runtime(
        queues=Queues(clients.sqs),
        idempotency=DynamoDBPersistenceLayer(
            table_name=settings.idempotency_table, boto3_client=clients.dynamodb
        ),
        policy=Policy(
            max_receive_count=settings.max_receive_count,
            max_deferral_age_seconds=settings.max_deferral_age_seconds,
            retry_base_seconds=settings.retry_base_seconds,
            retry_max_seconds=settings.retry_max_seconds,
        ),
        logger=build_logger(),
        metrics=build_metrics(stage),
        now=utc_now,
        random=random.SystemRandom().random,
    )


def build_table(settings: Settings, clients: Clients) -> LedgerTable:
    """The ledger."""
    return LedgerTable(clients.dynamodb, settings.ledger_table, time.sleep)


def compute_chunk_tokens(settings: Settings) -> int:
    """The size of a chunk: what fits the model, but no more than it reads with attention."""
    return min(8_000, _compute_source_tokens(settings))


def compute_combine_tokens(settings: Settings) -> int:
    """The most tokens of summaries in one request."""
    return min(16_000, _compute_source_tokens(settings))


def _compute_source_tokens(settings: Settings) -> int:
    """The room for sources in the model's window, with a quarter of it left for the answer."""
    return settings.context_window_tokens * 3 // 4 - TOKENS_AROUND_SOURCES
