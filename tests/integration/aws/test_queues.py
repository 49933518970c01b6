"""Queues on moto: sending, copying, receiving outside of Lambda."""

import base64
import json
from datetime import UTC, datetime

import pytest
from botocore.stub import ANY, Stubber

from shared.aws.queues import MessageCopy, Queues
from shared.dead_letters.letters import read_letter_state
from shared.errors import PermanentError, ServiceError
from shared.messages.delivery_state import DeliveryState, read_delivery_state
from tests.fakes.aws.event_source import to_records
from tests.fakes.aws.kept_account import open_account

SENT_AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
STATE = DeliveryState(message_id="first", first_enqueued_at=SENT_AT, deferrals=1, attempts=2)
OWN = {
    "text": {"DataType": "String", "StringValue": "å ☃ 𝄞"},
    "number": {"DataType": "Number", "StringValue": "-1.5e3"},
    "labelled": {"DataType": "Number.int", "StringValue": "7"},
    "bytes": {"DataType": "Binary", "BinaryValue": bytes(range(256))},
    "packed": {"DataType": "Binary.gzip", "BinaryValue": b"\x1f\x8b"},
}
BODY = '{"å": "☃ \U0001d11e", "line": "\\n"}\n\t '


@pytest.fixture
def account():
    with open_account() as account:
        yield account


@pytest.fixture
def sqs(account):
    return account.clients.sqs


@pytest.fixture
def queues(sqs):
    return Queues(sqs)


@pytest.fixture
def url(account):
    return account.settings.work_dlq_url


def receive_record(sqs, url):
    """One message as Lambda hands it over."""
    answer = sqs.receive_message(
        QueueUrl=url, MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"]
    )
    (record,) = to_records(answer["Messages"], "arn:aws:sqs:eu-west-1:123456789012:x")
    return record


@pytest.mark.parametrize("count", [0, 1, 10, 11, 25])
def test_any_number_of_messages_is_sent_each_once(queues, sqs, url, count):
    queues.send(url, [f"body {n}" for n in range(count)])
    bodies = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        bodies += [message["Body"] for message in messages]
    assert sorted(bodies) == sorted(f"body {n}" for n in range(count))


def test_a_message_of_a_batch_that_is_not_accepted_is_an_error(queues, sqs, url):
    with Stubber(sqs) as stubber:
        stubber.add_response(
            "send_message_batch",
            {
                "Successful": [{"Id": "0", "MessageId": "m", "MD5OfMessageBody": "x"}],
                "Failed": [{"Id": "1", "Code": "InternalError", "SenderFault": False}],
            },
        )
        with pytest.raises(ServiceError, match="1 of 2 messages were not accepted: InternalError"):
            queues.send(url, ["a", "b"])


def test_a_copy_is_the_message_byte_for_byte_with_all_its_attributes(queues, sqs, url):
    sqs.send_message(QueueUrl=url, MessageBody=BODY, MessageAttributes=OWN)
    record = receive_record(sqs, url)
    queues.send_copy(url, record["body"], record["messageAttributes"], STATE)
    (copy,) = queues.receive(url, visibility_seconds=30)
    assert copy.body == BODY
    assert copy.message_id != record["messageId"]
    again = receive_after(queues, sqs, url, copy)
    state = read_delivery_state(copy.attributes, message_id="x", sent_at=SENT_AT)
    assert state == STATE
    assert {name: again["MessageAttributes"][name] for name in OWN} == OWN
    assert set(again["MessageAttributes"]) == {*OWN, "seashore"}


def receive_after(queues, sqs, url, message):
    """A received message once more, as the SDK gives it."""
    queues.change_visibility(url, message.receipt_handle, 0)
    answer = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])
    return answer["Messages"][0]


