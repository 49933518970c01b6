"""A point in time by which work has to be finished."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from shared.errors import DeadlineError

# That of the work which is under way in this context.
_current: ContextVar["Deadline | None"] = ContextVar("deadline", default=None)


@dataclass(frozen=True)
class Deadline:
    """A deadline on an injected monotonic clock.

    Args:
        at_seconds: The reading of `clock` at which the time is up.
        clock: A monotonic clock, in seconds.
    """

    at_seconds: float
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)

    @classmethod
    def after(cls, delay_seconds: float, clock: Callable[[], float] = time.monotonic) -> "Deadline":
        """A deadline `delay_seconds` from now."""
        return cls(clock() + delay_seconds, clock)

    @property
    def remaining_seconds(self) -> float:
        """Seconds left, never below zero."""
        return max(0.0, self.at_seconds - self.clock())

    def check(self, need_seconds: float = 0.0) -> None:
        """Raise unless more than `need_seconds` are left.

        Raises:
            DeadlineError: The time is up, or what is left is not enough.
        """
        if self.remaining_seconds <= need_seconds:
            raise DeadlineError(
                f"{self.remaining_seconds:.1f} s of the budget left, {need_seconds:.1f} s needed"
            )

    @contextmanager
    def apply(self) -> Iterator[None]:
        """Let what sleeps in the block, by `sleep_in_time`, wake before it."""
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)


def sleep_in_time(seconds: float, sleep: Callable[[float], None] = time.sleep) -> None:
    """Sleep so many seconds, if the work that this is part of has so long.

    Raises:
        DeadlineError: It has not.
    """
    deadline = _current.get()
    if deadline is not None:
        deadline.check(seconds)
    sleep(seconds)
