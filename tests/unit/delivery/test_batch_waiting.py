"""A message that has to wait: its copies, its age, and its end."""

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from functions.delivery.batch import process_batch
from functions.delivery.consumer import Consumer
from shared.errors import DeferredError, OverBudgetError, PermanentError
from tests.fakes.aws.batches import DLQ, NOW, POLICY, QUEUE, make_record, make_runtime, resend
from tests.fakes.aws.event_source import LambdaContext, check_response
from tests.fakes.aws.recording_sqs import RecordingSqs

BODY = '{"some": "work"}'
NEARLY_ONE = 1 - 1e-9


class Item:
    item_id = "item"


class Line:
    """One message and its copies on their way through a queue, on a clock of its own."""

    def __init__(self, handle, random=0.5, policy=POLICY):
        self.now = NOW
        self.sqs = RecordingSqs()
        self.handled_at = []
        self.waits = []
        self.received = 0
        self._handle = handle
        self._runtime, self.log = make_runtime(
            self.sqs, policy=policy, now=lambda: self.now, random=random
        )
        self._consumer = Consumer(
            name="work",
            queue_url=QUEUE,
            dlq_url=DLQ,
            decode=lambda body, message_id, sent_at: Item(),
            handle=self._work,
            give_up=lambda item, end: None,
            note_delay=lambda item, wait: self.waits.append(wait),
        )

    def change_limits(self, limits):
        """Deploy with other limits of spending."""
        self._runtime = replace(self._runtime, limits=limits)

    @property
    def letters(self):
        return [
            json.loads(letter["MessageAttributes"]["seashore"]["StringValue"])
            for letter in self.sqs.sent_to(DLQ)
        ]

    def deliver(self, record):
        """Handle one record; the copy that takes its place, or None."""
        self.received += 1
        before = len(self.sqs.sent_to(QUEUE))
        response = process_batch(
            {"Records": [record]}, LambdaContext(), self._consumer, self._runtime
        )
        assert check_response(response, [record]) == set()
        copies = self.sqs.sent_to(QUEUE)[before:]
        return copies[0] if copies else None

    def follow(self, record, most=1000):
        """Deliver a message and its copies as SQS would, each as soon as its delay is over."""
        copy = self.deliver(record)
        while copy is not None and self.received < most:
            self.now += timedelta(seconds=copy["DelaySeconds"])
            copy = self.deliver(resend(copy, f"copy-{self.received}"))

    def _work(self, item, deadline):
        self.handled_at.append(self.now)
        self._handle()


def fail_once(delay_seconds):
    failures = [DeferredError("over budget", delay_seconds=delay_seconds, reason="over_budget")]

    def handle():
        if failures:
            raise failures.pop()

    return handle


@pytest.mark.parametrize("random", [0.0, 0.5, NEARLY_ONE])
@pytest.mark.parametrize("delay_seconds", [1, 900, 1000, 3000])
def test_a_wait_is_as_long_as_asked_for_and_not_much_longer(delay_seconds, random):
    line = Line(fail_once(delay_seconds), random)
    line.follow(make_record("m", BODY))
    first, second = line.handled_at
    waited = (second - first).total_seconds()
    assert delay_seconds <= waited <= delay_seconds * 1.2 + 2


@pytest.mark.parametrize("random", [0.0, 0.5, NEARLY_ONE])
def test_a_wait_of_half_a_day_ends(random):
    policy = replace(POLICY, max_deferral_age_seconds=3 * 24 * 3600)
    line = Line(fail_once(43_200), random, policy)
    line.follow(make_record("m", BODY))
    assert len(line.handled_at) == 2
    assert (line.handled_at[1] - NOW).total_seconds() <= 43_200 * 1.2 + 900
    # One receive a quarter of an hour, the longest delay of SQS.
    assert line.received <= 43_200 * 1.2 / 900 + 2


def test_a_copy_received_early_is_sent_on_without_work():
    line = Line(lambda: None)
    not_before = NOW + timedelta(seconds=2000)
    state = {
        "message_id": "first",
        "first_enqueued_at": (NOW - timedelta(seconds=10)).isoformat(),
        "deferrals": 1,
        "attempts": 2,
        "not_before": not_before.isoformat(),
    }
    attributes = {"seashore": {"DataType": "String", "StringValue": json.dumps(state)}}
    copy = line.deliver(make_record("m", BODY, attributes=attributes, receive_count=2))
    assert line.handled_at == []
    assert copy["DelaySeconds"] == 900
    sent = json.loads(copy["MessageAttributes"]["seashore"]["StringValue"])
    assert datetime.fromisoformat(sent["not_before"]) == not_before
    assert (sent["deferrals"], sent["attempts"], sent["message_id"]) == (2, 3, "first")

    line.now = not_before
    assert line.deliver(resend(copy, "m2")) is None
    assert line.handled_at == [not_before]


