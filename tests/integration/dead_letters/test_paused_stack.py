"""A stack that is paused for days, with the retention of its queues, on a clock: nothing is lost in
silence.
"""

import json
from datetime import timedelta

import boto3
import pytest

from functions.delivery.batch import process_batch
from functions.worker import build_worker
from shared.aws.clients import Clients
from shared.errors import ModelThrottledError
from shared.ledger.documents import find_document
from shared.ledger.tasks import LOST_TASK_REASON, find_task
from shared.lifecycle import DocumentStatus, TaskStatus
from shared.llm.extractive.extractive_model import ExtractiveModel
from shared.messages.document_messages import SummarizeChunk
from shared.messages.message import encode_message
from shared.messages.work_items import Sweep
from tests.fakes.aws.event_source import EventSource
from tests.fakes.aws.kept_account import open_account
from tests.fakes.aws.kept_queues import KeptQueues
from tests.fakes.aws.ledger_rows import START, extract_document, open_table
from tests.project_files import PROJECT
from tests.unit.template.template_parts import parse_template

TASK = {"kind": "summarize", "id": "t", "text": "The harbour was deepened in 1962."}


class BusyModel(ExtractiveModel):
    """A model that is busy at first."""

    name = "busy"
    is_busy = True

    def answer(self, request, deadline):
        if self.is_busy:
            raise ModelThrottledError("busy", delay_seconds=60, reason="throttled")
        return super().answer(request, deadline)


class PausedStack:
    """The worker behind its queue, with the template's queues, on a clock."""

    def __init__(self, account):
        self.now = START
        self.table = open_table(account)
        self.settings = account.settings
        self.model = BusyModel()
        session = boto3.Session(
            aws_access_key_id="testing", aws_secret_access_key="testing", region_name="eu-west-1"
        )
        clients = Clients(session)
        self.queues = KeptQueues(lambda: self.now.timestamp())
        self.queues.serve(clients.sqs)
        resources = parse_template(PROJECT / "infra" / "template.yaml")["Resources"]
        for name in ("Uploads", "Recognition", "Conversions", "Work", "Reports"):
            dlq_url = getattr(self.settings, f"{name.lower()}_dlq_url")
            url = getattr(self.settings, f"{name.lower()}_queue_url")
            days = {
                kind: resources[name + kind]["Properties"]["MessageRetentionPeriod"] / 86_400
                for kind in ("Dlq", "Queue")
            }
            self.queues.add_queue(dlq_url, days=days["Dlq"])
            self.queues.add_queue(url, days=days["Queue"], dlq_url=dlq_url, max_receives=5)
        self.sqs = clients.sqs
        consumer, runtime = build_worker(self.settings, clients, self.model, now=lambda: self.now)
        self.worker = EventSource(
            clients.sqs,
            self.settings.work_queue_url,
            lambda event, context: process_batch(event, context, consumer, runtime),
            # moto's backends are not made for threads.
            batch_size=1,
        )

    def send(self, body):
        self.sqs.send_message(QueueUrl=self.settings.work_queue_url, MessageBody=body)

    def run(self, sweeps=False):
        if sweeps:
            self.send(encode_message(Sweep()))
        while self.worker.poll():
            pass

    def letters(self):
        return self.queues.list_bodies(self.settings.work_dlq_url)


@pytest.fixture
def stack():
    with open_account(retry_base_seconds=1) as account:
        yield PausedStack(account)


def test_what_waited_for_five_days_is_worked_on_and_may_wait_as_long_as_any(stack):
    stack.send(json.dumps(TASK))
    stack.now += timedelta(days=5)
    stack.run()
    assert stack.letters() == []
    stack.now += timedelta(minutes=10)
    stack.model.is_busy = False
    stack.run(sweeps=True)
    assert find_task(stack.table, "t").status is TaskStatus.DONE
    assert stack.letters() == []


def test_what_sqs_moves_after_the_pause_is_kept_for_fourteen_days_more(stack):
    stack.send(json.dumps(TASK))
    stack.now += timedelta(days=11)
    # A process that dies each time.
    for _ in range(6):
        stack.worker.receive()
        stack.now += timedelta(minutes=1)
    assert stack.letters() == [json.dumps(TASK)]
    stack.run(sweeps=True)
    task = find_task(stack.table, "t")
    assert (task.status, "process died" in task.reason) == (TaskStatus.FAILED, True)
    stack.now += timedelta(days=13)
    stack.run(sweeps=True)
    assert stack.letters() == [json.dumps(TASK)]


def test_what_the_queue_has_forgotten_is_told_as_lost(stack):
    document = extract_document(stack.table, lambda: stack.now, 1)
    message = SummarizeChunk(
        document_id=document.document_id,
        run=1,
        chunk_number=1,
        text_key="text/x.json",
        first_page=1,
        last_page=1,
    )
    stack.send(json.dumps(TASK))
    stack.run()
    assert find_task(stack.table, "t").status is TaskStatus.RECEIVED
    stack.send(encode_message(message))
    stack.now += timedelta(days=13)
    stack.run(sweeps=True)
    # Its queue has forgotten it, but a DLQ keeps what it was sent for a day longer.
    assert find_document(stack.table, document.document_id).status is DocumentStatus.EXTRACTED
    stack.now += timedelta(days=2, hours=1)
    stack.run(sweeps=True)
    lost = find_document(stack.table, document.document_id)
    assert (lost.status, lost.reason_code) == (DocumentStatus.FAILED, "lost")
    assert "put the file into the bucket again" in lost.reason
    task = find_task(stack.table, "t")
    assert (task.status, task.reason) == (TaskStatus.FAILED, LOST_TASK_REASON)
