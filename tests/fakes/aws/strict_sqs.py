"""The quotas of SQS on a message, which moto and other emulators do not hold as SQS does."""

from botocore.exceptions import ClientError

MOST_BYTES = 1_048_576
MOST_ATTRIBUTES = 10


def hold_quotas(sqs):
    """Have a client refuse what SQS refuses (Amazon SQS Developer Guide, "Message quotas")."""

    def check_message(params, **_):
        check([params], "SendMessage")

    def check_batch(params, **_):
        check(params["Entries"], "SendMessageBatch")

    sqs.meta.events.register("provide-client-params.sqs.SendMessage", check_message)
    sqs.meta.events.register("provide-client-params.sqs.SendMessageBatch", check_batch)


def check(messages, operation):
    """Refuse a request whose messages have too many attributes, or are too large together."""
    if any(len(one.get("MessageAttributes", {})) > MOST_ATTRIBUTES for one in messages):
        refuse("Number of message attributes exceeds the allowed maximum [10].", operation)
    if sum(map(measure, messages)) > MOST_BYTES:
        refuse(f"Must be shorter than {MOST_BYTES} bytes.", operation)


def measure(message):
    """The bytes that SQS counts: the body, and of each attribute its name, its type and value."""
    size = len(message["MessageBody"].encode())
    for name, value in message.get("MessageAttributes", {}).items():
        content = value.get("BinaryValue") or value["StringValue"].encode()
        size += len(name.encode()) + len(value["DataType"]) + len(content)
    return size


def refuse(words, operation):
    raise ClientError(
        {
            "Error": {"Code": "InvalidParameterValue", "Message": words},
            "ResponseMetadata": {"HTTPStatusCode": 400},
        },
        operation,
    )
