"""Batches whose records end as a script says, and what the delivery policy makes of them."""

import hashlib
import json
import threading
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from hypothesis import strategies as st

from functions.delivery.batch import SETTLE_SECONDS, process_batch
from functions.delivery.consumer import Consumer
from shared.errors import (
    DeferredError,
    LedgerConflictError,
    MessageDecodeError,
    PermanentError,
    RetryableError,
    ServiceError,
)
from tests.fakes.aws.batches import DLQ, NOW, POLICY, QUEUE, make_record, make_runtime
from tests.fakes.aws.event_source import LambdaContext, check_response
from tests.fakes.aws.memory_idempotency import MemoryIdempotency
from tests.fakes.aws.recording_sqs import RecordingSqs

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
WAITS = {"deferred", "store_down", "not_begun"}


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
        """Receives used up, those of earlier copies included."""
        return self.receive_count + (self.earlier_attempts if self.is_copy else 0)

    @property
    def fate(self):
        """What the delivery policy says becomes of the message."""
        is_last = self.receives >= POLICY.max_receive_count
        if self.end == "done":
            return "acknowledged"
        if self.end in WAITS or (self.end == "in_progress" and is_last):
            # What is no copy yet has waited for nothing, however old it is.
            return "dead-lettered" if self.is_old and self.is_copy else "deferred"
        if self.end in {"permanent", "undecodable"} or (self.end in GOES_BACK and is_last):
            return "dead-lettered"
        return "returned"

    @property
    def has_copy(self):
        """Whether a copy takes its place, on the queue or in the DLQ."""
        if self.copy_refused or self.attributes == 10:
            return False
        if self.fate == "dead-lettered":
            return not self.give_up_fails or self.end == "undecodable"
        return self.fate == "deferred"

    @property
    def stays(self):
        """Whether it stays on the queue."""
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
    """So many message attributes, as a sender gives them."""
    return {f"mine.{n}": OWN_ATTRIBUTES[n % len(OWN_ATTRIBUTES)] for n in range(count)}


@dataclass(frozen=True)
class Work:
    """What a record asks for: its number in the batch, and a text."""

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

    def __init__(self, scripts, texts=None, budget_seconds=60.0):
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
        self.context = LambdaContext(timeout_seconds=SETTLE_SECONDS + budget_seconds)
        self.records = [self._make_record(work, script) for work, script in self.pairs]
        try:
            self.response = process_batch(
                {"Records": self.records}, self.context, self.consumer, self.runtime
            )
        finally:
            self.milliseconds_left = self.context.get_remaining_time_in_millis()
            self.release.set()
        # On a busy machine the time of one that hangs may be up before it has begun to.
        self.scripts = [
            replace(script, end="not_begun")
            if script.end == "hangs" and work.number not in self.handled
            else script
            for work, script in self.pairs
        ]

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
                "waited_seconds": age_seconds,
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
        elif (error := ENDS.get(end)) is not None:
            raise error

    def _give_up(self, work, end):
        if self.scripts[work.number].give_up_fails:
            raise LedgerConflictError("busy")
        self.given_up.append((work.number, end.error_type))

    def _note_delay(self, work, wait):
        if self.scripts[work.number].note_fails:
            raise ServiceError("down", delay_seconds=1, reason="x")
        self.noted.append((work.number, wait.step))


def check(run):
    """Hold all that became of a batch against the delivery policy."""
    assert sorted(run.returned_ids) == sorted(w.message_id for w, s in run.pairs if s.stays)
    for work, script in run.pairs:
        dead, fresh = run.copies(work, DLQ), run.copies(work, QUEUE)
        is_dead, is_deferred = script.fate == "dead-lettered", script.fate == "deferred"
        assert len(dead) == (is_dead and script.has_copy), script
        assert len(fresh) == (is_deferred and script.has_copy), script
        changes = run.sqs.visibility_changes(f"receipt-{work.message_id}")
        assert len(changes) == (script.fate == "returned"), script
        runs = script.end not in {"undecodable", "in_progress", "store_down", "not_begun"}
        assert run.handled.count(work.number) == runs, script
        told = [number for number, _ in run.given_up].count(work.number)
        is_told = is_dead and script.end != "undecodable" and not script.give_up_fails
        assert told == is_told, script
        for copy in [*dead, *fresh]:
            _check_copy(copy, script, is_dead=is_dead)
        for copy in fresh:
            assert 1 <= copy["DelaySeconds"] <= 900
    assert not [c for c in run.sqs.sent_to(DLQ) if c.get("DelaySeconds")]


def _check_copy(copy, script, *, is_dead):
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
    if script.end in {"hangs", "not_begun"}:
        assert state["failure"]["error_type"] == "DeadlineError"
    elif (error := ENDS[script.end]) is not None:
        assert state["failure"]["error_type"] == type(error).__name__
        assert state["failure"]["message"] == str(error)
