"""The delivery policy at work, the same for every queue.

The records of a batch run at the same time, each in a thread of its own, within a time budget taken
from the function's deadline. What each record's end means for its message is decided in
`functions/outcome.py` and carried out here. Lambda is told exactly the ids that stay on the queue.
"""

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import AsyncBatchProcessor, EventType
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.idempotency import (
    BasePersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.outcome import (
    Acknowledge,
    DeadLetter,
    Defer,
    Outcome,
    Policy,
    Receipt,
    ReturnToQueue,
    decide_outcome,
)
from functions.tracing import ItemTrace, Tracer
from shared.deadline import Deadline
from shared.delivery_state import DeliveryState, Failure, read_delivery_state
from shared.errors import DeadlineError, EarlyReceiveError, SeashoreError
from shared.queues import Queues


class Item(Protocol):
    """What a queue's messages are decoded to."""

    @property
    def item_id(self) -> str:
        """The identity of the work: the same work has the same id."""
        ...


ItemT = TypeVar("ItemT", bound=Item)


@dataclass(frozen=True)
class Consumer(Generic[ItemT]):
    """A queue's consumer: what its messages mean and what is done with them.

    Args:
        name: The stage, as it stands in logs, DLQ attributes and idempotency keys.
        queue_url: The queue that the records come from.
        dlq_url: Its dead-letter queue.
        decode: Body, and id and sending time of the message's first copy, to item; raises
            `MessageDecodeError`.
        handle: Does the work within the deadline.
        give_up: Notes in the ledger that the item will not be done, and why.
        note_delay: Notes in the ledger that the item waits: the item, the step's name, the reason
            and the delay in seconds.
    """

    name: str
    queue_url: str
    dlq_url: str
    decode: Callable[[str, str, datetime], ItemT]
    handle: Callable[[ItemT, Deadline], None]
    give_up: Callable[[ItemT, DeadLetter], None]
    note_delay: Callable[[ItemT, str, str, float], None]


@dataclass(frozen=True)
class Runtime:
    """What every consumer needs to run: queues, idempotency records, policy, logs and the like."""

    queues: Queues
    idempotency: BasePersistenceLayer
    policy: Policy
    logger: Logger
    metrics: Metrics
    tracer: Tracer
    now: Callable[[], datetime]
    random: Callable[[], float]


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
    # The layer takes its configuration at first use and does not lock: before any record runs.
    runtime.idempotency.configure(config, key_prefix=consumer.name)
    batch = _Batch(
        consumer=consumer,
        runtime=runtime,
        context=context,
        idempotency_config=config,
        deadline=Deadline.after(remaining_seconds - SETTLE_SECONDS),
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
    """One invocation."""

    consumer: Consumer[ItemT]
    runtime: Runtime
    context: LambdaContext
    idempotency_config: IdempotencyConfig
    deadline: Deadline
    pool: ThreadPoolExecutor

    async def process_record(self, record: SQSRecord) -> None:
        """Handle one record and settle its message.

        Raises:
            _MessageReturnedError: The message stays on the queue.
        """
        delivery = _Delivery(record, self)
        error = await self._call(delivery.run, self.deadline.remaining_seconds)
        outcome = delivery.decide(error)
        # Settling has its own time, kept back from the function's deadline.
        failure = await self._call(lambda: delivery.settle(outcome, error), SETTLE_SECONDS * 2 / 3)
        delivery.trace(outcome)
        if failure is not None:
            delivery.log(self.runtime.logger.error, "message_not_settled", exc_info=failure)
        if failure is not None or isinstance(outcome, ReturnToQueue):
            raise _MessageReturnedError(record.message_id)

    async def _call(self, work: Callable[[], None], timeout_seconds: float) -> Exception | None:
        """Run `work` in a thread for at most the given time; what it raises is the answer."""
        snapshot = contextvars.copy_context()
        future = asyncio.get_running_loop().run_in_executor(self.pool, snapshot.run, _catch, work)
        try:
            return await asyncio.wait_for(future, timeout_seconds)
        except TimeoutError:
            return DeadlineError(f"not finished within its time budget of {timeout_seconds:.1f} s")


def _catch(work: Callable[[], None]) -> Exception | None:
    """What `work` raises, as a value.

    A future cannot hold a StopIteration, and a TimeoutError of the work's own would look like the
    end of its time budget.
    """
    try:
        work()
    except Exception as error:
        return error
    return None


def _name(outcome: Outcome) -> str:
    """An outcome in a word or two, to search for."""
    match outcome:
        case Acknowledge():
            return "done"
        case ReturnToQueue(_, reason):
            return f"returned: {reason}"
        case Defer(_, reason):
            return f"deferred: {reason}"
        case DeadLetter(error_type):
            return f"dead-lettered: {error_type}"


class _Delivery(Generic[ItemT]):
    """One record: its item, its past, and what becomes of its message."""

    def __init__(self, record: SQSRecord, batch: _Batch[ItemT]) -> None:
        self._record = record
        self._batch = batch
        self._runtime = batch.runtime
        self._consumer = batch.consumer
        self._attributes: dict[str, Any] = record.raw_event.get("messageAttributes") or {}
        sent_at = datetime.fromtimestamp(int(record.attributes.sent_timestamp or 0) / 1000, UTC)
        self._state = read_delivery_state(
            self._attributes, message_id=record.message_id, sent_at=sent_at
        )
        if self._state.failure is not None:
            # SQS's own redrive moves a dead letter as it lies there, its spent chances with it.
            self._state = self._state.take_up_again(sent_at)
        self._receive_count = self._state.attempts + int(
            record.attributes.approximate_receive_count or 1
        )
        self._item: ItemT | None = None
        self._started = batch.runtime.now()

    def run(self) -> None:
        """Decode the message and do its work, unless it was done before."""
        self._item = self._consumer.decode(
            self._record.body, self._state.message_id, self._state.first_enqueued_at
        )
        self._runtime.logger.thread_safe_append_keys(
            message_id=self._state.message_id, item_id=self._item.item_id
        )
        self._check_not_before()
        item = self._item

        def handle(*, item_id: str) -> None:
            self._consumer.handle(item, self._batch.deadline)

        handle_once = idempotent_function(
            handle,
            data_keyword_argument="item_id",
            persistence_store=self._runtime.idempotency,
            config=self._batch.idempotency_config,
            key_prefix=self._consumer.name,
        )
        handle_once(item_id=item.item_id)

    def _check_not_before(self) -> None:
        if self._state.not_before is None:
            return
        early = (self._state.not_before - self._runtime.now()).total_seconds()
        if early > 0:
            raise EarlyReceiveError("its wait is not over", delay_seconds=early, reason="waiting")

    def decide(self, error: BaseException | None) -> Outcome:
        """Decide what becomes of the message."""
        receipt = Receipt(
            receive_count=self._receive_count,
            waiting_since=self._state.waiting_since,
            received_at=self._runtime.now(),
            lock_seconds=self._batch.context.get_remaining_time_in_millis() / 1000 + 1,
            random=self._runtime.random(),
        )
        return decide_outcome(error, receipt, self._runtime.policy)

    def settle(self, outcome: Outcome, error: BaseException | None) -> None:
        """Carry out the decision, and log it.

        Raises:
            SeashoreError: It could not be carried out; the message has to stay on its queue.
        """
        logger = self._runtime.logger
        match outcome:
            case Acknowledge():
                self.log(logger.info, "item_done")
            case ReturnToQueue(delay_seconds, reason):
                is_bug = reason != "in_progress" and not isinstance(error, SeashoreError)
                self.log(
                    logger.error if is_bug else logger.warning,
                    "item_returned",
                    reason=reason,
                    cause=str(error),
                    delay_seconds=delay_seconds,
                    exc_info=error if is_bug else None,
                )
                self._note_delay("returned", reason, delay_seconds)
                self._runtime.queues.change_visibility(
                    self._consumer.queue_url, self._record.receipt_handle, delay_seconds
                )
            case Defer(delay_seconds, reason):
                self._defer(delay_seconds, reason, error)
            case DeadLetter():
                self._dead_letter(outcome, error)

    def _defer(self, delay_seconds: float, reason: str, error: BaseException | None) -> None:
        now = self._runtime.now()
        if self._state.not_before is not None and self._state.not_before > now:
            # Received early: its wait goes on as it was. Jitter at each receive would prolong it.
            not_before = self._state.not_before
            delay_seconds = (not_before - now).total_seconds()
        else:
            not_before = now + timedelta(seconds=delay_seconds)
        state = self._state.model_copy(
            update={
                "deferrals": self._state.deferrals + 1,
                "not_before": not_before,
                # This receive was not the message's fault.
                "attempts": self._receive_count - 1,
            }
        )
        self._send_copy(self._consumer.queue_url, state, delay_seconds)
        self.log(
            self._runtime.logger.warning,
            "item_deferred",
            reason=reason,
            cause=str(error),
            delay_seconds=delay_seconds,
            deferrals=state.deferrals,
        )
        self._note_delay("deferred", reason, delay_seconds)

    def _dead_letter(self, outcome: DeadLetter, error: BaseException | None) -> None:
        # The ledger first: it may be told twice, while a second copy in the DLQ would be one more.
        if self._item is not None:
            self._consumer.give_up(self._item, outcome)
        failure = Failure(
            error_type=outcome.error_type,
            message=outcome.message,
            stage=self._consumer.name,
            failed_at=self._runtime.now(),
            attempts=self._receive_count,
            request_id=self._batch.context.aws_request_id,
            source_queue=self._record.event_source_arn.rsplit(":", 1)[-1],
        )
        state = self._state.model_copy(update={"attempts": self._receive_count, "failure": failure})
        self._send_copy(self._consumer.dlq_url, state)
        is_bug = not isinstance(error, SeashoreError)
        self.log(
            self._runtime.logger.error,
            "item_dead_lettered",
            error_type=outcome.error_type,
            cause=outcome.message,
            exc_info=error if is_bug else None,
        )

    def _send_copy(self, queue_url: str, state: DeliveryState, delay_seconds: float = 0) -> None:
        self._runtime.queues.send_copy(
            queue_url, self._record.body, self._attributes, state, delay_seconds
        )

    def _note_delay(self, step: str, reason: str, delay_seconds: float) -> None:
        if self._item is None:
            return
        try:
            self._consumer.note_delay(self._item, step, reason, delay_seconds)
        except SeashoreError as error:
            # The story lacks a line; the message itself is safe.
            self.log(self._runtime.logger.warning, "delay_not_noted", cause=str(error))

    def trace(self, outcome: Outcome) -> None:
        """Tell X-Ray which item this was, and what became of it."""
        if self._item is not None:
            self._runtime.tracer.send(
                ItemTrace(
                    stage=self._consumer.name,
                    item_id=self._item.item_id,
                    outcome=_name(outcome),
                    started=self._started,
                    ended=self._runtime.now(),
                )
            )

    def log(self, write: Callable[..., None], action: str, **details: Any) -> None:
        """Write one log line about this delivery, with the logger's method `write`."""
        exc_info = details.pop("exc_info", None)
        write(
            action,
            exc_info=exc_info,
            stacklevel=3,
            extra={
                "action": action,
                "stage": self._consumer.name,
                "message_id": self._state.message_id,
                "item_id": self._item.item_id if self._item else None,
                "receive_count": self._receive_count,
                "duration_ms": round((self._runtime.now() - self._started).total_seconds() * 1_000),
                **details,
            },
        )
