"""Any batch, any end of each record: what stays on the queue, and what the others become."""

import hashlib
import json
import threading
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from functions.batch import Consumer, process_batch
from shared.errors import (
    DeferredError,
    LedgerConflictError,
    MessageDecodeError,
    PermanentError,
    RetryableError,
    ServiceError,
)
from tests.fakes.batches import DLQ, NOW, POLICY, QUEUE, make_record, make_runtime
from tests.fakes.event_source import LambdaContext, check_response
from tests.fakes.memory_idempotency import MemoryIdempotency
from tests.fakes.recording_sqs import RecordingSqs

ENDS = {
    "done": None,
    "retryable": RetryableError("later"),
    "permanent": PermanentError("never"),
    "deferred": DeferredError("wait", delay_seconds=40, reason="throttled"),
    "bug": KeyError("a bug"),
    "stop_iteration": StopIteration(),
    "timeout": TimeoutError("a socket's own"),
    "in_progress": None,
    "store_down": None,
    "undecodable": None,
}
GOES_BACK = {"retryable", "bug", "stop_iteration", "timeout", "hangs"}
WAITS = {"deferred", "store_down"}


@dataclass(frozen=True)
class Script:
    """How the handling of one record ends, and what else fails."""

    end: str
    receive_count: int = 1
    earlier_attempts: int = 0
    is_old: bool = False
    attributes: int = 0
    copy_refused: bool = False
    visibility_refused: bool = False
    give_up_fails: bool = False
    note_fails: bool = False

    @property
    def is_copy(self):
        """Whether it carries its past; with ten attributes of its own it has no room for it."""
        return self.earlier_attempts > 0 and self.attributes < 10

    @property
    def receives(self):
        return self.receive_count + (self.earlier_attempts if self.is_copy else 0)

    @property
    def fate(self):
        """What the delivery policy says becomes of the message."""
        is_last = self.receives >= POLICY.max_receive_count
        if self.end == "done":
            return "acknowledged"
        if self.end in WAITS or (self.end == "in_progress" and is_last):
            return "dead-lettered" if self.is_old else "deferred"
        if self.end in {"permanent", "undecodable"} or (self.end in GOES_BACK and is_last):
            return "dead-lettered"
        return "returned"

    @property
    def has_copy(self):
        if self.copy_refused or self.attributes == 10:
            return False
        if self.fate == "dead-lettered":
            return not self.give_up_fails or self.end == "undecodable"
        return self.fate == "deferred"

    @property
    def stays(self):
        return self.fate != "acknowledged" and not self.has_copy


SCRIPTS = st.builds(
    Script,
    end=st.sampled_from(sorted(ENDS)),
    receive_count=st.integers(1, 6),
    earlier_attempts=st.integers(0, 4),
    is_old=st.booleans(),
    attributes=st.sampled_from([0, 1, 3, 9, 10]),
    copy_refused=st.booleans(),
    visibility_refused=st.booleans(),
    give_up_fails=st.booleans(),
    note_fails=st.booleans(),
)
TEXTS = st.text(st.characters(min_codepoint=32, max_codepoint=0xD7FF), max_size=20)
OWN_ATTRIBUTES = [
    {"DataType": "String", "StringValue": "åäö ☃ 𝄞"},
    {"DataType": "Number", "StringValue": "12.5"},
    {"DataType": "Binary", "BinaryValue": bytes(range(256))},
    {"DataType": "String.uuid", "StringValue": "x"},
    {"DataType": "Binary.gzip", "BinaryValue": b"\x1f\x8b\x00"},
]


def own_attributes(count):
    return {f"mine.{n}": OWN_ATTRIBUTES[n % len(OWN_ATTRIBUTES)] for n in range(count)}


