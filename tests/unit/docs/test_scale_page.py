"""The tables of docs/scale.md are those that its simulations write."""

from tests.benchmarks.scale.what_breaks import (
    RATES,
    find_needs,
    list_broken,
    list_limits,
    simulate_ramp,
    write_tables,
)
from tests.project_files import PROJECT


def test_the_page_says_what_the_command_writes():
    page = (PROJECT / "docs" / "scale.md").read_text(encoding="utf-8")
    for line in write_tables():
        assert line in page


def test_a_rate_breaks_the_limits_that_are_below_it_and_the_narrowest_first():
    for rate in RATES:
        broken = list_broken(rate)
        assert [one.documents_a_minute for one in broken] == sorted(
            one.documents_a_minute for one in list_limits() if one.documents_a_minute < rate
        )
    assert find_needs(120).calls_at_once == 2 * find_needs(60).calls_at_once


def test_a_rate_that_the_functions_keep_up_with_is_caught_up_with_and_no_other():
    assert simulate_ramp(10, 10).longest_wait_seconds == 0
    assert simulate_ramp(1_000, 10).caught_up_after_seconds is not None
    assert simulate_ramp(1_200, 10).caught_up_after_seconds is None
