"""Times and days as operators write them (a date, how long ago), and durations in words."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from shared.calendar import find_day, find_day_before, parse_day
from shared.errors import WrongUsageError

_AGO = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def read_clock() -> datetime:
    """The time, as commands hand it on."""
    return datetime.now(UTC)


def parse_time(text: str, now: datetime) -> datetime:
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


def choose_day(wanted: str | None, now: datetime, zone: ZoneInfo) -> str:
    """The day that an operator means; None is yesterday.

    Raises:
        WrongUsageError: It is no day, or has not come yet.
    """
    today = find_day(now, zone)
    match wanted:
        case None | "yesterday":
            return find_day_before(now, zone)
        case "today":
            return today
    try:
        day = f"{parse_day(wanted):%Y-%m-%d}"
    except ValueError:
        raise WrongUsageError(
            f"{wanted!r} is not a day: give it as {today}, or today, or yesterday."
        ) from None
    if day > today:
        raise WrongUsageError(f"{day} has not come yet: in {zone.key} it is {today}.")
    return day


def describe_time(at: datetime | str) -> str:
    """A moment for people, in local time; a text is one of ISO 8601."""
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    return f"{moment.astimezone():%d %b %H:%M}"


def describe_duration(seconds: float) -> str:
    """A duration in the units that one would say it in."""
    whole = round(seconds)
    if whole < 1:
        return "less than a second"
    if whole < 120:
        return f"{whole} s"
    minutes = round(seconds / 60)
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"
