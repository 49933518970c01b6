"""Timelines with their sums, moments as operators write them, and queries of the log."""

from datetime import UTC, datetime, timedelta

import pytest

from infra.cli.dead_letters.show import build_log_query, find_log_group
from infra.cli.timeline_table import describe_more
from infra.cli.times import parse_time
from pipeline.timeline import build_timeline, find_last_attempt
from shared.dead_letters.letters import DeadLetterQueue, Letter
from shared.errors import OperatorError
from shared.ledger.timeline import Event
from shared.queue_catalogue import WORK
from tests.fakes.dead_letter_boxes import chunk_body, make_letter, make_state

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def event(seconds, step, **details):
    at = (NOW + timedelta(seconds=seconds)).isoformat(timespec="microseconds")
    return Event(at=at, step=step, details=details)


def test_a_timeline_has_times_and_sums():
    timeline = build_timeline(
        [
            event(0, "received"),
            event(2, "deferred", reason="throttled", delay_seconds=60),
            event(63, "returned", reason="ModelAnswerError", delay_seconds=7, item="i"),
            event(71, "chunk_failed", reason="throttled", chunk=1),
            event(80, "replayed", by="ada", error_type="X"),
            event(81.5, "chunk_done", input_tokens=10, chunk=1),
        ]
    )
    assert [step.since_previous_seconds for step in timeline.steps] == [0, 2, 61, 8, 9, 1.5]
    assert [step.since_start_seconds for step in timeline.steps][-1] == timeline.seconds == 81.5
    assert (timeline.deferrals, timeline.returns, timeline.replays) == (1, 1, 1)
    assert timeline.planned_wait_seconds == 67
    assert timeline.model_calls == 1
    assert timeline.errors == {"throttled": 2, "ModelAnswerError": 1}


def test_waits_that_are_one_row_count_as_many():
    wait = event(90_000, "deferred", reason="over_budget", delay_seconds=900, item="a")
    many = wait.model_copy(
        update={"count": 96, "first_at": event(5, "x").at, "planned_seconds": 86_400}
    )
    timeline = build_timeline([event(0, "received"), many])
    assert (timeline.deferrals, timeline.planned_wait_seconds) == (96, 86_400)
    assert timeline.errors == {"over_budget": 96}
    step = timeline.steps[-1]
    assert step.first_at == NOW + timedelta(seconds=5)
    assert "96 times since 01 Mar" in describe_more(step)


def test_nothing_has_happened_yet():
    timeline = build_timeline([])
    assert (timeline.steps, timeline.seconds, timeline.errors) == ((), 0, {})


def test_the_last_attempt_is_that_of_the_item_where_it_is_named():
    events = [event(0, "received"), event(1, "returned", item="a"), event(2, "chunk_done")]
    assert find_last_attempt(events, "a").step == "returned"
    assert find_last_attempt(events, "b").step == "chunk_done"
    assert find_last_attempt([event(0, "replayed")], "a") is None


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("90s", NOW - timedelta(seconds=90)),
        ("1.5h", NOW - timedelta(hours=1.5)),
        (" 3d ", NOW - timedelta(days=3)),
        ("2w", NOW - timedelta(weeks=2)),
        ("2026-02-28T23:00Z", datetime(2026, 2, 28, 23, tzinfo=UTC)),
        ("2026-02-28T23:00:00+02:00", datetime(2026, 2, 28, 21, tzinfo=UTC)),
    ],
)
def test_moments(text, moment):
    assert parse_time(text, NOW) == moment


def test_a_moment_without_an_offset_is_local_time():
    assert parse_time("2026-02-28", NOW) == datetime(2026, 2, 28).astimezone()


@pytest.mark.parametrize("text", ["", "yesterday", "3", "3y", "9" * 400 + "d", "2026-13-01"])
def test_what_is_no_moment_is_said(text):
    with pytest.raises(OperatorError, match="is not a time"):
        parse_time(text, NOW)


def test_the_log_query_names_message_and_item_and_cannot_be_broken_out_of():
    letter = make_letter(chunk_body("d1", 2), make_state('m"1\\'))
    assert build_log_query(letter).splitlines()[1] == (
        '| filter message_id = "m\\"1\\\\" or item_id = "d1:1:chunk:2"'
    )
    unreadable = make_letter("{", make_state("m"))
    assert build_log_query(unreadable).splitlines()[1] == '| filter message_id = "m"'


def test_the_log_group_is_that_of_the_stack_behind_the_queue():
    queue = DeadLetterQueue(WORK, "https://sqs/1/my-work-work", "")
    letter = make_letter()
    moved = Letter(queue, letter.message, letter.state)
    assert find_log_group(moved) == "/aws/lambda/my-work-worker"
