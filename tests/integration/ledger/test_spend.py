"""The spending limit on moto's DynamoDB: never passed, and nothing reserved for ever."""

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from pipeline.metering.spend_meter import Limits, SpendMeter
from shared.aws.dynamodb_table import LedgerTable
from shared.errors import OverBudgetError, ServiceError
from shared.ledger.spend import Account, close_expired_leases, read_day_spend
from shared.llm.model import Usage
from shared.llm.turns import ModelTurn, Turn
from shared.prices import MICRO_USD_PER_USD, ModelPrice

CENT = MICRO_USD_PER_USD // 100
# One cent a call of 1,000 tokens.
PRICE = ModelPrice(input=10, output=0)
CALL = Usage(calls=1, input_tokens=1_000)
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


class Clock:
    def __init__(self, at=NOON):
        self.at = at

    def __call__(self):
        return self.at

    def advance(self, **duration):
        self.at += timedelta(**duration)


@pytest.fixture
def clock():
    return Clock()


class OneAtATime:
    """Moto's backends are not made for threads: calls that come at once wait for each other."""

    def __init__(self, client):
        self._client = client
        self._lock = threading.Lock()

    def __getattr__(self, name):
        attribute = getattr(self._client, name)
        if name not in {"batch_get_item", "get_item", "put_item", "transact_write_items",
                        "update_item"}:  # fmt: skip
            return attribute

        def call(**arguments):
            with self._lock:
                return attribute(**arguments)

        return call


@pytest.fixture
def table(account):
    client = OneAtATime(account.clients.dynamodb)
    return LedgerTable(client, account.settings.ledger_table, lambda s: None)


@pytest.fixture
def build_meter(table, clock):
    ids = itertools.count()

    def build(
        daily=100 * CENT,
        price=PRICE,
        note_share=lambda share: None,
        account=Account.PIPELINE,
        tokens=None,
    ):
        limits = Limits(
            price=price,
            daily=daily,
            document=None,
            zone=ZoneInfo("UTC"),
            account=account,
            daily_tokens=tokens,
        )
        return SpendMeter(table, "model", limits, clock, lambda: f"lease-{next(ids)}", note_share)

    return build


def call(meter, cost=CENT, usage=CALL):
    return meter.settle(meter.reserve(cost), usage)


def test_calls_are_counted_and_paid_for(build_meter, table):
    meter = build_meter()
    assert [call(meter) for _ in range(3)] == [CENT] * 3
    (model,) = read_day_spend(table, "2026-05-04", NOON).models
    assert (model.calls, model.input_tokens, model.spent) == (3, 3_000, 3 * CENT)


def test_the_limit_is_never_passed_by_many_containers_at_once(build_meter, table):
    meters = [build_meter(daily=40 * CENT) for _ in range(20)]
    refused = []
    lock = threading.Lock()

    def work(meter):
        for _ in range(10):
            try:
                call(meter)
            except OverBudgetError as error:
                with lock:
                    refused.append(error)

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(work, meters))
    spend = read_day_spend(table, "2026-05-04", NOON)
    assert spend.spent <= 40 * CENT
    assert sum(model.calls for model in spend.models) + len(refused) == 200
    assert spend.spent >= 32 * CENT
    assert {error.delay_seconds for error in refused} <= {60, 12 * 3600}


def test_what_is_only_reserved_is_waited_for_and_not_the_next_day(build_meter, clock):
    meter = build_meter(daily=10 * CENT)
    running = meter.reserve(8 * CENT)
    with pytest.raises(OverBudgetError, match="reserved") as caught:
        meter.reserve(5 * CENT)
    assert caught.value.delay_seconds == 60
    meter.settle(running, CALL)
    clock.advance(seconds=60)
    assert call(meter, cost=5 * CENT) == CENT


def test_what_is_spent_is_spent_until_the_day_turns(build_meter):
    meter = build_meter(daily=10 * CENT)
    for _ in range(10):
        call(meter)
    with pytest.raises(OverBudgetError, match="is reached") as caught:
        call(meter)
    assert caught.value.delay_seconds == 12 * 3600


def test_a_call_that_no_day_has_room_for_waits_for_a_higher_limit(build_meter):
    shares = []
    meter = build_meter(daily=10 * CENT, note_share=shares.append)
    with pytest.raises(OverBudgetError, match=r"may cost \$0.1100, .* raise DailyCapUsd") as caught:
        meter.reserve(11 * CENT)
    assert caught.value.delay_seconds == 3600
    assert shares == [1.0]
    assert call(meter) == CENT


def test_a_call_that_was_too_dear_does_not_send_cheaper_ones_away(build_meter):
    meter = build_meter(daily=10 * CENT)
    for _ in range(5):
        call(meter)
    with pytest.raises(OverBudgetError, match="is reached"):
        meter.reserve(6 * CENT)
    assert call(meter) == CENT


