from datetime import UTC, datetime

import pytest
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyAlreadyInProgressError,
    IdempotencyPersistenceLayerError,
)
from hypothesis import given
from hypothesis import strategies as st

from functions.delivery.policy import (
    Acknowledge,
    DeadLetter,
    Defer,
    Policy,
    Receipt,
    ReturnToQueue,
    compute_backoff_seconds,
    decide_outcome,
)
from shared.errors import (
    DeadlineError,
    DeferredError,
    EarlyReceiveError,
    MessageDecodeError,
    ModelThrottledError,
    OverBudgetError,
    PermanentError,
    RetryableError,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
POLICY = Policy(
    max_receive_count=5,
    max_deferral_age_seconds=3600,
    retry_base_seconds=5,
    retry_max_seconds=900,
)


def receipt(
    receive_count=1, waited_seconds=0, lock_seconds=30.0, random=0.5, has_begun=True, deferrals=0
):
    return Receipt(
        receive_count=receive_count,
        waited_seconds=waited_seconds,
        has_begun=has_begun,
        lock_seconds=lock_seconds,
        random=random,
        deferrals=deferrals,
    )


def test_done_is_acknowledged():
    assert decide_outcome(None, receipt(), POLICY) == Acknowledge()


@pytest.mark.parametrize("error", [RetryableError("later"), ValueError("a bug")])
def test_what_may_work_later_returns_until_its_last_receive(error):
    for count in range(1, 5):
        outcome = decide_outcome(error, receipt(count), POLICY)
        assert isinstance(outcome, ReturnToQueue)
        assert outcome.reason == type(error).__name__
    assert decide_outcome(error, receipt(5), POLICY) == DeadLetter(type(error).__name__, str(error))


@pytest.mark.parametrize("receive_count", [1, 5])
def test_what_will_never_work_is_dead_lettered_at_once(receive_count):
    error = MessageDecodeError("not JSON")
    outcome = decide_outcome(error, receipt(receive_count), POLICY)
    assert outcome == DeadLetter("MessageDecodeError", "not JSON")


def test_a_wait_of_which_nobody_knows_the_end_doubles_each_time():
    guessed = ModelThrottledError("slow down", delay_seconds=2, reason="throttled", grows=True)
    delays = [
        decide_outcome(guessed, receipt(random=0, deferrals=deferrals), POLICY).delay_seconds
        for deferrals in (0, 1, 2, 5, 9, 1_000_000)
    ]
    assert delays == [2, 4, 8, 64, 900, 900]
    told = ModelThrottledError("slow down", delay_seconds=2_000, reason="throttled")
    for error in (told, ModelThrottledError("", delay_seconds=2_000, reason="", grows=True)):
        outcome = decide_outcome(error, receipt(random=0, deferrals=7), POLICY)
        assert outcome.delay_seconds == 2_000


@pytest.mark.parametrize("receive_count", [1, 5, 50])
def test_what_is_not_its_fault_waits_at_any_receive(receive_count):
    error = ModelThrottledError("slow down", delay_seconds=40, reason="throttled")
    outcome = decide_outcome(error, receipt(receive_count), POLICY)
    assert isinstance(outcome, Defer)
    assert 40 <= outcome.delay_seconds <= 48
    assert outcome.reason == "throttled"


def test_a_deferral_may_be_longer_than_sqs_can_delay():
    error = DeferredError("tomorrow", delay_seconds=50_000, reason="over_budget")
    assert decide_outcome(error, receipt(), POLICY).delay_seconds >= 50_000


def test_a_message_that_has_waited_too_long_is_dead_lettered():
    error = DeferredError("still down", delay_seconds=5, reason="provider_down")
    assert isinstance(decide_outcome(error, receipt(waited_seconds=3599), POLICY), Defer)
    assert isinstance(decide_outcome(error, receipt(waited_seconds=3601), POLICY), DeadLetter)


@pytest.mark.parametrize("kind", [OverBudgetError, EarlyReceiveError])
def test_a_wait_that_is_wanted_may_be_of_any_length(kind):
    error = kind("the day's limit is reached", delay_seconds=5, reason="x")
    assert isinstance(decide_outcome(error, receipt(waited_seconds=10**7), POLICY), Defer)


def test_an_item_that_runs_elsewhere_comes_back_after_that_run():
    error = IdempotencyAlreadyInProgressError("running")
    outcome = decide_outcome(error, receipt(1, lock_seconds=17), POLICY)
    assert outcome == ReturnToQueue(17, "in_progress")


def test_an_item_that_runs_elsewhere_is_never_dead_lettered_for_that():
    error = IdempotencyAlreadyInProgressError("running")
    outcome = decide_outcome(error, receipt(5, lock_seconds=17), POLICY)
    assert isinstance(outcome, Defer)
    assert outcome.delay_seconds >= 17


def test_an_idempotency_store_that_fails_is_not_the_messages_fault():
    outcome = decide_outcome(IdempotencyPersistenceLayerError("down"), receipt(5), POLICY)
    assert isinstance(outcome, Defer)


def test_a_record_that_overran_its_time_waits_for_its_own_lock():
    outcome = decide_outcome(DeadlineError("hangs"), receipt(1, lock_seconds=25), POLICY)
    assert outcome.delay_seconds >= 25


@pytest.mark.parametrize("receive_count", [1, 5, 50])
def test_what_has_not_begun_waits_for_its_lock_at_any_receive(receive_count):
    error = DeadlineError("the time is up")
    not_begun = receipt(receive_count, lock_seconds=25, has_begun=False)
    outcome = decide_outcome(error, not_begun, POLICY)
    assert isinstance(outcome, Defer)
    assert outcome.delay_seconds >= 25
    assert outcome.reason == "not_begun"


def test_what_never_begins_is_dead_lettered_in_the_end():
    error = DeadlineError("the time is up")
    not_begun = receipt(waited_seconds=3601, has_begun=False)
    assert decide_outcome(error, not_begun, POLICY) == DeadLetter("DeadlineError", str(error))


@given(
    st.integers(min_value=1, max_value=10_000),
    st.floats(min_value=0, max_value=1, exclude_max=True),
)
def test_backoff_stays_within_its_bounds(receive_count, random):
    delay = compute_backoff_seconds(receive_count, random, POLICY)
    assert 1 <= delay <= POLICY.retry_max_seconds
    assert delay <= max(1, POLICY.retry_base_seconds * 2.0 ** min(receive_count - 1, 40))


def test_backoff_doubles_until_the_cap():
    nearly_one = 1 - 1e-12
    ceilings = [round(compute_backoff_seconds(n, nearly_one, POLICY)) for n in range(1, 11)]
    assert ceilings == [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]


ERRORS = st.sampled_from(
    [
        None,
        RetryableError("r"),
        PermanentError("p"),
        DeferredError("d", delay_seconds=10, reason="x"),
        IdempotencyAlreadyInProgressError("i"),
        KeyError("bug"),
    ]
)


@given(ERRORS, st.integers(1, 20), st.integers(0, 10_000), st.floats(0, 0.999))
def test_only_errors_that_are_the_messages_own_lead_to_the_dlq(error, count, age, random):
    outcome = decide_outcome(error, receipt(count, age, random=random), POLICY)
    if isinstance(outcome, DeadLetter):
        innocent = isinstance(error, (DeferredError, IdempotencyAlreadyInProgressError))
        assert age > POLICY.max_deferral_age_seconds if innocent else error is not None


def throttle_after(calls, *, has_kept):
    error = ModelThrottledError("slow down", delay_seconds=40, reason="throttled")
    error.calls, error.has_kept = calls, has_kept
    return error


@pytest.mark.parametrize(("calls", "has_kept"), [(0, False), (2, True)])
def test_a_deferral_is_no_attempt_unless_it_was_paid_for_in_vain(calls, has_kept):
    outcome = decide_outcome(throttle_after(calls, has_kept=has_kept), receipt(50), POLICY)
    assert not outcome.uses_receive


def test_a_deferral_that_was_paid_for_in_vain_is_an_attempt():
    error = throttle_after(2, has_kept=False)
    assert decide_outcome(error, receipt(4), POLICY).uses_receive
    last = decide_outcome(error, receipt(5), POLICY)
    assert last.error_type == "ModelThrottledError"
    assert last.message == "slow down; what each try had paid for was of no use"
