"""The sweep's tick comes past the work queue, however much waits there."""

import json
from dataclasses import replace

import pytest

from functions.delivery.direct_tick import handle_tick
from functions.worker import build_worker
from shared.errors import ServiceError, UnfinishedError
from shared.ledger.documents import find_document
from shared.llm.extractive.extractive_model import ExtractiveModel
from shared.messages.document_messages import Combine, SummarizeChunk
from shared.messages.message import encode_message
from tests.fakes.aws.event_source import LambdaContext
from tests.fakes.aws.ledger_rows import Clock, extract_document, open_table
from tests.fakes.aws.moved_letters import put_moved_letter

TICK = {"kind": "sweep", "v": 1}


class Worker:
    def __init__(self, account):
        self.settings, self.sqs = account.settings, account.clients.sqs
        self.table = open_table(account)
        self.consumer, self.runtime = build_worker(
            self.settings, account.clients, ExtractiveModel(), now=Clock()
        )

    def tick(self, event=TICK, **changes):
        consumer = replace(self.consumer, **changes)
        handle_tick(event, LambdaContext(timeout_seconds=60), consumer, self.runtime)

    def read_queue(self):
        answer = self.sqs.receive_message(
            QueueUrl=self.settings.work_queue_url, MaxNumberOfMessages=10
        )
        return [message["Body"] for message in answer.get("Messages", [])]


@pytest.fixture
def worker(account):
    return Worker(account)


def fail(error):
    def handle(item, deadline):
        raise error

    return handle


def test_a_tick_sweeps_whatever_waits_on_the_queue(worker):
    document = extract_document(worker.table, Clock(), 2)
    chunk = SummarizeChunk(
        document_id=document.document_id,
        run=1,
        chunk_number=1,
        text_key="text/gone.json",
        first_page=1,
        last_page=1,
    )
    put_moved_letter(worker.sqs, worker.settings.work_dlq_url, encode_message(chunk))
    waiting = encode_message(Combine(document_id=document.document_id, run=1, chunks_done=2))
    worker.sqs.send_message(QueueUrl=worker.settings.work_queue_url, MessageBody=waiting)
    worker.tick()
    # Its chunk was counted as given up, and what waits was neither read nor joined by a tick.
    assert find_document(worker.table, document.document_id).chunks_failed == 1
    assert worker.read_queue() == [waiting]


@pytest.mark.parametrize(
    "error",
    [
        ServiceError("a ledger that is throttled", delay_seconds=5, reason="aws_service"),
        UnfinishedError("the time is up", delay_seconds=1, reason="unfinished"),
    ],
)
def test_what_a_tick_cannot_do_now_goes_on_as_a_message(worker, error):
    worker.tick(handle=fail(error))
    assert list(map(json.loads, worker.read_queue())) == [TICK]


def test_a_tick_that_nobody_understands_is_left_to_the_policy_of_the_queue(worker):
    strange = {"kind": "sweep", "v": 99}
    worker.tick(strange)
    assert list(map(json.loads, worker.read_queue())) == [strange]


def test_a_tick_that_fails_and_cannot_be_sent_on_is_told_to_lambda(worker):
    with pytest.raises(ServiceError):
        worker.tick(
            handle=fail(ServiceError("down", delay_seconds=5, reason="aws_service")),
            queue_url=worker.settings.work_queue_url + "-gone",
        )