def test_shortly_before_midnight_the_wait_is_no_longer_than_the_day(build_meter, clock):
    clock.at = NOON + timedelta(hours=11, minutes=59, seconds=30)
    meter = build_meter(daily=10 * CENT)
    meter.reserve(8 * CENT)
    with pytest.raises(OverBudgetError) as caught:
        meter.reserve(5 * CENT)
    assert caught.value.delay_seconds == 30


def test_the_used_share_of_the_limit_is_told_as_it_grows(build_meter):
    shares = []
    meter = build_meter(daily=10 * CENT, note_share=shares.append)
    for _ in range(10):
        call(meter)
    assert shares == pytest.approx([number / 10 for number in range(1, 11)])
    for _ in range(3):
        with pytest.raises(OverBudgetError):
            call(meter)
    # The ledger was asked once; so one refusal is told.
    assert shares[10:] == [1.0]


def test_without_a_limit_no_share_is_told(build_meter):
    for daily in (None, 0):
        call(build_meter(daily=daily, note_share=pytest.fail), cost=0, usage=Usage(1, 0, 0))


def test_when_the_day_turns_work_goes_on(build_meter, table, clock):
    meter = build_meter(daily=2 * CENT)
    call(meter)
    call(meter)
    with pytest.raises(OverBudgetError):
        meter.reserve(CENT)
    clock.advance(hours=12)
    assert call(meter) == CENT
    assert read_day_spend(table, "2026-05-05", NOON).spent == CENT


def test_a_refusal_shortly_before_midnight_does_not_hold_after_it(build_meter, clock):
    clock.at = NOON + timedelta(hours=11, minutes=59, seconds=55)
    meter = build_meter(daily=CENT)
    call(meter)
    with pytest.raises(OverBudgetError):
        meter.reserve(CENT)
    clock.advance(seconds=10)
    assert call(meter) == CENT


def test_what_a_call_did_not_cost_is_there_for_others(build_meter, clock):
    meter = build_meter(daily=10 * CENT)
    reservation = meter.reserve(10 * CENT)
    with pytest.raises(OverBudgetError):
        meter.reserve(CENT)
    meter.settle(reservation, CALL)
    clock.advance(seconds=30)
    for _ in range(9):
        call(meter)
    with pytest.raises(OverBudgetError):
        meter.reserve(CENT)


def test_a_failed_call_gives_its_room_back(build_meter, table, clock):
    meter = build_meter(daily=CENT)
    for _ in range(5):
        meter.settle(meter.reserve(CENT), Usage())
    assert call(meter) == CENT
    assert read_day_spend(table, "2026-05-04", NOON).spent == CENT


