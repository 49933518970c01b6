"""Remember which way of asking for structured output a server knows."""

import threading
from collections.abc import Callable

from shared.llm.chat_completions.structured_output import OutputStep

_DOUBT_SECONDS = 600.0


class FormatFallback:
    """The strongest step that the server is known, or not yet known not, to take. Thread-safe.

    Bounds in a schema are a strength of their own: they are left out first.

    A step that the server named as unknown stays ruled out. One that was only followed by an
    internal error is tried again after ten minutes, since the server may just have been unwell.

    Args:
        clock: A monotonic clock, in seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._step = OutputStep.JSON_SCHEMA
        self._proven = False
        self._takes_bounds = True
        self._doubted_until: float | None = None

    @property
    def takes_bounds(self) -> bool:
        """Whether the server takes bounds in a schema, as far as is known."""
        with self._lock:
            return self._takes_bounds

    def first_step(self) -> OutputStep:
        """The step to begin an answer with."""
        with self._lock:
            if self._doubted_until is not None and self._clock() >= self._doubted_until:
                self._step = OutputStep.JSON_SCHEMA
                self._proven = False
                self._takes_bounds = True
                self._doubted_until = None
            return self._step

    def is_proven(self, step: OutputStep) -> bool:
        """Whether the server has given a good answer at this step."""
        with self._lock:
            return self._proven and self._step is step

    def remember(self, step: OutputStep, *, with_bounds: bool = True, doubtful: bool) -> None:
        """Note that the server gave a good answer at a step.

        Args:
            step: The step that served.
            with_bounds: Whether bounds were left in the schema, if it had any.
            doubtful: Whether a stronger way was left only for an internal error of the server.
        """
        with self._lock:
            if self._proven and self._step is step and (with_bounds or not self._takes_bounds):
                return
            self._step = step
            self._takes_bounds = self._takes_bounds and with_bounds
            self._proven = True
            self._doubted_until = self._clock() + _DOUBT_SECONDS if doubtful else None