def test_a_copy_received_early_is_never_too_old_and_ends_with_its_real_cause():
    errors = [DeferredError("the provider is down", delay_seconds=3600, reason="provider_down")]
    line = Line(lambda: _raise(errors[0]), policy=replace(POLICY, max_deferral_age_seconds=3000))
    line.follow(make_record("m", BODY))
    # Received early at 900, 1800 and 2700 s and past the limit; then it is tried, and fails.
    assert len(line.handled_at) == 2
    (letter,) = line.letters
    assert letter["failure"]["error_type"] == "DeferredError"
    assert letter["failure"]["message"] == "the provider is down"


def _raise(error):
    raise error


def test_waiting_uses_up_no_receive():
    failures = [DeferredError("slow", delay_seconds=1, reason="x") for _ in range(20)]

    def handle():
        if failures:
            raise failures.pop()

    line = Line(handle)
    line.follow(make_record("m", BODY, receive_count=POLICY.max_receive_count))
    assert len(line.handled_at) == 21
    assert line.letters == []


def test_what_waits_too_long_is_dead_lettered_with_its_cause():
    def handle():
        raise DeferredError("the provider is down", delay_seconds=60, reason="provider_down")

    line = Line(handle)
    line.follow(make_record("m", BODY))
    (letter,) = line.letters
    assert letter["failure"]["error_type"] == "DeferredError"
    assert letter["failure"]["message"] == "the provider is down"
    assert letter["deferrals"] == line.received - 1
    assert datetime.fromisoformat(letter["first_enqueued_at"]) == NOW
    waited = (line.now - NOW).total_seconds()
    assert POLICY.max_deferral_age_seconds < waited < POLICY.max_deferral_age_seconds + 120


def test_time_in_which_nobody_received_a_message_is_no_wait():
    """A stack is paused for five days: what is deferred for the first time then is not too old."""
    failures = [DeferredError("slow", delay_seconds=60, reason="x") for _ in range(2)]

    def handle():
        if failures:
            line.now += timedelta(days=5)
            raise failures.pop()

    line = Line(handle)
    line.now += timedelta(days=5)
    line.follow(make_record("m", BODY))
    assert (len(line.handled_at), line.letters) == (3, [])
    sent = json.loads(line.sqs.sent_to(QUEUE)[-1]["MessageAttributes"]["seashore"]["StringValue"])
    assert 120 <= sent["waited_seconds"] <= 144


def test_a_wait_that_may_last_for_ever_does_not_count_for_others():
    errors = [
        DeferredError("slow", delay_seconds=60, reason="x"),
        OverBudgetError("over", delay_seconds=86_400, reason="over_budget"),
    ]

    def handle():
        if errors:
            raise errors.pop()

    line = Line(handle)
    line.follow(make_record("m", BODY))
    assert (len(line.handled_at), line.letters) == (3, [])


def wait_for_limit(line):
    """Deliver a message that waits for the day's limit, and its copy a quarter of an hour later."""
    copy = line.deliver(make_record("m", BODY))
    line.now += timedelta(seconds=900)
    return copy


def refuse(*errors):
    left = list(errors)

    def handle():
        if left:
            raise left.pop(0)

    return handle


def over_budget(seconds=3840):
    return OverBudgetError(
        "the day's limit of $0.01 is reached (DailyCapUsd)",
        delay_seconds=seconds,
        reason="over_budget",
    )


def test_what_waits_for_a_limit_goes_on_once_the_limit_is_another():
    line = Line(refuse(over_budget()))
    line.change_limits("a cent")
    copy = wait_for_limit(line)
    line.change_limits("ten dollars")
    assert line.deliver(resend(copy, "m2")) is None
    assert line.handled_at == [NOW, NOW + timedelta(seconds=900)]


def test_what_waits_for_a_limit_that_is_the_same_waits_on_and_is_noted_once():
    line = Line(refuse(over_budget()), random=0.0)
    line.change_limits("a cent")
    copy = wait_for_limit(line)
    copy = line.deliver(resend(copy, "m2"))
    assert line.handled_at == [NOW]
    assert [(wait.reason, wait.cause, wait.delay_seconds) for wait in line.waits] == [
        ("over_budget", "the day's limit of $0.01 is reached (DailyCapUsd)", 3840)
    ]
    # And a second time, from what the second copy carries.
    line.now += timedelta(seconds=900)
    line.change_limits("ten dollars")
    assert line.deliver(resend(copy, "m3")) is None
    assert len(line.handled_at) == 2


