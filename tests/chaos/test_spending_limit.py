"""A day's spending limit that many containers draw on: never passed, and all the work gets done.

Some of the containers are killed after the provider has answered and before the answer is noted, so
that what they had reserved is left behind.
"""

import time
from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from functions.wiring import build_table
from pipeline.metering.spend_meter import Limits, SpendMeter
from shared.errors import OverBudgetError
from shared.ledger.spend import close_expired_leases, read_day_spend
from shared.prices import MICRO_USD_PER_USD, ModelPrice
from tests.chaos.harness.faults import FaultPlan, Kill, Point
from tests.chaos.harness.fleet import Fleet
from tests.chaos.harness.provider import running_provider
from tests.chaos.harness.run import Run, open_run
from tests.chaos.harness.short_days import FIRST_DAY, ShortDays
from tests.chaos.harness.tally import Tally, take_tally
from tests.chaos.harness.workload import SyntheticDocument, list_bodies, seed_documents, send_bodies

MODEL = "the-model"
CONTAINERS = 4
RECORDS_AT_ONCE = 5
# A call is begun only with three seconds left, and three more are kept back for settling.
TIMEOUT_SECONDS = 9.0
VISIBILITY_SECONDS = 10
CENT = MICRO_USD_PER_USD // 100
# What is set aside for a call, as it may take three tries: nine to ten cents for this text.
MOST_OF_CALL = 10 * CENT
TEXT = "Report {}.\n" + "The heron of the island counts the tides. " * 150
# With this price a call costs a cent, by the tokens that the fake provider counts for this text.
PRICE = ModelPrice(input=5.22, output=0)


@dataclass(frozen=True)
class Size:
    """How much there is to do and to spend.

    Args:
        documents: Of one chunk each, which is one call each.
        daily_cap_usd: The limit.
        day_seconds: How long a day lasts.
        kills: Processes that die with room reserved.
    """

    documents: int
    daily_cap_usd: float
    day_seconds: float
    kills: int


# At small size nobody is killed: their messages would come back only after ten seconds.
SMALL = Size(documents=12, daily_cap_usd=0.4, day_seconds=6.0, kills=0)
FULL = Size(documents=500, daily_cap_usd=1.0, day_seconds=15.0, kills=5)


@dataclass(frozen=True)
class Day:
    """A day's spending.

    Args:
        spent: By the ledger, in millionths of a dollar.
        calls: By the ledger.
        left_open: What calls may have cost at most whose process died before they were noted: it is
            among what was spent, and they are not among the calls.
        left_behind: Set aside by processes that died.
        left_after_leases: The same when all leases have run out.
        has_room_back: Whether all that is not spent can be reserved again then.
    """

    spent: int
    calls: int
    left_open: int
    left_behind: int
    left_after_leases: int
    has_room_back: bool


@dataclass(frozen=True)
class Spending:
    """What was seen.

    Args:
        size: What there was to do.
        days: Each day's spending.
        answered: Calls that the provider has answered, which is what it bills.
        deferred: Messages put off, by the reason.
        dead_lettered: Messages that were dead-lettered.
        tally: What became of the work.
    """

    size: Size
    days: list[Day]
    answered: int
    deferred: Counter[str]
    dead_lettered: int
    tally: Tally


def run_scenario(folder: Path, full: bool) -> Spending:
    size = FULL if full else SMALL
    with (
        running_provider(seed=11) as provider,
        open_run(
            folder,
            visibility_seconds=VISIBILITY_SECONDS,
            openai_base_url=provider.url,
            openai_model=MODEL,
            model_prices={MODEL: PRICE},
            daily_cap_usd=size.daily_cap_usd,
            time_zone="UTC",
        ) as run,
    ):
        texts = {(index, 1): TEXT.format(index) for index in range(size.documents)}
        documents = seed_documents(run.account, size.documents, chunks=1, special_texts=texts)
        send_bodies(run.account, list_bodies(documents, copies=1))
        started = time.monotonic()
        clock = ShortDays(time.time(), size.day_seconds)
        worker = run.worker(
            plan_kills(documents, size.kills),
            timeout_seconds=TIMEOUT_SECONDS,
            batch_size=RECORDS_AT_ONCE,
        )
        with Fleet([replace(worker, now=clock)] * CONTAINERS, run.journal):
            run.wait_until_drained()
        seconds = time.monotonic() - started
        days = [
            look_at_day(run, day, size.daily_cap_usd)
            for day in range(int(seconds / size.day_seconds) + 1)
        ]
        log = run.read_log()
        return Spending(
            size=size,
            days=days,
            answered=sum(call.kind == "ok" for call in provider.list_calls()),
            deferred=Counter(
                str(line["reason"]) for line in log if line["message"] == "item_deferred"
            ),
            dead_lettered=sum(line["message"] == "item_dead_lettered" for line in log),
            tally=take_tally(run, documents, sent=len(documents), seconds=seconds),
        )


