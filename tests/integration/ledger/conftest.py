"""The ledger of most of these tests, and their clock. Short: what is in it is each test's own."""

import pytest

from tests.fakes.aws.ledger_rows import Clock, open_table


@pytest.fixture
def table(account):
    return open_table(account)


@pytest.fixture
def now():
    return Clock()
