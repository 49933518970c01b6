"""A record of a Lambda event together with what its message carries of its past."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from shared.messages.delivery_state import DeliveryState, read_delivery_state
from shared.messages.packing import unpack


@dataclass(frozen=True)
class ReceivedRecord:
    """One receive of a message.

    Args:
        message_id: The message's own id, by which Lambda is told of it.
        receipt_handle: What names this receive of it.
        body: Its body.
        attributes: Its attributes, as they stand in the event.
        source_queue: The name of the queue that it was received from.
        state: Its past.
        receive_count: Receives used up so far, this one and those of earlier copies included.
    """

    message_id: str
    receipt_handle: str
    body: str
    attributes: Mapping[str, Any]
    source_queue: str
    state: DeliveryState
    receive_count: int


def read_record(record: Mapping[str, Any]) -> ReceivedRecord:
    """Read one of an event's `Records` (AWS Lambda Developer Guide, "Using Lambda with SQS").

    SQS's own redrive moves a dead letter as it lies there, cause and spent receives with it: such
    a message has a fresh chance.
    """
    body, attributes = unpack(record["body"], record.get("messageAttributes") or {})
    sent_at = datetime.fromtimestamp(int(record["attributes"]["SentTimestamp"]) / 1000, UTC)
    state = read_delivery_state(
        attributes,
        message_id=record["messageId"],
        sent_at=sent_at,
        group=record["attributes"].get("MessageGroupId"),
    )
    if state.failure is not None:
        state = state.reset_for_replay(sent_at)
    return ReceivedRecord(
        message_id=record["messageId"],
        receipt_handle=record["receiptHandle"],
        body=body,
        attributes=attributes,
        source_queue=record["eventSourceARN"].rsplit(":", 1)[-1],
        state=state,
        receive_count=state.attempts + int(record["attributes"]["ApproximateReceiveCount"]),
    )
