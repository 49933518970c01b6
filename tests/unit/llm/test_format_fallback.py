import pytest

from shared.llm.chat_completions.format_fallback import FormatFallback
from shared.llm.chat_completions.structured_output import OutputStep


@pytest.fixture
def now():
    return [0.0]


@pytest.fixture
def formats(now):
    return FormatFallback(lambda: now[0])


def test_the_strongest_step_comes_first_and_is_unproven(formats):
    assert formats.first_step() is OutputStep.JSON_SCHEMA
    assert not formats.is_proven(OutputStep.JSON_SCHEMA)


def test_a_step_that_served_is_proven(formats):
    formats.remember(OutputStep.JSON_SCHEMA, doubtful=False)
    assert formats.is_proven(OutputStep.JSON_SCHEMA)
    assert not formats.is_proven(OutputStep.TEXT)


def test_a_step_that_was_named_unknown_stays_ruled_out(formats, now):
    formats.remember(OutputStep.TEXT, doubtful=False)
    now[0] = 1e9
    assert formats.first_step() is OutputStep.TEXT


def test_doubt_ends_after_ten_minutes_however_often_the_weaker_step_serves(formats, now):
    for now[0] in (0.0, 300.0, 599.0):
        assert formats.first_step() is (
            OutputStep.JSON_OBJECT if now[0] else OutputStep.JSON_SCHEMA
        )
        formats.remember(OutputStep.JSON_OBJECT, doubtful=True)
    now[0] = 600.0
    assert formats.first_step() is OutputStep.JSON_SCHEMA
    assert not formats.is_proven(OutputStep.JSON_OBJECT)
