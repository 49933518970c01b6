"""Dead letters: what they say of themselves, filters and groups."""

import json
import re
from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dead_letters.finished_work import can_be_followed
from shared.aws.queues import ReceivedMessage
from shared.dead_letters.letters import (
    UNREADABLE,
    UNSWEPT,
    UNSWEPT_SENT,
    LetterFilter,
    find_letter_ids,
    group_letters,
    identify_work,
    read_letter_state,
)
from shared.ledger.subjects import subject_pk
from shared.messages.message import Subject
from shared.queue_catalogue import UPLOADS, WORK
from tests.fakes.aws.aws_account import notification
from tests.fakes.dead_letter_boxes import DIED_AT, chunk_body, make_letter, make_state

IDS = st.sampled_from(["a", "ab", "abc", "b"])
QUEUES = st.sampled_from(["uploads", "work"])
ERRORS = st.sampled_from(["ModelRequestError", "MessageDecodeError", "ProcessDied", None])
BODIES = st.sampled_from(
    [
        chunk_body("d1", 1),
        chunk_body("d2", 7),
        '{"kind": "sweep"}',
        '{"kind": "agent", "prompt": "tides", "id": "my-task"}',
        "nothing that can be read",
        '{"Records": []}',
    ]
)


@st.composite
def letters(draw):
    message_id = draw(IDS)
    queue, error = draw(QUEUES), draw(ERRORS)
    state = None
    if error is not None:
        state = make_state(
            message_id,
            error,
            stage=draw(st.sampled_from(["ingest", "worker"])),
            minutes=draw(st.integers(0, 100)),
            cause=draw(st.sampled_from(["too large", "no such model", ""])),
        )
    return make_letter(draw(BODIES), state, queue=queue, message_id=message_id)


@st.composite
def filters(draw):
    times = st.none() | st.integers(0, 100).map(lambda m: DIED_AT + timedelta(minutes=m))
    some = st.lists(st.sampled_from(["uploads", "work"]), max_size=2)
    return LetterFilter(
        ids=tuple(draw(st.lists(IDS, max_size=2))),
        queues=tuple(draw(some)),
        errors=tuple(draw(st.lists(st.sampled_from(["modelrequesterror", "ProcessDied"])))),
        kinds=tuple(draw(st.lists(st.sampled_from(["summarize_chunk", UNREADABLE, "agent"])))),
        subject=draw(st.none() | st.sampled_from(["d", "d1", "my-task", "x"])),
        before=draw(times),
        after=draw(times),
        pattern=draw(st.none() | st.sampled_from(["tides", "large", "^noth"]).map(re.compile)),
    )


def test_what_messages_ask_for():
    chunk = identify_work(WORK, chunk_body("d1", 3), "m")
    assert (chunk.kind, chunk.item_id) == ("summarize_chunk", "d1:1:chunk:3")
    assert chunk.subjects == (Subject("document", "d1"),)
    task = identify_work(WORK, '{"kind": "agent", "prompt": "tides"}', "message-7")
    assert task.subjects == (Subject("task", "message-7"),)
    assert subject_pk(task.subjects[0]) == "TASK#message-7"
    assert identify_work(WORK, '{"kind": "sweep"}', "m").subjects == ()
    broken = identify_work(WORK, '{"kind": "agent"', "m")
    assert (broken.kind, broken.item_id, broken.subjects) == (UNREADABLE, None, ())
    assert "not a work message" in broken.problem
    assert identify_work(UPLOADS, "x", "m").kind == UNREADABLE
    rest = identify_work(
        UPLOADS, '{"kind": "continue_ingest", "document_id": "d1", "run": 1, "next_page": 4}', "m"
    )
    assert (rest.kind, rest.subjects) == ("continue_ingest", (Subject("document", "d1"),))


def test_a_letter_without_a_cause_says_so():
    letter = make_letter()
    assert not letter.has_cause
    assert (letter.error_type, letter.stage, letter.died_at) == (UNSWEPT, "worker", DIED_AT)
    assert LetterFilter(errors=("ProcessDied",)).fits(letter)
    assert not LetterFilter(errors=("ProcessDied",)).fits(
        make_letter(state=make_state("m", "Other"))
    )


def test_a_letter_that_sqs_did_not_move_is_no_death():
    letter = make_letter(moved_by_sqs=False)
    assert letter.awaits_sweep
    assert letter.error_type == UNSWEPT_SENT
    assert "no function has failed at it" in letter.cause
    assert not LetterFilter(errors=("ProcessDied",)).fits(letter)


def test_a_letter_of_a_queue_that_is_not_swept_waits_for_no_sweep():
    letter = make_letter(make_result_body(), queue="results")
    assert not letter.has_cause
    assert not letter.awaits_sweep
    assert make_letter().awaits_sweep
    assert letter.error_type == "ProcessDied"
    assert "sweep" not in letter.cause


