"""The one place where clients of AWS services are built."""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import boto3
import botocore
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_apigateway.client import APIGatewayClient
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_lambda.client import LambdaClient
    from mypy_boto3_rds.client import RDSClient
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_secretsmanager.client import SecretsManagerClient
    from mypy_boto3_sesv2.client import SESV2Client
    from mypy_boto3_sns.client import SNSClient
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_ssm.client import SSMClient

# Short timeouts and few tries: what a service does not answer soon goes back to the queue.
_CONFIG = Config(
    connect_timeout=3,
    read_timeout=20,
    retries={"mode": "standard", "max_attempts": 3},
    max_pool_connections=50,
    # One that botocore puts together anew for each request is a tenth of the CPU that it takes.
    user_agent=f"seashore Boto3/{boto3.__version__} Botocore/{botocore.__version__}",
)
_ONCE = _CONFIG.merge(Config(retries={"total_max_attempts": 1}))


class TextDetection(Protocol):
    """What is called of Textract."""

    # The argument has the name that AWS has given it.
    def detect_document_text(self, *, Document: Mapping[str, bytes]) -> Mapping[str, Any]:
        """The blocks of a picture (Amazon Textract API Reference, "DetectDocumentText")."""


class Clients:
    """Clients of AWS services, each built when it is first used.

    Args:
        session: The session to build them with; by default one from the environment.
    """

    def __init__(self, session: boto3.Session | None = None) -> None:
        self._session = session or boto3.Session()

    @cached_property
    def apigateway(self) -> "APIGatewayClient":
        """API Gateway, whose keys' values the emulator does not tell a function."""
        return self._session.client("apigateway", config=_CONFIG)

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        """DynamoDB.

        Its requests are checked by DynamoDB only: to check them here as well takes as long as to
        build them.
        """
        config = _CONFIG.merge(Config(parameter_validation=False))
        return self._session.client("dynamodb", config=config)

    @cached_property
    def lambda_(self) -> "LambdaClient":
        """Lambda, whose event source mappings a pause switches off."""
        return self._session.client("lambda", config=_CONFIG)

    @cached_property
    def rds(self) -> "RDSClient":
        """RDS, which makes tokens to log in with."""
        return self._session.client("rds", config=_CONFIG)

    @cached_property
    def s3(self) -> "S3Client":
        """S3."""
        return self._session.client("s3", config=_CONFIG)

    @cached_property
    def s3_signing(self) -> "S3Client":
        """S3, for what is signed here and used elsewhere.

        By default boto3 signs that with version 2, which newer regions do not take, and for the
        global host name, which answers for a new bucket with a redirect that a form cannot follow.
        """
        config = Config(signature_version="s3v4", s3={"addressing_style": "virtual"})
        return self._session.client("s3", config=_CONFIG.merge(config))

    @cached_property
    def secretsmanager(self) -> "SecretsManagerClient":
        """Secrets Manager."""
        return self._session.client("secretsmanager", config=_CONFIG)

    @cached_property
    def sesv2(self) -> "SESV2Client":
        """SES, version 2. It has no way to know a mail again, so nothing is ever sent twice."""
        return self._session.client("sesv2", config=_ONCE)

    @cached_property
    def sns(self) -> "SNSClient":
        """SNS."""
        return self._session.client("sns", config=_CONFIG)

    @cached_property
    def sqs(self) -> "SQSClient":
        """SQS."""
        return self._session.client("sqs", config=_CONFIG)

    @cached_property
    def textract(self) -> TextDetection:
        """Textract. A page that is asked for again is paid for again, so nothing is sent twice."""
        # Its type is not among those that are installed.
        session: Any = self._session
        client: TextDetection = session.client("textract", config=_ONCE)
        return client

    @cached_property
    def ssm(self) -> "SSMClient":
        """Systems Manager, for its Parameter Store."""
        return self._session.client("ssm", config=_CONFIG)
