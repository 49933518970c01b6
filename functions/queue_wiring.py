"""What the consumers of queues are put together from.

Apart from the other wiring, since the HTTP API has no use for batches and idempotency records:
their import takes a quarter of a second.
"""

import hashlib
import json
import os
import random
import secrets

from functions.delivery.consumer import Runtime
from functions.delivery.idempotency_records import ClaimRecords, IdempotencyRecords
from functions.delivery.policy import Policy
from functions.delivery.tracing import Tracer
from functions.observability import build_logger, build_metrics
from functions.wiring import utc_now
from shared.aws.clients import Clients
from shared.aws.queues import Queues
from shared.ledger.documents import Clock
from shared.settings import Settings

# What decides on whether the day's limit lets a call through, but for what is spent.
_LIMITS = {
    *("daily_cap_usd", "chat_daily_cap_usd", "daily_cap_tokens", "time_zone"),
    *("openai_model", "fallback_model", "model_prices"),
}


def build_runtime(
    settings: Settings, clients: Clients, stage: str, now: Clock = utc_now
) -> Runtime:
    """What every consumer of a queue needs to run."""
    return Runtime(
        queues=Queues(clients.sqs),
        idempotency=IdempotencyRecords(settings.idempotency_table, clients.dynamodb),
        claims=ClaimRecords(settings.idempotency_table, boto3_client=clients.dynamodb),
        policy=Policy(
            max_receive_count=settings.max_receive_count,
            max_deferral_age_seconds=settings.max_deferral_age_seconds,
            retry_base_seconds=settings.retry_base_seconds,
            retry_max_seconds=settings.retry_max_seconds,
        ),
        logger=build_logger(),
        metrics=build_metrics(stage),
        tracer=Tracer(os.environ, lambda: secrets.token_hex(8)),
        now=now,
        random=random.SystemRandom().random,
        limits=mark_limits(settings),
    )


def mark_limits(settings: Settings) -> str:
    """A short mark of all settings that decide on what may be spent: others have another one."""
    named = {**settings.model_dump(include=_LIMITS), "is_metered": settings.uses_openai}
    text = json.dumps(named, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
