import pytest

from shared.llm.chat_completions.format_fallback import OutputLadder
from shared.llm.chat_completions.structured_output import OutputStep


@pytest.fixture
def now():
    return [0.0]


@pytest.fixture
def ladder(now):
    return OutputLadder(lambda: now[0])


def test_the_strongest_step_comes_first_and_is_unproven(ladder):
    assert ladder.first_step() is OutputStep.JSON_SCHEMA
    assert not ladder.is_proven(OutputStep.JSON_SCHEMA)


def test_a_step_that_served_is_proven(ladder):
    ladder.remember(OutputStep.JSON_SCHEMA, doubtful=False)
    assert ladder.is_proven(OutputStep.JSON_SCHEMA)
    assert not ladder.is_proven(OutputStep.TEXT)


def test_a_step_that_was_named_unknown_stays_ruled_out(ladder, now):
    ladder.remember(OutputStep.TEXT, doubtful=False)
    now[0] = 1e9
    assert ladder.first_step() is OutputStep.TEXT


def test_doubt_ends_after_ten_minutes_however_often_the_weaker_step_serves(ladder, now):
    for now[0] in (0.0, 300.0, 599.0):
        assert ladder.first_step() is (OutputStep.JSON_OBJECT if now[0] else OutputStep.JSON_SCHEMA)
        ladder.remember(OutputStep.JSON_OBJECT, doubtful=True)
    now[0] = 600.0
    assert ladder.first_step() is OutputStep.JSON_SCHEMA
    assert not ladder.is_proven(OutputStep.JSON_OBJECT)
