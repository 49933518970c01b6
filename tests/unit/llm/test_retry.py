import httpx2
import openai
import pytest

from shared.deadline import Deadline
from shared.llm.chat_completions.retry import MIN_CALL_SECONDS, RetryPolicy, SharedPause

REQUEST = httpx2.Request("POST", "http://127.0.0.1/v1/chat/completions")


class Time:
    """A clock that only sleeping moves."""

    def __init__(self):
        self.now = 0.0
        self.sleeps = []

    def sleep(self, seconds):
        self.sleeps.append(seconds)
        self.now += seconds


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def policy(time):
    return RetryPolicy(time.sleep, lambda low, high: high, lambda: 1_750_000_000.0 + time.now)


def error(status, **headers):
    response = httpx2.Response(status, headers=headers, request=REQUEST)
    return openai.APIStatusError("no", response=response, body=None)


def run(policy, time, outcomes, seconds=1000, is_final=lambda error: False):
    """Run against a list of outcomes; returns the result and the attempt numbers."""
    numbers = []

    def call(number):
        numbers.append(number)
        outcome = outcomes[number - 1]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    deadline = Deadline.after(seconds, lambda: time.now)
    try:
        return policy.run(call, deadline, is_final), numbers
    except openai.OpenAIError as failure:
        return failure, numbers


def test_a_success_is_called_once(policy, time):
    assert run(policy, time, ["done"]) == ("done", [1])
    assert time.sleeps == []


def test_transient_failures_are_retried_with_growing_waits(policy, time):
    assert run(policy, time, [error(500), error(429), "done"]) == ("done", [1, 2, 3])
    assert time.sleeps == [2, 4]


def test_waits_have_full_jitter_above_a_second(time):
    low = RetryPolicy(time.sleep, lambda low, high: low, lambda: 0.0)
    assert [low.backoff_seconds(attempt) for attempt in (1, 2, 50)] == [1, 1, 1]
    high = RetryPolicy(time.sleep, lambda low, high: high, lambda: 0.0)
    assert [high.backoff_seconds(attempt) for attempt in (1, 2, 3, 50)] == [2, 4, 8, 20]


def test_three_attempts_are_all(policy, time):
    last = error(503)
    assert run(policy, time, [error(500), error(500), last, "late"]) == (last, [1, 2, 3])


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_final_failures_are_not_retried(policy, time, status):
    outcome, numbers = run(policy, time, [error(status), "late"])
    assert outcome.status_code == status
    assert numbers == [1]


def test_the_caller_can_call_a_failure_final(policy, time):
    outcome, numbers = run(
        policy, time, [error(500), "late"], is_final=lambda failure: failure.status_code == 500
    )
    assert outcome.status_code == 500
    assert numbers == [1]


def test_other_exceptions_pass_at_once(policy, time):
    with pytest.raises(KeyError):
        run(policy, time, [KeyError("x"), "late"])
    assert time.sleeps == []


def test_a_pause_is_never_cut_short(policy, time):
    assert run(policy, time, [error(429, **{"retry-after": "7"}), "done"])[0] == "done"
    assert time.sleeps == [7.25]


@pytest.mark.parametrize(
    ("pause", "seconds", "waits"),
    [("7", 7 + MIN_CALL_SECONDS, False), ("7", 7.5 + MIN_CALL_SECONDS, True), ("25", 1000, False)],
)
def test_a_pause_has_to_fit(policy, time, pause, seconds, waits):
    outcome, _ = run(policy, time, [error(429, **{"retry-after": pause}), "done"], seconds)
    assert (outcome == "done") == waits
    assert bool(time.sleeps) == waits


def test_a_shared_pause_only_grows():
    now = [100.0]
    pause = SharedPause(lambda: now[0])
    assert pause.left_seconds == 0
    pause.extend(10)
    pause.extend(2)
    assert pause.left_seconds == 10
    now[0] = 104.0
    assert pause.left_seconds == 6
    now[0] = 200.0
    assert pause.left_seconds == 0