def test_a_copy_of_a_copy_carries_the_newest_past_only(queues, sqs, url):
    queues.send_copy(url, BODY, {}, STATE)
    record = receive_record(sqs, url)
    newer = STATE.model_copy(update={"deferrals": 9})
    queues.send_copy(url, BODY, record["messageAttributes"], newer)
    (copy,) = queues.receive(url, visibility_seconds=30)
    assert set(copy.attributes) == {"seashore"}
    assert read_delivery_state(copy.attributes, message_id="x", sent_at=SENT_AT).deferrals == 9


def test_what_is_received_has_the_shape_of_a_lambda_record(queues, sqs, url):
    sqs.send_message(QueueUrl=url, MessageBody=BODY, MessageAttributes=OWN)
    (message,) = queues.receive(url, visibility_seconds=30)
    record = receive_after_record(queues, sqs, url, message)
    for name in OWN:
        there = record["messageAttributes"][name]
        assert {k: v for k, v in there.items() if v} == message.attributes[name]
    assert (
        message.attributes["bytes"]["binaryValue"] == base64.b64encode(bytes(range(256))).decode()
    )
    assert message.receive_count == 1
    assert abs((datetime.now(UTC) - message.sent_at).total_seconds()) < 60


def receive_after_record(queues, sqs, url, message):
    queues.change_visibility(url, message.receipt_handle, 0)
    return receive_record(sqs, url)


def test_at_most_ten_messages_are_received_at_once(queues, url):
    queues.send(url, ["x"] * 12)
    assert len(queues.receive(url, visibility_seconds=30)) == 10
    assert len(queues.receive(url, visibility_seconds=30)) == 2
    assert queues.receive(url, visibility_seconds=30) == []


def test_what_is_deleted_is_gone(queues, account, url):
    queues.send(url, ["x"])
    (message,) = queues.receive(url, visibility_seconds=30)
    queues.delete(url, message.receipt_handle)
    assert account.count_messages(url) == 0


@pytest.mark.parametrize(
    ("asked", "sent"), [(0, 0), (0.1, 1), (12.5, 13), (900, 900), (901, 900), (100_000, 900)]
)
def test_a_delay_is_rounded_up_and_never_more_than_sqs_allows(queues, sqs, url, asked, sent):
    with Stubber(sqs) as stubber:
        stubber.add_response(
            "send_message",
            {"MessageId": "m", "MD5OfMessageBody": "x"},
            {
                "QueueUrl": url,
                "MessageBody": "b",
                "MessageAttributes": ANY,
                "DelaySeconds": sent,
            },
        )
        queues.send_copy(url, "b", {}, STATE, asked)


@pytest.mark.parametrize(("asked", "sent"), [(0, 0), (0.2, 1), (43_200, 43_200), (50_000, 43_200)])
def test_a_visibility_timeout_is_rounded_up_and_never_more_than_allowed(
    queues, sqs, url, asked, sent
):
    with Stubber(sqs) as stubber:
        expected = {"QueueUrl": url, "ReceiptHandle": "r", "VisibilityTimeout": sent}
        stubber.add_response("change_message_visibility", {}, expected)
        queues.change_visibility(url, "r", asked)


def test_the_past_is_written_in_ascii_whatever_it_quotes(queues, sqs, url):
    state = STATE.model_copy(update={"message_id": "å \ufffe \x01"})
    queues.send_copy(url, BODY, {}, state)
    record = receive_record(sqs, url)
    text = record["messageAttributes"]["seashore"]["stringValue"]
    assert text.isascii()
    assert json.loads(text)["message_id"] == state.message_id


def test_a_queue_that_does_not_exist_is_no_fault_of_the_message(queues, url):
    with pytest.raises(ServiceError) as caught:
        queues.send(url + "-none", ["x"])
    assert caught.value.reason == "set_up_wrongly"


def test_a_body_that_is_too_long_is_refused_for_good(queues, url):
    with pytest.raises(PermanentError):
        queues.send_copy(url, "x" * 2_000_000, {}, STATE)


def receive_all(queues, url):
    messages = []
    while batch := queues.receive(url, visibility_seconds=600):
        messages += batch
    return messages


