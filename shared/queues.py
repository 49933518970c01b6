"""Queues: new messages, copies of received ones, and their visibility."""

import base64
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from shared.aws_errors import translate_aws_errors
from shared.delivery_state import ATTRIBUTE_NAME, DeliveryState
from shared.errors import ServiceError

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

# Limits of SendMessageBatch and DelaySeconds (Amazon SQS Developer Guide, "Message quotas").
_BATCH_SIZE = 10
MAX_DELAY_SECONDS = 900
MAX_VISIBILITY_SECONDS = 43_200


@dataclass(frozen=True)
class ReceivedMessage:
    """A message that was received outside of Lambda, its attributes as Lambda writes them."""

    message_id: str
    receipt_handle: str
    body: str
    attributes: Mapping[str, Any]
    sent_at: datetime
    receive_count: int


@dataclass(frozen=True)
class Queues:
    """SQS, as far as the pipeline needs it.

    Args:
        client: An SQS client.
    """

    client: "SQSClient"

    def send(self, queue_url: str, bodies: Sequence[str]) -> None:
        """Send messages, ten at a time.

        Raises:
            ServiceError: At least one message was not accepted. Sending all of them again is safe,
                as each names the same work as before.
        """
        for start in range(0, len(bodies), _BATCH_SIZE):
            batch = bodies[start : start + _BATCH_SIZE]
            entries: Any = [{"Id": str(i), "MessageBody": body} for i, body in enumerate(batch)]
            with translate_aws_errors("send messages"):
                answer = self.client.send_message_batch(QueueUrl=queue_url, Entries=entries)
            failed = answer.get("Failed", [])
            if failed:
                raise ServiceError(
                    f"{len(failed)} of {len(batch)} messages were not accepted: "
                    f"{failed[0].get('Code')}",
                    delay_seconds=5,
                    reason="aws_service",
                )

    def send_copy(
        self,
        queue_url: str,
        body: str,
        attributes: Mapping[str, Any],
        state: DeliveryState,
        delay_seconds: float = 0,
    ) -> None:
        """Send a copy of a received message, byte for byte, with its past in an attribute.

        Args:
            queue_url: Where to.
            body: The body as it was received.
            attributes: `messageAttributes` of the Lambda event.
            state: The message's past, up to date.
            delay_seconds: Time until the copy becomes visible, at most 900.

        Raises:
            PermanentError: SQS refuses the copy for good, as the attribute makes it too large or is
                one more than ten; the original must be kept.
            SeashoreError: The copy was not accepted; the original must be kept.
        """
        copied: Any = {
            name: _to_sdk_attribute(value)
            for name, value in attributes.items()
            if name != ATTRIBUTE_NAME
        }
        copied[ATTRIBUTE_NAME] = {
            "DataType": "String",
            # Escaped to ASCII: SQS refuses some characters, which an error's message may quote.
            "StringValue": json.dumps(state.model_dump(mode="json", exclude_none=True)),
        }
        with translate_aws_errors("send the copy of a message"):
            self.client.send_message(
                QueueUrl=queue_url,
                MessageBody=body,
                MessageAttributes=copied,
                DelaySeconds=min(MAX_DELAY_SECONDS, math.ceil(delay_seconds)),
            )

    def receive(self, queue_url: str, visibility_seconds: float) -> list[ReceivedMessage]:
        """Receive up to ten messages and hide them from others for a while."""
        with translate_aws_errors("receive messages"):
            answer = self.client.receive_message(
                QueueUrl=queue_url,
                MaxNumberOfMessages=_BATCH_SIZE,
                VisibilityTimeout=math.ceil(visibility_seconds),
                MessageAttributeNames=["All"],
                MessageSystemAttributeNames=["All"],
            )
        return [_to_received_message(message) for message in answer.get("Messages", [])]

    def delete(self, queue_url: str, receipt_handle: str) -> None:
        """Delete a received message."""
        with translate_aws_errors("delete a message"):
            self.client.delete_message(QueueUrl=queue_url, ReceiptHandle=receipt_handle)

    def change_visibility(self, queue_url: str, receipt_handle: str, delay_seconds: float) -> None:
        """Make a received message visible again after a delay."""
        with translate_aws_errors("change the visibility of a message"):
            self.client.change_message_visibility(
                QueueUrl=queue_url,
                ReceiptHandle=receipt_handle,
                VisibilityTimeout=min(MAX_VISIBILITY_SECONDS, math.ceil(delay_seconds)),
            )


def _to_received_message(message: Any) -> ReceivedMessage:
    attributes = {
        name: {field[0].lower() + field[1:]: _encode_binary(v) for field, v in attribute.items()}
        for name, attribute in message.get("MessageAttributes", {}).items()
    }
    return ReceivedMessage(
        message_id=message["MessageId"],
        receipt_handle=message["ReceiptHandle"],
        body=message["Body"],
        attributes=attributes,
        sent_at=datetime.fromtimestamp(int(message["Attributes"]["SentTimestamp"]) / 1000, UTC),
        receive_count=int(message["Attributes"]["ApproximateReceiveCount"]),
    )


def _encode_binary(value: Any) -> Any:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def _to_sdk_attribute(attribute: Mapping[str, Any]) -> dict[str, Any]:
    """Lambda writes attribute fields in camel case and binary values in Base64, the SDK neither."""
    if attribute["dataType"].startswith("Binary"):
        return {
            "DataType": attribute["dataType"],
            "BinaryValue": base64.b64decode(attribute["binaryValue"]),
        }
    return {"DataType": attribute["dataType"], "StringValue": attribute["stringValue"]}
