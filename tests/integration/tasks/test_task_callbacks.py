"""Word to the senders of tasks: to allowed queues and topics, once the task is final."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from functions.delivery.policy import DeadLetter
from pipeline.tasks.intake import register_order
from shared.aws.callback_targets import find_callback_target
from shared.deadline import Deadline
from shared.errors import ServiceError, TaskRefusedError
from shared.ledger.tasks import LOST_TASK_REASON
from shared.lifecycle import TaskStatus
from shared.messages.tasks import SummarizeTask
from shared.messages.work_items import TaskCallback, WorkItem
from tests.fakes.aws.moved_letters import put_moved_letter
from tests.fakes.desks.task_desk import open_task_desk

QUEUE_ARN = "arn:aws:sqs:eu-west-1:123456789012:told"
TOPIC_ARN = "arn:aws:sns:eu-west-1:123456789012:told-topic"
TEXT = "The text is here."


@pytest.fixture
def desk():
    with open_task_desk(with_model=False, callback_arns=(QUEUE_ARN, TOPIC_ARN)) as desk:
        sqs = desk.account.clients.sqs
        desk.told_url = sqs.create_queue(QueueName="told")["QueueUrl"]
        yield desk


def read_told(desk):
    answer = desk.account.clients.sqs.receive_message(
        QueueUrl=desk.told_url, MaxNumberOfMessages=10
    )
    return [json.loads(message["Body"]) for message in answer.get("Messages", [])]


def forget_records(desk):
    """Delete the idempotency records."""
    table = desk.account.settings.idempotency_table
    for item in desk.account.clients.dynamodb.scan(TableName=table)["Items"]:
        desk.account.clients.dynamodb.delete_item(TableName=table, Key={"id": item["id"]})


def test_a_queue_is_told_when_a_task_is_done(desk):
    task = desk.do("summarize", id="t", text=TEXT, callback=desk.told_url)
    assert task.status is TaskStatus.DONE
    assert read_told(desk) == [
        {
            "v": 1,
            "task_id": "t",
            "kind": "summarize",
            "status": "DONE",
            "attempt": 1,
            "result_bucket": desk.account.settings.artifacts_bucket,
            "result_key": task.result_key,
            "reason": None,
        }
    ]


def test_a_queue_is_told_when_a_task_is_given_up(desk):
    desk.do("agent", id="t", prompt="Look.", callback=QUEUE_ARN)
    (told,) = read_told(desk)
    assert (told["status"], told["result_key"]) == ("FAILED", None)
    assert "needs a language model" in told["reason"]


def test_a_topic_is_told(desk):
    sns = desk.account.clients.sns
    sns.create_topic(Name="told-topic")
    sns.subscribe(TopicArn=TOPIC_ARN, Protocol="sqs", Endpoint=QUEUE_ARN)
    desk.do("summarize", id="t", text=TEXT, callback=TOPIC_ARN)
    (told,) = read_told(desk)
    assert json.loads(told["Message"])["task_id"] == "t"


def test_a_fifo_queue_is_told_once_in_its_task_s_order():
    arn = f"{QUEUE_ARN}.fifo"
    with open_task_desk(with_model=False, callback_arns=(arn,)) as desk:
        sqs = desk.account.clients.sqs
        desk.told_url = sqs.create_queue(QueueName="told.fifo", Attributes={"FifoQueue": "true"})[
            "QueueUrl"
        ]
        desk.do("summarize", id="t", text=TEXT, callback=arn)
        again = WorkItem("again", TaskCallback(task_id="t", attempt=1))
        desk.pipeline.worker_consumer.handle(again, Deadline.after(60))
        answer = sqs.receive_message(
            QueueUrl=desk.told_url, MaxNumberOfMessages=10, AttributeNames=["MessageGroupId"]
        )
    (told,) = answer["Messages"]
    assert told["Attributes"]["MessageGroupId"] == json.loads(told["Body"])["task_id"] == "t"


def test_a_sender_is_told_of_a_task_whose_process_died_after_its_last_commit(desk):
    desk.do("summarize", id="t", text=TEXT, callback=desk.told_url)
    (before,) = read_told(desk)
    # SQS has moved its message to the DLQ, and the sweep gives it up.
    order = SummarizeTask(id="t", text=TEXT, callback=desk.told_url)
    died = DeadLetter("ProcessDied", "its process died")
    desk.pipeline.worker_consumer.give_up(WorkItem(order.item_id, order), died)
    forget_records(desk)
    desk.pipeline.run()
    assert read_told(desk) == [before]
    assert desk.task("t").status is TaskStatus.DONE


def test_a_sender_is_told_by_the_sweep_though_nothing_is_in_flight(desk):
    desk.do("summarize", id="t", text=TEXT, callback=desk.told_url)
    read_told(desk)
    forget_records(desk)
    settings, sqs = desk.account.settings, desk.account.clients.sqs
    body = {"kind": "summarize", "id": "t", "text": TEXT, "callback": desk.told_url}
    put_moved_letter(sqs, settings.work_dlq_url, json.dumps(body))
    sqs.send_message(QueueUrl=settings.work_queue_url, MessageBody='{"kind": "sweep", "v": 1}')
    desk.pipeline.run()
    (told,) = read_told(desk)
    assert (told["task_id"], told["status"]) == ("t", "DONE")


def test_a_sender_is_told_of_a_task_that_no_queue_knows_any_more(desk, monkeypatch):
    settings, sqs = desk.account.settings, desk.account.clients.sqs
    order = SummarizeTask(id="t", text=TEXT, callback=desk.told_url)
    register_order(order, desk.table, lambda: datetime.now(UTC) - timedelta(days=16))

    def sweep():
        sqs.send_message(QueueUrl=settings.work_queue_url, MessageBody='{"kind": "sweep", "v": 1}')
        desk.pipeline.run()

    with monkeypatch.context() as patches:
        # The sweep dies after its first write; the next one has the sender told.
        patches.setattr("pipeline.tasks.carry_out._send_callback", die)
        sweep()
    assert desk.task("t").status is TaskStatus.FAILED
    assert read_told(desk) == []
    desk.drain_work_queue()
    sweep()
    (told,) = read_told(desk)
    assert (told["status"], told["reason"]) == ("FAILED", LOST_TASK_REASON)
    sweep()
    assert read_told(desk) == []


def die(*_):
    raise ServiceError("died", delay_seconds=900, reason="x")


def test_a_target_that_is_not_allowed_fails_the_task_with_one_sentence(desk):
    other = desk.account.clients.sqs.create_queue(QueueName="other")["QueueUrl"]
    task = desk.do("summarize", id="t", text=TEXT, callback=other)
    assert task.status is TaskStatus.FAILED
    assert f"the callback {other} is not allowed" in task.reason
    assert desk.account.count_messages(other) == 0
    ((_, failure),) = desk.letters()
    assert failure["error_type"] == "TaskRefusedError"


def test_a_queue_that_is_gone_delays_the_word_and_not_the_task(desk):
    desk.account.clients.sqs.delete_queue(QueueUrl=desk.told_url)
    task = desk.do("summarize", id="t", text=TEXT, callback=desk.told_url)
    assert task.status is TaskStatus.DONE
    assert desk.letters() == []
    # The word waits in the queue, and goes out once the queue is back.
    assert desk.account.count_messages(desk.account.settings.work_queue_url) == 1
    desk.account.clients.sqs.create_queue(QueueName="told")
    desk.make_waits_end()
    desk.pipeline.run()
    assert [told["task_id"] for told in read_told(desk)] == ["t"]


def test_a_crash_before_the_word_was_on_its_way_is_healed_by_redelivery(desk):
    desk.do("summarize", id="t", text=TEXT, callback=desk.told_url)
    read_told(desk)
    steps = desk.steps("t")
    # What idempotency knows is lost with the crash; the ledger still has the task as DONE.
    forget_records(desk)
    desk.do("summarize", id="t", text=TEXT, callback=desk.told_url)
    assert [told["task_id"] for told in read_told(desk)] == ["t"]
    assert desk.steps("t") == steps


@pytest.mark.parametrize(
    ("callback", "arn"),
    [
        (QUEUE_ARN, QUEUE_ARN),
        (TOPIC_ARN, TOPIC_ARN),
        ("https://sqs.eu-west-1.amazonaws.com/123456789012/told", QUEUE_ARN),
        ("http://127.0.0.1:4566/123456789012/told", QUEUE_ARN),
    ],
)
def test_a_target_is_known_by_url_or_arn(callback, arn):
    assert find_callback_target(callback, (TOPIC_ARN, QUEUE_ARN)).arn == arn


@pytest.mark.parametrize(
    "callback",
    [
        "https://sqs.us-east-1.amazonaws.com/123456789012/told",
        "https://sqs.eu-west-1.amazonaws.com/123456789012/told/",
        "https://sqs.eu-west-1.amazonaws.com/123456789012/told?x=1/../other",
        "https://sqs.eu-west-1.amazonaws.com/210987654321/told",
        "https://sqs.eu-west-1.amazonaws.com/123456789012/told-topic",
        "ftp://sqs.eu-west-1.amazonaws.com/123456789012/told",
        "http://[::1/123456789012/told",
        "arn:aws:sqs:eu-west-1:123456789012:told-",
        "arn:aws:sns:eu-west-1:123456789012:told",
        "told",
        "",
    ],
)
def test_any_other_target_is_refused(callback):
    with pytest.raises(TaskRefusedError, match="is not allowed"):
        find_callback_target(callback, (QUEUE_ARN, TOPIC_ARN, "nonsense"))
