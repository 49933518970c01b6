"""The desk at which tasks are handed in, with a language model's server and without."""

import pytest

from tests.fakes.desks.task_desk import open_task_desk


@pytest.fixture
def desk():
    with open_task_desk() as desk:
        yield desk


@pytest.fixture
def offline():
    with open_task_desk(with_model=False) as desk:
        yield desk
