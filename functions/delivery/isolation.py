"""A message that may be what kills its process is worked on alone.

When a process dies, all messages of its batch become visible at the same time and are received
together again. An item that kills its process at every receive would so use up the receives of its
neighbours too, and take up to nine innocent messages to the DLQ with it. Hence a message that comes
near its last receive gets an invocation of its own: copies take the place of its neighbours first,
which costs them no receive.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.delivery.batch import SETTLE_SECONDS, process_batch
from functions.delivery.consumer import Consumer, ItemT, Runtime
from functions.delivery.received_record import read_record

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


def find_suspect(records: Sequence[Record], max_receive_count: int) -> Record | None:
    """The first record near its last receive, where there are several records."""
    if len(records) < 2:
        return None
    near_last = max(2, max_receive_count - 1)
    suspects = (record for record in records if read_record(record).receive_count >= near_last)
    return next(suspects, None)


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
    received = read_record(record)
    # This receive was not the message's own: the copy's first one counts in its place.
    state = received.state.model_copy(update={"attempts": received.receive_count - 1})
    # Spread, so that they do not all come back in one batch.
    delay_seconds = runtime.policy.retry_base_seconds * (1 + runtime.random())
    runtime.queues.send_copy(queue_url, received.body, received.attributes, state, delay_seconds)
    # At once, and not by the answer to Lambda: the process may not live to give it.
    runtime.queues.delete(queue_url, received.receipt_handle)
