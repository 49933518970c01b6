"""The spending limit holds for what the provider has served, not only for what came back."""

from pathlib import Path

import pytest

from shared.prices import MICRO_USD_PER_USD, format_usd
from tests.chaos.harness.processes import open_pool
from tests.chaos.harness.served_costs import DOCUMENT_LIMIT, Outcome, run_scenarios

RUNS_ALONE_AT_FULL_SIZE = True


def run_scenario(folder: Path, full: bool) -> list[Outcome]:
    """In a process of its own, as other scenarios run meanwhile, on another emulator."""
    with open_pool(1) as pool:
        return pool.submit(run_scenarios, choose_limit(full)).result()


def choose_limit(full: bool) -> int:
    """The limit of the day, in millionths of a dollar."""
    return MICRO_USD_PER_USD if full else MICRO_USD_PER_USD // 4


@pytest.fixture(scope="module")
def limit(full):
    return choose_limit(full)


def test_what_is_served_stays_within_the_limit(outcome, limit, show_table):
    show_table(
        f"Served under a limit of {format_usd(limit)}",
        [
            ("", "asked", "served", "by the ledger", "deaths", "the dearest answer", "document"),
            *(
                (
                    one.name,
                    str(one.asked),
                    format_usd(one.served),
                    format_usd(one.spent),
                    str(one.deaths),
                    format_usd(one.dearest),
                    "" if one.document is None else format_usd(one.document),
                )
                for one in outcome
            ),
        ],
    )
    for one in outcome:
        assert one.asked >= 8, one
        assert 0 < one.served <= limit, one
        # Nothing was served that the ledger does not know of.
        assert one.served <= one.spent <= limit, one


def test_the_dead_are_as_many_as_the_limit_allows(outcome, limit):
    (deaths,) = [one for one in outcome if one.name == "92 deaths"]
    assert 2 <= deaths.deaths < 92
    assert deaths.spent > limit / 2


def test_a_document_passes_its_limit_by_what_runs_at_that_moment_only(outcome):
    (chunks,) = [one for one in outcome if one.document is not None]
    # Ten ran at a time.
    assert 0 < chunks.document <= DOCUMENT_LIMIT + 10 * chunks.dearest