def test_many_copies_are_sent_each_with_its_own_past(queues, url):
    states = [STATE.model_copy(update={"deferrals": n}) for n in range(23)]
    copies = [MessageCopy(f"body {n}", {}, state) for n, state in enumerate(states)]
    assert queues.send_copies(url, copies) == [None] * 23
    received = {
        message.body: read_delivery_state(message.attributes, message_id="x", sent_at=SENT_AT)
        for message in receive_all(queues, url)
    }
    assert received == {copy.body: copy.state for copy in copies}


def test_copies_of_any_size_fit_their_requests(queues, sqs, url):
    sizes = []

    def measure(params, **_):
        sizes.append(sum(len(entry["MessageBody"]) for entry in params["Entries"]))

    event = "provide-client-params.sqs.SendMessageBatch"
    sqs.meta.events.register(event, measure, unique_id="sizes")
    try:
        copies = [MessageCopy(f"{n}" * 200_000, {}, STATE) for n in range(7)]
        assert queues.send_copies(url, copies) == [None] * 7
    finally:
        sqs.meta.events.unregister(event, unique_id="sizes")
    assert max(sizes) <= 1_048_576
    assert len(receive_all(queues, url)) == 7


def test_a_copy_that_is_refused_is_told_by_its_place(queues, sqs, url):
    with Stubber(sqs) as stubber:
        accepted = {"Id": "0", "MessageId": "m", "MD5OfMessageBody": "x"}
        refused = {"Id": "1", "Code": "InvalidMessageContents", "SenderFault": True}
        stubber.add_response("send_message_batch", {"Successful": [accepted], "Failed": [refused]})
        copies = [MessageCopy("a", {}, STATE), MessageCopy("b", {}, STATE)]
        assert queues.send_copies(url, copies) == [None, "InvalidMessageContents"]


def test_many_messages_are_made_visible_and_deleted_at_once(queues, account, url):
    queues.send(url, [f"body {n}" for n in range(12)])
    handles = [message.receipt_handle for message in receive_all(queues, url)]
    assert queues.count_messages(url) == 0
    assert queues.change_visibility_batch(url, handles, 0) == []
    assert queues.count_messages(url) == 12
    handles = [message.receipt_handle for message in receive_all(queues, url)]
    assert queues.delete_batch(url, handles) == []
    assert account.count_messages(url) == 0


def test_a_letter_that_sqs_itself_moved_is_told_apart(queues, sqs, url):
    # moto does not say where it moved a letter from.
    origins = [{"DeadLetterQueueSourceArn": "arn:aws:sqs:eu-west-1:123456789012:work"}, {}]
    letters = [
        {
            "MessageId": "m",
            "ReceiptHandle": "r",
            "Body": "b",
            "Attributes": {"SentTimestamp": "0", "ApproximateReceiveCount": "1", **origin},
        }
        for origin in origins
    ]
    with Stubber(sqs) as stubber:
        stubber.add_response("receive_message", {"Messages": letters})
        assert [m.moved_by_sqs for m in queues.receive(url, visibility_seconds=1)] == [True, False]


def test_a_group_goes_with_a_message_and_with_its_copy_from_a_dlq(queues, sqs, url):
    queues.send(url, [BODY], "folder:archive")
    assert receive_record(sqs, url)["attributes"]["MessageGroupId"] == "folder:archive"
    sqs.purge_queue(QueueUrl=url)

    queues.send(url, [BODY], "folder:archive")
    (letter,) = queues.receive(url, 30)
    state = read_letter_state(letter)
    assert letter.group == state.group == "folder:archive"
    queues.delete(url, letter.receipt_handle)
    assert queues.send_copies(url, [MessageCopy(letter.body, letter.attributes, state)]) == [None]
    (copy,) = queues.receive(url, 30)
    assert copy.group == read_letter_state(copy).group == "folder:archive"
