"""Messages as they may arrive: their bodies and attributes, and what SQS does not take back."""

import base64
import json
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.delivery.batch import process_batch
from functions.delivery.consumer import Consumer
from shared.errors import DeferredError, PermanentError
from shared.messages.packing import PACKED_NAME, unpack
from shared.messages.work_items import decode_work_item
from tests.fakes.aws.batches import DLQ, QUEUE, make_record, make_runtime
from tests.fakes.aws.event_source import LambdaContext, check_response
from tests.fakes.aws.memory_idempotency import MemoryIdempotency
from tests.fakes.aws.recording_sqs import MAX_MESSAGE_BYTES, RecordingSqs

MIB_OF_TEXT = "x" * MAX_MESSAGE_BYTES
COMBINE = '{"kind": "combine", "v": 1, "document_id": "d1", "run": 1, "chunks_done": 2}'
# What SQS lets through (Amazon SQS Developer Guide, "Message quotas").
ALLOWED = st.one_of(
    st.sampled_from("\t\n\r"),
    st.characters(min_codepoint=0x20, max_codepoint=0xFFFD, exclude_categories=["Cs"]),
    st.characters(min_codepoint=0x10000),
)


class Stage:
    """The worker's way to read a message, over a handler that is given."""

    def __init__(self, handle=lambda item, deadline: None, sqs=None, idempotency=None):
        self.sqs = sqs or RecordingSqs()
        self.handled = []
        self.given_up = []
        self._handle = handle
        self.runtime, self.log = make_runtime(self.sqs, idempotency)
        self.consumer = Consumer(
            name="work",
            queue_url=QUEUE,
            dlq_url=DLQ,
            decode=lambda body, message_id, sent_at: decode_work_item(body, message_id),
            handle=self._keep,
            give_up=lambda item, end: self.given_up.append(item.item_id),
            note_delay=lambda item, wait: None,
        )

    def run(self, *records):
        """Handle a batch; the ids that are returned."""
        event = {"Records": list(records)}
        response = process_batch(event, LambdaContext(), self.consumer, self.runtime)
        return check_response(response, records)

    @property
    def letters(self):
        return self.sqs.sent_to(DLQ)

    def _keep(self, item, deadline):
        self.handled.append(item.item_id)
        self._handle(item, deadline)


def raise_error(error):
    def handle(item, deadline):
        raise error

    return handle


