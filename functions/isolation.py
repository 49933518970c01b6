"""A message that may be what kills its process is worked on alone.

When a process dies, all messages of its batch become visible at the same time and are received
together again. An item that kills its process at every receive would so use up the receives of its
neighbours too, and take up to nine innocent messages to the DLQ with it. Hence a message that comes
near its last receive gets an invocation of its own: copies take the place of its neighbours first,
which costs them no receive.
"""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.batch import SETTLE_SECONDS, Consumer, ItemT, Runtime, process_batch
from shared.delivery_state import DeliveryState, read_delivery_state

Record = dict[str, Any]


def process_batch_in_isolation(
    event: dict[str, Any], context: LambdaContext, consumer: Consumer[ItemT], runtime: Runtime
) -> dict[str, Any]:
    """Handle a batch of SQS records, or only the first suspect among them.

    Returns:
        The partial batch response, as of `process_batch`. A message that was set aside is in it
        only if that failed.
    """
    records: list[Record] = event["Records"]
    suspect = find_suspect(records, runtime.policy.max_receive_count)
    if suspect is None:
        return process_batch(event, context, consumer, runtime)
    neighbours = [record for record in records if record is not suspect]
    stranded = _set_aside(neighbours, consumer.queue_url, runtime)
    response = process_batch({"Records": [suspect]}, context, consumer, runtime)
    failures = [*response["batchItemFailures"], *({"itemIdentifier": name} for name in stranded)]
    return {**response, "batchItemFailures": failures}


def find_suspect(records: Iterable[Record], max_receive_count: int) -> Record | None:
    """The first record near its last receive, where there are several records."""
    listed = list(records)
    near_last = max(2, max_receive_count - 1)
    suspects = (record for record in listed if count_receives(record) >= near_last)
    return next(suspects, None) if len(listed) > 1 else None


def count_receives(record: Record) -> int:
    """Receives that a message has used up, this one and those of earlier copies included."""
    return _read_state(record).attempts + int(record["attributes"]["ApproximateReceiveCount"])


def _read_state(record: Record) -> DeliveryState:
    sent_at_ms = int(record["attributes"]["SentTimestamp"])
    return read_delivery_state(
        record.get("messageAttributes") or {},
        message_id=record["messageId"],
        sent_at=datetime.fromtimestamp(sent_at_ms / 1000, UTC),
    )


def _set_aside(records: list[Record], queue_url: str, runtime: Runtime) -> list[str]:
    """Have copies take the place of messages; the ids of those where that failed."""
    pool = ThreadPoolExecutor(max_workers=len(records))
    try:
        futures = {
            pool.submit(_replace_by_copy, record, queue_url, runtime): str(record["messageId"])
            for record in records
        }
        done, _ = wait(futures, SETTLE_SECONDS * 2 / 3)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    stranded = [
        name for future, name in futures.items() if future not in done or future.exception()
    ]
    runtime.logger.warning(
        "neighbours_set_aside",
        extra={
            "action": "neighbours_set_aside",
            "set_aside": len(records) - len(stranded),
            "stranded": len(stranded),
        },
    )
    return stranded


def _replace_by_copy(record: Record, queue_url: str, runtime: Runtime) -> None:
    # This receive was not the message's own: the copy's first one counts in its place.
    state = _read_state(record).model_copy(update={"attempts": count_receives(record) - 1})
    # Spread, so that they do not all come back in one batch.
    delay_seconds = runtime.policy.retry_base_seconds * (1 + runtime.random())
    runtime.queues.send_copy(
        queue_url, record["body"], record.get("messageAttributes") or {}, state, delay_seconds
    )
    # At once, and not by the answer to Lambda: the process may not live to give it.
    runtime.queues.delete(queue_url, record["receiptHandle"])
