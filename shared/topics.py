"""Topics of SNS: short notices to whoever has subscribed."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.aws_errors import translate_aws_errors

if TYPE_CHECKING:
    from mypy_boto3_sns.client import SNSClient


@dataclass(frozen=True)
class Topic:
    """A topic.

    Args:
        client: An SNS client.
        arn: The topic's ARN.
    """

    client: "SNSClient"
    arn: str

    def publish(self, subject: str, text: str) -> None:
        """Send a notice to all who have subscribed.

        Args:
            subject: One line of ASCII, at most 100 characters (Amazon SNS API Reference, Publish).
            text: The notice.

        Raises:
            SeashoreError: It was not accepted.
        """
        with translate_aws_errors(f"tell the topic {self.arn}"):
            self.client.publish(TopicArn=self.arn, Subject=subject, Message=text)
