"""What was given up, in a partition of its own: what comes in, what leaves, and what was before."""

from datetime import timedelta

import pytest

from pipeline.dead_letters.given_up import list_given_up
from pipeline.dead_letters.lost_items import LostSearch, settle_lost_items
from shared.aws.dynamodb_table import IN_FLIGHT_INDEX, Update
from shared.dead_letters.given_up import complete_given_up
from shared.deadline import Deadline
from shared.ledger.chunks import Chunk, ChunkStatus, record_chunk
from shared.ledger.documents import GIVEN_UP, find_document, move_document
from shared.ledger.erasures import order_erasure
from shared.ledger.redoing import begin_redo
from shared.ledger.subjects import mark_discarded
from shared.ledger.tasks import fail_task, find_task, register_task, start_task
from shared.ledger.waiting import note_wait
from shared.lifecycle import DocumentStatus
from shared.messages.document_messages import Redo
from shared.messages.message import Subject
from tests.fakes.aws.ledger_rows import (
    extract_document,
    force,
    make_upload,
    scan_rows,
)
from tests.fakes.swept_ledger import find_whole

FAILED, PARTIAL, SUMMARIZING = (
    DocumentStatus.FAILED,
    DocumentStatus.PARTIAL,
    DocumentStatus.SUMMARIZING,
)
SOON = Deadline.after(600)


def list_partition(table):
    rows = table.query_index(IN_FLIGHT_INDEX, "in_flight", GIVEN_UP, newest_first=False)
    return [row["pk"].partition("#")[2] for row in rows if row["pk"] != "GIVEN_UP"]


def list_ids(table, now):
    return {one.end.item_id for one in list_given_up(table, now())}


def give_up_document(table, now, key="a.pdf", status=FAILED, code="ingest_failed", chunks_failed=0):
    document = extract_document(table, now, upload=make_upload(key=key))
    document = force(table, document, chunks_failed=chunks_failed, chunks_done=1)
    document = move(table, document, SUMMARIZING, now)
    return move(table, document, status, now, reason_code=code, reason="a cause")


def move(table, document, status, now, **changes):
    move_document(table, document, status, now, step="test", changes=changes)
    return find_document(table, document.document_id)


def give_up_task(table, now, task_id="t", **terms):
    register_task(table, task_id=task_id, kind="ask", about="?", digest="d", callback=None, now=now)
    fail_task(table, find_task(table, task_id), "a cause", now, **terms)
    return find_task(table, task_id)


def forget_partition(table):
    """As a release before the partition left its rows."""
    for (pk, sk), row in scan_rows(table).items():
        if row.get("in_flight") == GIVEN_UP and pk != "GIVEN_UP":
            table.update_row(Update(pk, sk, assign={"in_flight": None}))


@pytest.mark.parametrize(
    ("ending", "is_there"),
    [
        ({}, True),
        ({"code": "not_summarised", "chunks_failed": 2}, True),
        ({"status": PARTIAL, "code": "pages_missing", "chunks_failed": 1}, True),
        ({"status": PARTIAL, "code": "pages_missing"}, False),
        ({"code": "lost"}, False),
        ({"status": DocumentStatus.DONE, "code": None, "chunks_failed": 0}, False),
    ],
)
def test_a_document_is_there_while_letters_of_it_may_be(table, now, ending, is_there):
    document = give_up_document(table, now, **ending)
    assert list_partition(table) == [document.document_id] * is_there
    find_whole(table, now)
    assert list_ids(table, now) == {document.document_id} & set(list_partition(table))


def test_a_document_leaves_with_whatever_becomes_of_it(table, now):
    taken_up = give_up_document(table, now, "a.pdf", PARTIAL, "pages_missing", chunks_failed=1)
    again = give_up_document(table, now, "b.pdf")
    redone = give_up_document(table, now, "c.pdf")
    deleted = give_up_document(table, now, "d.pdf")
    erased = give_up_document(table, now, "e.pdf")
    assert len(list_partition(table)) == 5
    chunk = Chunk(
        document_id=taken_up.document_id, run=1, chunk_number=1, first_page=1, last_page=1,
        status=ChunkStatus.DONE, summary={},
    )  # fmt: skip
    assert record_chunk(table, chunk, now)
    move(table, again, DocumentStatus.EXTRACTED, now)
    order = Redo(document_id=redone.document_id, run=1, order="o", by="me")
    begin_redo(table, redone, order, now)
    move(table, deleted, DocumentStatus.DELETED, now, reason_code="deleted")
    order_erasure(table, erased, "", "me", now())
    assert list_partition(table) == []


def test_a_task_is_there_until_it_is_taken_up_and_a_lost_one_never(table, now):
    task = give_up_task(table, now)
    give_up_task(table, now, "lost", stays_in_flight=True)
    assert list_partition(table) == ["t"]
    start_task(table, task, now)
    assert list_partition(table) == []


