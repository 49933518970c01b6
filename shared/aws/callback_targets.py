"""Where word of a finished task may be sent: the queues and topics that the operator allows."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from shared.aws.errors import translate_aws_errors
from shared.errors import TaskRefusedError

if TYPE_CHECKING:
    from mypy_boto3_sns.client import SNSClient
    from mypy_boto3_sqs.client import SQSClient

_ARN = re.compile(
    r"arn:[a-z-]+:(?P<service>sqs|sns):(?P<region>[a-z0-9-]+):(?P<account>\d{12}):(?P<name>[\w.-]+)"
)


@dataclass(frozen=True)
class CallbackTarget:
    """A queue or a topic, by its ARN."""

    arn: str
    service: str
    region: str
    account: str
    name: str

    @property
    def is_fifo(self) -> bool:
        """Whether it keeps an order and drops copies, and so asks for a group and an id."""
        return self.name.endswith(".fifo")


def find_callback_target(callback: str, allowed_arns: Sequence[str]) -> CallbackTarget:
    """The allowed queue or topic that a task names.

    Nothing of what a task says is ever an address that is called: it only chooses among those
    that the operator allows.

    Args:
        callback: The URL or ARN of a queue, or the ARN of a topic.
        allowed_arns: The ARNs of the queues and topics that may be told.

    Raises:
        TaskRefusedError: It is none of them.
    """
    for arn in allowed_arns:
        parts = _ARN.fullmatch(arn)
        if parts is None:
            continue
        target = CallbackTarget(arn, **parts.groupdict())
        if callback == arn or (target.service == "sqs" and _names_queue(callback, target)):
            return target
    raise TaskRefusedError(
        f"the callback {callback} is not allowed: name a queue or topic of the stack's "
        "CallbackArns, or have it added there"
    )


def _names_queue(url: str, target: CallbackTarget) -> bool:
    """Whether it is the URL of the queue; on AWS its host names the region."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    on_aws = re.fullmatch(r"sqs\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?", host)
    return (
        parts.scheme in ("http", "https")
        and parts.path == f"/{target.account}/{target.name}"
        and not (parts.query or parts.fragment or parts.username)
        and (on_aws is None or on_aws[1] == target.region)
    )


class CallbackSender:
    """Sends word to queues and topics.

    Args:
        sqs: An SQS client.
        open_sns: Makes an SNS client; called when the first topic is told.
    """

    def __init__(self, sqs: "SQSClient", open_sns: "Callable[[], SNSClient]") -> None:
        self._sqs = sqs
        self._open_sns = open_sns

    @cached_property
    def _sns(self) -> "SNSClient":
        return self._open_sns()

    def send(self, target: CallbackTarget, body: str, *, subject: str, word_id: str) -> None:
        """Send a message to a queue or a topic.

        Args:
            target: The queue or topic.
            body: The message.
            subject: What it is about. A FIFO queue or topic keeps the order of what is about the
                same (Amazon SQS API Reference, SendMessage: `MessageGroupId`).
            word_id: The same for copies of the same word, of which a FIFO queue or topic takes one.

        Raises:
            ServiceError: The service failed, or the queue or topic does not exist.
            AccessDeniedError: The queue or topic does not let us.
        """
        order: Any = (
            {"MessageGroupId": subject, "MessageDeduplicationId": word_id} if target.is_fifo else {}
        )
        with translate_aws_errors(f"send word to {target.arn}"):
            if target.service == "sns":
                self._sns.publish(TopicArn=target.arn, Message=body, **order)
                return
            url = f"{self._sqs.meta.endpoint_url}/{target.account}/{target.name}"
            self._sqs.send_message(QueueUrl=url, MessageBody=body, **order)
