"""Lists by day in pages: nothing is passed over, nothing told twice, whatever the pages hold."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.day_listing import PageWanted, list_page
from shared.aws.day_places import DayPlace
from shared.errors import InvalidRequestError

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)


def make_list(counts):
    """Items `day/number` of the days back from today, and what lists one day of them."""
    days = {f"{NOW - timedelta(days=age):%Y-%m-%d}": count for age, count in enumerate(counts)}

    def list_day(place, limit):
        start = int(place.item_id) + 1 if place.item_id else 0
        numbers = list(range(start, min(start + limit, days.get(place.day, 0))))
        has_more = numbers and numbers[-1] + 1 < days[place.day]
        received_at = f"{place.day}T00:00:00.000+00:00"
        after = DayPlace(place.day, received_at, str(numbers[-1])) if has_more else None
        return [f"{place.day}/{number}" for number in numbers], after

    return [f"{day}/{number}" for day, count in days.items() for number in range(count)], list_day


def find_place(item):
    day, _, number = item.partition("/")
    return f"{day}T00:00:00.000+00:00", number


def read_all(list_day, fits, limit, days):
    found, cursor = [], None
    while True:
        page = PageWanted(None, limit, cursor, days)
        items, cursor = list_page(page, list_day, fits, find_place, r"\d+", lambda: NOW)
        assert len(items) <= limit
        found += items
        if cursor is None:
            return found


@given(st.lists(st.integers(0, 7), min_size=1, max_size=6), st.integers(1, 9), st.integers(1, 6))
def test_pages_hold_all_that_fits_once_and_in_order(counts, limit, days):
    items, list_day = make_list(counts)
    first_day = f"{NOW - timedelta(days=days - 1):%Y-%m-%d}"
    wanted = [item for item in items if item >= first_day and not item.endswith("3")]
    assert read_all(list_day, lambda item: not item.endswith("3"), limit, days) == wanted


def test_a_page_of_what_is_rare_ends_before_all_is_read():
    _, list_day = make_list([600])
    wanted = PageWanted(None, 5, None)
    items, cursor = list_page(wanted, list_day, lambda _: False, find_place, r"\d+", lambda: NOW)
    assert items == []
    assert cursor is not None


@pytest.mark.parametrize("cursor", ["x", "WyJhIl0", "W10", "A" * 401, "bnVsbA"])
def test_a_cursor_of_no_list_is_refused(cursor):
    with pytest.raises(InvalidRequestError, match="none that this list has given"):
        list_page(
            PageWanted(None, 5, cursor), make_list([1])[1], bool, find_place, r"\d+", lambda: NOW
        )


def test_a_cursor_goes_with_its_day():
    _, list_day = make_list([3, 3])
    _, cursor = list_page(
        PageWanted(None, 1, None), list_day, bool, find_place, r"\d+", lambda: NOW
    )
    with pytest.raises(InvalidRequestError, match="it goes with the same day"):
        list_page(
            PageWanted("2026-03-30", 1, cursor), list_day, bool, find_place, r"\d+", lambda: NOW
        )
