"""A clock with short days, so that a spending limit can be watched over a week within minutes."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

FIRST_DAY = datetime(2026, 5, 4, tzinfo=UTC)


@dataclass(frozen=True)
class ShortDays:
    """Each day has only its last seconds: at midnight the next day's last seconds begin.

    So a wait until midnight is as short for a queue's own clock as it is for this one.

    Args:
        started_at: When the first day began, in seconds since 1970.
        day_seconds: The length of a day.
    """

    started_at: float
    day_seconds: float

    def __call__(self) -> datetime:
        """The time."""
        days, seconds = divmod(time.time() - self.started_at, self.day_seconds)
        midnight = FIRST_DAY + timedelta(days=days + 1)
        return midnight - timedelta(seconds=self.day_seconds - seconds)
