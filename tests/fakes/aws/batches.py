"""Batches of SQS records and a runtime without AWS, for tests of the delivery policy."""

import base64
import io
import itertools
from datetime import UTC, datetime, timedelta

from aws_lambda_powertools import Logger, Metrics

from functions.delivery.consumer import Runtime
from functions.delivery.policy import Policy
from functions.delivery.tracing import Tracer
from shared.aws.queues import Queues
from tests.fakes.aws.memory_idempotency import MemoryIdempotency
from tests.fakes.aws.recording_sqs import RecordingSqs

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
QUEUE = "https://sqs.eu-west-1.amazonaws.com/123456789012/work"
DLQ = QUEUE + "-dlq"
POLICY = Policy(
    max_receive_count=5,
    max_deferral_age_seconds=3600,
    retry_base_seconds=5,
    retry_max_seconds=900,
)

_logger_names = (f"batch-test-{number}" for number in itertools.count())


def make_runtime(
    sqs=None,
    idempotency=None,
    *,
    policy=POLICY,
    now=lambda: NOW,
    random=0.5,
    environment=None,
    limits="",
):
    """A runtime and the stream that its log goes to."""
    log = io.StringIO()
    runtime = Runtime(
        queues=Queues(sqs or RecordingSqs()),
        idempotency=idempotency or MemoryIdempotency(),
        claims=MemoryIdempotency(),
        policy=policy,
        logger=Logger(service=next(_logger_names), stream=log, utc=True),
        metrics=Metrics(namespace="Test", service="test"),
        tracer=Tracer(environment or {}, lambda: "0123456789abcdef"),
        now=now,
        random=lambda: random,
        limits=limits,
    )
    return runtime, log


def make_record(message_id, body, *, attributes=None, receive_count=1, age_seconds=0):
    """One record of a Lambda event, its attributes given as boto3 writes them."""
    sent_at = NOW - timedelta(seconds=age_seconds)
    return {
        "messageId": message_id,
        "receiptHandle": f"receipt-{message_id}",
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": str(receive_count),
            "SentTimestamp": str(int(sent_at.timestamp() * 1000)),
            "SenderId": "AIDA",
            "ApproximateFirstReceiveTimestamp": str(int(sent_at.timestamp() * 1000)),
        },
        "messageAttributes": {
            name: to_event_attribute(value) for name, value in (attributes or {}).items()
        },
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:work",
        "awsRegion": "eu-west-1",
    }


def to_event_attribute(attribute):
    """A message attribute as Lambda writes it."""
    common = {
        "dataType": attribute["DataType"],
        "stringListValues": [],
        "binaryListValues": [],
    }
    if "BinaryValue" in attribute:
        return common | {"binaryValue": base64.b64encode(attribute["BinaryValue"]).decode()}
    return common | {"stringValue": attribute["StringValue"]}


def resend(sent, message_id, *, receive_count=1, age_seconds=0):
    """The record by which a copy that was sent arrives."""
    return make_record(
        message_id,
        sent["MessageBody"],
        attributes=sent["MessageAttributes"],
        receive_count=receive_count,
        age_seconds=age_seconds,
    )
