"""Moments as operators write them: a date, a date with a time, or how long ago."""

import re
from datetime import UTC, datetime, timedelta

from shared.errors import WrongUsageError

_AGO = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def parse_moment(text: str, now: datetime) -> datetime:
    """Read a moment.

    Args:
        text: `2h` (two hours ago; also s, m, d, w), or ISO 8601 such as `2026-03-01` or
            `2026-03-01T14:30`; without an offset it is local time.
        now: The time.

    Raises:
        WrongUsageError: It is neither.
    """
    ago = _AGO.fullmatch(text.strip())
    try:
        if ago:
            return now - timedelta(seconds=float(ago[1]) * _SECONDS[ago[2]])
        return datetime.fromisoformat(text.strip()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise WrongUsageError(
            f"{text!r} is not a time: give 2h or 3d for how long ago, or 2026-03-01T14:30."
        ) from None
