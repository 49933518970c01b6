"""A document on moto whose chunks' texts are stored, and the services that summarise it."""

import json

from pipeline.ingest.chunk_text import ChunkText, PageOfText, chunk_text_key
from pipeline.metering.answer_services import AnswerServices
from pipeline.summaries.summarize_document import combine_chunks, give_up_chunk, summarize_chunk
from pipeline.summaries.summarize_services import SummarizeServices
from shared.aws.objects import ObjectStore
from shared.aws.queues import Queues
from shared.ledger.documents import document_pk, find_document
from shared.ledger.timeline import read_timeline
from shared.llm.model import ModelAnswer, Usage
from shared.llm.model_window import ModelWindow
from shared.llm.token_estimate import TOKENS_AROUND_SOURCES
from shared.messages.document_messages import SummarizeChunk
from shared.messages.work_items import decode_work_message
from tests.fakes.aws.ledger_rows import Clock, extract_document, open_table
from tests.fakes.lasting_deadline import DEADLINE


def make_window(combine_tokens):
    """A window that has room for so many tokens of summaries."""
    window = _RoomyWindow((combine_tokens + TOKENS_AROUND_SOURCES) * 4 // 3 + 1)
    assert window.combine_tokens == combine_tokens
    return window


class _RoomyWindow(ModelWindow):
    """A window that combines little at once, and in which a chunk is still one answer."""

    is_small = False


class ScriptedModel:
    """Answers with what it was asked, and keeps count."""

    name = "scripted"

    def __init__(self):
        self.requests = []

    def answer(self, request, deadline):
        self.requests.append(request)
        text = " | ".join(source.text for source in request.sources)
        pages = sorted({source.first_page for source in request.sources})
        summary = request.answer_type.model_validate(
            {
                "title": f"{request.purpose} {len(self.requests)}",
                "abstract": text[:500] or "nothing",
                "key_points": [{"text": f"point {pages}", "pages": pages}],
                "language": "en",
            }
        )
        return ModelAnswer(summary, self.name, Usage(1, 100, 10))

    def count(self, purpose):
        return sum(1 for request in self.requests if request.purpose is purpose)


class Desk:
    """A document with its chunks' texts stored, and the services that summarise it."""

    def __init__(self, account, chunks=3, **extraction):
        self.sqs, self.s3 = account.clients.sqs, account.clients.s3
        self.queue_url = account.settings.work_queue_url
        self.bucket = account.settings.artifacts_bucket
        self.table = open_table(account)
        self.now = Clock()
        self.model = ScriptedModel()
        self.services = SummarizeServices(
            table=self.table,
            objects=ObjectStore(account.clients.s3),
            queues=Queues(account.clients.sqs),
            answers=AnswerServices(self.model, None, self.table, self.now),
            artifacts_bucket=self.bucket,
            work_queue_url=self.queue_url,
            uploads_queue_url=account.settings.uploads_queue_url,
            window=make_window(1000),
            now=self.now,
        )
        self.document_id = extract_document(self.table, self.now, chunks, **extraction).document_id
        for number in range(1, chunks + 1):
            pages = (PageOfText(number=number, text=f"Text of page {number}."),)
            self.services.objects.write_text(
                self.bucket,
                chunk_text_key("address", number),
                ChunkText(pages=pages).model_dump_json(),
                "application/json",
            )

    @property
    def document(self):
        return find_document(self.table, self.document_id)

    @property
    def steps(self):
        events = read_timeline(self.table, document_pk(self.document_id))
        return [event.step for event in events]

    @property
    def result(self):
        body = self.s3.get_object(Bucket=self.bucket, Key=self.document.result_key)["Body"]
        return json.loads(body.read())

    def result_keys(self):
        listed = self.s3.list_objects_v2(Bucket=self.bucket, Prefix="results/")
        return {entry["Key"] for entry in listed.get("Contents", [])}

    def message(self, number, run=1):
        return SummarizeChunk(
            document_id=self.document_id,
            run=run,
            chunk_number=number,
            text_key=chunk_text_key("address", number),
            first_page=number,
            last_page=number,
        )

    def summarize(self, *numbers, services=None):
        for number in numbers:
            summarize_chunk(self.message(number), services or self.services, DEADLINE)

    def give_up(self, *numbers, cause="the model refused"):
        for number in numbers:
            give_up_chunk(self.message(number), cause, self.services)

    def combine(self, message):
        combine_chunks(message, self.services, DEADLINE)

    def take_messages(self):
        """What has been sent to the work queue since the last time."""
        taken = []
        while True:
            answer = self.sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10)
            for message in answer.get("Messages", []):
                taken.append(decode_work_message(message["Body"]))
                self.sqs.delete_message(
                    QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"]
                )
            if not answer.get("Messages"):
                return taken

    def finish(self):
        """Combine as the messages on the queue ask for."""
        for message in self.take_messages():
            self.combine(message)
