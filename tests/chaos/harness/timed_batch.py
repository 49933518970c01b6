"""How long one invocation with ten records takes, by our policy and by plain Powertools."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.idempotency import IdempotencyConfig, idempotent_function

from functions.delivery.batch import process_batch
from functions.delivery.consumer import Consumer
from functions.worker import build_worker
from shared.deadline import Deadline
from shared.llm.model import LanguageModel
from shared.messages.message import encode_message
from tests.chaos.harness.run import Run
from tests.chaos.harness.workload import SyntheticDocument
from tests.fakes.aws.event_source import LambdaContext, to_records

Handler = Callable[[dict[str, Any], LambdaContext], dict[str, Any]]


def time_policy_batch(run: Run, document: SyntheticDocument, model: LanguageModel) -> float:
    """Seconds that the worker takes for one batch of all chunks of a document."""
    consumer, runtime = build_worker(run.account.settings, run.account.clients, model)
    return _time(
        run, document, lambda event, context: process_batch(event, context, consumer, runtime)
    )


def time_sequential_batch(run: Run, document: SyntheticDocument, model: LanguageModel) -> float:
    """Seconds that Powertools' own batch and idempotency utilities take for the same work."""
    consumer, runtime = build_worker(run.account.settings, run.account.clients, model)

    def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        config = IdempotencyConfig(lambda_context=context)
        work = _work_on_items(consumer, runtime.idempotency, config)
        processor = BatchProcessor(EventType.SQS)
        return dict(process_partial_response(event, work, processor, context))

    return _time(run, document, handle)


def _work_on_items(
    consumer: Consumer[Any], idempotency: Any, config: IdempotencyConfig
) -> Callable[[SQSRecord], None]:
    def work(record: SQSRecord) -> None:
        item = consumer.decode(record.body, record.message_id, datetime.now(UTC))

        def handle(*, item_id: str) -> None:
            consumer.handle(item, Deadline.after(60))

        handle_once = idempotent_function(
            handle,
            data_keyword_argument="item_id",
            persistence_store=idempotency,
            config=config,
            key_prefix="plain",
        )
        handle_once(item_id=item.item_id)

    return work


def _time(run: Run, document: SyntheticDocument, handler: Handler) -> float:
    records = [
        _to_record(encode_message(message), n) for n, message in enumerate(document.messages)
    ]
    event = {"Records": to_records(records, "arn:aws:sqs:eu-west-1:123456789012:work")}
    started = time.monotonic()
    response = handler(event, LambdaContext())
    seconds = time.monotonic() - started
    if response["batchItemFailures"]:
        raise AssertionError(f"not all records were done: {response}")
    return seconds


def _to_record(body: str, number: int) -> dict[str, Any]:
    return {
        "MessageId": f"message-{number}",
        "ReceiptHandle": f"receipt-{number}",
        "Body": body,
        "Attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": str(int(time.time() * 1000)),
        },
        "MD5OfBody": "",
    }
