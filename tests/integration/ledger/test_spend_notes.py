"""What a call has cost is noted with the transaction of its effect, and whatever becomes of it."""

import itertools
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from boto3.dynamodb.conditions import Attr

from pipeline.metering.lease_notes import LeaseNotes, OpenLease
from pipeline.metering.spend_meter import Limits, SpendMeter
from shared.aws.dynamodb_table import Put, RowCheck
from shared.errors import LedgerConflictError, ServiceError
from shared.ledger.spend import (
    Account,
    Lease,
    ModelSpend,
    close_lease,
    extend_lease,
    find_lease,
    open_lease,
    read_committed,
    read_day_spend,
)
from shared.llm.model import Usage
from shared.llm.turns import ModelTurn, Turn
from shared.prices import MICRO_USD_PER_USD, ModelPrice

CENT = MICRO_USD_PER_USD // 100
# One cent a call of 1,000 tokens.
PRICE = ModelPrice(input=10, output=0)
CALL = Usage(calls=1, input_tokens=1_000)
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
def meter(table):
    limits = Limits(price=PRICE, daily=10_000 * CENT, document=None, zone=ZoneInfo("UTC"))
    ids = itertools.count()
    return SpendMeter(table, "model", limits, lambda: NOON, lambda: f"lease-{next(ids)}")


def answer_within(meter):
    """Have a call answered that may cost three cents, and whose cost is noted later."""
    reply = ModelTurn(Turn(text="", calls=()), "model", CALL)
    assert meter.run(lambda: reply, Usage(1, 3_000), is_noted_later=True) == (reply, CENT)


def test_what_a_call_has_cost_goes_with_the_transaction_of_its_effect(meter, table):
    answer_within(meter)
    # Whoever dies here has cost the most that the call may have.
    later = NOON + timedelta(hours=1)
    assert read_day_spend(table, "2026-05-04", later).spent == 3 * CENT
    with meter.send_notes_along() as notes:
        # A transaction that is refused is refused for its effect.
        assert [note.condition for note in notes] == [None]
        table.transact([Put({"pk": "effect", "sk": "effect"}), *notes])
    (model,) = read_day_spend(table, "2026-05-04", later).models
    assert (model.calls, model.spent, model.left_open) == (1, CENT, 0)
    with meter.send_notes_along() as notes:
        assert notes == []


def test_a_cost_whose_transaction_fails_is_noted_by_itself(meter, table):
    answer_within(meter)
    with pytest.raises(LedgerConflictError), meter.send_notes_along() as notes:
        never = RowCheck("effect", "effect", Attr("pk").exists())
        table.transact([never, *notes])
    (model,) = read_day_spend(table, "2026-05-04", NOON + timedelta(hours=1)).models
    assert (model.calls, model.spent, model.left_open) == (1, CENT, 0)


def test_a_cost_whose_transaction_was_carried_out_though_its_answer_is_lost_counts_once(
    meter, table
):
    answer_within(meter)
    with pytest.raises(ServiceError), meter.send_notes_along() as notes:
        table.transact([Put({"pk": "effect", "sk": "effect"}), *notes])
        raise ServiceError("no answer", delay_seconds=1, reason="aws_service")
    answer_within(meter)
    with meter.send_notes_along() as notes:
        table.transact([Put({"pk": "effect", "sk": "other"}), *notes])
    (model,) = read_day_spend(table, "2026-05-04", NOON + timedelta(hours=1)).models
    assert (model.calls, model.spent, model.left_open) == (2, 2 * CENT, 0)


def test_what_one_call_has_cost_waits_while_the_row_covers_another(meter, table):
    reservation = meter.reserve(3 * CENT)
    answer_within(meter)
    with meter.send_notes_along() as notes:
        assert notes == []
    assert meter.settle(reservation, CALL) == CENT
    (model,) = read_day_spend(table, "2026-05-04", NOON + timedelta(hours=1)).models
    assert (model.calls, model.spent, model.left_open) == (2, 2 * CENT, 0)


def test_who_dies_with_a_cost_that_waits_has_cost_the_most_of_both_and_no_call_is_counted(
    meter, table
):
    meter.reserve(3 * CENT)
    answer_within(meter)
    with meter.send_notes_along() as notes:
        table.transact([Put({"pk": "effect", "sk": "effect"}), *notes])
    (model,) = read_day_spend(table, "2026-05-04", NOON + timedelta(hours=1)).models
    assert (model.calls, model.spent, model.left_open) == (0, 6 * CENT, 6 * CENT)


@contextmanager
def sent_twice(table):
    """Each change of a row is sent again, as by a client that waits for its answer in vain."""
    original = table.client.update_item

    def update_twice(**request):
        original(**request)
        return original(**request)

    table.client.update_item = update_twice
    try:
        yield
    finally:
        table.client.update_item = original


def test_a_note_that_is_sent_again_counts_once(meter, table):
    with sent_twice(table):
        for _ in range(3):
            assert meter.settle(meter.reserve(3 * CENT), CALL) == CENT
    (model,) = read_day_spend(table, "2026-05-04", NOON + timedelta(hours=1)).models
    assert (model.calls, model.spent, model.left_open) == (3, 3 * CENT, 0)


def test_a_lease_is_not_closed_while_its_note_is_on_its_way(table):
    """Its row still says what its call may cost: closed by that, it would have cost the most."""
    lease = Lease(day="2026-05-04", lease_id="a", model="model", amount=CENT, expires_at="")
    used = ModelSpend(model="model", calls=1, spent=CENT)
    one = OpenLease(lease, NOON, unwritten=used, noted_open_cost=CENT)
    notes = LeaseNotes(table, threading.Lock())
    with notes.send_along([one]) as updates:
        assert len(updates) == 1
        assert not one.is_settled
        table.transact(updates)
    assert one.is_settled


def test_a_lease_that_was_extended_since_it_was_read_is_not_closed_by_what_it_was(table):
    lease = Lease(day="2026-05-04", lease_id="a", model="model", amount=CENT, expires_at="x")
    assert open_lease(table, lease, 10 * CENT)
    assert extend_lease(table, lease, 2 * CENT, 10 * CENT)
    assert not close_lease(table, lease)
    assert close_lease(table, find_lease(table, lease))
    assert read_committed(table, "2026-05-04", Account.PIPELINE) == 0