@dataclass(frozen=True)
class Work:
    number: int
    text: str

    @property
    def item_id(self):
        return f"item-{self.number}"

    @property
    def body(self):
        return json.dumps([self.number, self.text], ensure_ascii=False)

    @property
    def message_id(self):
        return f"message-{self.number}"

    @property
    def idempotency_key(self):
        hashed = hashlib.sha256(json.dumps(self.item_id).encode()).hexdigest()
        return f"work#{hashed}"


class Run:
    """A batch with its scripts, handled by the real `process_batch`."""

    def __init__(self, scripts, texts=None, timeout_seconds=60.0):
        self.scripts = scripts
        self.works = [Work(n, (texts or {}).get(n, "text")) for n in range(len(scripts))]
        self.handled, self.given_up, self.noted = [], [], []
        self.release = threading.Event()
        self.sqs = RecordingSqs(self._refuse)
        self.idempotency = MemoryIdempotency(
            w.idempotency_key for w, s in self.pairs if s.end == "store_down"
        )
        for work, script in self.pairs:
            if script.end == "in_progress":
                self.idempotency.claim(work.idempotency_key, seconds=60)
        self.runtime, self.log = make_runtime(self.sqs, self.idempotency)
        self.consumer = Consumer(
            name="work",
            queue_url=QUEUE,
            dlq_url=DLQ,
            decode=self._decode,
            handle=self._handle,
            give_up=self._give_up,
            note_delay=self._note_delay,
        )
        self.context = LambdaContext(timeout_seconds=timeout_seconds)
        self.records = [self._make_record(work, script) for work, script in self.pairs]
        try:
            self.response = process_batch(
                {"Records": self.records}, self.context, self.consumer, self.runtime
            )
        finally:
            self.milliseconds_left = self.context.get_remaining_time_in_millis()
            self.release.set()

    @property
    def pairs(self):
        return list(zip(self.works, self.scripts, strict=True))

    @property
    def returned_ids(self):
        check_response(self.response, self.records)
        return [failure["itemIdentifier"] for failure in self.response["batchItemFailures"]]

    def copies(self, work, queue_url):
        """What the queue got in place of the work's message, its body compared byte for byte."""
        return [c for c in self.sqs.sent_to(queue_url) if c["MessageBody"] == work.body]

    def _make_record(self, work, script):
        attributes = own_attributes(script.attributes)
        age_seconds = 3700 if script.is_old else 1000
        if script.is_copy:
            state = {
                "message_id": "first-copy",
                "first_enqueued_at": (NOW - timedelta(seconds=age_seconds)).isoformat(),
                "attempts": script.earlier_attempts,
                "deferrals": 2,
            }
            attributes["seashore"] = {"DataType": "String", "StringValue": json.dumps(state)}
            # The copy itself is young; it is the first one that counts.
            age_seconds = 0
        return make_record(
            work.message_id,
            work.body,
            attributes=attributes,
            receive_count=script.receive_count,
            age_seconds=age_seconds,
        )

    def _refuse(self, operation, arguments):
        if operation == "SendMessage":
            number = json.loads(arguments["MessageBody"])[0]
            return "InternalError" if self.scripts[number].copy_refused else None
        number = int(arguments["ReceiptHandle"].rsplit("-", 1)[1])
        return "ReceiptHandleIsInvalid" if self.scripts[number].visibility_refused else None

    def _decode(self, body, message_id, sent_at):
        number, text = json.loads(body)
        if self.scripts[number].end == "undecodable":
            raise MessageDecodeError("no message")
        return Work(number, text)

    def _handle(self, work, deadline):
        self.handled.append(work.number)
        end = self.scripts[work.number].end
        if end == "hangs":
            self.release.wait(20)
        elif ENDS[end] is not None:
            raise ENDS[end]

    def _give_up(self, work, end):
        if self.scripts[work.number].give_up_fails:
            raise LedgerConflictError("busy")
        self.given_up.append((work.number, end.error_type))

    def _note_delay(self, work, step, reason, delay_seconds):
        if self.scripts[work.number].note_fails:
            raise ServiceError("down", delay_seconds=1, reason="x")
        self.noted.append((work.number, step))


