"""How many calls of DynamoDB one item costs, through the real worker on moto."""

from collections import Counter

import pytest

from functions.delivery.batch import process_batch
from functions.worker import build_worker
from pipeline.ingest.chunk_text import ChunkText, PageOfText, chunk_text_key
from shared.aws.objects import ObjectStore
from shared.aws.queues import Queues
from shared.ledger.documents import find_document
from shared.lifecycle import DocumentStatus
from shared.llm.model import ModelAnswer, Usage
from shared.messages.document_messages import SummarizeChunk
from shared.messages.message import encode_message
from tests.fakes.aws.event_source import EventSource
from tests.fakes.aws.kept_account import open_account
from tests.fakes.aws.ledger_rows import Clock, extract_document, open_table

# One more where a call is metered: it is noted before it goes out, and what it has cost goes with
# the transaction of its effect.
MOST_CALLS_OF_A_CHUNK = {"free model": 4, "metered model": 5}
CHUNKS = 4


class Model:
    name = "gpt-5-mini"
    answers = 0

    def answer(self, request, deadline):
        self.answers += 1
        value = request.answer_type(title="t", abstract="a", key_points=[], language="en")
        return ModelAnswer(value, self.name, Usage(1, 100, 10))


class Bench:
    """A worker that works on the chunks of one document, its calls of DynamoDB counted."""

    def __init__(self, account, most_calls):
        self.account = account
        self.most_calls = most_calls
        self.settings, self.clients = account.settings, account.clients
        self.table = open_table(account)
        self.document = extract_document(self.table, Clock(), CHUNKS)
        self.model = Model()
        consumer, runtime = build_worker(self.settings, self.clients, self.model)
        self.source = EventSource(
            self.clients.sqs,
            self.settings.work_queue_url,
            lambda event, context: process_batch(event, context, consumer, runtime),
            batch_size=1,
        )
        self.calls = Counter()

    def send(self, number, document=None):
        """Send a chunk of a document, with a text that no other has."""
        document_id = (document or self.document).document_id
        pages = (PageOfText(number=number, text=f"Text of page {number} of {document_id}."),)
        key = chunk_text_key(f"address-{document_id}", number)
        text = ChunkText(pages=pages).model_dump_json()
        store = ObjectStore(self.clients.s3)
        store.write_text(self.settings.artifacts_bucket, key, text, "application/json")
        message = SummarizeChunk(
            document_id=document_id,
            run=1,
            chunk_number=number,
            text_key=key,
            first_page=number,
            last_page=number,
        )
        self.clients.sqs.send_message(
            QueueUrl=self.settings.work_queue_url, MessageBody=encode_message(message)
        )

    def work(self, records=1):
        """Handle so many messages at once; the calls of DynamoDB that it took."""
        self.calls.clear()
        events = self.clients.dynamodb.meta.events
        events.register("before-call.dynamodb.*", self._count, unique_id="bench")
        try:
            assert self.source.poll() == records
        finally:
            events.unregister("before-call.dynamodb.*", unique_id="bench")
        return dict(self.calls)

    def end_claims(self):
        """Have the time be over of the invocations that have claimed items."""
        table = self.settings.idempotency_table
        for record in self.clients.dynamodb.scan(TableName=table)["Items"]:
            self.clients.dynamodb.update_item(
                TableName=table,
                Key={"id": record["id"]},
                UpdateExpression="SET in_progress_expiration = :past",
                ExpressionAttributeValues={":past": {"N": "1"}},
            )

    def waits(self):
        pk = f"DOC#{self.document.document_id}"
        return list(self.table.query_rows(pk, "EVENT#WAIT#", "EVENT#WAIT#~"))

    def _count(self, model, **_):
        self.calls[model.name] += 1


@pytest.fixture(params=["free model", "metered model"])
def bench(request):
    secret = "a-secret" if request.param == "metered model" else None
    with open_account(openai_api_key_secret=secret) as account:
        yield Bench(account, MOST_CALLS_OF_A_CHUNK[request.param])


def test_a_chunk_costs_few_round_trips(bench):
    bench.send(1)
    first = bench.work()
    bench.send(2)
    usual = bench.work()
    assert find_document(bench.table, bench.document.document_id).chunks_done == 2
    # A container's first call may open a lease on the day's spending limit.
    assert sum(first.values()) <= bench.most_calls + 2, first
    assert sum(usual.values()) <= bench.most_calls, usual
    # The item is claimed, and its effect says that it is done: part, count, answer and step are one
    # transaction.
    assert usual["PutItem"] == 1
    assert usual["TransactWriteItems"] == 1
    assert "Scan" not in usual


def test_a_chunk_that_comes_again_waits_while_its_claim_holds_and_then_finds_itself_done(bench):
    bench.send(1)
    bench.work()
    bench.send(1)
    assert bench.work() == {"PutItem": 1, "TransactWriteItems": 1}
    bench.end_claims()
    bench.send(1)
    # The claim, what was done, and whether the document is to be combined.
    assert bench.work() == {"PutItem": 1, "BatchGetItem": 2}
    assert bench.model.answers == 1
    assert find_document(bench.table, bench.document.document_id).chunks_done == 1
    (waiting,) = bench.waits()
    assert waiting["details"]["reason"] == "in_progress"


def test_of_several_messages_about_one_item_none_waits_for_more_than_the_first(bench, monkeypatch):
    change = Queues.change_visibility
    monkeypatch.setattr(
        Queues, "change_visibility", lambda queues, url, handle, _: change(queues, url, handle, 0)
    )
    for _ in range(5):
        bench.send(1)
    bench.work()
    # All the others come while its claim holds, and once more when its time is over.
    bench.source.batch_size = 4
    bench.work(4)
    assert bench.account.count_messages(bench.settings.work_queue_url) == 4
    bench.end_claims()
    bench.source.batch_size = 1
    for _ in range(4):
        bench.work()
    assert bench.account.count_messages(bench.settings.work_queue_url) == 0
    assert bench.model.answers == 1


def test_the_last_chunk_costs_no_more_than_the_others(bench):
    for number in range(1, CHUNKS + 1):
        bench.send(number)
        last = bench.work()
    # What was read before it was summarised says that no other is to come.
    assert sum(last.values()) <= bench.most_calls - 1, last
    document = find_document(bench.table, bench.document.document_id)
    assert (document.chunks_done, document.status) == (CHUNKS, DocumentStatus.SUMMARIZING)
    assert bench.account.count_messages(bench.settings.work_queue_url) == 1
