import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.page_ranges import format_page_ranges, parse_page_ranges


@given(st.sets(st.integers(1, 10_000)))
def test_ranges_are_read_as_they_were_written(pages):
    assert parse_page_ranges(format_page_ranges(pages)) == pages


@pytest.mark.parametrize(
    ("pages", "text"),
    [([], ""), ([7], "7"), ([3, 2, 4, 9], "2-4,9"), ([1, 1, 2], "1-2"), ([1, 3, 5], "1,3,5")],
)
def test_ranges_read_well(pages, text):
    assert format_page_ranges(pages) == text
