"""How often each AWS service is asked by the SDK itself before an answer counts."""

import boto3
import pytest

from shared.aws.clients import Clients

# What is sent or paid for twice if it is asked for twice: no service knows it again.
ONCE = ("sesv2", "textract")
AGAIN = ("dynamodb", "lambda_", "s3", "s3_signing", "secretsmanager", "sns", "sqs", "ssm")


@pytest.fixture(scope="module")
def clients():
    session = boto3.Session(
        aws_access_key_id="none", aws_secret_access_key="none", region_name="eu-north-1"
    )
    return Clients(session)


@pytest.mark.parametrize(
    ("name", "tries"), [*((one, 1) for one in ONCE), *((one, 4) for one in AGAIN)]
)
def test_a_request_is_tried_again_where_that_does_nothing_twice(clients, name, tries):
    config = getattr(clients, name).meta.config
    assert config.retries["total_max_attempts"] == tries