def test_a_limit_that_is_another_and_still_too_low_is_waited_for_anew():
    line = Line(refuse(over_budget(), over_budget(86_400)), random=0.0)
    line.change_limits("a cent")
    copy = wait_for_limit(line)
    line.change_limits("two cents")
    copy = line.deliver(resend(copy, "m2"))
    state = json.loads(copy["MessageAttributes"]["seashore"]["StringValue"])
    until = NOW + timedelta(seconds=900 + 86_400)
    assert datetime.fromisoformat(state["not_before"]) == until
    # It was asked for once, and not again under the same limits.
    line.now += timedelta(seconds=900)
    line.deliver(resend(copy, "m3"))
    assert len(line.handled_at) == 2


def test_other_waits_do_not_end_with_the_limit():
    line = Line(refuse(DeferredError("slow down", delay_seconds=3600, reason="model_throttled")))
    line.change_limits("a cent")
    copy = wait_for_limit(line)
    line.change_limits("ten dollars")
    assert line.deliver(resend(copy, "m2")) is not None
    assert line.handled_at == [NOW]
    (wait,) = line.waits
    assert (wait.reason, wait.cause) == ("model_throttled", "slow down")


def test_receives_before_a_wait_still_count_after_it():
    failures = [ValueError("a bug"), DeferredError("slow", delay_seconds=1, reason="x")]

    def handle():
        raise failures.pop()

    line = Line(handle)
    # Three receives are used up, the fourth defers, and the copy's first is the fourth again.
    copy = line.deliver(make_record("m", BODY, receive_count=4))
    line.now += timedelta(seconds=900)
    assert line.deliver(resend(copy, "m2", receive_count=2)) is None
    (letter,) = line.letters
    assert letter["attempts"] == 5


class TestALetterThatSqsMovesBack:
    """StartMessageMoveTask sends a letter to its queue as it lies there, cause and all."""

    def record(self, **changes):
        failure = {
            "error_type": "ValueError",
            "message": "x",
            "stage": "work",
            "failed_at": NOW.isoformat(),
            "attempts": 5,
            "request_id": "r",
            "source_queue": "work",
        }
        state = {
            "message_id": "first",
            "first_enqueued_at": (NOW - timedelta(days=7)).isoformat(),
            "attempts": 5,
            "deferrals": 3,
            "not_before": (NOW + timedelta(days=1)).isoformat(),
            "failure": failure,
        }
        attribute = {"DataType": "String", "StringValue": json.dumps(state)}
        return make_record("moved", BODY, attributes={"seashore": attribute}, **changes)

    def test_it_is_worked_on_at_once(self):
        line = Line(lambda: None)
        assert line.deliver(self.record()) is None
        assert line.handled_at == [NOW]
        assert line.letters == []

    def test_it_has_all_its_time_to_wait(self):
        line = Line(fail_once(60))
        copy = line.deliver(self.record())
        state = json.loads(copy["MessageAttributes"]["seashore"]["StringValue"])
        assert "failure" not in state
        assert (state["message_id"], state["attempts"], state["deferrals"]) == ("first", 0, 1)
        line.now += timedelta(seconds=100)
        assert line.deliver(resend(copy, "m2")) is None
        assert len(line.handled_at) == 2

    def test_it_is_dead_lettered_again_only_after_its_last_receive(self):
        def handle():
            raise PermanentError("never")

        line = Line(handle)
        line.deliver(self.record(receive_count=2))
        (letter,) = line.letters
        assert letter["failure"]["message"] == "never"
        assert (letter["attempts"], letter["message_id"]) == (2, "first")
        assert letter["first_enqueued_at"].startswith("2026-02-22")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not JSON",
        "[]",
        '{"message_id": "m"}',
        '{"message_id": "m", "first_enqueued_at": "2026-03-01T12:00:00"}',
        '{"message_id": "m", "first_enqueued_at": "2026-03-01T12:00:00Z", "attempts": "many"}',
        '{"message_id": "m", "first_enqueued_at": "2026-03-01T12:00:00Z", "not_before": '
        '"2026-03-01T12:00:00"}',
    ],
)
def test_an_attribute_of_that_name_that_is_not_ours_is_no_obstacle(text):
    line = Line(lambda: None)
    attribute = {"DataType": "String", "StringValue": text or " "}
    assert line.deliver(make_record("m", BODY, attributes={"seashore": attribute})) is None
    assert line.handled_at == [NOW]
    line = Line(fail_once(10))
    copy = line.deliver(make_record("m", BODY, attributes={"seashore": attribute}))
    state = json.loads(copy["MessageAttributes"]["seashore"]["StringValue"])
    assert (state["message_id"], state["attempts"]) == ("m", 0)


def test_a_binary_attribute_of_that_name_is_no_obstacle():
    line = Line(lambda: None)
    attribute = {"DataType": "Binary", "BinaryValue": b"\xff"}
    assert line.deliver(make_record("m", BODY, attributes={"seashore": attribute})) is None
    assert line.handled_at == [NOW]
