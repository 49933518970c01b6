"""The model that answers while the first one is down, throttled or rejects its key.

Only where the first has cost nothing: a call that may be on the bill is not made twice in one run.
A refusal of a text is an answer, and a slow model is at work; neither is a reason.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.metering.spend_meter import SpendMeter
from shared.errors import (
    ContextOverflowError,
    DeadlineError,
    DeferredError,
    ModelAccessError,
    ModelSlowError,
    ModelThrottledError,
    ModelUnavailableError,
    SeashoreError,
)
from shared.llm.model import PAID_COUNTS, LanguageModel
from shared.paid_calls import PaidCalls

_DOWN = (ModelAccessError, ModelThrottledError, ModelUnavailableError)
# The first is asked again after as long at the latest, however long its provider says to wait.
_LONGEST_REST_SECONDS = 300.0


@dataclass(frozen=True)
class MeteredModel:
    """A model and its meter; there is no meter for a model that costs nothing."""

    model: LanguageModel
    meter: SpendMeter | None


class Fallback:
    """A second model, and whether the first is known to be down. Thread-safe, one a container.

    Args:
        second: The model that answers instead.
        clock: A monotonic clock, in seconds.
    """

    def __init__(self, second: MeteredModel, clock: Callable[[], float]) -> None:
        self.second = second
        self._clock = clock
        self._lock = threading.Lock()
        self._failure: DeferredError | None = None
        self._until = float("-inf")

    def find_failure(self) -> DeferredError | None:
        """Why the first model is not asked now; None if it may be."""
        with self._lock:
            left_seconds = self._until - self._clock()
            if self._failure is None or left_seconds <= 0:
                return None
            failure = self._failure
        return _repeat(failure, str(failure), left_seconds)

    def note_failure(self, failure: DeferredError) -> None:
        """Leave the first model alone for as long as it takes, as far as one can tell."""
        rest_seconds = min(failure.delay_seconds, _LONGEST_REST_SECONDS)
        with self._lock:
            self._failure = failure
            self._until = self._clock() + rest_seconds


def is_reason_to_fall_back(error: SeashoreError) -> bool:
    """Whether another model may answer instead, without anything being paid for twice."""
    return isinstance(error, _DOWN) and not isinstance(error, ModelSlowError) and not error.has_cost


def join_failures(first: DeferredError, second: SeashoreError) -> SeashoreError:
    """What to raise where the second model has failed too.

    The work waits for the first one, which has nothing against it, as far as one can tell; what
    the second has cost counts. What is no fault of a model, and a text that is too long for it,
    which can be divided, are raised as they are.
    """
    is_of_model = isinstance(second, (PaidCalls, DeadlineError))
    if not is_of_model or isinstance(second, ContextOverflowError):
        return second
    delay_seconds = first.delay_seconds
    if isinstance(second, DeferredError):
        delay_seconds = min(delay_seconds, second.delay_seconds)
    sentence = f"{first}; and the fallback has not answered either: {second}"
    joined = _repeat(first, sentence, delay_seconds)
    if isinstance(joined, PaidCalls) and isinstance(second, PaidCalls):
        for name in (*PAID_COUNTS, "room_tokens", "has_kept"):
            setattr(joined, name, getattr(second, name))
    return joined


def _repeat(error: DeferredError, sentence: str, delay_seconds: float) -> DeferredError:
    """An error of the same kind, which nobody has raised yet."""
    return type(error)(
        sentence, delay_seconds=delay_seconds, reason=error.reason, grows=error.grows
    )