def test_a_container_that_died_keeps_what_its_open_calls_may_have_cost(build_meter, table, clock):
    dead, alive = build_meter(daily=4_000 * CENT), build_meter(daily=4_000 * CENT)
    assert call(dead) == CENT
    dead.reserve(CENT)
    dead.reserve(CENT // 2)
    before = read_day_spend(table, "2026-05-04", clock())
    assert (before.spent, before.reserved) == (CENT, 19 * CENT)
    clock.advance(minutes=31)
    for _ in range(2):
        spend = read_day_spend(table, "2026-05-04", clock())
        (model,) = spend.models
        assert (model.calls, model.spent, model.left_open) == (1, 5 * CENT // 2, 3 * CENT // 2)
        assert spend.reserved == 0
        close_expired_leases(table, "2026-05-04", clock())
    assert call(alive, cost=3_997 * CENT) == CENT


def test_an_idle_container_that_goes_leaves_nothing_behind(build_meter, table, clock):
    meter = build_meter(daily=400 * CENT)
    for _ in range(3):
        call(meter)
    clock.advance(minutes=31)
    close_expired_leases(table, "2026-05-04", clock())
    spend = read_day_spend(table, "2026-05-04", clock())
    assert (spend.spent, spend.reserved) == (3 * CENT, 0)


def test_calls_of_a_batch_share_their_notes(build_meter, table, account):
    meter = build_meter(daily=100_000 * CENT)
    notes = []
    account.clients.dynamodb.meta.events.register(
        "before-call.dynamodb.UpdateItem", lambda **kw: notes.append(1)
    )
    barrier = threading.Barrier(10)

    def work(_):
        reservation = meter.reserve(5 * CENT)
        barrier.wait()
        return meter.settle(reservation, CALL)

    with ThreadPoolExecutor(10) as pool:
        assert list(pool.map(work, range(10))) == [CENT] * 10
    (model,) = read_day_spend(table, "2026-05-04", NOON).models
    assert (model.calls, model.spent) == (10, 10 * CENT)
    # One note a call is what it was before a call was noted ahead.
    assert len(notes) <= 10


def test_a_cost_that_could_not_be_written_is_carried_to_the_next_note(build_meter, table, clock):
    meter = build_meter(daily=400 * CENT)
    reservation = meter.reserve(3 * CENT)
    client, table_name = table.client, table.name
    object.__setattr__(table, "name", "gone")
    assert meter.settle(reservation, CALL) == CENT
    # Nor does a call go out that could not be noted before.
    with pytest.raises(ServiceError):
        meter.reserve(3 * CENT)
    object.__setattr__(table, "name", table_name)
    # The row still says what the call may have cost.
    lost = read_day_spend(table, "2026-05-04", NOON + timedelta(hours=1))
    assert lost.spent == 3 * CENT
    assert call(meter) == CENT
    (model,) = read_day_spend(table, "2026-05-04", NOON).models
    assert (model.calls, model.spent) == (2, 2 * CENT)
    assert client is table.client


def test_a_call_that_ends_in_a_bug_counts_at_its_most(build_meter, table):
    meter = build_meter()

    def fail():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        meter.run(fail, Usage(1, 3_000))
    (model,) = read_day_spend(table, "2026-05-04", NOON).models
    assert (model.calls, model.unanswered, model.spent) == (0, 1, 3 * CENT)


def test_chats_and_the_pipeline_have_a_limit_each(build_meter, table):
    chat, pipeline = build_meter(daily=2 * CENT, account=Account.CHAT), build_meter(daily=3 * CENT)
    for _ in range(2):
        call(chat)
    with pytest.raises(OverBudgetError):
        call(chat)
    for _ in range(3):
        call(pipeline)
    with pytest.raises(OverBudgetError):
        call(pipeline)
    spend = read_day_spend(table, "2026-05-04", NOON)
    assert spend.spent_by(Account.CHAT) == 2 * CENT
    assert spend.spent_by(Account.PIPELINE) == 3 * CENT
    with pytest.raises(OverBudgetError, match="raise ChatDailyCapUsd"):
        chat.reserve(3 * CENT)


def test_a_lease_that_is_drawn_on_late_is_still_accounted_for(build_meter, table, clock):
    meter = build_meter(daily=5 * CENT)
    reservation = meter.reserve(CENT)
    clock.advance(hours=1)
    assert close_expired_leases(table, "2026-05-04", clock()) == 1
    meter.settle(reservation, CALL)
    # It had been taken for dead, and what it had reserved for spent.
    assert read_day_spend(table, "2026-05-04", NOON).spent == 2 * CENT
    close_expired_leases(table, "2026-05-04", clock())
    other = build_meter(daily=5 * CENT)
    for _ in range(3):
        call(other)
    with pytest.raises(OverBudgetError):
        other.reserve(CENT)


def test_an_unknown_price_counts_tokens_and_holds_nothing_back(build_meter, table):
    meter = build_meter(daily=CENT, price=None)
    for _ in range(5):
        call(meter, cost=meter.compute_cost(Usage(1, 10**9, 10**9)))
    (model,) = read_day_spend(table, "2026-05-04", NOON).models
    assert (model.calls, model.input_tokens, model.spent) == (5, 5_000, 0)


@pytest.mark.parametrize("payer", [Account.PIPELINE, Account.CHAT])
def test_a_model_without_a_price_holds_a_limit_by_tokens(build_meter, table, payer):
    meters = [build_meter(daily=CENT, price=None, account=payer, tokens=10_000) for _ in range(3)]

    def run(meter):
        reply = ModelTurn(Turn(text="a"), "m", Usage(1, 900, 100))
        return meter.run(lambda: reply, Usage(1, 1_500, 500))

    costs = []
    with pytest.raises(OverBudgetError, match="the day's limit of 10,000 tokens"):
        for number in range(30):
            costs.append(run(meters[number % 3])[1])
    # None cost money. Each of the three has a lease left with room for less than a call.
    assert set(costs) == {0}
    spend = read_day_spend(table, "2026-05-04", NOON)
    assert 7_000 <= spend.spent_by(payer.of_tokens) <= 10_000
    assert (spend.spent, spend.reserved, spend.spent_by(payer)) == (0, 0, 0)
    (model,) = spend.models
    assert (model.account, model.input_tokens + model.output_tokens) == (
        payer,
        spend.spent_by(payer.of_tokens),
    )


def test_a_call_of_more_tokens_than_a_day_has_waits_for_a_higher_limit(build_meter):
    meter = build_meter(price=None, tokens=1_000)
    with pytest.raises(OverBudgetError, match="raise DailyCapTokens"):
        meter.run(lambda: None, Usage(1, 1_000, 500))


def test_a_model_with_a_price_is_limited_in_money_alone(build_meter):
    assert call(build_meter(tokens=500)) == CENT


def test_beside_a_large_limit_most_calls_write_nothing_to_be_let_through(
    build_meter, account, monkeypatch
):
    meter = build_meter(daily=100_000 * CENT)
    transactions = []
    account.clients.dynamodb.meta.events.register(
        "before-call.dynamodb.TransactWriteItems", lambda **kw: transactions.append(1)
    )
    for _ in range(100):
        call(meter)
    # A lease is opened and closed for every twenty calls.
    assert len(transactions) <= 10
