"""The one owner of retries: how often, how long between, and when to give up."""

import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import openai
from tenacity import RetryCallState, Retrying

from shared.deadline import Deadline
from shared.llm.chat_completions.server_errors.error_translation import (
    ServerFailure,
    classify_failure,
    read_retry_after,
)

MIN_CALL_SECONDS = 3.0
"""A call that would have less time than this is not begun."""

_FIRST_BACKOFF_SECONDS = 1.0
_LONGEST_BACKOFF_SECONDS = 20.0
_SPREAD_SECONDS = 0.25

T = TypeVar("T")


@dataclass(frozen=True)
class RetryPolicy:
    """When to call again within one invocation.

    Args:
        sleep: Waits for some seconds.
        uniform: A random number between two bounds.
        wall_clock: Seconds since 1970, for `Retry-After` dates.
        max_attempts: How often one call is tried, all told.
        longest_sleep_seconds: A longer pause is left to the queue, which waits for free.
    """

    sleep: Callable[[float], None]
    uniform: Callable[[float, float], float]
    wall_clock: Callable[[], float]
    max_attempts: int = 3
    longest_sleep_seconds: float = 20.0

    def backoff_seconds(self, attempt: int) -> float:
        """An exponential wait with full jitter, at least one second.

        Source of the rule: "Exponential Backoff And Jitter" (AWS Architecture Blog).
        """
        ceiling = min(_LONGEST_BACKOFF_SECONDS, _FIRST_BACKOFF_SECONDS * 2.0**attempt)
        return self.uniform(_FIRST_BACKOFF_SECONDS, max(_FIRST_BACKOFF_SECONDS, ceiling))

    def wait_seconds(self, error: openai.OpenAIError, attempt: int) -> float:
        """How long to wait after a failed attempt: never less than the provider asks for."""
        retry_after = read_retry_after(error, self.wall_clock())
        if retry_after is None:
            return self.backoff_seconds(attempt)
        return retry_after + self.spread_seconds()

    def spread_seconds(self) -> float:
        """A little more than was asked for, so that those who waited do not all come at once."""
        return self.uniform(0.0, _SPREAD_SECONDS)

    def fits(self, wait_seconds: float, deadline: Deadline) -> bool:
        """Whether a wait, and a call after it, have room before the deadline."""
        return (
            wait_seconds <= self.longest_sleep_seconds
            and wait_seconds + MIN_CALL_SECONDS < deadline.remaining_seconds
        )

    def run(
        self,
        call: Callable[[int], T],
        deadline: Deadline,
        is_final: Callable[[openai.OpenAIError], bool],
    ) -> T:
        """Call until it succeeds, the attempts or the time run out, or the failure is final.

        Args:
            call: Makes one attempt; gets its number, from 1.
            deadline: No wait goes past it.
            is_final: Failures that a further attempt cannot change, beyond those that are so by
                their kind.

        Raises:
            openai.OpenAIError: What the last attempt raised.
        """
        attempt_numbers = itertools.count(1)
        retrying = Retrying(
            retry=lambda state: _is_transient(state) and not is_final(_failure_of(state)),
            wait=lambda state: self.wait_seconds(_failure_of(state), state.attempt_number),
            stop=lambda state: (
                state.attempt_number >= self.max_attempts
                or not self.fits(state.upcoming_sleep, deadline)
            ),
            sleep=self.sleep,
            reraise=True,
        )
        return retrying(lambda: call(next(attempt_numbers)))


class SharedPause:
    """The pause that a provider has asked for holds for all threads of a container.

    Args:
        clock: A monotonic clock, in seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._until = float("-inf")

    def extend(self, pause_seconds: float) -> None:
        """Let no call begin before the pause is over."""
        with self._lock:
            self._until = max(self._until, self._clock() + pause_seconds)

    @property
    def left_seconds(self) -> float:
        """What is left of the pause, zero when there is none."""
        with self._lock:
            return max(0.0, self._until - self._clock())


def _is_transient(state: RetryCallState) -> bool:
    error = state.outcome.exception() if state.outcome else None
    return isinstance(error, openai.OpenAIError) and classify_failure(error) in (
        ServerFailure.THROTTLED,
        ServerFailure.UNAVAILABLE,
    )


def _failure_of(state: RetryCallState) -> openai.OpenAIError:
    error = state.outcome.exception() if state.outcome else None
    if not isinstance(error, openai.OpenAIError):
        raise TypeError("only a vendor's failure is waited for")
    return error
