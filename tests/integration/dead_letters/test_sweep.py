"""The sweep, on moto: letters that SQS moved get their cause, and no other is touched."""

import json
from datetime import timedelta

import pytest

from shared.aws.queues import Queues
from shared.dead_letters.given_up import list_given_up_keys
from shared.errors import MessageDecodeError, ServiceError, UnfinishedError
from shared.messages.delivery_state import read_delivery_state
from tests.fakes.aws.kept_account import open_account
from tests.fakes.aws.ledger_rows import START, force, scan_rows
from tests.fakes.aws.strict_sqs import hold_quotas
from tests.fakes.desks.sweep_desk import BODY, Desk, read_state

OWN = {
    "text": {"DataType": "String", "StringValue": "å"},
    "number": {"DataType": "Number", "StringValue": "7"},
    "bytes": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
}


@pytest.fixture
def desk():
    with open_account() as account:
        yield Desk(account)


def labelled_attributes(**state):
    failure = {
        "error_type": "PermanentError",
        "message": "the cause it has",
        "stage": "worker",
        "failed_at": START.isoformat(),
        "attempts": 1,
        "request_id": "r",
        "source_queue": "work",
    }
    content = {
        "message_id": "first",
        "first_enqueued_at": START.isoformat(),
        "attempts": 1,
        "failure": failure,
        **state,
    }
    return {"seashore": {"DataType": "String", "StringValue": json.dumps(content)}}


def test_a_letter_without_a_cause_gets_one(desk):
    desk.put_letter(attributes=OWN)
    report = desk.sweep()
    assert (report.letters_seen, report.letters_settled) == (1, 1)
    (letter,) = desk.take_letters()
    assert letter["Body"] == BODY
    attributes = letter["MessageAttributes"]
    state = read_state(letter)
    assert {name: attributes[name] for name in OWN} == OWN
    failure = state["failure"]
    assert (failure["error_type"], failure["stage"]) == ("ProcessDied", "worker")
    assert (failure["request_id"], failure["source_queue"]) == ("sweep:request", "worker-queue")
    assert failure["message"].startswith("The function's process died")
    assert desk.told == [(BODY, failure["message"])]


def test_both_dlqs_are_swept(desk):
    desk.put_letter("ingest", "one")
    desk.put_letter("worker", "two")
    assert desk.sweep().letters_settled == 2
    assert [body for body, _ in desk.told] == ["one", "two"]
    assert [read_state(letter)["failure"]["stage"] for letter in desk.take_letters("ingest")] == [
        "ingest"
    ]


def test_the_past_of_a_letter_is_kept(desk):
    past = labelled_attributes(deferrals=3, attempts=4)
    content = json.loads(past["seashore"]["StringValue"])
    del content["failure"]
    past["seashore"]["StringValue"] = json.dumps(content)
    desk.put_letter(attributes=past)
    desk.sweep()
    state = read_state(desk.take_letters()[0])
    assert (state["message_id"], state["deferrals"]) == ("first", 3)
    assert state["first_enqueued_at"].startswith("2026-03-01T12:00:00")
    assert state["attempts"] == state["failure"]["attempts"] == 5


def test_a_letter_with_a_cause_is_left_as_it_is_and_visible(desk):
    attributes = labelled_attributes()
    desk.put_letter(attributes=attributes)
    report = desk.sweep()
    assert (report.letters_seen, report.letters_settled) == (1, 0)
    (letter,) = desk.take_letters()
    assert (
        letter["MessageAttributes"]["seashore"]["StringValue"]
        == (attributes["seashore"]["StringValue"])
    )
    assert desk.told == []


def test_a_letter_that_is_no_message_is_labelled_as_such(desk):
    desk.error = MessageDecodeError("not a work message: kind \ufffe")
    desk.put_letter(body="rubbish")
    assert desk.sweep().letters_settled == 1
    (letter,) = desk.take_letters()
    failure = read_state(letter)["failure"]
    assert letter["Body"] == "rubbish"
    assert failure["error_type"] == "MessageDecodeError"
    assert failure["message"] == "not a work message: kind \ufffe"


def test_many_letters_are_settled_in_one_sweep(desk):
    for number in range(23):
        desk.put_letter(body=f"letter {number}")
        if number % 2:
            desk.put_letter(body=f"known {number}", attributes=labelled_attributes())
    report = desk.sweep()
    assert report.letters_settled == 23
    assert sorted(body for body, _ in desk.told) == sorted(f"letter {n}" for n in range(23))
    letters = desk.take_letters()
    assert len(letters) == 34
    assert all("failure" in read_state(letter) for letter in letters)


def test_sweeping_again_changes_nothing(desk):
    desk.put_letter()
    desk.sweep()
    rows = scan_rows(desk.table)
    report = desk.sweep()
    assert (report.letters_seen, report.letters_settled) == (1, 0)
    assert len(desk.told) == 1
    assert len(desk.take_letters()) == 1
    assert scan_rows(desk.table) == rows


