"""The one place where clients of AWS services are built."""

from functools import cached_property
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sns.client import SNSClient
    from mypy_boto3_sqs.client import SQSClient

# Short timeouts and few tries: what a service does not answer soon goes back to the queue.
_CONFIG = Config(
    connect_timeout=3,
    read_timeout=20,
    retries={"mode": "standard", "max_attempts": 3},
    max_pool_connections=50,
)


class Clients:
    """Clients of AWS services, each built when it is first used.

    Args:
        session: The session to build them with; by default one from the environment.
    """

    def __init__(self, session: boto3.Session | None = None) -> None:
        self._session = session or boto3.Session()

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        """DynamoDB."""
        return self._session.client("dynamodb", config=_CONFIG)

    @cached_property
    def s3(self) -> "S3Client":
        """S3."""
        return self._session.client("s3", config=_CONFIG)

    @cached_property
    def sns(self) -> "SNSClient":
        """SNS."""
        return self._session.client("sns", config=_CONFIG)

    @cached_property
    def sqs(self) -> "SQSClient":
        """SQS."""
        return self._session.client("sqs", config=_CONFIG)
