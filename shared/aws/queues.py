"""Queues: new messages, copies of received ones, and their visibility."""

import base64
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from shared.aws.errors import translate_aws_errors
from shared.errors import ServiceError
from shared.messages.delivery_state import ATTRIBUTE_NAME, DeliveryState
from shared.messages.packing import pack_if_full, unpack

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

# Limits of SendMessageBatch and DelaySeconds (Amazon SQS Developer Guide, "Message quotas").
_BATCH_SIZE = 10
MAX_DELAY_SECONDS = 900
MAX_VISIBILITY_SECONDS = 43_200

# SQS takes 1 MiB a request, and took a quarter of it before; a larger message goes alone.
_BATCH_BYTES = 262_144


@dataclass(frozen=True)
class ReceivedMessage:
    """A message that was received outside of Lambda, its attributes as Lambda writes them.

    Args:
        message_id: Its id.
        receipt_handle: What names this receive of it.
        body: Its body.
        attributes: Its attributes, as `messageAttributes` of a Lambda event.
        sent_at: When it was sent; a move to a DLQ by SQS itself does not change it.
        receive_count: How often it was received, on its former queue too.
        moved_by_sqs: Whether SQS itself moved it to the DLQ that it was received from (Amazon SQS
            API Reference, ReceiveMessage: `DeadLetterQueueSourceArn`).
        group: Its message group, if it has one.
    """

    message_id: str
    receipt_handle: str
    body: str
    attributes: Mapping[str, Any]
    sent_at: datetime
    receive_count: int
    moved_by_sqs: bool = False
    group: str | None = None


@dataclass(frozen=True)
class QueueLoad:
    """About how many messages a queue holds.

    Args:
        waiting: To be received at once.
        held: Received by somebody, and not deleted yet.
        delayed: To be received later.
    """

    waiting: int
    held: int
    delayed: int

    @property
    def all(self) -> int:
        """All of them."""
        return self.waiting + self.held + self.delayed


@dataclass(frozen=True)
class MessageCopy:
    """A copy of a received message to be sent: body, attributes, and its past up to date."""

    body: str
    attributes: Mapping[str, Any]
    state: DeliveryState

    def to_request(self) -> dict[str, Any]:
        """The fields of a request that sends it."""
        own = {name: value for name, value in self.attributes.items() if name != ATTRIBUTE_NAME}
        body, attributes = pack_if_full(self.body, own)
        copied = {name: _to_sdk_attribute(value) for name, value in attributes.items()}
        copied[ATTRIBUTE_NAME] = {
            "DataType": "String",
            # Escaped to ASCII: SQS refuses some characters, which an error's message may quote.
            "StringValue": json.dumps(self.state.model_dump(mode="json", exclude_none=True)),
        }
        request = {"MessageBody": body, "MessageAttributes": copied}
        return {**request, **_name_group(self.state.group)}


