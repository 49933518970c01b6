import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.deadline import Deadline, sleep_in_time
from shared.errors import DeadlineError

TIMES = st.floats(min_value=0, max_value=1e6)


class Clock:
    def __init__(self, reading=0.0):
        self.reading = reading

    def __call__(self):
        return self.reading


@given(TIMES, TIMES, TIMES)
def test_what_is_left_goes_down_to_zero_and_no_further(start, delay, elapsed):
    clock = Clock(start)
    deadline = Deadline.after(delay, clock)
    clock.reading += elapsed
    assert deadline.remaining_seconds == pytest.approx(max(0.0, delay - elapsed), abs=1e-6)


def test_a_deadline_that_is_past_has_nothing_left():
    assert Deadline.after(-5, Clock(100)).remaining_seconds == 0


def test_a_check_passes_only_while_more_is_left_than_needed():
    clock = Clock()
    deadline = Deadline.after(10, clock)
    deadline.check()
    deadline.check(need_seconds=9.9)
    with pytest.raises(DeadlineError, match=r"10\.0 s of the budget left, 10\.0 s needed"):
        deadline.check(need_seconds=10)
    clock.reading = 10
    with pytest.raises(DeadlineError):
        deadline.check()


def test_the_default_clock_is_monotonic():
    deadline = Deadline.after(1000)
    first = deadline.remaining_seconds
    assert 990 < deadline.remaining_seconds <= first <= 1000


def test_what_sleeps_within_a_deadline_does_not_sleep_past_it():
    clock, slept = Clock(), []
    with Deadline.after(10, clock).apply():
        sleep_in_time(9, slept.append)
        clock.reading = 9.5
        with pytest.raises(DeadlineError):
            sleep_in_time(1, slept.append)
    sleep_in_time(1, slept.append)
    assert slept == [9, 1]
