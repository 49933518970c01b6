"""A day looked at again and again: its figures are those of a first look, and less is read."""

from datetime import timedelta

import pytest

from pipeline.report.day_look import DayLook
from tests.fakes.aws.ledger_rows import force
from tests.fakes.desks.report_desk import DAY, Desk


@pytest.fixture
def desk(account):
    return Desk(account)


@pytest.fixture
def read_keys(desk):
    """How many documents each look reads; emptied by whoever looks."""
    counts = []

    def count(params, **_):
        (request,) = params["RequestItems"].values()
        if any(key["sk"]["S"] == "DOC" for key in request["Keys"]):
            counts.append(len(request["Keys"]))

    desk.table.client.meta.events.register("provide-client-params.dynamodb.BatchGetItem", count)
    return counts


def tell(desk, look, day=DAY):
    report = look.look_at(day, desk.services)
    assert report.is_reconciled
    # What was seen before changes no figure.
    assert report == DayLook().look_at(day, desk.services)
    counts = report.documents
    return counts.received, counts.done, counts.in_flight, counts.failed, counts.deleted


def test_what_is_done_is_not_read_again_and_what_goes_on_is(desk, read_keys):
    done = [desk.put_document(f"done-{number}") for number in range(5)]
    failed = desk.put_document("failed", "FAILED", reason_code="ingest_failed", reason="no")
    look = DayLook()
    assert tell(desk, look) == (6, 5, 0, 1, 0)
    read_keys.clear()
    look.look_at(DAY, desk.services)
    assert read_keys == [1]
    # One is redone, the failed one is replayed, another arrives.
    force(desk.table, done[0], status="EXTRACTED", in_flight="yes")
    force(desk.table, failed, status="SUMMARIZING", in_flight="yes")
    desk.put_document("new", "RECEIVED", in_flight="yes")
    assert tell(desk, look) == (7, 4, 3, 0, 0)
    force(desk.table, done[0], status="DONE", in_flight=None)
    assert tell(desk, look) == (7, 5, 2, 0, 0)


@pytest.mark.parametrize("status", ["FAILED", "PARTIAL"])
def test_what_was_redone_and_given_up_between_two_looks_is_told_at_once(desk, status):
    documents = [desk.put_document(f"done-{number}") for number in range(3)]
    look = DayLook()
    assert tell(desk, look) == (3, 3, 0, 0, 0)
    force(desk.table, documents[0], status=status, in_flight="given_up", chunks_failed=1)
    assert tell(desk, look)[1] == 2


def test_what_was_deleted_is_told_after_a_few_minutes(desk):
    documents = [desk.put_document(f"done-{number}") for number in range(3)]
    look = DayLook()
    assert tell(desk, look) == (3, 3, 0, 0, 0)
    force(desk.table, documents[0], status="DELETED")
    desk.at += timedelta(minutes=4)
    assert look.look_at(DAY, desk.services).documents.deleted == 0
    desk.at += timedelta(minutes=2)
    assert tell(desk, look) == (3, 2, 0, 0, 1)


def test_what_is_old_is_read_anew_in_parts_the_oldest_first(desk, read_keys, monkeypatch):
    monkeypatch.setattr("pipeline.report.day_look._MOST_READ_ANEW", 2)
    for number in range(5):
        desk.put_document(f"done-{number}")
    look = DayLook()
    look.look_at(DAY, desk.services)
    desk.at += timedelta(minutes=6)
    read_keys.clear()
    for _ in range(4):
        look.look_at(DAY, desk.services)
    assert read_keys == [2, 2, 1]


def test_another_day_begins_anew(desk):
    desk.put_document("done")
    look = DayLook()
    assert tell(desk, look) == (1, 1, 0, 0, 0)
    assert tell(desk, look, "2026-02-28") == (0, 0, 0, 0, 0)
    assert tell(desk, look) == (1, 1, 0, 0, 0)
