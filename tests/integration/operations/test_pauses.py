"""Consumers paused and resumed: what the ledger says holds, and what waits is not lost."""

from datetime import UTC, datetime, timedelta

import pytest

from pipeline.operations.pause import PauseServices, keep_pauses, pause, resume
from shared.errors import InvalidRequestError, ServiceError
from shared.ledger.pauses import count_paused_time, read_pauses
from tests.fakes.aws.ledger_rows import START, Clock, open_table

PAUSED = ("convert", "ingest", "recognise", "worker")
WHO = "arn:aws:iam::1:user/ada"


class Mappings:
    """Event source mappings that are there at once as they are told to be."""

    def __init__(self):
        self.ids = {"ingest": "1", "convert": "2", "recognise": "3", "worker": "4", "report": "5"}
        self.on = dict.fromkeys(self.ids, True)
        self.busy = set()

    def switch(self, consumer, *, on):
        if consumer in self.busy:
            raise ServiceError(f"the consumer {consumer}", delay_seconds=1.0, reason="busy")
        self.on[consumer] = on


@pytest.fixture
def mappings():
    return Mappings()


@pytest.fixture
def services(account, mappings):
    return PauseServices(open_table(account), mappings, Clock())


def test_ingest_and_worker_are_paused_and_go_on(services, mappings):
    pause([], "the provider is down", WHO, services)
    assert [name for name, on in mappings.on.items() if on] == ["report"]
    assert [(p.consumer, p.is_on, p.reason, p.by) for p in read_pauses(services.table)] == [
        (consumer, True, "the provider is down", WHO) for consumer in PAUSED
    ]
    resume([], WHO, services)
    assert all(mappings.on.values())
    assert not any(one.is_on for one in read_pauses(services.table))


def test_another_reason_leaves_the_time_and_a_consumer_can_be_named(services, mappings):
    (first,) = pause(["worker"], "one", WHO, services)
    (second,) = pause(["worker"], "two", WHO, services)
    assert (second.reason, second.since) == ("two", first.since)
    assert [name for name, on in mappings.on.items() if not on] == ["worker"]
    with pytest.raises(InvalidRequestError, match="ingest, convert, recognise, worker, report"):
        pause(["nosuch"], "x", WHO, services)


def test_what_switched_a_paused_consumer_on_is_undone_and_others_are_left_alone(services, mappings):
    """A deployment that makes a mapping anew; a mapping that somebody has switched off by hand."""
    pause(["worker"], "x", WHO, services)
    mappings.on |= {"ingest": False, "worker": True}
    assert keep_pauses(services) == 1
    assert [name for name, on in mappings.on.items() if not on] == ["ingest", "worker"]


def test_a_mapping_that_cannot_be_switched_keeps_no_other_one_from_it(services, mappings):
    pause([], "x", WHO, services)
    mappings.on = dict.fromkeys(mappings.ids, True)
    mappings.busy = {"convert", "recognise"}
    with pytest.raises(ServiceError, match="consumer convert"):
        keep_pauses(services)
    assert [name for name, on in mappings.on.items() if not on] == ["ingest", "worker"]
    mappings.busy.clear()
    assert keep_pauses(services) == len(PAUSED)
    assert [name for name, on in mappings.on.items() if on] == ["report"]


def test_a_pause_counts_from_its_beginning_to_its_end_and_only_since_a_time(account):
    table, at = open_table(account), datetime(2026, 3, 1, tzinfo=UTC)
    clock = Clock(at)
    mappings = Mappings()
    for days in (2, 3):
        clock.at = at
        pause(["worker"], "x", WHO, PauseServices(table, mappings, clock))
        clock.at += timedelta(days=days)
        resume(["worker"], WHO, PauseServices(table, mappings, clock))
        at = clock.at + timedelta(days=1)
    clock.at = at
    pause(["ingest"], "x", WHO, PauseServices(table, mappings, clock))
    pauses = read_pauses(table)
    now = at + timedelta(days=1)
    total = count_paused_time(pauses, START - timedelta(days=30), now)
    assert timedelta(days=5) <= total < timedelta(days=5, minutes=1)
    assert count_paused_time(pauses, now, now) == timedelta(0)
    assert count_paused_time([], START, now) == timedelta(0)