UNREADABLE = {
    "not JSON": "hello",
    "half of a message": COMBINE[:20],
    "no object": "[1, 2]",
    "null": "null",
    "unknown kind": COMBINE.replace("combine", "destroy"),
    "no kind": '{"v": 1}',
    "wrong version": COMBINE.replace('"v": 1', '"v": 2'),
    "version as text": COMBINE.replace('"v": 1', '"v": "1"'),
    "unknown field": COMBINE.replace('"v": 1', '"v": 1, "more": 1'),
    "missing field": COMBINE.replace('"run": 1, ', ""),
    "deeply nested": "[" * 100_000,
    "a number too long": "9" * 10_000,
    "a line end": "\n",
    "unicode": "åäö ☃ 𝄞 \u202e",
    "a kind that SQS would refuse": '{"kind": "\\ufffe"}',
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_cannot_be_read_goes_to_the_dlq_byte_for_byte(body):
    stage = Stage()
    assert stage.run(make_record("m", body)) == set()
    (letter,) = stage.letters
    assert letter["MessageBody"] == body
    state = json.loads(letter["MessageAttributes"]["seashore"]["StringValue"])
    assert state["failure"]["error_type"] == "MessageDecodeError"
    assert state["failure"]["message"].startswith("not a work message: ")
    assert stage.handled == stage.given_up == []


@settings(max_examples=50, deadline=None)
@given(st.text(ALLOWED, min_size=1))
def test_whatever_sqs_lets_through_can_be_dead_lettered(body):
    stage = Stage()
    assert stage.run(make_record("m", body)) == set()
    assert [letter["MessageBody"] for letter in stage.letters] == [body]


@settings(max_examples=50, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_cause_of_any_text_can_be_written_and_read_again(cause):
    stage = Stage(raise_error(PermanentError(cause)))
    assert stage.run(make_record("m", COMBINE)) == set()
    (letter,) = stage.letters
    state = json.loads(letter["MessageAttributes"]["seashore"]["StringValue"])
    assert state["failure"]["message"] == cause


def test_a_cause_without_end_is_cut():
    stage = Stage(raise_error(PermanentError("å" * 2_000_000)))
    assert stage.run(make_record("m", COMBINE)) == set()
    state = json.loads(stage.letters[0]["MessageAttributes"]["seashore"]["StringValue"])
    assert state["failure"]["message"] == "å" * 1000


def test_the_body_is_not_logged():
    stage = Stage()
    stage.run(make_record("m", '{"kind": "combine", "run": "very secret"}'))
    assert "item_dead_lettered" in stage.log.getvalue()
    assert "secret" not in stage.log.getvalue()


@pytest.mark.parametrize(
    "handle",
    [
        raise_error(PermanentError("never")),
        raise_error(DeferredError("wait", delay_seconds=5, reason="x")),
    ],
    ids=["dead-lettered", "deferred"],
)
class TestACopyOfAMessageThatUsesUpWhatSqsAllows:
    """It goes like any other: packed where its past would have no room."""

    def test_ten_attributes_of_its_own_are_packed(self, handle):
        stage = Stage(handle)
        attributes = {f"a{n}": {"DataType": "String", "StringValue": "x"} for n in range(10)}
        assert stage.run(make_record("full", COMBINE, attributes=attributes)) == set()
        (copy,) = stage.sqs.sent_to(DLQ) + stage.sqs.sent_to(QUEUE)
        assert set(copy["MessageAttributes"]) == {"seashore", PACKED_NAME}

    def test_one_with_nine_goes_with_all_of_them(self, handle):
        stage = Stage(handle)
        attributes = {f"a{n}": {"DataType": "String", "StringValue": "x"} for n in range(9)}
        assert stage.run(make_record("m", COMBINE, attributes=attributes)) == set()
        (copy,) = stage.sqs.sent_to(DLQ) + stage.sqs.sent_to(QUEUE)
        assert set(copy["MessageAttributes"]) == {*attributes, "seashore"}

    def test_a_body_as_large_as_sqs_allows_is_packed(self, handle):
        stage = Stage(handle)
        body = COMBINE + " " * (MAX_MESSAGE_BYTES - len(COMBINE))
        assert stage.run(make_record("m", body)) == set()
        (copy,) = stage.sqs.sent_to(DLQ) + stage.sqs.sent_to(QUEUE)
        assert set(copy["MessageAttributes"]) == {"seashore", PACKED_NAME}
        packed = copy["MessageAttributes"][PACKED_NAME]["BinaryValue"]
        as_lambda_writes = {PACKED_NAME: {"binaryValue": base64.b64encode(packed).decode()}}
        assert unpack(copy["MessageBody"], as_lambda_writes) == (body, {})

    def test_one_that_leaves_room_for_its_past_goes_as_it_is(self, handle):
        stage = Stage(handle)
        body = COMBINE + " " * (MAX_MESSAGE_BYTES - len(COMBINE) - 17_000)
        assert stage.run(make_record("m", body)) == set()
        (copy,) = stage.sqs.sent_to(DLQ) + stage.sqs.sent_to(QUEUE)
        assert copy["MessageBody"] == body


def test_a_mebibyte_of_anything_else_is_dead_lettered_like_anything_else():
    stage = Stage()
    assert stage.run(make_record("m", MIB_OF_TEXT), make_record("n", COMBINE)) == set()
    assert stage.handled == ["d1:1:combine:2"]
    (letter,) = stage.sqs.sent_to(DLQ)
    assert "MessageDecodeError" in letter["MessageAttributes"]["seashore"]["StringValue"]


def test_the_same_item_twice_in_a_batch_is_worked_on_once():
    started, release = threading.Event(), threading.Event()
    records = [make_record("m1", COMBINE), make_record("m2", COMBINE)]

    def handle(item, deadline):
        started.set()
        release.wait(10)

    class Releasing(RecordingSqs):
        def change_message_visibility(self, **arguments):
            release.set()
            return super().change_message_visibility(**arguments)

    stage = Stage(handle, Releasing())
    (returned,) = stage.run(*records)
    assert started.is_set()
    assert stage.handled == ["d1:1:combine:2"]
    (delay,) = stage.sqs.visibility_changes(f"receipt-{returned}")
    # When the other run must have ended.
    assert delay >= 55
    assert stage.run(make_record(returned, COMBINE, receive_count=2)) == set()
    assert stage.handled == ["d1:1:combine:2"]


def test_what_failed_is_worked_on_again_and_what_is_done_is_not():
    errors = [PermanentError("never"), ValueError("a bug")]

    def handle(item, deadline):
        if errors:
            raise errors.pop()

    stage = Stage(handle)
    assert stage.run(make_record("m", COMBINE)) == {"m"}
    assert stage.run(make_record("m", COMBINE, receive_count=2)) == set()
    assert stage.run(make_record("replayed", COMBINE)) == set()
    assert stage.run(make_record("replayed-again", COMBINE)) == set()
    assert len(stage.handled) == 3
    assert len(stage.letters) == 1


class SlowlyConfigured(MemoryIdempotency):
    """Takes its time between noting that it is configured and taking the configuration."""

    @property
    def configured(self):
        return self._configured

    @configured.setter
    def configured(self, value):
        self._configured = value
        if value:
            threading.Event().wait(0.05)


def test_the_records_of_a_containers_first_batch_are_kept_like_any_others():
    idempotency = SlowlyConfigured()
    stage = Stage(idempotency=idempotency)
    bodies = [COMBINE.replace("d1", f"d{n}") for n in range(10)]
    stage.run(*(make_record(f"m{n}", body) for n, body in enumerate(bodies)))
    assert stage.run(*(make_record(f"n{n}", body) for n, body in enumerate(bodies))) == set()
    assert len(stage.handled) == len(idempotency.records) == 10
    for key, kept in idempotency.records.items():
        name, _, digest = key.partition("#")
        assert (name, len(digest)) == ("work", 64)
        assert kept.expiry_timestamp - time.time() > 20 * 24 * 3600
