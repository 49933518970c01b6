"""A message near its last receive is worked on alone, its neighbours set aside before."""

import json

import pytest

from functions.delivery.consumer import Consumer
from functions.delivery.isolation import find_suspect, process_batch_in_isolation
from functions.delivery.received_record import read_record
from shared.messages.delivery_state import ATTRIBUTE_NAME, CauseOfDeath, DeliveryState
from tests.fakes.aws.batches import DLQ, NOW, POLICY, QUEUE, make_record, make_runtime, resend
from tests.fakes.aws.event_source import LambdaContext
from tests.fakes.aws.recording_sqs import RecordingSqs

LAST_BUT_ONE = POLICY.max_receive_count - 1


class DeletingSqs(RecordingSqs):
    """Also deletes, and keeps the order of copies and deletions."""

    def delete_message(self, **arguments):
        self._call("DeleteMessage", arguments, None)
        return {}

    @property
    def deleted(self):
        return [arguments["ReceiptHandle"] for arguments in self._find("DeleteMessage")]


class Worker:
    """A consumer that notes what it handles, and what had been deleted by then."""

    def __init__(self, refuse=lambda operation, arguments: None):
        self.sqs = DeletingSqs(refuse)
        self.runtime, self.log = make_runtime(self.sqs)
        self.handled = []
        self.deleted_before = []
        self.consumer = Consumer(
            name="work",
            queue_url=QUEUE,
            dlq_url=DLQ,
            decode=lambda body, message_id, sent_at: Item(body),
            handle=self._handle,
            give_up=lambda item, end: None,
            note_delay=lambda item, wait: None,
        )

    def _handle(self, item, deadline):
        self.handled.append(item.item_id)
        self.deleted_before = list(self.sqs.deleted)

    def work_on(self, *receive_counts):
        records = [
            make_record(f"m{n}", f"body-{n}", receive_count=count)
            for n, count in enumerate(receive_counts)
        ]
        return self.work_on_records(records)

    def work_on_records(self, records):
        response = process_batch_in_isolation(
            {"Records": records}, LambdaContext(), self.consumer, self.runtime
        )
        return [failure["itemIdentifier"] for failure in response["batchItemFailures"]]


class Item:
    def __init__(self, body):
        self.item_id = body


def test_a_batch_without_a_suspect_is_worked_on_as_it_is():
    worker = Worker()
    assert worker.work_on(1, LAST_BUT_ONE - 1, 2) == []
    assert sorted(worker.handled) == ["body-0", "body-1", "body-2"]
    assert worker.sqs.accepted == []


def test_a_suspect_without_neighbours_is_simply_worked_on():
    worker = Worker()
    assert worker.work_on(LAST_BUT_ONE) == []
    assert worker.handled == ["body-0"]
    assert worker.sqs.accepted == []


def test_a_suspect_is_worked_on_alone_after_its_neighbours_are_gone():
    worker = Worker()
    assert worker.work_on(1, LAST_BUT_ONE, 3) == []
    assert worker.handled == ["body-1"]
    assert sorted(worker.deleted_before) == ["receipt-m0", "receipt-m2"]
    copies = worker.sqs.sent_to(QUEUE)
    assert sorted(copy["MessageBody"] for copy in copies) == ["body-0", "body-2"]
    assert all(copy["DelaySeconds"] >= 1 for copy in copies)


def test_to_be_set_aside_costs_no_receive():
    worker = Worker()
    worker.work_on(LAST_BUT_ONE, 3)
    (copy,) = worker.sqs.sent_to(QUEUE)
    assert read_record(resend(copy, "copy")).receive_count == 3
    state = json.loads(copy["MessageAttributes"]["seashore"]["StringValue"])
    assert state["message_id"] == "m1"


def test_of_several_suspects_one_is_worked_on_and_the_others_stay_suspects():
    worker = Worker()
    worker.work_on(LAST_BUT_ONE, POLICY.max_receive_count)
    assert worker.handled == ["body-0"]
    (copy,) = worker.sqs.sent_to(QUEUE)
    fresh = make_record("fresh", "fresh")
    assert find_suspect([fresh, resend(copy, "copy")], POLICY.max_receive_count) is not fresh


@pytest.mark.parametrize("operation", ["SendMessage", "DeleteMessage"])
def test_what_cannot_be_set_aside_stays_on_the_queue(operation):
    worker = Worker(lambda called, arguments: "InternalError" if called == operation else None)
    assert worker.work_on(1, LAST_BUT_ONE) == ["m0"]
    assert worker.handled == ["body-1"]


def test_with_two_receives_in_all_the_second_is_a_suspects():
    first, second = make_record("m0", "x"), make_record("m1", "x", receive_count=2)
    assert find_suspect([first, second], 2) is second
    assert find_suspect([first, first], 1) is None


def test_letters_that_sqs_moved_back_have_all_their_receives_and_are_no_suspects():
    state = DeliveryState(
        message_id="first",
        first_enqueued_at=NOW,
        attempts=POLICY.max_receive_count,
        failure=CauseOfDeath(
            error_type="ValueError",
            message="x",
            stage="work",
            failed_at=NOW,
            attempts=POLICY.max_receive_count,
            request_id="r",
            source_queue="work",
        ),
    )
    attribute = {"DataType": "String", "StringValue": state.model_dump_json()}
    letters = [
        make_record(f"m{n}", f"body-{n}", attributes={ATTRIBUTE_NAME: attribute}) for n in range(10)
    ]
    worker = Worker()
    assert worker.work_on_records(letters) == []
    assert sorted(worker.handled) == [f"body-{n}" for n in range(10)]
    assert worker.sqs.accepted == []
