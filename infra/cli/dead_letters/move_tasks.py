"""SQS's own redrive: it moves a whole DLQ at once, on AWS, without this machine.

Moved messages keep their attributes, so the delivery policy gives each that arrives with a cause of
death a fresh chance (`functions/delivery/received_record.py`). Nothing else of
`pipeline/dead_letters/replay.py` happens: no look into the ledger, no cap, no line in any timeline.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from infra.aws import aws_errors_as
from shared.errors import OperatorError

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

# What services answer that do not know an operation.
_UNKNOWN_OPERATION = frozenset(
    {"InvalidAction", "NotImplemented", "UnknownOperation", "UnknownOperationException"}
)
_POLL_SECONDS = 2.0
_RUNNING = frozenset({"RUNNING", "CANCELLING"})
# Answers to the cancelling of a move that has ended; some protocols put a prefix before them.
_NOT_RUNNING = frozenset({"ResourceNotFoundException", "UnsupportedOperation"})


@dataclass(frozen=True)
class MoveProgress:
    """How far a move is.

    Args:
        status: RUNNING, COMPLETED, CANCELLING, CANCELLED or FAILED.
        moved: About how many messages were moved.
        to_move: How many there were to move, if it is known.
        failure: Why it failed.
    """

    status: str
    moved: int
    to_move: int | None
    failure: str | None


def start_move(
    sqs: "SQSClient", dlq_url: str, queue_url: str, messages_per_second: int | None
) -> str:
    """Start to move all messages of a DLQ to a queue.

    The queue is named, since SQS does not know where a letter comes from that it did not move
    itself (Amazon SQS API Reference, "StartMessageMoveTask").

    Returns:
        The handle of the task.

    Raises:
        OperatorError: SQS refuses: a move of this DLQ is going on, the queue has no DLQ, or this
            SQS cannot do it at all.
    """
    arguments: Any = (
        {} if messages_per_second is None else {"MaxNumberOfMessagesPerSecond": messages_per_second}
    )
    with aws_errors_as(OperatorError):
        try:
            answer = sqs.start_message_move_task(
                SourceArn=_read_arn(sqs, dlq_url),
                DestinationArn=_read_arn(sqs, queue_url),
                **arguments,
            )
        except ClientError as error:
            _raise_if_unknown(error)
            raise
    return answer["TaskHandle"]


def _read_arn(sqs: "SQSClient", queue_url: str) -> str:
    answer = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])
    return answer["Attributes"]["QueueArn"]


def _raise_if_unknown(error: ClientError) -> None:
    answer = error.response.get("Error", {})
    is_not_implemented = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 501
    if answer.get("Code") in _UNKNOWN_OPERATION or is_not_implemented:
        raise OperatorError(
            "This SQS has no redrive of its own (the local stack has none): leave out --native."
        ) from error


def watch_move(
    sqs: "SQSClient", dlq_url: str, sleep: Callable[[float], None]
) -> Iterator[MoveProgress]:
    """Look at the latest move of a DLQ until it ends.

    A queue has one active move at a time, and SQS names the handles of active ones only, so the
    latest is the one that was started.

    Yields:
        How far it is; the last is how it ended.

    Raises:
        OperatorError: SQS cannot be asked.
    """
    with aws_errors_as(OperatorError):
        arn = _read_arn(sqs, dlq_url)
        while True:
            results = sqs.list_message_move_tasks(SourceArn=arn, MaxResults=1).get("Results", [])
            if not results:
                raise OperatorError("SQS does not know of any move of this queue.")
            progress = _to_progress(results[0])
            yield progress
            if progress.status not in _RUNNING:
                return
            sleep(_POLL_SECONDS)


def _to_progress(result: Any) -> MoveProgress:
    return MoveProgress(
        status=result.get("Status", "RUNNING"),
        moved=result.get("ApproximateNumberOfMessagesMoved", 0),
        to_move=result.get("ApproximateNumberOfMessagesToMove"),
        failure=result.get("FailureReason"),
    )


def cancel_move(sqs: "SQSClient", handle: str) -> int | None:
    """Stop a move; what is moved stays moved.

    Returns:
        About how many messages were moved; None if the move had ended already.

    Raises:
        OperatorError: SQS cannot be asked.
    """
    with aws_errors_as(OperatorError):
        try:
            answer = sqs.cancel_message_move_task(TaskHandle=handle)
        except ClientError as error:
            # A move that has ended cannot be cancelled, and need not be.
            if error.response["Error"]["Code"].rsplit(".", 1)[-1] in _NOT_RUNNING:
                return None
            raise
        return answer.get("ApproximateNumberOfMessagesMoved", 0)