@dataclass(frozen=True)
class Queues:
    """SQS, as far as the pipeline needs it.

    Args:
        client: An SQS client.
    """

    client: "SQSClient"

    def send(self, queue_url: str, bodies: Sequence[str], group: str | None = None) -> None:
        """Send messages, ten at a time.

        Args:
            queue_url: Where to.
            bodies: Their bodies.
            group: The message group of all of them, by which they are shared fairly with others
                (`shared/messages/message_groups.py`); without one, each stands for itself.

        Raises:
            ServiceError: At least one message was not accepted. Sending all of them again is safe,
                as each names the same work as before.
        """
        for start in range(0, len(bodies), _BATCH_SIZE):
            batch = bodies[start : start + _BATCH_SIZE]
            entries: Any = [
                {"Id": str(i), "MessageBody": body, **_name_group(group)}
                for i, body in enumerate(batch)
            ]
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

        One that leaves no room for that is packed, and unpacked where it is received.

        Args:
            queue_url: Where to.
            body: The body as it was received.
            attributes: `messageAttributes` of the Lambda event.
            state: The message's past, up to date.
            delay_seconds: Time until the copy becomes visible, at most 900.

        Raises:
            PermanentError: SQS refuses the copy for good; the original must be kept.
            SeashoreError: The copy was not accepted; the original must be kept.
        """
        request: Any = MessageCopy(body, attributes, state).to_request()
        with translate_aws_errors("send the copy of a message"):
            self.client.send_message(
                QueueUrl=queue_url,
                DelaySeconds=min(MAX_DELAY_SECONDS, math.ceil(delay_seconds)),
                **request,
            )

    def send_copies(self, queue_url: str, copies: Sequence[MessageCopy]) -> list[str | None]:
        """Send copies of received messages, as `send_copy` does one.

        Returns:
            For each copy None if it was accepted, else the code by which SQS refused it.

        Raises:
            PermanentError: SQS refuses a request as a whole; copies before it were accepted.
            SeashoreError: A request failed; copies before it were accepted.
        """
        codes: list[str | None] = []
        for batch in split_by_size(copies):
            entries: Any = [{"Id": str(i), **copy.to_request()} for i, copy in enumerate(batch)]
            with translate_aws_errors("send the copies of messages"):
                answer = self.client.send_message_batch(QueueUrl=queue_url, Entries=entries)
            refused = _read_refusals(answer)
            codes += [refused.get(str(i)) for i in range(len(batch))]
        return codes

    def count_messages(self, queue_url: str) -> int:
        """About how many messages there are to be received at once."""
        with translate_aws_errors("count messages"):
            answer = self.client.get_queue_attributes(
                QueueUrl=queue_url, AttributeNames=["ApproximateNumberOfMessages"]
            )
        return int(answer["Attributes"]["ApproximateNumberOfMessages"])

    def count_all_messages(self, queue_url: str) -> int:
        """About how many messages there are, those that somebody holds or that wait included."""
        return self.read_load(queue_url).all

    def read_load(self, queue_url: str) -> QueueLoad:
        """About how many messages there are, by what they wait for."""
        with translate_aws_errors("count messages"):
            answer = self.client.get_queue_attributes(
                QueueUrl=queue_url,
                AttributeNames=[
                    "ApproximateNumberOfMessages",
                    "ApproximateNumberOfMessagesNotVisible",
                    "ApproximateNumberOfMessagesDelayed",
                ],
            )
        counts = answer["Attributes"]
        return QueueLoad(
            waiting=int(counts["ApproximateNumberOfMessages"]),
            held=int(counts["ApproximateNumberOfMessagesNotVisible"]),
            delayed=int(counts["ApproximateNumberOfMessagesDelayed"]),
        )

    def receive(
        self, queue_url: str, visibility_seconds: float, *, wait_seconds: int = 0
    ) -> list[ReceivedMessage]:
        """Receive up to ten messages and hide them from others for a while.

        Args:
            queue_url: Where from.
            visibility_seconds: How long they are hidden.
            wait_seconds: How long to wait for the first. Without a wait SQS asks only some of its
                servers, and may find nothing though there is something (Amazon SQS Developer
                Guide, "Amazon SQS short and long polling").
        """
        with translate_aws_errors("receive messages"):
            answer = self.client.receive_message(
                QueueUrl=queue_url,
                MaxNumberOfMessages=_BATCH_SIZE,
                VisibilityTimeout=math.ceil(visibility_seconds),
                WaitTimeSeconds=wait_seconds,
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

    def delete_batch(self, queue_url: str, receipt_handles: Sequence[str]) -> list[str]:
        """Delete received messages; returns the handles of those that are still there."""
        kept: list[str] = []
        for start in range(0, len(receipt_handles), _BATCH_SIZE):
            batch = receipt_handles[start : start + _BATCH_SIZE]
            entries: Any = [{"Id": str(i), "ReceiptHandle": h} for i, h in enumerate(batch)]
            with translate_aws_errors("delete messages"):
                answer = self.client.delete_message_batch(QueueUrl=queue_url, Entries=entries)
            kept += [batch[int(i)] for i in _read_refusals(answer)]
        return kept

    def change_visibility_batch(
        self, queue_url: str, receipt_handles: Sequence[str], delay_seconds: float
    ) -> list[str]:
        """Make received messages visible again after a delay.

        Returns:
            The handles that name nothing any more: somebody else has received or deleted these.
        """
        lost: list[str] = []
        seconds = min(MAX_VISIBILITY_SECONDS, math.ceil(delay_seconds))
        for start in range(0, len(receipt_handles), _BATCH_SIZE):
            batch = receipt_handles[start : start + _BATCH_SIZE]
            entries: Any = [
                {"Id": str(i), "ReceiptHandle": handle, "VisibilityTimeout": seconds}
                for i, handle in enumerate(batch)
            ]
            with translate_aws_errors("change the visibility of messages"):
                answer = self.client.change_message_visibility_batch(
                    QueueUrl=queue_url, Entries=entries
                )
            lost += [batch[int(i)] for i in _read_refusals(answer)]
        return lost


def _name_group(group: str | None) -> dict[str, str]:
    return {"MessageGroupId": group} if group else {}


def _read_refusals(answer: Any) -> dict[str, str]:
    """The refused entries of a batch request, and the code of each."""
    return {entry["Id"]: entry["Code"] for entry in answer.get("Failed", [])}


def split_by_size(copies: Sequence[MessageCopy]) -> Iterator[list[MessageCopy]]:
    """Copies in their order, as many together as one request takes."""
    batch: list[MessageCopy] = []
    batch_bytes = 0
    for copy in copies:
        size = len(json.dumps(copy.to_request(), default=str, ensure_ascii=False).encode())
        if batch and (len(batch) == _BATCH_SIZE or batch_bytes + size > _BATCH_BYTES):
            yield batch
            batch, batch_bytes = [], 0
        batch.append(copy)
        batch_bytes += size
    if batch:
        yield batch


def _to_received_message(message: Any) -> ReceivedMessage:
    as_lambda_writes = {
        name: {field[0].lower() + field[1:]: _encode_binary(v) for field, v in attribute.items()}
        for name, attribute in message.get("MessageAttributes", {}).items()
    }
    body, attributes = unpack(message["Body"], as_lambda_writes)
    return ReceivedMessage(
        message_id=message["MessageId"],
        receipt_handle=message["ReceiptHandle"],
        body=body,
        attributes=attributes,
        sent_at=datetime.fromtimestamp(int(message["Attributes"]["SentTimestamp"]) / 1000, UTC),
        receive_count=int(message["Attributes"]["ApproximateReceiveCount"]),
        moved_by_sqs="DeadLetterQueueSourceArn" in message["Attributes"],
        group=message["Attributes"].get("MessageGroupId"),
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