def check(run):
    assert sorted(run.returned_ids) == sorted(w.message_id for w, s in run.pairs if s.stays)
    for work, script in run.pairs:
        dead, fresh = run.copies(work, DLQ), run.copies(work, QUEUE)
        is_dead, is_deferred = script.fate == "dead-lettered", script.fate == "deferred"
        assert len(dead) == (is_dead and script.has_copy), script
        assert len(fresh) == (is_deferred and script.has_copy), script
        changes = run.sqs.visibility_changes(f"receipt-{work.message_id}")
        assert len(changes) == (script.fate == "returned"), script
        runs = script.end not in {"undecodable", "in_progress", "store_down"}
        assert run.handled.count(work.number) == runs, script
        told = [number for number, _ in run.given_up].count(work.number)
        is_told = is_dead and script.end != "undecodable" and not script.give_up_fails
        assert told == is_told, script
        for copy in [*dead, *fresh]:
            check_copy(copy, script, is_dead=is_dead)
        for copy in fresh:
            assert 1 <= copy["DelaySeconds"] <= 900
    assert not [c for c in run.sqs.sent_to(DLQ) if c.get("DelaySeconds")]


def check_copy(copy, script, *, is_dead):
    attributes = dict(copy["MessageAttributes"])
    state = json.loads(attributes.pop("seashore")["StringValue"])
    assert attributes == own_attributes(script.attributes)
    age = timedelta(seconds=3700 if script.is_old else 1000)
    assert datetime.fromisoformat(state["first_enqueued_at"]) == NOW - age
    assert state["message_id"].startswith("first-copy" if script.is_copy else "message-")
    if not is_dead:
        # This receive is not used up: the copy's own first receive counts in its place.
        assert state["attempts"] == script.receives - 1
        assert state["deferrals"] == (3 if script.is_copy else 1)
        assert datetime.fromisoformat(state["not_before"]) > NOW
        assert "failure" not in state
        return
    assert state["attempts"] == state["failure"]["attempts"] == script.receives
    assert state["failure"]["stage"] == state["failure"]["source_queue"] == "work"
    assert datetime.fromisoformat(state["failure"]["failed_at"]) == NOW
    assert state["failure"]["request_id"]
    if script.end == "hangs":
        assert state["failure"]["error_type"] == "DeadlineError"
    elif (error := ENDS[script.end]) is not None:
        assert state["failure"]["error_type"] == type(error).__name__
        assert state["failure"]["message"] == str(error)


# To shrink an example takes minutes; the assertions name the record instead.
UNSHRUNK = [Phase.reuse, Phase.generate]


