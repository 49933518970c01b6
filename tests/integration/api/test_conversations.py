"""Conversations: one turn at a time, each owner's own, and gone after their time."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.aws.dynamodb_table import LedgerTable, Put
from shared.conversations import Conversations, ConversationTurn
from shared.errors import ConversationBusyError, ServiceError
from tests.fakes.aws.ledger_rows import scan_rows

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


class SetClock:
    def __init__(self):
        self.at = START

    def __call__(self):
        return self.at

    def go_on(self, **time):
        self.at += timedelta(**time)


@pytest.fixture
def clock():
    return SetClock()


@pytest.fixture
def table(account):
    return LedgerTable(account.clients.dynamodb, "seashore-conversations", lambda seconds: None)


@pytest.fixture
def mine(table, clock):
    return Conversations(table, "me", 30, clock)


def say(conversations, thread_id, *messages):
    """Add turns; each answers with the message backwards."""
    for message in messages:
        claim = conversations.claim(thread_id, "holder")
        conversations.add_turn(claim, make_turn(claim, message, conversations.now()))


def make_turn(claim, message, at=START):
    return ConversationTurn(
        number=claim.thread.turns + 1,
        at=at.isoformat(),
        request_id="r",
        message=message,
        answer=message[::-1],
    )


def test_turns_are_read_in_order_and_only_the_newest(mine):
    say(mine, "t", *(f"message {n}" for n in range(1, 13)))
    thread = mine.find("t")
    assert (thread.turns, thread.title) == (12, "message 1")
    assert [turn.number for turn in mine.read_turns(thread, 3)] == [10, 11, 12]
    assert mine.read_turns(thread, 100)[0].answer == "1 egassem"


def test_a_second_turn_waits_for_the_first(mine):
    say(mine, "t", "first")
    claim = mine.claim("t", "one")
    with pytest.raises(ConversationBusyError):
        mine.claim("t", "two")
    mine.claim("other", "two")
    mine.add_turn(claim, make_turn(claim, "second"))
    assert mine.claim("t", "two").thread.turns == 2


def test_a_claim_that_ran_out_cannot_add_its_turn_between_others(mine, clock):
    say(mine, "t", "first")
    late = mine.claim("t", "late")
    clock.go_on(seconds=41)
    say(mine, "t", "overtakes")
    with pytest.raises(ConversationBusyError):
        mine.add_turn(late, make_turn(late, "late"))
    mine.release(late)
    assert [turn.message for turn in mine.read_turns(mine.find("t"), 9)] == ["first", "overtakes"]


def test_the_claim_of_a_turn_that_failed_leaves_nothing(mine, table):
    mine.release(mine.claim("new", "one"))
    assert scan_rows(table) == {}
    say(mine, "old", "first")
    mine.release(mine.claim("old", "one"))
    say(mine, "old", "second")
    assert mine.find("old").turns == 2


def test_a_thread_is_not_seen_before_its_first_turn(mine):
    mine.claim("t", "one")
    assert mine.find("t") is None
    assert mine.list_threads(10) == []


def test_threads_are_listed_newest_turn_first_and_by_owner(mine, table, clock):
    for thread_id in ("a", "b", "a", "c"):
        clock.go_on(minutes=1)
        say(mine, thread_id, f"about {thread_id}")
    say(Conversations(table, "you", 30, clock), "a", "yours")
    assert [thread.thread_id for thread in mine.list_threads(10)] == ["c", "a", "b"]
    assert len(mine.list_threads(2)) == 2
    yours = Conversations(table, "you", 30, clock)
    assert [turn.message for turn in yours.read_turns(yours.find("a"), 9)] == ["yours"]


def test_a_deleted_thread_leaves_no_row(mine, table, clock):
    yours = Conversations(table, "you", 30, clock)
    say(yours, "t", "stays")
    before = scan_rows(table)
    say(mine, "t", "first")
    # More than one transaction takes.
    rows = [{"pk": "THREAD#me#t", "sk": f"TURN#{number:06d}"} for number in range(2, 32)]
    table.transact([Put(row) for row in rows])
    assert mine.delete("t", "one") is True
    assert scan_rows(table) == before
    assert mine.delete("t", "one") is False


def delete_while(table, clock, happens):
    """Delete my thread `t`; something happens once its first turns are gone."""

    class Interrupted(LedgerTable):
        def transact(self, operations):
            super().transact(operations)
            happens()

    return Conversations(Interrupted(**vars(table)), "me", 30, clock).delete("t", "one")


def test_a_turn_that_came_while_a_thread_was_being_deleted_stays(mine, table, clock):
    def overtake():
        clock.go_on(seconds=41)
        say(mine, "t", "later")

    say(mine, "t", "first")
    with pytest.raises(ConversationBusyError):
        delete_while(table, clock, overtake)
    assert [turn.message for turn in mine.read_turns(mine.find("t"), 9)] == ["later"]


def test_no_more_is_deleted_of_a_thread_that_has_moved_on(mine, table, clock):
    def overtake():
        clock.go_on(seconds=41)
        say(mine, "t", "later")

    # One more than a transaction deletes.
    for number in range(1, 27):
        say(mine, "t", str(number))
    with pytest.raises(ConversationBusyError):
        delete_while(table, clock, overtake)
    assert [turn.message for turn in mine.read_turns(mine.find("t"), 9)] == ["26", "later"]


def test_a_thread_that_could_not_be_deleted_is_free_at_once(mine, table, clock):
    def fail():
        raise ServiceError("down", delay_seconds=5, reason="aws_service")

    say(mine, "t", "first")
    with pytest.raises(ServiceError):
        delete_while(table, clock, fail)
    assert mine.delete("t", "two") is True
    assert scan_rows(table) == {}


def test_a_thread_that_is_being_answered_is_not_deleted(mine):
    say(mine, "t", "first")
    mine.claim("t", "one")
    with pytest.raises(ConversationBusyError):
        mine.delete("t", "two")
    assert mine.find("t").turns == 1


def test_what_has_expired_is_not_there_even_before_dynamodb_removes_it(mine, table, clock):
    say(mine, "t", "old")
    clock.go_on(days=20)
    say(mine, "t", "newer")
    clock.go_on(days=11)
    assert [turn.message for turn in mine.read_turns(mine.find("t"), 9)] == ["newer"]
    clock.go_on(days=20)
    assert mine.find("t") is None
    say(mine, "t", "anew")
    thread = mine.find("t")
    assert thread.title == "anew"
    assert [turn.message for turn in mine.read_turns(thread, 9)] == ["anew"]
    assert all("expires_at" in row for row in scan_rows(table).values())
