"""Texts that are summarised without a model: entered with their result, whatever comes between."""

import json

import pytest

from functions.wiring import utc_now
from pipeline.tasks.intake import register_order
from shared.aws.dynamodb_table import Update
from shared.deadline import Deadline
from shared.errors import TaskConflictError
from shared.ledger.tasks import finish_task, list_tasks, start_task, task_row_key
from shared.lifecycle import TaskStatus
from shared.messages.tasks import SummarizeTask
from shared.messages.work_items import WorkItem

ONE = SummarizeTask(id="t", text="The pier is long. It was built in 1907.")
OTHER = SummarizeTask(id="t", text="The heron waits for the tide. It is patient.")
STEPS = ["received", "started", "finished"]
# The two files of the result, and the task.
REQUESTS = 3


class Died(BaseException):
    """The end of a process."""


def work(desk, order):
    item = WorkItem(order.item_id, order)
    desk.pipeline.worker_consumer.handle(item, Deadline.after(60))


def test_a_text_of_several_parts_is_entered_with_its_result_too(offline):
    told = (f"The pier number {n} was built in {1800 + n % 200} of oak." for n in range(3_000))
    order = SummarizeTask(id="t", text=" ".join(told))
    work(offline, order)
    status, digest, _ = read_claims(offline, order)
    assert (status, digest) == (TaskStatus.DONE, order.digest)


class After:
    """Does something once, after so many requests to S3 and DynamoDB."""

    def __init__(self, desk, requests, act):
        self.left, self.act = requests, act
        clients = desk.account.clients
        self.events = [clients.dynamodb.meta.events, clients.s3.meta.events]

    def __enter__(self):
        for events in self.events:
            events.register("after-call.*", self._count, unique_id="after")

    def __exit__(self, *_):
        for events in self.events:
            events.unregister("after-call.*", unique_id="after")

    def _count(self, **_):
        self.left -= 1
        if self.left == 0:
            self.act()


def read_claims(desk, order):
    """How the task of an order stands, and whether its result is of that order's text."""
    task = desk.task(order.id)
    result = desk.result(task)
    sentences = [part.strip() for part in order.text.split(".") if part.strip()]
    assert desk.markdown(task)
    return task.status, task.digest, all(one in json.dumps(result) for one in sentences)


def die():
    raise Died


@pytest.mark.parametrize("requests", range(1, REQUESTS + 1))
def test_a_process_that_dies_leaves_work_that_the_next_one_does_once(offline, requests):
    with After(offline, requests, die), pytest.raises(Died):
        work(offline, ONE)
    is_entered = requests == REQUESTS
    assert (offline.task("t") is not None) == is_entered
    before = offline.task("t")
    work(offline, ONE)
    assert read_claims(offline, ONE) == (TaskStatus.DONE, ONE.digest, True)
    assert offline.steps("t") == STEPS
    assert before in (None, offline.task("t"))


@pytest.mark.parametrize("requests", range(1, REQUESTS + 1))
def test_of_two_tasks_with_one_id_at_the_same_time_one_wins_with_its_own_result(offline, requests):
    with After(offline, requests, lambda: work_or_refuse(offline, OTHER)):
        work_or_refuse(offline, ONE)
    winner = ONE if requests == REQUESTS else OTHER
    assert read_claims(offline, winner) == (TaskStatus.DONE, winner.digest, True)
    assert offline.steps("t") == STEPS


def work_or_refuse(desk, order):
    """Work on a task, which the ledger refuses if another one came first."""
    try:
        work(desk, order)
    except TaskConflictError:
        assert desk.task(order.id).digest != order.digest


@pytest.mark.parametrize("requests", range(1, REQUESTS + 1))
def test_two_deliveries_at_the_same_time_finish_a_task_once(offline, requests):
    with After(offline, requests, lambda: work(offline, ONE)):
        work(offline, ONE)
    assert read_claims(offline, ONE) == (TaskStatus.DONE, ONE.digest, True)
    assert offline.steps("t") == STEPS


def test_a_task_that_was_entered_before_is_finished(offline):
    register_order(ONE, offline.table, utc_now)
    work(offline, ONE)
    assert read_claims(offline, ONE) == (TaskStatus.DONE, ONE.digest, True)
    assert offline.steps("t") == STEPS


def test_a_task_that_is_entered_with_its_result_is_listed_and_not_at_work(offline):
    work(offline, ONE)
    (listed,) = list_tasks(offline.table, utc_now, 2)
    assert (listed.task_id, listed.attempts, listed.kind) == ("t", 1, "summarize")
    row = offline.table.read_row("TASK#t", "TASK")
    assert "in_flight" not in row
    assert row["finished_at"] == row["updated_at"] >= row["received_at"]


def read_files(desk):
    """What the files of all results of the task hold, by the folder that they lie in."""
    clients, bucket = desk.account.clients, desk.account.settings.artifacts_bucket
    found = clients.s3.list_objects_v2(Bucket=bucket, Prefix="results/tasks/t/")
    texts = {}
    for one in found.get("Contents", []):
        body = clients.s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read()
        folder = one["Key"].split("/")[3]
        texts[folder] = texts.get(folder, "") + body.decode()
    return texts


def change(desk, **changes):
    desk.table.update_row(Update(*task_row_key("t"), assign=changes))


def test_nothing_is_left_of_the_text_of_a_refused_task(offline):
    work(offline, ONE)
    for _ in range(2):
        with pytest.raises(TaskConflictError):
            work(offline, OTHER)
    texts = read_files(offline)
    assert texts.pop(f"1-{OTHER.digest}") == ""
    assert "pier" in texts.pop(f"1-{ONE.digest}")
    assert texts == {}


def test_nothing_is_left_of_the_text_of_a_cancelled_task(offline):
    register_order(ONE, offline.table, utc_now)
    change(offline, status=TaskStatus.CANCELLED)
    work(offline, ONE)
    assert "".join(read_files(offline).values()) == ""
    assert offline.task("t").status is TaskStatus.CANCELLED


def test_a_task_that_a_model_has_done_keeps_that_result(offline):
    task = start_task(offline.table, register_order(ONE, offline.table, utc_now), utc_now)
    end = {"result_key": "results/tasks/t/1/result.json", "model": "m", "shortfall": None}
    finish_task(offline.table, task, utc_now, **end)
    before = offline.task("t")
    work(offline, ONE)
    assert offline.task("t") == before
    assert "".join(read_files(offline).values()) == ""


def test_a_result_says_what_a_models_attempts_have_cost(offline):
    register_order(ONE, offline.table, utc_now, begins=True)
    change(offline, cost_micro_usd=2_500_000, input_tokens=70)
    work(offline, ONE)
    result = offline.result(offline.task("t"))
    assert (result["cost_usd"], result["input_tokens"]) == (2.5, 70)
    assert offline.task("t").attempts == 2
