from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.calendar import find_day, seconds_until_tomorrow

ZONES = st.sampled_from(
    ["UTC", "Europe/Oslo", "America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago"]
).map(ZoneInfo)
INSTANTS = st.datetimes(
    min_value=datetime(2020, 1, 1),
    max_value=datetime(2035, 1, 1),
    timezones=st.just(UTC),
)


@pytest.mark.parametrize(
    ("zone", "at", "day"),
    [
        ("UTC", "2026-03-01T00:00:00+00:00", "2026-03-01"),
        ("Pacific/Kiritimati", "2026-12-31T10:00:00+00:00", "2027-01-01"),
        ("Pacific/Pago_Pago", "2027-01-01T10:59:00+00:00", "2026-12-31"),
        ("Europe/Oslo", "2026-03-29T22:30:00+00:00", "2026-03-30"),
    ],
)
def test_a_day_is_counted_where_the_operator_lives(zone, at, day):
    assert find_day(datetime.fromisoformat(at), ZoneInfo(zone)) == day


@pytest.mark.parametrize(
    ("at", "hours"),
    [
        ("2026-03-28T23:00:00+00:00", 23),  # the clocks go forward on this day
        ("2026-10-24T22:00:00+00:00", 25),  # and back on this one
        ("2026-06-01T22:00:00+00:00", 24),
    ],
)
def test_a_day_may_have_23_or_25_hours(at, hours):
    seconds = seconds_until_tomorrow(datetime.fromisoformat(at), ZoneInfo("Europe/Oslo"))
    assert seconds == hours * 3600


@given(INSTANTS, ZONES)
def test_tomorrow_begins_right_after_today(at, zone):
    seconds = seconds_until_tomorrow(at, zone)
    assert 0 < seconds <= 25 * 3600
    midnight = at + timedelta(seconds=seconds)
    assert find_day(midnight, zone) > find_day(at, zone)
    assert find_day(midnight - timedelta(microseconds=1), zone) == find_day(at, zone)
