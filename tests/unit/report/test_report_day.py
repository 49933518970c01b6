"""The day of a report, in any zone: every moment has one day, and each day one report."""

import json
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.calendar import find_day, find_day_before, find_window, list_days_before, parse_day
from shared.errors import MessageDecodeError
from shared.messages.reports import DailyReportOrder, decode_report_item, encode_report_order

ZONES = sorted(available_timezones())
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("ticked_at", "zone", "day"),
    [
        ("2026-03-02T09:00", "UTC", "2026-03-01"),
        ("2026-03-02T00:00", "UTC", "2026-03-01"),
        # Nine in the morning in Auckland is the evening before in UTC, and the reverse in Honolulu.
        ("2026-03-01T20:00", "Pacific/Auckland", "2026-03-01"),
        ("2026-03-01T19:00", "Pacific/Honolulu", "2026-02-28"),
        ("2026-03-02T05:00", "Pacific/Honolulu", "2026-02-28"),
        # The year ends, in the zone and not in UTC.
        ("2026-01-01T08:00", "Europe/Oslo", "2025-12-31"),
        ("2025-12-31T11:30", "Pacific/Kiritimati", "2025-12-31"),
        ("2024-03-01T09:00", "UTC", "2024-02-29"),
        # Clocks go forward in the night to 29 March, and back in the night to 25 October.
        ("2026-03-29T07:00", "Europe/Oslo", "2026-03-28"),
        ("2026-03-30T07:00", "Europe/Oslo", "2026-03-29"),
        ("2026-10-25T08:00", "Europe/Oslo", "2026-10-24"),
        ("2026-10-24T22:30", "Europe/Oslo", "2026-10-24"),
        # Samoa had no 30 December 2011.
        ("2011-12-30T19:00", "Pacific/Apia", "2011-12-29"),
    ],
)
def test_a_tick_reports_the_day_before_its_own(ticked_at, zone, day):
    assert find_day_before(at(ticked_at), ZoneInfo(zone)) == day


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        ("2026-03-28", "Europe/Oslo", 24),
        ("2026-03-29", "Europe/Oslo", 23),
        ("2026-10-25", "Europe/Oslo", 25),
        # Clocks that skip midnight itself, and half an hour of it.
        ("2024-04-26", "Africa/Cairo", 23),
        ("2024-10-31", "Africa/Cairo", 25),
        ("2026-04-05", "Australia/Lord_Howe", 24.5),
        ("2011-12-30", "Pacific/Apia", 0),
    ],
)
def test_a_day_has_as_many_hours_as_its_clocks_show(day, zone, hours):
    begins, ends = find_window(day, ZoneInfo(zone))
    assert (ends - begins).total_seconds() == hours * 3600


@given(MOMENTS, st.sampled_from(ZONES))
def test_every_moment_lies_in_its_own_day_and_in_no_other(moment, name):
    zone = ZoneInfo(name)
    day = find_day(moment, zone)
    begins, ends = find_window(day, zone)
    assert begins <= moment < ends
    assert find_day(begins, zone) == day
    assert find_window(find_day(ends, zone), zone)[0] == ends


@given(MOMENTS, st.sampled_from(ZONES))
def test_the_reported_day_ends_where_the_days_of_its_tick_begin(moment, name):
    zone = ZoneInfo(name)
    reported = find_window(find_day_before(moment, zone), zone)
    today = find_window(find_day(moment, zone), zone)
    assert reported[0] < reported[1] == today[0] <= moment


@given(st.dates(date(2000, 1, 10)), st.integers(0, 9))
def test_days_before_are_those_that_end_with_the_day(day, count):
    days = list_days_before(f"{day:%Y-%m-%d}", count)
    assert days == [f"{day - timedelta(days=age):%Y-%m-%d}" for age in range(count, 0, -1)]


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-02-30", "20260301", "2026-3-1", "2026-W10-1"]
)
def test_what_is_no_day_is_refused(text):
    with pytest.raises(ValueError):
        parse_day(text)
    with pytest.raises(MessageDecodeError):
        decode_report_item(json.dumps({"day": text}), "m-1", datetime.now(UTC))


def decode(order, message_id="m-1"):
    return decode_report_item(encode_report_order(order), message_id, at("2026-03-02T09:00"))


def test_orders_of_one_day_are_one_item_and_each_wish_to_resend_is_its_own():
    first, second = (decode(DailyReportOrder(day="2026-03-01"), name) for name in ("m-1", "m-2"))
    assert first.item_id == second.item_id == "report#2026-03-01"
    wishes = {
        decode(DailyReportOrder(day="2026-03-01", resend=True), name).item_id
        for name in ("m-1", "m-2", "m-2")
    }
    assert len(wishes) == 2


def test_the_schedule_s_own_message_is_a_tick():
    item = decode_report_item('{"kind": "daily_report", "v": 1}', "m-1", at("2026-03-02T09:00"))
    assert (item.order.day, item.request) == (None, "")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        '{"kind": "sweep"}',
        '{"v": 2}',
        '{"resend": true}',
        '{"day": 20260301}',
        '{"x": 1}',
    ],
)
def test_what_is_no_order_is_refused(body):
    with pytest.raises(MessageDecodeError, match="not an order for a report"):
        decode_report_item(body, "m-1", datetime.now(UTC))
