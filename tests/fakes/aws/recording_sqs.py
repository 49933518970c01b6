"""A client of SQS that keeps what it is asked, checks it as SQS does, and refuses on demand."""

import re
import threading
from functools import cache

import botocore.session
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator

MAX_MESSAGE_BYTES = 1_048_576
MAX_ATTRIBUTES = 10
# Amazon SQS Developer Guide, "Message quotas": all other characters are rejected.
REFUSED_CHARACTERS = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@cache
def _read_service_model():
    return botocore.session.get_session().get_service_model("sqs")


class RecordingSqs:
    """Speaks the methods of boto3's SQS client that settle a message.

    Args:
        refuse: Takes an operation's name and its arguments; the error code to fail with, or None.
    """

    def __init__(self, refuse=lambda operation, arguments: None):
        self.accepted = []
        self.refused = []
        self._refuse = refuse
        self._lock = threading.Lock()

    def send_message(self, **arguments):
        self._call("SendMessage", arguments, _check_message(arguments))
        return {"MessageId": "copy"}

    def change_message_visibility(self, **arguments):
        in_range = 0 <= arguments["VisibilityTimeout"] <= 43_200
        self._call(
            "ChangeMessageVisibility", arguments, None if in_range else "InvalidParameterValue"
        )
        return {}

    def sent_to(self, queue_url):
        """The arguments of the messages that a queue accepted."""
        return self._find("SendMessage", QueueUrl=queue_url)

    def visibility_changes(self, receipt_handle):
        """The visibility timeouts that were asked for, refused ones too."""
        calls = [*self.accepted, *self.refused]
        return [
            arguments["VisibilityTimeout"]
            for operation, arguments in calls
            if operation == "ChangeMessageVisibility"
            and arguments["ReceiptHandle"] == receipt_handle
        ]

    def _find(self, operation, **wanted):
        return [
            arguments
            for name, arguments in self.accepted
            if name == operation and wanted.items() <= arguments.items()
        ]

    def _call(self, operation, arguments, problem):
        shape = _read_service_model().operation_model(operation).input_shape
        report = ParamValidator().validate(arguments, shape)
        assert not report.has_errors(), report.generate_report()
        code = problem or self._refuse(operation, arguments)
        with self._lock:
            (self.refused if code else self.accepted).append((operation, arguments))
        if code:
            raise ClientError({"Error": {"Code": code, "Message": "refused"}}, operation)


def _check_message(arguments):
    attributes = arguments.get("MessageAttributes", {})
    body = arguments["MessageBody"]
    texts = [body, *(a["StringValue"] for a in attributes.values() if "StringValue" in a)]
    size = len(body.encode()) + sum(
        len(name.encode())
        + len(attribute["DataType"].encode())
        + len(attribute.get("StringValue", "").encode())
        + len(attribute.get("BinaryValue", b""))
        for name, attribute in attributes.items()
    )
    fits = len(attributes) <= MAX_ATTRIBUTES and size <= MAX_MESSAGE_BYTES
    in_range = 0 <= arguments.get("DelaySeconds", 0) <= 900
    if not all(texts) or not fits or not in_range:
        return "InvalidParameterValue"
    if any(REFUSED_CHARACTERS.search(text) for text in texts):
        return "InvalidMessageContents"
    return None
