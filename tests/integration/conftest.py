import pytest
from moto import mock_aws

from tests.fakes.aws_account import build_account


@pytest.fixture
def account():
    with mock_aws():
        yield build_account(retry_base_seconds=0.001)