def test_a_ledger_that_cannot_be_told_keeps_the_letter(desk):
    desk.put_letter()
    desk.error = ServiceError("down", delay_seconds=1, reason="x")
    assert desk.sweep().letters_settled == 0
    (letter,) = desk.take_letters()
    assert "MessageAttributes" not in letter


def test_a_letter_that_cannot_be_settled_keeps_no_other_from_it(desk):
    bodies = [f"letter {number}" for number in range(12)]
    for body in bodies:
        desk.put_letter(body=body)
    desk.stubborn = bodies[3]
    assert desk.sweep().letters_settled == 11
    assert sorted(body for body, _ in desk.told) == sorted({*bodies} - {desk.stubborn})
    without_cause = [one for one in desk.take_letters() if "MessageAttributes" not in one]
    assert [letter["Body"] for letter in without_cause] == [desk.stubborn]


def test_a_letter_that_sqs_did_not_move_is_not_called_a_death(desk):
    desk.sqs.send_message(QueueUrl=desk.urls["worker"], MessageBody=BODY)
    assert desk.sweep().letters_settled == 1
    failure = read_state(desk.take_letters()[0])["failure"]
    assert failure["error_type"] == "SentToDlq"
    assert "no function has failed at it" in failure["message"]
    assert desk.told == [(BODY, failure["message"])]


class FailingQueues(Queues):
    """Queues that give out letters once, and then nothing but errors."""

    def receive(self, queue_url, visibility_seconds, *, wait_seconds=0):
        letters = super().receive(queue_url, visibility_seconds, wait_seconds=0)
        if not letters:
            raise ServiceError("down", delay_seconds=1, reason="aws_service")
        return letters


def test_a_sweep_that_cannot_go_on_shows_what_it_has_only_looked_at(desk):
    desk.put_letter("ingest", attributes=labelled_attributes())
    with pytest.raises(ServiceError):
        desk.sweep(queues=FailingQueues(desk.sqs))
    assert len(desk.take_letters("ingest")) == 1


class DyingQueues(Queues):
    """Queues over which the process dies before it deletes letters."""

    def delete_batch(self, queue_url, receipt_handles):
        raise SystemExit


def test_a_sweep_that_dies_loses_no_letter(desk):
    desk.put_letter()
    with pytest.raises(SystemExit):
        desk.sweep(queues=DyingQueues(desk.sqs))
    # The letter and its copy; the letter is seen again when its look is over, and labelled then.
    assert desk.account.count_messages(desk.urls["worker"]) == 2


@pytest.mark.parametrize(
    ("body", "attributes"),
    [("x" * 1_048_576, {}), ("x", {f"own{n}": OWN["text"] for n in range(10)})],
    ids=["1 MiB", "ten attributes"],
)
def test_a_letter_of_the_greatest_size_gets_its_cause(desk, body, attributes):
    hold_quotas(desk.sqs)
    desk.put_letter(body=body, attributes=attributes)
    assert desk.sweep().letters_settled == 1
    (letter,) = Queues(desk.sqs).receive(desk.urls["worker"], 0)
    assert letter.body == body
    assert set(letter.attributes) == {*attributes, "seashore"}
    state = read_delivery_state(letter.attributes, message_id="x", sent_at=START)
    assert state.failure.error_type == "ProcessDied"


def test_a_sweep_without_time_leaves_the_rest_to_the_next(desk):
    desk.put_letter()
    report = desk.sweep(seconds=4)
    assert (report.letters_seen, report.is_complete) == (0, False)
    assert len(desk.take_letters()) == 1


def test_a_sweep_whose_time_is_up_goes_on_at_once(desk):
    for number in range(25):
        desk.put_letter(body=f"letter {number}")
    desk.seconds_per_letter = 1
    with pytest.raises(UnfinishedError):
        desk.sweep(seconds=20)
    assert 0 < len(desk.told) < 20
    desk.seconds_per_letter = 0
    assert desk.sweep().is_complete
    assert sorted(body for body, _ in desk.told) == sorted(f"letter {n}" for n in range(25))
    letters = desk.take_letters()
    assert len(letters) == 25
    assert all("failure" in read_state(letter) for letter in letters)


def test_the_sweep_has_lists_find_what_an_earlier_release_gave_up(desk):
    since = desk.now - timedelta(days=30)
    force(desk.table, desk.document, status="FAILED", reason_code="x", in_flight=None)
    desk.sweep()
    assert list_given_up_keys(desk.table, since) is None
    desk.now += timedelta(minutes=20)
    desk.sweep()
    (key,) = list_given_up_keys(desk.table, since)
    assert key["pk"] == f"DOC#{desk.document_id}"
