"""Calls of a model that wait for each other across containers, on moto's DynamoDB."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.aws.dynamodb_table import LedgerTable
from shared.deadline import Deadline
from shared.errors import ModelThrottledError
from shared.llm.call_slots import CallSlots
from shared.llm.chat_completions.openai_client import build_openai_client
from shared.llm.chat_completions.openai_model import OpenAIModel
from shared.llm.model_window import ModelWindow
from tests.fakes.model.chat_behaviours import failing
from tests.fakes.model.chat_server import ChatServer
from tests.fakes.model.openai_requests import answer

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


class Time:
    """A clock that moves while somebody sleeps."""

    def __init__(self):
        self.seconds = 0.0
        self.when_asleep = lambda: None

    def __call__(self):
        return self.seconds

    def now(self):
        return NOON + timedelta(seconds=self.seconds)

    def sleep(self, seconds):
        self.seconds += seconds
        self.when_asleep()


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def open_container(account, time):
    """The slots as another container sees them."""
    table = LedgerTable(account.clients.dynamodb, account.settings.ledger_table, time.sleep)
    ids = iter(range(100))

    def open_slots(count=1):
        return CallSlots(lambda: table, count, time.now, time.sleep, lambda: f"id-{next(ids)}")

    return open_slots


def test_a_call_waits_for_that_of_another_container_and_then_runs(open_container, time):
    first = open_container().hold(Deadline.after(600, time))
    first.__enter__()
    time.when_asleep = lambda: first.__exit__(None, None, None) if time.seconds == 20 else None
    with open_container().hold(Deadline.after(600, time)):
        assert time.seconds == 20


def test_who_waits_too_long_is_put_off_and_uses_up_no_receive(open_container, time):
    with (
        open_container().hold(Deadline.after(600, time)),
        pytest.raises(ModelThrottledError, match="ModelCallsAtOnce is 1") as busy,
        open_container().hold(Deadline.after(300, time)),
    ):
        pass
    assert busy.value.reason == "model_busy"
    # Two thirds of the time would have been left for the call.
    assert 95 < time.seconds <= 100


def test_a_slot_whose_taking_was_answered_to_nobody_is_ours(open_container, time, monkeypatch):
    """The client sends the request again, which is refused by what it has done itself."""
    write, lost = LedgerTable.update_row, []

    def write_twice(table, update):
        if not lost:
            lost.append(write(table, update))
        return write(table, update)

    monkeypatch.setattr(LedgerTable, "update_row", write_twice)
    for _ in range(2):
        with open_container().hold(Deadline.after(600, time)):
            assert time.seconds == 0


def test_there_are_as_many_slots_as_were_said(open_container, time):
    deadline = Deadline.after(30, time)
    with (
        open_container(2).hold(deadline),
        open_container(2).hold(deadline),
        pytest.raises(ModelThrottledError),
        open_container(2).hold(deadline),
    ):
        pass


def test_the_slot_of_a_process_that_died_is_free_when_its_call_must_have_ended(
    open_container, time
):
    dead = open_container().hold(Deadline.after(100, time))
    dead.__enter__()
    time.seconds = 112
    with open_container().hold(Deadline.after(30, time)):
        # Should it live after all, it takes nothing from who holds the slot now.
        dead.__exit__(None, None, None)
        with (
            pytest.raises(ModelThrottledError),
            open_container().hold(Deadline.after(20, time)),
        ):
            pass


def test_a_slot_is_held_for_a_call_and_not_for_the_wait_after_it(open_container, time):
    slots = open_container()

    def look(seconds):
        with open_container().hold(Deadline.after(3, time)):
            sleeps.append(seconds)

    sleeps = []
    with ChatServer() as server, build_openai_client(server.url) as client:
        server.script(failing("error_503"))
        model = OpenAIModel(client, "test-model", ModelWindow(32_000), slots=slots, sleep=look)
        assert answer(model).value.title == "Seals"
        assert len(server.calls) == 2
    assert len(sleeps) == 1
    with slots.hold(Deadline.after(3, time)):
        pass


def test_who_waits_for_a_slot_writes_nothing(open_container, time, account):
    writes = []
    account.clients.dynamodb.meta.events.register(
        "before-call.dynamodb.UpdateItem", lambda **kw: writes.append(1), unique_id="slots"
    )
    with (
        open_container(2).hold(Deadline.after(600, time)),
        open_container(2).hold(Deadline.after(600, time)),
    ):
        taken = len(writes)
        with pytest.raises(ModelThrottledError), open_container(2).hold(Deadline.after(60, time)):
            pass
        account.clients.dynamodb.meta.events.unregister(
            "before-call.dynamodb.UpdateItem", unique_id="slots"
        )
        assert (taken, len(writes)) == (2, 2)
