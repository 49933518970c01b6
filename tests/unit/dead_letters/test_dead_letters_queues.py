"""Requests for many messages at once: what is refused is told apart from what is not."""

import boto3
import pytest
from botocore.stub import ANY, Stubber
from hypothesis import given
from hypothesis import strategies as st

from shared.aws.queues import MessageCopy, Queues, split_by_size
from shared.errors import ServiceError
from shared.messages.delivery_state import DeliveryState
from tests.fakes.dead_letter_boxes import DIED_AT

URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/work"
REFUSED = {"SenderFault": False, "Code": "InternalError", "Message": "try again"}


@pytest.fixture
def sqs():
    return boto3.client("sqs")


@pytest.fixture
def stubber(sqs):
    with Stubber(sqs) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def make_copy(body="x"):
    return MessageCopy(body, {}, DeliveryState(message_id="m", first_enqueued_at=DIED_AT))


def expect(stubber, operation, size, failed):
    successful = [
        {"Id": str(n), "MessageId": "m", "MD5OfMessageBody": "d"}
        if operation == "send_message_batch"
        else {"Id": str(n)}
        for n in range(size)
        if n not in failed
    ]
    stubber.add_response(
        operation,
        {"Successful": successful, "Failed": [{"Id": str(n), **REFUSED} for n in failed]},
        {"QueueUrl": URL, "Entries": ANY},
    )


def test_copies_that_are_refused_are_named_by_their_place(sqs, stubber):
    expect(stubber, "send_message_batch", 10, {3})
    expect(stubber, "send_message_batch", 2, {0})
    codes = Queues(sqs).send_copies(URL, [make_copy() for _ in range(12)])
    assert [place for place, code in enumerate(codes) if code] == [3, 10]
    assert set(codes) == {None, "InternalError"}


def test_messages_that_are_not_deleted_are_told(sqs, stubber):
    expect(stubber, "delete_message_batch", 10, set())
    expect(stubber, "delete_message_batch", 5, {1})
    assert Queues(sqs).delete_batch(URL, [f"h{n}" for n in range(15)]) == ["h11"]


def test_messages_that_somebody_else_has_are_told(sqs, stubber):
    expect(stubber, "change_message_visibility_batch", 3, {0, 2})
    assert Queues(sqs).change_visibility_batch(URL, ["a", "b", "c"], 30) == ["a", "c"]


def test_a_request_that_fails_is_an_error(sqs, stubber):
    expect(stubber, "send_message_batch", 10, set())
    stubber.add_client_error("send_message_batch", "ServiceUnavailable", "no", 503)
    with pytest.raises(ServiceError):
        Queues(sqs).send_copies(URL, [make_copy() for _ in range(12)])


@given(st.lists(st.integers(1, 300_000), max_size=25))
def test_requests_are_small_and_keep_the_order(sizes):
    copies = [make_copy("x" * size) for size in sizes]
    batches = list(split_by_size(copies))
    assert [copy for batch in batches for copy in batch] == copies
    for batch in batches:
        assert 1 <= len(batch) <= 10
        assert (
            len(batch) == 1
            or sum(len(copy.to_request()["MessageBody"]) for copy in batch) <= 262_144
        )
