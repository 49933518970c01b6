import pytest

from tests.fakes.aws.kept_account import open_account


@pytest.fixture
def account():
    with open_account() as account:
        yield account
