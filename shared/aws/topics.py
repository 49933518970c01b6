"""Topics of SNS: short notices to whoever has subscribed."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.aws.errors import translate_aws_errors

if TYPE_CHECKING:
    from mypy_boto3_sns.client import SNSClient

# Amazon SNS API Reference, Publish: less than 100.
_MOST_SUBJECT_CHARACTERS = 99


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
            subject: One line; cut where it is longer than SNS takes.
            text: The notice.

        Raises:
            SeashoreError: It was not accepted.
        """
        with translate_aws_errors(f"tell the topic {self.arn}"):
            self.client.publish(
                TopicArn=self.arn, Subject=subject[:_MOST_SUBJECT_CHARACTERS], Message=text
            )