def test_what_was_given_up_is_never_taken_for_waiting_nor_for_lost(table, now):
    document, task = give_up_document(table, now), give_up_task(table, now)
    for pk, sk in ((f"DOC#{document.document_id}", "DOC"), ("TASK#t", "TASK")):
        details = {"item": "i", "reason": "throttled", "delay_seconds": 60}
        note_wait(table, (pk, sk), now(), "deferred", details)
        assert "deferred_until" not in scan_rows(table)[pk, sk]
    search = LostSearch(table, now() + timedelta(days=90), lambda task: None, now)
    lost = settle_lost_items(search, 1, SOON, 0)
    assert (lost.documents, lost.tasks) == (0, 0)
    assert find_task(table, "t") == task


def test_a_discarded_letter_stays_listed_as_that(table, now):
    give_up_task(table, now)
    find_whole(table, now)
    for at in (now() + timedelta(days=1), None):
        mark_discarded(table, [Subject("task", "t")], at)
        assert [one.is_discarded for one in list_given_up(table, now())] == [at is not None]


def test_rows_of_an_earlier_release_show_before_and_after_the_sweep_has_marked_them(table, now):
    ids = {
        give_up_document(table, now).document_id,
        give_up_document(table, now, "p.pdf", PARTIAL, "x", chunks_failed=1).document_id,
        give_up_task(table, now).task_id,
    }
    give_up_document(table, now, "lost.pdf", code="lost")
    give_up_document(table, now, "done.pdf", DocumentStatus.DONE, None)
    forget_partition(table)
    assert list_ids(table, now) == ids
    find_whole(table, now)
    assert set(list_partition(table)) == ids
    assert list_ids(table, now) == ids


def test_nothing_is_marked_while_an_earlier_release_may_still_run(table, now):
    give_up_task(table, now)
    forget_partition(table)
    for _ in range(3):
        complete_given_up(table, now, SOON, 0)
    assert list_partition(table) == []
    assert list_ids(table, now) == {"t"}


def test_after_a_gap_rows_of_an_earlier_release_are_looked_for_again(table, now):
    find_whole(table, now)
    give_up_task(table, now)
    forget_partition(table)
    # It ticks after 20 minutes, then after 50, then not for longer than three times that.
    for minutes, ids in ((70, set()), (160, {"t"})):
        now.at += timedelta(minutes=minutes)
        complete_given_up(table, now, SOON, 0)
        assert list_ids(table, now) == ids
    assert list_partition(table) == []
    find_whole(table, now)
    assert list_partition(table) == ["t"]


def test_a_sweep_that_comes_once_an_hour_marks_once(table, now):
    give_up_task(table, now)
    forget_partition(table)

    def tick(hours):
        now.at += timedelta(hours=hours)
        complete_given_up(table, now, SOON, 0)
        return list_partition(table)

    # What has come once may have been away for an hour, with an earlier release at work.
    assert [tick(hours) for hours in (0, 1, 1)] == [[], [], ["t"]]
    forget_partition(table)
    assert [tick(hours) for hours in (1, 1, 3, 10, 1)] == [[], [], [], [], ["t"]]


def test_an_earlier_release_that_was_back_after_one_tick_is_a_gap(table, now):
    complete_given_up(table, now, SOON, 0)
    now.at += timedelta(days=7)
    give_up_task(table, now)
    forget_partition(table)
    for minutes in range(0, 40, 10):
        complete_given_up(table, now, SOON, 0)
        assert list_ids(table, now) == {"t"}
        assert list_partition(table) == ["t"] * (minutes >= 20)
        now.at += timedelta(minutes=10)
    # Nor is a week what lies between two ticks from then on.
    forget_partition(table)
    now.at += timedelta(hours=2)
    complete_given_up(table, now, SOON, 0)
    assert list_ids(table, now) == {"t"}


def test_a_sweep_that_runs_out_of_time_goes_on_at_its_next_tick(table, now):
    give_up_task(table, now)
    forget_partition(table)
    complete_given_up(table, now, SOON, 0)
    now.at += timedelta(minutes=20)
    complete_given_up(table, now, Deadline.after(0), 0)
    assert list_partition(table) == []
    assert list_ids(table, now) == {"t"}
    complete_given_up(table, now, SOON, 0)
    assert list_partition(table) == ["t"]


def test_a_list_reads_nothing_but_what_was_given_up(table, now):
    give_up_task(table, now)
    for number in range(20):
        give_up_document(table, now, f"{number}.pdf", DocumentStatus.DONE, None)
    find_whole(table, now)
    calls = []
    events = table.client.meta.events
    events.register("before-call.dynamodb", lambda model, **_: calls.append(model.name))
    assert list_ids(table, now) == {"t"}
    assert calls == ["Query", "BatchGetItem"]
