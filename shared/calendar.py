"""Days, as the configured time zone counts them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo


def find_day(at: datetime, zone: ZoneInfo) -> str:
    """The day of an instant in a time zone, as `YYYY-MM-DD`."""
    return f"{at.astimezone(zone):%Y-%m-%d}"


def seconds_until_tomorrow(at: datetime, zone: ZoneInfo) -> float:
    """Seconds from an instant to the next midnight in a time zone, whatever its clocks do."""
    local = at.astimezone(zone)
    midnight = datetime.combine(local.date() + timedelta(days=1), datetime.min.time(), zone)
    return midnight.timestamp() - at.timestamp()


def parse_day(text: str) -> date:
    """Read a day, written as `YYYY-MM-DD`.

    Raises:
        ValueError: It is not written so, or there is no such day.
    """
    day = date.fromisoformat(text)
    if text != f"{day:%Y-%m-%d}":
        raise ValueError(f"{text!r} is not written as YYYY-MM-DD")
    return day


def find_window(day: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """When a day begins and ends in a time zone: its first moment and the next day's, in UTC.

    A day has 23 or 25 hours where clocks are changed. One that a zone has skipped (Samoa had no
    30 December 2011) has none.
    """
    first = parse_day(day)
    return _find_start(first, zone), _find_start(first + timedelta(days=1), zone)


def _find_start(day: date, zone: ZoneInfo) -> datetime:
    # Where clocks skip midnight, `fold` 0 reads it by the old offset: the moment of the change.
    return datetime.combine(day, datetime.min.time(), zone).astimezone(UTC)


def find_day_before(at: datetime, zone: ZoneInfo) -> str:
    """The last day that is over at an instant, in a time zone."""
    start, _ = find_window(find_day(at, zone), zone)
    return find_day(start - timedelta(microseconds=1), zone)


def list_days_before(day: str, count: int) -> list[str]:
    """The days before a day, oldest first."""
    last = parse_day(day)
    return [f"{last - timedelta(days=age):%Y-%m-%d}" for age in range(count, 0, -1)]
