"""Which letters are replayed, which first, and what the ledger says of their work."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dead_letters.finished_work import can_be_followed, has_succeeded, tell_if_finished
from pipeline.dead_letters.replay import choose_canaries, plan_replay
from shared.dead_letters.letters import identify_work
from shared.ledger.document_texts import settled_row_key
from shared.ledger.documents import document_row_key
from shared.ledger.tasks import task_row_key
from shared.messages.document_messages import Combine
from shared.messages.message import encode_message
from shared.messages.reading_messages import ContinueIngest, RecognisePage, RenderPages, TakeUpPages
from shared.messages.s3_notifications import decode_upload_notice
from shared.messages.tasks import AgentTask
from shared.queue_catalogue import RECOGNITION, UPLOADS, WORK
from tests.fakes.aws.aws_account import notification
from tests.fakes.dead_letter_boxes import chunk_body, make_letter, make_state


def make_letters(replays):
    return [
        make_letter(state=make_state(f"m{number}", replays=count))
        for number, count in enumerate(replays)
    ]


@given(
    st.lists(st.integers(0, 6), max_size=12),
    st.sets(st.integers(0, 11)),
    st.integers(1, 5),
    st.booleans(),
    st.none() | st.integers(1, 8),
)
def test_a_plan_has_every_letter_once(replays, finished, max_replays, force, limit):
    letters = make_letters(replays)
    reasons = {letter.key: "done" for n, letter in enumerate(letters) if n in finished}
    plan = plan_replay(letters, reasons, max_replays=max_replays, force=force, limit=limit)
    parts = [*plan.letters, *(one for one, _ in plan.finished), *plan.over_cap, *plan.beyond_limit]
    assert sorted(one.letter_id for one in parts) == sorted(one.letter_id for one in letters)
    assert limit is None or len(plan.letters) <= limit
    assert not plan.beyond_limit or len(plan.letters) == limit
    assert not (force and plan.over_cap)
    assert force or all(one.state.replays < max_replays for one in plan.letters)
    assert all(one.state.replays >= max_replays for one in plan.over_cap)
    assert not {one.key for one in plan.letters} & set(reasons)


def test_canaries_come_from_every_cause():
    letters = [make_letter(state=make_state(f"a{n}", "A")) for n in range(5)]
    letters += [make_letter(state=make_state("b0", "B"))]
    assert [one.letter_id for one in choose_canaries(letters, 3)] == ["a0", "b0", "a1"]
    assert len(choose_canaries(letters, 100)) == 6
    assert choose_canaries([], 3) == ()


@pytest.mark.parametrize(
    ("body", "followed"),
    [
        (chunk_body(), True),
        ('{"kind": "agent", "prompt": "x"}', True),
        ("unreadable", True),
        ('{"kind": "sweep"}', False),
        ('{"kind": "task_callback", "task_id": "t", "attempt": 1}', False),
    ],
)
def test_only_what_leaves_a_trace_can_be_a_canary(body, followed):
    assert can_be_followed(identify_work(WORK, body, "m")) is followed


def document_rows(document_id="d1", **row):
    key = document_row_key(document_id)
    base = {
        "document_id": document_id,
        "bucket": "b",
        "key": "a.pdf",
        "status": "SUMMARIZING",
        "run": 1,
        "received_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
        "chunks_total": 3,
        "chunks_done": 1,
    }
    return {key: base | row}


CHUNK_DONE = {("DOC#d1", "CHUNK#0001#000001"): {"status": "DONE"}}
CHUNK_FAILED = {("DOC#d1", "CHUNK#0001#000001"): {"status": "FAILED"}}


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ({}, None),
        (document_rows(), None),
        (document_rows(status="PARTIAL") | CHUNK_FAILED, None),
        (document_rows(status="FAILED") | CHUNK_FAILED, None),
        (document_rows(run=2), "read anew"),
        (document_rows(status="DONE"), "DONE"),
        (document_rows() | CHUNK_DONE, "summarised"),
        (
            document_rows(status="PARTIAL", chunks_done=2, chunks_failed=1) | CHUNK_DONE,
            "summarised",
        ),
        # All parts are there and nobody combines them: the replay does.
        (document_rows(chunks_done=3) | CHUNK_DONE, None),
    ],
)
def test_whether_a_chunk_needs_a_replay(rows, reason):
    told = tell_if_finished(identify_work(WORK, chunk_body(), "m"), rows)
    assert (told is None) if reason is None else (reason in told)


@pytest.mark.parametrize(
    ("row", "finished"),
    [
        ({"status": "FAILED", "chunks_done": 2}, False),
        ({"status": "SUMMARIZING", "chunks_done": 2}, False),
        ({"status": "PARTIAL", "chunks_done": 2}, True),
        ({"status": "FAILED", "chunks_done": 3}, True),
        ({"status": "FAILED", "chunks_done": 2, "run": 2}, True),
        ({"status": "FAILED", "chunks_done": 2, "is_recognised": True}, True),
    ],
)
def test_whether_a_combination_needs_a_replay(row, finished):
    body = encode_message(Combine(document_id="d1", run=1, chunks_done=2))
    told = tell_if_finished(identify_work(WORK, body, "m"), document_rows(**row))
    assert (told is not None) is finished


PAGE_SETTLED = {settled_row_key("d1", 1, 2): {"page": 2}}
BEING_RECOGNISED = document_rows(recognising_pages="2,4")
TAKEN_UP = document_rows(status="PARTIAL", is_recognised=True)
TAKEN_UP_UNSENT = document_rows(is_recognised=True)


@pytest.mark.parametrize(
    ("rows", "page", "render", "take_up"),
    [
        ({}, "not in the ledger", "not in the ledger", "not in the ledger"),
        (BEING_RECOGNISED, None, None, None),
        (BEING_RECOGNISED | PAGE_SETTLED, "redo its document", None, None),
        (TAKEN_UP | PAGE_SETTLED, "redo its document", "taken up", "taken up"),
        # What follows may not be sent yet: the replay sends it.
        (TAKEN_UP_UNSENT, "taken up", "taken up", None),
        (document_rows(run=2), "read anew", "read anew", "read anew"),
        (document_rows(status="CANCELLED"), "CANCELLED", "CANCELLED", "CANCELLED"),
    ],
)
def test_whether_pages_need_a_replay_to_be_recognised(rows, page, render, take_up):
    about = {"document_id": "d1", "run": 1}
    letters = [
        (RECOGNITION, RecognisePage(**about, page=2, picture_key="k"), page),
        (UPLOADS, RenderPages(**about, first_page=1), render),
        (RECOGNITION, TakeUpPages(**about), take_up),
    ]
    for queue, message, reason in letters:
        work = identify_work(queue, encode_message(message), "m")
        told = tell_if_finished(work, rows)
        assert (told is None) if reason is None else (reason in told)
        # So a canary of them comes to an end.
        assert has_succeeded(work, rows) is (reason is not None)


@pytest.mark.parametrize(
    ("row", "finished", "succeeded"),
    [
        ({"status": "RECEIVED"}, False, False),
        ({"status": "FAILED"}, False, False),
        ({"status": "EXTRACTED"}, False, True),
        ({"status": "SUMMARIZING"}, False, True),
        ({"status": "SUMMARIZING", "chunks_done": 3}, True, True),
        ({"status": "DONE"}, True, True),
        ({"status": "REJECTED"}, True, True),
    ],
)
def test_whether_an_upload_needs_a_replay(row, finished, succeeded):
    body = make_notice("a.pdf")
    (upload,) = decode_upload_notice(body).uploads
    work = identify_work(UPLOADS, body, "m")
    rows = document_rows(upload.document_id, **row)
    assert (tell_if_finished(work, rows) is not None) is finished
    assert has_succeeded(work, rows) is succeeded
    assert tell_if_finished(work, {}) is None
    rest = encode_message(ContinueIngest(document_id=upload.document_id, run=1, next_page=2))
    assert (tell_if_finished(identify_work(UPLOADS, rest, "m"), rows) is not None) is finished
    assert tell_if_finished(identify_work(UPLOADS, rest, "m"), {}) is not None


@pytest.mark.parametrize("is_erased", [False, True])
def test_nothing_is_left_to_do_for_a_deleted_document(is_erased):
    notice = make_notice("a.pdf")
    (upload,) = decode_upload_notice(notice).uploads
    rows = document_rows(status="DELETED") | document_rows(upload.document_id, status="DELETED")
    if is_erased:
        rows = {key: {"document_id": row["document_id"]} for key, row in rows.items()}
    works = [
        identify_work(WORK, chunk_body(), "m"),
        identify_work(WORK, encode_message(Combine(document_id="d1", run=1, chunks_done=1)), "m"),
        identify_work(UPLOADS, notice, "m"),
    ]
    for work in works:
        assert ("erased" if is_erased else "DELETED") in tell_if_finished(work, rows)
        assert has_succeeded(work, rows)


@pytest.mark.parametrize(
    ("run", "status", "finished"),
    [
        (1, "SUMMARIZING", False),
        (1, "PARTIAL", False),
        (1, "DONE", True),
        (1, "DELETED", True),
        (2, "RECEIVED", False),
        (2, "EXTRACTED", False),
        (2, "DONE", True),
        (3, "RECEIVED", True),
    ],
)
def test_whether_a_document_has_still_to_be_begun_anew(run, status, finished):
    (upload,) = decode_upload_notice(make_notice("a.pdf")).uploads
    again = encode_message(ContinueIngest(document_id=upload.document_id, run=1, next_page=1))
    rows = document_rows(upload.document_id, run=run, status=status)
    assert (tell_if_finished(identify_work(UPLOADS, again, "m"), rows) is not None) is finished


def test_a_task_of_the_same_id_is_not_the_work_of_another_message():
    first, second = (AgentTask(id="t", prompt=prompt) for prompt in ("One.", "Two."))
    row = {
        "task_id": "t", "kind": "agent", "digest": first.digest, "status": "DONE",
        "received_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
    }  # fmt: skip
    rows = {task_row_key("t"): row}
    work, conflict = (identify_work(WORK, encode_message(one), "m") for one in (first, second))
    assert tell_if_finished(work, rows) == "the task is DONE"
    assert tell_if_finished(conflict, rows) is None
    assert not has_succeeded(conflict, rows)


def make_notice(key):
    return json.dumps(notification("documents", key, "v1", "etag", 10))
