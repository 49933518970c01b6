"""Stop asking a provider that takes calls and answers none.

A call without an answer may be on the bill and counts at the most that it can have cost. So an
outage of an hour would use up the day's limit if every message went on trying: from the third such
call in a row on, one call at a time goes out, a pause apart.
"""

import threading
from collections.abc import Callable

from shared.errors import ModelUnavailableError

_FIRST_PAUSE_SECONDS = 30.0
_LONGEST_PAUSE_SECONDS = 300.0
_LOST_IN_A_ROW = 3


class OutageBreaker:
    """Lets calls through as long as some are answered. Thread-safe.

    The pause doubles with each further call that is lost, from half a minute to five minutes: some
    seventeen calls in the first hour.

    Args:
        clock: A monotonic clock, in seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._lost = 0
        self._cause = ""
        self._open_until = float("-inf")

    def check(self) -> None:
        """Pass if a call may be made now.

        Raises:
            ModelUnavailableError: The last calls were lost; with the time left to wait.
        """
        with self._lock:
            if self._lost < _LOST_IN_A_ROW:
                return
            left_seconds = self._open_until - self._clock()
            if left_seconds > 0:
                raise ModelUnavailableError(
                    f"it has not answered the last calls, which may be on the bill ({self._cause})",
                    delay_seconds=left_seconds,
                    reason="model_unavailable",
                )
            # This caller tries; the others wait for what comes of it.
            self._open_until = self._clock() + self._pause_seconds()

    def record_lost(self, cause: str) -> None:
        """Note that a call was sent and got no whole answer; the cause is without any secret."""
        with self._lock:
            self._lost += 1
            self._cause = cause
            self._open_until = self._clock() + self._pause_seconds()

    def record_answer(self) -> None:
        """Note that a call was answered; an error that costs nothing counts neither way."""
        with self._lock:
            self._lost = 0

    def _pause_seconds(self) -> float:
        doublings = min(max(0, self._lost - _LOST_IN_A_ROW), 10)
        return float(min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2**doublings))