@settings(
    max_examples=80,
    deadline=None,
    phases=UNSHRUNK,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(st.lists(SCRIPTS, max_size=10), st.dictionaries(st.integers(0, 9), TEXTS))
def test_exactly_the_messages_that_stay_are_returned(scripts, texts):
    check(Run(scripts, texts))


@settings(max_examples=3, deadline=None, phases=UNSHRUNK)
@given(st.lists(SCRIPTS, max_size=9), st.data())
def test_a_record_that_hangs_changes_nothing_for_the_others(scripts, data):
    hanging = replace(data.draw(SCRIPTS), end="hangs")
    scripts.insert(data.draw(st.integers(0, len(scripts))), hanging)
    run = Run(scripts, timeout_seconds=3.9)
    check(run)
    assert run.milliseconds_left > 0


def test_a_record_that_hangs_costs_its_neighbours_nothing():
    run = Run([Script("done")] * 5 + [Script("hangs")] + [Script("done")] * 4, timeout_seconds=4.0)
    assert run.returned_ids == ["message-5"]
    assert sorted(run.handled) == list(range(10))
    assert run.milliseconds_left > 0
    (change,) = run.sqs.visibility_changes("receipt-message-5")
    # Its thread holds the item's lock until the function's own deadline.
    assert change >= 3


def test_all_that_hang_are_returned_within_the_functions_time():
    run = Run([Script("hangs")] * 10, timeout_seconds=3.5)
    assert len(run.returned_ids) == 10
    assert run.milliseconds_left > 0


def test_a_record_that_hangs_at_its_last_receive_is_dead_lettered():
    run = Run([Script("hangs", receive_count=5)], timeout_seconds=3.3)
    assert run.returned_ids == []
    assert run.given_up == [(0, "DeadlineError")]


def test_a_batch_that_fails_whole_answers_with_every_id():
    run = Run([Script("retryable")] * 10)
    assert run.returned_ids == [f"message-{n}" for n in range(10)]


def test_an_empty_batch_answers_with_nothing():
    assert Run([]).response == {"batchItemFailures": []}


def test_records_run_at_the_same_time():
    barrier = threading.Barrier(10, timeout=10)
    run = Run([])
    consumer = replace(run.consumer, handle=lambda work, deadline: barrier.wait())
    run.scripts[:] = [Script("done")] * 10
    records = [make_record(Work(n, "").message_id, Work(n, "").body) for n in range(10)]
    response = process_batch({"Records": records}, LambdaContext(), consumer, run.runtime)
    assert response == {"batchItemFailures": []}


@pytest.mark.parametrize("field", ["copy_refused", "give_up_fails"])
def test_a_dead_letter_that_cannot_be_written_keeps_its_message(field):
    run = Run([Script("permanent", **{field: True}), Script("permanent")])
    assert run.returned_ids == ["message-0"]
    assert len(run.sqs.sent_to(DLQ)) == 1


def test_the_ledger_hears_of_it_before_the_letter_is_written():
    run = Run([Script("permanent", copy_refused=True)])
    assert run.given_up == [(0, "PermanentError")]
    run = Run([Script("permanent", give_up_fails=True)])
    assert not [call for call in run.sqs.accepted if call[0] == "SendMessage"]


def test_a_bug_is_logged_with_its_traceback_and_a_known_error_without():
    lines = [json.loads(line) for line in Run([Script("bug")]).log.getvalue().splitlines()]
    (line,) = [line for line in lines if line["message"] == "item_returned"]
    assert line["level"] == "ERROR"
    assert "KeyError" in line["exception"]
    assert (line["item_id"], line["message_id"], line["stage"]) == ("item-0", "message-0", "work")
    lines = [json.loads(line) for line in Run([Script("retryable")]).log.getvalue().splitlines()]
    (line,) = [line for line in lines if line["message"] == "item_returned"]
    assert line["level"] == "WARNING"
    assert "exception" not in line


def test_a_timeout_of_the_works_own_is_not_taken_for_the_end_of_its_time():
    run = Run([Script("timeout")])
    assert "TimeoutError: a socket's own" in run.log.getvalue()
    assert "DeadlineError" not in run.log.getvalue()


def test_a_settling_that_hangs_keeps_its_message_and_the_functions_time():
    release = threading.Event()

    def hang(operation, arguments):
        release.wait(20)

    run = Run([])
    runtime, log = make_runtime(RecordingSqs(hang))
    run.scripts[:] = [Script("permanent"), Script("done")]
    records = [make_record(Work(n, "").message_id, Work(n, "").body) for n in range(2)]
    context = LambdaContext(timeout_seconds=4)
    try:
        response = process_batch({"Records": records}, context, run.consumer, runtime)
        assert context.get_remaining_time_in_millis() > 0
    finally:
        release.set()
    assert check_response(response, records) == {"message-0"}
    assert "message_not_settled" in log.getvalue()


def test_what_is_counted_is_what_happened(capsys):
    Run([Script("done"), Script("permanent"), Script("retryable")])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (metrics,) = [line for line in lines if "RecordsReturned" in line]
    assert metrics["RecordsReturned"] == [1]
    assert metrics["RecordsSettled"] == [2]
