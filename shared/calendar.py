"""Days, as the configured time zone counts them."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo


def find_day(at: datetime, zone: ZoneInfo) -> str:
    """The day of an instant in a time zone, as `YYYY-MM-DD`."""
    return f"{at.astimezone(zone):%Y-%m-%d}"


def seconds_until_tomorrow(at: datetime, zone: ZoneInfo) -> float:
    """Seconds from an instant to the next midnight in a time zone, whatever its clocks do."""
    local = at.astimezone(zone)
    midnight = datetime.combine(local.date() + timedelta(days=1), datetime.min.time(), zone)
    return midnight.timestamp() - at.timestamp()
