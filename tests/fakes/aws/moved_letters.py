"""Receives on moto: it says where SQS itself moved a letter from, and no test waits for nothing.

Amazon SQS API Reference, ReceiveMessage: `DeadLetterQueueSourceArn` is there for messages that were
moved to a DLQ by its redrive policy.
"""

from contextlib import ExitStack, contextmanager
from unittest.mock import patch

from moto.sqs.models import Queue, SQSBackend
from moto.sqs.responses import SQSResponse

SOURCE_ARN = "arn:aws:sqs:eu-west-1:123456789012:source"


_moved_ids = set()


def put_moved_letter(sqs, dlq_url, body, attributes=None):
    """Put a letter into a DLQ as SQS moves it there."""
    answer = sqs.send_message(
        QueueUrl=dlq_url, MessageBody=body, MessageAttributes=attributes or {}
    )
    _moved_ids.add(answer["MessageId"])


@contextmanager
def tell_moved_letters():
    """Have moto tell which messages were moved."""
    add_message, receive_message = Queue.add_message, SQSResponse.receive_message

    def add(queue, message):
        # Only a message that moto moves has been received before it is added.
        if message.approximate_receive_count:
            _moved_ids.add(message.id)
        add_message(queue, message)

    def receive(response):
        answer = receive_message(response)
        for message in answer.result.get("Messages", ()):
            if message["MessageId"] in _moved_ids and "Attributes" in message:
                message["Attributes"]["DeadLetterQueueSourceArn"] = SOURCE_ARN
        return answer

    with ExitStack() as patches:
        patches.enter_context(patch.object(Queue, "add_message", add))
        patches.enter_context(patch.object(SQSResponse, "receive_message", receive))
        yield


@contextmanager
def find_at_once():
    """Have moto answer long polls at once: it finds what there is, and nothing arrives later."""
    receive = SQSBackend.receive_message

    def receive_at_once(backend, queue_name, count, wait_seconds, *others):
        return receive(backend, queue_name, count, 0, *others)

    with patch.object(SQSBackend, "receive_message", receive_at_once):
        yield