def plan_kills(documents: list[SyntheticDocument], count: int) -> FaultPlan:
    return FaultPlan(kills=tuple(Kill(d.chunk_ids[0], Point.LLM) for d in documents[:count]))


def look_at_day(run: Run, number: int, daily_cap_usd: float) -> Day:
    """What a day's rows say at the end of the run, and when all its leases have run out."""
    table = build_table(run.account.settings, run.account.clients)
    noon = FIRST_DAY + timedelta(days=number, hours=12)
    midnight = FIRST_DAY + timedelta(days=number + 1)
    name = f"{noon:%Y-%m-%d}"
    before = read_day_spend(table, name, noon)
    close_expired_leases(table, name, midnight + timedelta(minutes=31))
    after = read_day_spend(table, name, midnight)
    cap = round(daily_cap_usd * MICRO_USD_PER_USD)
    limits = Limits(price=PRICE, daily=cap, document=None, zone=ZoneInfo("UTC"))
    meter = SpendMeter(table, MODEL, limits, lambda: noon, lambda: f"look-{number}")
    try:
        meter.reserve(cap - after.spent)
        has_room_back = True
    except OverBudgetError:
        has_room_back = False
    return Day(
        spent=after.spent,
        calls=sum(model.calls for model in after.models),
        left_open=sum(model.left_open for model in after.models),
        left_behind=before.reserved,
        left_after_leases=after.reserved,
        has_room_back=has_room_back,
    )


def test_no_day_costs_more_than_its_limit(outcome, show_table):
    cap = round(outcome.size.daily_cap_usd * MICRO_USD_PER_USD)
    show_table(
        f"{outcome.size.documents} documents at a cent each, ${outcome.size.daily_cap_usd} a day",
        [
            (
                "spent on each day",
                str([f"{day.spent / MICRO_USD_PER_USD:.4f}" for day in outcome.days]),
            ),
            ("calls noted on each day", str([day.calls for day in outcome.days])),
            (
                "calls of the dead, at most",
                str([f"{day.left_open / MICRO_USD_PER_USD:.4f}" for day in outcome.days]),
            ),
            ("calls answered", str(outcome.answered)),
            ("left behind by the dead", str(sum(day.left_behind for day in outcome.days))),
            ("put off", str(dict(outcome.deferred))),
            *outcome.tally.describe(),
            *outcome.tally.describe_calls(),
        ],
    )
    assert all(day.spent <= cap for day in outcome.days)
    # The limit is what makes it take days, and it is used.
    assert len([day for day in outcome.days if day.calls]) >= 2
    assert max(day.spent for day in outcome.days) >= cap / 10
    # Each call that was noted has cost a cent, and the rest is what the dead may have cost.
    assert all(
        day.spent - day.left_open == pytest.approx(day.calls * CENT, rel=0.01)
        for day in outcome.days
    )


def test_the_rest_is_put_off_and_done_when_the_day_turns(outcome):
    assert outcome.deferred["over_budget"] > 0
    assert outcome.dead_lettered == outcome.tally.in_dlq == 0
    assert outcome.tally.lost == outcome.tally.unexpected == 0
    assert outcome.tally.duplicate_effects == 0


def test_what_the_dead_had_reserved_is_back_when_their_leases_end(outcome):
    assert outcome.tally.kills == outcome.size.kills
    # The answers that died with them are paid for, and were asked for again; but for those whose
    # effect was written while the row of their lease said enough to be noted later.
    most_dead = outcome.size.kills * RECORDS_AT_ONCE
    assert outcome.size.documents <= outcome.answered <= outcome.size.documents + most_dead
    # So none of them is counted as a call, and each at its most.
    dead = outcome.answered - sum(day.calls for day in outcome.days)
    assert outcome.size.kills <= dead <= most_dead
    left_open = sum(day.left_open for day in outcome.days)
    assert dead * CENT <= left_open <= most_dead * MOST_OF_CALL
    assert any(day.left_behind for day in outcome.days) or not outcome.size.kills
    assert all(day.left_after_leases == 0 for day in outcome.days)
    assert all(day.has_room_back for day in outcome.days)