def test_the_copy_of_a_result_cannot_be_followed_in_the_ledger():
    letter = make_letter(make_result_body(), queue="results")
    assert letter.work.kind == "result"
    assert not can_be_followed(letter.work)
    assert can_be_followed(make_letter("{", queue="results").work)


def make_result_body():
    return json.dumps(notification("artifacts", "results/d1/1.1/summary.json", "v", "e", 1))


@pytest.mark.parametrize("moved_by_sqs", [True, False])
def test_a_cause_from_before_a_redrive_is_not_that_of_this_death(moved_by_sqs):
    old = make_state("first", replays=1)
    message = ReceivedMessage(
        message_id="later",
        receipt_handle="r",
        body="",
        attributes={"seashore": {"dataType": "String", "stringValue": old.model_dump_json()}},
        sent_at=DIED_AT + timedelta(days=1),
        receive_count=5,
        moved_by_sqs=moved_by_sqs,
    )
    state = read_letter_state(message)
    assert state.message_id == "first"
    assert (state.failure is None) is moved_by_sqs
    assert state.replays == (2 if moved_by_sqs else 1)


def test_ids_of_either_copy_name_a_letter():
    letter = make_letter(state=make_state("first-copy"), message_id="second-copy")
    assert letter.letter_id == "first-copy"
    assert all(LetterFilter(ids=(name,)).fits(letter) for name in ("first-copy", "second-copy"))
    assert not LetterFilter(ids=("first",)).fits(letter)


def test_an_id_is_found_by_its_beginning_unless_it_is_whole():
    letters = [make_letter(message_id=name) for name in ("ab", "abc", "abd", "x")]
    assert find_letter_ids("ab", letters) == ["ab"]
    assert find_letter_ids("abc", letters) == ["abc"]
    assert find_letter_ids("a", letters) == ["ab", "abc", "abd"]
    assert find_letter_ids("y", letters) == []
    copy = make_letter(state=make_state("first"), message_id="second")
    assert find_letter_ids("sec", [copy]) == find_letter_ids("second", [copy]) == ["first"]


def test_times_include_their_beginning_and_not_their_end():
    letter = make_letter(state=make_state("m"))
    assert LetterFilter(after=DIED_AT, before=DIED_AT + timedelta(seconds=1)).fits(letter)
    assert not LetterFilter(before=DIED_AT).fits(letter)
    assert not LetterFilter(after=DIED_AT + timedelta(seconds=1)).fits(letter)


@given(st.lists(letters(), max_size=12), filters())
def test_a_filter_is_the_same_as_each_of_its_parts_after_the_other(some, wanted):
    parts = [LetterFilter(**{name: value}) for name, value in vars(wanted).items()]
    one_by_one = [letter for letter in some if all(part.fits(letter) for part in parts)]
    assert [letter for letter in some if wanted.fits(letter)] == one_by_one
    assert wanted.is_empty == all(part.is_empty for part in parts)
    if wanted.is_empty:
        assert one_by_one == some


@given(letters(), filters())
def test_a_filter_narrows_and_never_widens(letter, wanted):
    if not wanted.fits(letter):
        return
    assert not wanted.queues or letter.queue.name in wanted.queues
    assert not wanted.kinds or letter.work.kind in wanted.kinds
    assert wanted.before is None or letter.died_at < wanted.before
    assert wanted.after is None or wanted.after <= letter.died_at
    assert not wanted.ids or letter.letter_id in wanted.ids
    if wanted.subject is not None:
        assert any(s.id.startswith(wanted.subject) for s in letter.work.subjects)


@given(st.lists(letters(), max_size=20))
def test_every_letter_is_in_the_one_group_of_its_cause(some):
    groups = group_letters(some)
    by_cause = Counter((letter.error_type, letter.stage) for letter in some)
    assert {(g.error_type, g.stage): g.count for g in groups} == by_cause
    assert [g.count for g in groups] == sorted((g.count for g in groups), reverse=True)
    for group in groups:
        members = [x for x in some if (x.error_type, x.stage) == (group.error_type, group.stage)]
        assert group.first_died_at == min(letter.died_at for letter in members)
        assert group.last_died_at == max(letter.died_at for letter in members)
        assert group.example in members
        assert sum(group.kinds.values()) == group.count
        assert group.kinds == Counter(letter.work.kind for letter in members)


@given(st.lists(letters(), max_size=12), st.randoms())
def test_groups_do_not_depend_on_the_order(some, random):
    shuffled = list(some)
    random.shuffle(shuffled)
    assert [(g.error_type, g.stage, g.count, g.example.key) for g in group_letters(some)] == [
        (g.error_type, g.stage, g.count, g.example.key) for g in group_letters(shuffled)
    ]


@given(letters())
def test_json_of_a_letter_holds_its_body_and_what_its_sender_gave(letter):
    content = letter.to_json()
    assert content["body"] == letter.message.body
    assert content["id"] == letter.letter_id
    assert (content["died_at"] is None) is not letter.has_cause
