"""Message groups: who shares a queue with whom, and what a copy of a message keeps of it."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.delivery.batch import process_batch
from functions.delivery.consumer import Consumer
from functions.delivery.receive import BACKLOG_SECONDS
from shared.errors import DeferredError, PermanentError
from shared.messages.delivery_state import read_delivery_state
from shared.messages.message_groups import (
    GROUP_PATTERN,
    group_of_bulk,
    group_of_document,
    group_of_redo,
    group_of_sender,
)
from shared.messages.s3_notifications import decode_upload_notice
from tests.benchmarks.scale.fair_shares import CHUNK_SECONDS, build_cases, measure
from tests.fakes.aws.batches import DLQ, NOW, QUEUE, make_record, make_runtime
from tests.fakes.aws.event_source import LambdaContext, check_response
from tests.fakes.aws.recording_sqs import RecordingSqs

LATE = BACKLOG_SECONDS + 1


class Item:
    item_id = "item"


class Receiver:
    """A consumer on a recorded queue; `worked` counts its work."""

    def __init__(self, error=None, group="folder:archive"):
        self.sqs = RecordingSqs()
        self.worked = 0
        self._error = error
        self._group = group

    def deliver(self, record):
        runtime, _ = make_runtime(self.sqs)
        consumer = Consumer(
            name="ingest",
            queue_url=QUEUE,
            dlq_url=DLQ,
            decode=lambda body, message_id, sent_at: Item(),
            handle=self._work,
            give_up=lambda item, end: None,
            note_delay=lambda item, wait: None,
            find_group=lambda item: self._group,
        )
        response = process_batch({"Records": [record]}, LambdaContext(), consumer, runtime)
        assert check_response(response, [record]) == set()

    def _work(self, item, deadline):
        self.worked += 1
        if self._error:
            raise self._error


def in_group(record, group):
    record["attributes"]["MessageGroupId"] = group
    return record


def read_state(copy):
    return json.loads(copy["MessageAttributes"]["seashore"]["StringValue"])


@given(st.text(max_size=300), st.sampled_from([group_of_redo, group_of_sender, group_of_bulk]))
def test_every_name_makes_a_group_that_sqs_takes(name, make_group):
    for group in (make_group(name), group_of_document(name), group_of_document(f"{name}/x.pdf")):
        assert re.fullmatch(GROUP_PATTERN, group)


def test_a_tree_of_folders_is_one_group_and_what_is_redone_another():
    assert group_of_document("archive/2024/a.pdf") == group_of_document("archive/b.pdf")
    assert group_of_document("archive/b.pdf") == "folder:archive"
    assert group_of_document("b.pdf") == group_of_document("c.pdf") == "folder:"
    assert group_of_document("/archive/b.pdf") == group_of_document("//archive/b.pdf")
    assert group_of_document("/archive/b.pdf") == "folder:archive"
    assert group_of_document("/b.pdf") == "folder:"
    assert group_of_document("archive/b.pdf", "order-1") == group_of_redo("order-1")
    assert group_of_bulk("terminal") != group_of_sender("terminal")
    assert group_of_document("Straße/b.pdf") != group_of_document("Gasse/b.pdf")


@pytest.mark.parametrize(
    ("error", "queue"),
    [
        (DeferredError("slow down", delay_seconds=5, reason="throttled"), QUEUE),
        (PermanentError("never"), DLQ),
    ],
)
def test_a_copy_keeps_the_group_on_its_queue_and_in_the_dlq(error, queue):
    receiver = Receiver(error)
    receiver.deliver(in_group(make_record("m", "{}"), "sender:me"))
    (copy,) = receiver.sqs.sent_to(queue)
    assert copy["MessageGroupId"] == read_state(copy)["group"] == "sender:me"


def test_a_message_without_a_group_has_none_in_its_copy_either():
    receiver = Receiver(PermanentError("never"))
    receiver.deliver(make_record("m", "{}"))
    (copy,) = receiver.sqs.sent_to(DLQ)
    assert "MessageGroupId" not in copy


def test_behind_a_backlog_a_message_goes_back_with_its_group_and_no_receive_is_used_up():
    receiver = Receiver()
    receiver.deliver(make_record("m", "{}", age_seconds=LATE))
    (copy,) = receiver.sqs.sent_to(QUEUE)
    assert receiver.worked == 0
    assert (copy["MessageGroupId"], copy["DelaySeconds"]) == ("folder:archive", 0)
    state = read_state(copy)
    assert (state["message_id"], state["attempts"]) == ("m", 0)

    # Also where nobody tells the function of the group: it is in the message's past.
    record = make_record("m2", "{}", attributes=copy["MessageAttributes"], age_seconds=LATE)
    receiver.deliver(record)
    assert receiver.worked == 1
    assert len(receiver.sqs.sent_to(QUEUE)) == 1


@pytest.mark.parametrize(
    ("record", "group"),
    [
        (make_record("m", "{}"), "folder:archive"),
        (make_record("m", "{}", age_seconds=LATE, receive_count=2), "folder:archive"),
        (in_group(make_record("m", "{}", age_seconds=LATE), "sender:me"), "folder:archive"),
        (make_record("m", "{}", age_seconds=LATE), None),
    ],
    ids=["nothing waits", "received before", "has a group", "is of none"],
)
def test_otherwise_it_is_worked_on_where_it_is(record, group):
    receiver = Receiver(group=group)
    receiver.deliver(record)
    assert receiver.worked == 1
    assert receiver.sqs.sent_to(QUEUE) == []


def test_a_group_that_no_queue_takes_is_not_read_from_an_attribute():
    past = {"message_id": "m", "first_enqueued_at": NOW.isoformat(), "group": "no spaces"}
    attributes = {"seashore": {"stringValue": json.dumps(past)}}
    state = read_delivery_state(attributes, message_id="m", sent_at=NOW, group="sender:me")
    assert state.group == "sender:me"


def test_an_upload_is_of_the_group_of_its_key_and_a_test_event_of_none():
    def notice(key):
        record = {
            "eventSource": "aws:s3",
            "eventName": "ObjectCreated:Put",
            "s3": {"bucket": {"name": "b"}, "object": {"key": key, "eTag": "e", "size": 1}},
        }
        return decode_upload_notice(json.dumps({"Records": [record]}))

    assert notice("archive/2024/a.pdf").group == "folder:archive"
    assert decode_upload_notice('{"Event": "s3:TestEvent"}').group is None


def test_one_item_beside_a_thousand_of_others_waits_for_a_free_place_at_the_most():
    """By the rules that AWS describes, simulated: the emulator has no fair queues."""
    for case in build_cases(1_000)[:2]:
        waits = measure(case)
        assert waits.idle == 0
        assert waits.fair <= CHUNK_SECONDS < waits.in_turn


def test_an_upload_beside_many_waits_until_these_have_their_group():
    (case,) = build_cases(4_000)[2:]
    waits = measure(case)
    assert waits.fair <= 2 * BACKLOG_SECONDS + 5 < waits.in_turn / 4
