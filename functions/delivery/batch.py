"""A batch of records, each within its own time: the delivery policy, the same for every queue.

The records of a batch run at the same time, each in a thread of its own, within a time budget taken
from the function's deadline. `receive.py` works on each and settles its message. Lambda is told
exactly the ids that stay on the queue.
"""

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import AsyncBatchProcessor, EventType
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.idempotency import IdempotencyConfig
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.delivery.consumer import Consumer, ItemT, Runtime
from functions.delivery.policy import ReturnToQueue
from functions.delivery.receive import Delivery, Invocation
from functions.delivery.received_record import read_record
from shared.deadline import Deadline
from shared.errors import DeadlineError

# What is kept back from the function's time to settle the messages of records that ran out of it.
SETTLE_SECONDS = 3.0

# Longer than a message can lie in a DLQ (14 days) and be replayed.
_IDEMPOTENCY_TTL_SECONDS = 21 * 24 * 3600


class _MessageReturnedError(Exception):
    """Tells the batch utility that a message stays on its queue; nobody else sees it."""


def process_batch(
    event: dict[str, Any], context: LambdaContext, consumer: Consumer[ItemT], runtime: Runtime
) -> dict[str, Any]:
    """Handle a batch of SQS records and settle each message.

    Returns:
        The partial batch response: exactly the ids of the messages that stay on the queue (AWS
        Lambda Developer Guide, "Implementing partial batch responses").
    """
    records = event["Records"]
    remaining_seconds = context.get_remaining_time_in_millis() / 1000
    config = IdempotencyConfig(
        expires_after_seconds=_IDEMPOTENCY_TTL_SECONDS,
        hash_function="sha256",
        raise_on_no_idempotency_key=True,
        lambda_context=context,
    )
    # The layers take their configuration at first use and do not lock: before any record runs.
    for records_layer in (runtime.idempotency, runtime.claims):
        records_layer.configure(config, key_prefix=consumer.name)
    batch = _Batch(
        consumer=consumer,
        runtime=runtime,
        invocation=Invocation(context, Deadline.after(remaining_seconds - SETTLE_SECONDS), config),
        pool=ThreadPoolExecutor(max_workers=max(1, 2 * len(records))),
    )
    processor = AsyncBatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
    try:
        with processor(records, batch.process_record):
            processor.async_process()
    finally:
        # A record that overran its time keeps its thread; waiting for it would cost the others.
        batch.pool.shutdown(wait=False, cancel_futures=True)
    response = processor.response()
    _count(response, len(records), runtime.metrics)
    return dict(response)


def _count(response: PartialItemFailureResponse, record_count: int, metrics: Metrics) -> None:
    returned = len(response["batchItemFailures"])
    metrics.add_metric("RecordsReturned", MetricUnit.Count, returned)
    metrics.add_metric("RecordsSettled", MetricUnit.Count, record_count - returned)
    metrics.flush_metrics()


@dataclass(frozen=True)
class _Batch(Generic[ItemT]):
    """The records of one invocation, and the threads that they run in."""

    consumer: Consumer[ItemT]
    runtime: Runtime
    invocation: Invocation
    pool: ThreadPoolExecutor

    async def process_record(self, record: SQSRecord) -> None:
        """Handle one record and settle its message.

        Raises:
            _MessageReturnedError: The message stays on the queue.
        """
        received = read_record(record.raw_event)
        delivery = Delivery(received, self.consumer, self.runtime, self.invocation)
        error = await self._call(delivery.run, self.invocation.deadline.remaining_seconds)
        outcome = delivery.decide(error)
        # Settling has its own time, kept back from the function's deadline.
        failure = await self._call(lambda: delivery.settle(outcome, error), SETTLE_SECONDS * 2 / 3)
        delivery.trace(outcome)
        if failure is not None:
            delivery.log(self.runtime.logger.error, "message_not_settled", exc_info=failure)
        if failure is not None or isinstance(outcome, ReturnToQueue):
            raise _MessageReturnedError(received.message_id)

    async def _call(self, work: Callable[[], None], timeout_seconds: float) -> Exception | None:
        """Run `work` in a thread for at most the given time; what it raises is the answer."""
        future = self.pool.submit(contextvars.copy_context().run, _catch, work)
        waiting = asyncio.wrap_future(future)
        await asyncio.wait([waiting], timeout=timeout_seconds)
        waiting.cancel()
        # A busy event loop may hear of the end of the work and of the end of its time at once.
        if future.done():
            return future.result()
        return DeadlineError(f"not finished within its time budget of {timeout_seconds:.1f} s")


def _catch(work: Callable[[], None]) -> Exception | None:
    """What `work` raises, as a value: a future cannot hold a StopIteration."""
    try:
        work()
    except Exception as error:
        # Any: what one record ends with must not end its neighbours. `decide` tells what is known
        # from a fault of ours, which is logged with its traceback.
        return error
    return None
