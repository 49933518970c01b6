import pytest

from tests.fakes.aws.ledger_rows import Clock, open_table


@pytest.fixture
def table(account):
    return open_table(account)


@pytest.fixture
def now():
    return Clock()
