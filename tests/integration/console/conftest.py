"""The console of most of these tests. Short: the others have settings of their own."""

import pytest

from tests.fakes.desks.console_desk import open_console_desk


@pytest.fixture
def desk():
    with open_console_desk() as desk:
        yield desk
