"""SQS's own redrive, against the service model of botocore."""

import boto3
import pytest
from botocore.stub import Stubber

from infra.cli.dead_letters.move_tasks import MoveProgress, cancel_move, start_move, watch_move
from shared.errors import OperatorError

DLQ = "https://sqs.eu-west-1.amazonaws.com/123456789012/work-dlq"
QUEUE = "https://sqs.eu-west-1.amazonaws.com/123456789012/work"
DLQ_ARN = "arn:aws:sqs:eu-west-1:123456789012:work-dlq"
QUEUE_ARN = "arn:aws:sqs:eu-west-1:123456789012:work"


@pytest.fixture
def sqs():
    return boto3.client("sqs")


@pytest.fixture
def stubber(sqs):
    with Stubber(sqs) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def expect_arn(stubber, url, arn):
    stubber.add_response(
        "get_queue_attributes",
        {"Attributes": {"QueueArn": arn}},
        {"QueueUrl": url, "AttributeNames": ["QueueArn"]},
    )


def expect_start(stubber, **rate):
    expect_arn(stubber, DLQ, DLQ_ARN)
    expect_arn(stubber, QUEUE, QUEUE_ARN)
    return {"SourceArn": DLQ_ARN, "DestinationArn": QUEUE_ARN, **rate}


def expect_look(stubber, **result):
    stubber.add_response(
        "list_message_move_tasks",
        {"Results": [result] if result else []},
        {"SourceArn": DLQ_ARN, "MaxResults": 1},
    )


def test_a_move_names_both_queues_and_its_rate(sqs, stubber):
    expected = expect_start(stubber, MaxNumberOfMessagesPerSecond=50)
    stubber.add_response("start_message_move_task", {"TaskHandle": "handle"}, expected)
    assert start_move(sqs, DLQ, QUEUE, 50) == "handle"


def test_without_a_rate_sqs_chooses_it(sqs, stubber):
    stubber.add_response("start_message_move_task", {"TaskHandle": "h"}, expect_start(stubber))
    assert start_move(sqs, DLQ, QUEUE, None) == "h"


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("AWS.SimpleQueueService.UnsupportedOperation", "There is already a task running."),
        ("InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue."),
        ("ResourceNotFoundException", "The resource that you specified doesn't exist."),
        ("RequestThrottled", "Rate exceeded."),
    ],
)
def test_what_sqs_refuses_is_said_in_its_words(sqs, stubber, code, sentence):
    expect_start(stubber)
    stubber.add_client_error("start_message_move_task", code, sentence, 400)
    with pytest.raises(OperatorError, match="AWS refused StartMessageMoveTask: ") as caught:
        start_move(sqs, DLQ, QUEUE, None)
    assert str(caught.value).endswith(sentence)


@pytest.mark.parametrize(
    ("code", "status"), [("InvalidAction", 400), ("UnknownOperationException", 404), ("", 501)]
)
def test_a_service_without_redrive_is_one_clear_line(sqs, stubber, code, status):
    expect_start(stubber)
    stubber.add_client_error("start_message_move_task", code, "?", status)
    with pytest.raises(OperatorError, match="leave out --native"):
        start_move(sqs, DLQ, QUEUE, None)


def test_progress_is_told_until_the_end(sqs, stubber):
    expect_arn(stubber, DLQ, DLQ_ARN)
    going = {
        "TaskHandle": "h",
        "Status": "RUNNING",
        "SourceArn": DLQ_ARN,
        "ApproximateNumberOfMessagesMoved": 3,
        "ApproximateNumberOfMessagesToMove": 10,
    }
    expect_look(stubber, **going)
    expect_look(stubber, **going | {"ApproximateNumberOfMessagesMoved": 9})
    # SQS leaves the handle out once the move has ended.
    expect_look(stubber, Status="COMPLETED", ApproximateNumberOfMessagesMoved=10)
    naps = []
    seen = list(watch_move(sqs, DLQ, naps.append))
    assert [(progress.status, progress.moved) for progress in seen] == [
        ("RUNNING", 3),
        ("RUNNING", 9),
        ("COMPLETED", 10),
    ]
    assert seen[0].to_move == 10
    assert len(naps) == 2


def test_a_move_that_failed_says_why(sqs, stubber):
    expect_arn(stubber, DLQ, DLQ_ARN)
    expect_look(stubber, Status="FAILED", FailureReason="CouldNotDetermineMessageSource")
    assert list(watch_move(sqs, DLQ, lambda seconds: None)) == [
        MoveProgress("FAILED", 0, None, "CouldNotDetermineMessageSource")
    ]


def test_a_move_that_sqs_does_not_know_is_an_error(sqs, stubber):
    expect_arn(stubber, DLQ, DLQ_ARN)
    expect_look(stubber)
    with pytest.raises(OperatorError, match="does not know"):
        list(watch_move(sqs, DLQ, lambda seconds: None))


def test_a_cancelled_move_says_how_far_it_was(sqs, stubber):
    stubber.add_response(
        "cancel_message_move_task",
        {"ApproximateNumberOfMessagesMoved": 7},
        {"TaskHandle": "handle"},
    )
    assert cancel_move(sqs, "handle") == 7


@pytest.mark.parametrize(
    "code", ["ResourceNotFoundException", "AWS.SimpleQueueService.UnsupportedOperation"]
)
def test_a_move_that_has_ended_need_not_be_cancelled(sqs, stubber, code):
    stubber.add_client_error("cancel_message_move_task", code, "not running", 400)
    assert cancel_move(sqs, "handle") is None


def test_a_move_that_cannot_be_cancelled_is_an_error(sqs, stubber):
    stubber.add_client_error("cancel_message_move_task", "AccessDenied", "not you", 403)
    with pytest.raises(OperatorError, match="not you"):
        cancel_move(sqs, "handle")
