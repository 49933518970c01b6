"""An event source mapping: receives from a real queue, calls a handler, deletes what succeeded.

It does what Lambda does with an SQS queue and ReportBatchItemFailures, and is strict where AWS is:
an answer with an empty or unknown id fails the whole batch (AWS Lambda Developer Guide,
"Implementing partial batch responses").
"""

import base64
import time
import uuid
from dataclasses import dataclass, field


@dataclass
class LambdaContext:
    """The context of one invocation, with a real deadline."""

    timeout_seconds: float = 60.0
    function_name: str = "test"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:eu-west-1:123456789012:function:test"
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    started_at: float = field(default_factory=time.monotonic)

    def get_remaining_time_in_millis(self):
        left = self.started_at + self.timeout_seconds - time.monotonic()
        return max(0, int(left * 1000))


class InvalidBatchResponseError(AssertionError):
    """AWS would fail the whole batch for this answer."""


def to_records(messages, queue_arn):
    """Received messages as the records of a Lambda event."""
    return [
        {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message["Attributes"],
            "messageAttributes": {
                name: _to_event_attribute(value)
                for name, value in message.get("MessageAttributes", {}).items()
            },
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": queue_arn,
            "awsRegion": "eu-west-1",
        }
        for message in messages
    ]


def _to_event_attribute(value):
    attribute = {"dataType": value["DataType"], "stringListValues": [], "binaryListValues": []}
    if "StringValue" in value:
        attribute["stringValue"] = value["StringValue"]
    if "BinaryValue" in value:
        attribute["binaryValue"] = base64.b64encode(value["BinaryValue"]).decode()
    return attribute


def check_response(response, records):
    """The failed ids of a handler's answer.

    Raises:
        InvalidBatchResponseError: AWS would not accept the answer.
    """
    known = {record["messageId"] for record in records}
    failed = [failure["itemIdentifier"] for failure in response["batchItemFailures"]]
    if any(not name or name not in known for name in failed):
        raise InvalidBatchResponseError(f"{failed} are not all among {sorted(known)}")
    return set(failed)


@dataclass
class EventSource:
    """Feeds one queue to one handler."""

    sqs: object
    queue_url: str
    handler: object
    batch_size: int = 10
    timeout_seconds: float = 60.0

    def receive(self):
        answer = self.sqs.receive_message(
            QueueUrl=self.queue_url,
            MaxNumberOfMessages=self.batch_size,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["All"],
        )
        queue_arn = "arn:aws:sqs:eu-west-1:123456789012:" + self.queue_url.rsplit("/", 1)[-1]
        return to_records(answer.get("Messages", []), queue_arn)

    def poll(self):
        """Handle one batch; the answer is the number of records in it."""
        records = self.receive()
        if not records:
            return 0
        context = LambdaContext(timeout_seconds=self.timeout_seconds)
        response = self.handler({"Records": records}, context)
        failed = check_response(response, records)
        done = [record for record in records if record["messageId"] not in failed]
        if done:
            self._delete(done)
        return len(records)

    def _delete(self, records):
        """Delete a batch by one request, as Lambda does."""
        entries = [
            {"Id": str(number), "ReceiptHandle": record["receiptHandle"]}
            for number, record in enumerate(records)
        ]
        answer = self.sqs.delete_message_batch(QueueUrl=self.queue_url, Entries=entries)
        # The handler may have deleted it already, which AWS takes for a success.
        codes = {failure["Code"] for failure in answer.get("Failed", ())}
        assert codes <= {"ReceiptHandleIsInvalid"}, codes
