"""Ingestion that breaks off is finished by the next delivery, whatever has happened since."""

from contextlib import contextmanager
from dataclasses import replace

import pytest

from pipeline.extraction.page_text import PageText
from pipeline.ingest.ingest_document import IngestServices, ingest_item
from pipeline.ingest.ingest_failures import give_up_ingest
from pipeline.metering.answer_services import AnswerServices
from pipeline.summaries import summarize_document
from pipeline.summaries.summarize_document import combine_chunks, give_up_chunk, summarize_chunk
from pipeline.summaries.summarize_services import SummarizeServices
from shared.aws.objects import ObjectStore
from shared.aws.queues import Queues
from shared.errors import LedgerConflictError, ServiceError
from shared.ledger.documents import document_pk, find_document, move_document
from shared.ledger.timeline import read_timeline
from shared.lifecycle import DocumentStatus
from shared.llm.model import ModelAnswer, Usage
from shared.llm.model_window import ModelWindow
from shared.messages.document_messages import Combine
from shared.messages.uploads import UploadNotice
from shared.messages.work_items import decode_work_message
from tests.fakes.aws.kept_account import open_account
from tests.fakes.aws.ledger_rows import Clock, make_upload, open_table
from tests.fakes.lasting_deadline import DEADLINE

PAGES = 4


class Pages:
    """An extractor whose documents have a page a chunk."""

    def __init__(self):
        self.opened = 0

    @contextmanager
    def open(self, path, deadline, *, waited_seconds):
        self.opened += 1
        yield self

    page_count, unit = PAGES, "page"
    waited_seconds = 0.0

    def take_files(self, target):
        return iter(())

    def pages(self, first_page=1):
        for number in range(first_page, PAGES + 1):
            yield PageText(number, f"{number} " + "words " * 100)


class Model:
    name = "model"

    def __init__(self):
        self.calls = 0

    def answer(self, request, deadline):
        self.calls += 1
        value = request.answer_type(title="t", abstract="a", key_points=[], language="en")
        return ModelAnswer(value, self.name, Usage())


class BreakingQueues:
    """Queues that break down after some messages, if told so."""

    def __init__(self, queues):
        self._queues = queues
        self.accepts = None

    def send(self, queue_url, bodies, group=None):
        self._queues.send(queue_url, bodies[: self.accepts], group)
        if self.accepts is not None:
            raise ServiceError("down", delay_seconds=1, reason="x")


class Desk:
    def __init__(self, account):
        self.account = account
        self.sqs = account.clients.sqs
        self.table, self.now = open_table(account), Clock()
        self.extractor = Pages()
        self.model = Model()
        self.queues = BreakingQueues(Queues(self.sqs))
        settings = account.settings
        put = account.clients.s3.put_object(
            Bucket=settings.documents_bucket, Key="a.pdf", Body=b"%PDF-"
        )
        self.upload = replace(make_upload(put["VersionId"]), bucket=settings.documents_bucket)
        self.notice = UploadNotice((self.upload,))
        common = {
            "table": self.table,
            "objects": ObjectStore(account.clients.s3),
            "artifacts_bucket": settings.artifacts_bucket,
            "work_queue_url": settings.work_queue_url,
            "now": self.now,
        }
        self.ingesting = IngestServices(
            queues=self.queues,
            extractor=self.extractor,
            queue_url=settings.uploads_queue_url,
            conversions_queue_url=settings.conversions_queue_url,
            max_document_bytes=1000,
            chunk_tokens=250,
            **common,
        )
        self.summarizing = SummarizeServices(
            queues=Queues(self.sqs),
            answers=AnswerServices(self.model, None, self.table, self.now),
            window=ModelWindow(16_000),
            uploads_queue_url=settings.uploads_queue_url,
            **common,
        )

    @property
    def document(self):
        return find_document(self.table, self.upload.document_id)

    @property
    def steps(self):
        events = read_timeline(self.table, document_pk(self.upload.document_id))
        return [event.step for event in events]

    def ingest(self, accepts=None):
        """Ingest; after so many messages the queue breaks down."""
        self.queues.accepts = accepts
        try:
            ingest_item(self.notice, self.ingesting, DEADLINE)
        except ServiceError:
            assert accepts is not None
        finally:
            self.queues.accepts = None

    def take_messages(self):
        taken = []
        while True:
            answer = self.sqs.receive_message(
                QueueUrl=self.account.settings.work_queue_url, MaxNumberOfMessages=10
            )
            if not answer.get("Messages"):
                return taken
            for message in answer["Messages"]:
                taken.append(decode_work_message(message["Body"]))
                self.sqs.delete_message(
                    QueueUrl=self.account.settings.work_queue_url,
                    ReceiptHandle=message["ReceiptHandle"],
                )

    def work(self, messages=None):
        """Do what the queue asks for, until it asks for nothing more."""
        while messages := messages or self.take_messages():
            for message in messages:
                if isinstance(message, Combine):
                    combine_chunks(message, self.summarizing, DEADLINE)
                else:
                    summarize_chunk(message, self.summarizing, DEADLINE)
            messages = None


@pytest.fixture
def desk():
    with open_account() as account:
        yield Desk(account)


def test_without_a_fault_every_chunk_is_sent_once(desk):
    desk.ingest()
    messages = desk.take_messages()
    assert sorted(m.chunk_number for m in messages) == list(range(1, PAGES + 1))
    desk.work(messages)
    assert desk.document.status is DocumentStatus.DONE
    assert desk.steps == ["received", "extracted", *["chunk_done"] * PAGES, "answered", "finished"]


@pytest.mark.parametrize("accepts", [0, 1, PAGES])
@pytest.mark.parametrize("works_meanwhile", [False, True])
def test_a_sending_that_breaks_off_is_finished_by_the_next_delivery(desk, accepts, works_meanwhile):
    desk.ingest(accepts)
    if works_meanwhile:
        # The first chunks are summarised before the others are sent.
        desk.work()
        assert desk.document.chunks_done == accepts
    desk.ingest()
    desk.work()
    document = desk.document
    assert document.status is DocumentStatus.DONE
    assert (document.chunks_done, document.run) == (PAGES, 1)
    assert desk.extractor.opened == 1


def test_a_summary_that_the_ledger_did_not_take_is_paid_for_once(desk, monkeypatch):
    def break_down(*_, **__):
        raise ServiceError("down", delay_seconds=1, reason="x")

    desk.ingest()
    messages = desk.take_messages()
    with monkeypatch.context() as patch:
        patch.setattr(summarize_document, "record_chunk", break_down)
        for message in messages:
            with pytest.raises(ServiceError):
                summarize_chunk(message, desk.summarizing, DEADLINE)
    assert desk.model.calls == PAGES
    desk.work(messages)
    # Only the combination was asked for.
    assert desk.model.calls == PAGES + 1
    assert desk.document.status is DocumentStatus.DONE


def test_a_delivery_that_comes_again_sends_nothing_more_once_all_is_summarised(desk):
    desk.ingest()
    desk.work()
    desk.ingest()
    assert desk.take_messages() == []
    assert desk.document.status is DocumentStatus.DONE


def test_a_document_that_was_given_up_half_sent_is_finished_by_a_replay(desk):
    desk.ingest(1)
    give_up_ingest(desk.notice, "the queue was down", desk.ingesting, "")
    assert desk.document.status is DocumentStatus.FAILED
    late = desk.take_messages()
    desk.ingest()
    document = desk.document
    assert (document.run, document.chunks_total, document.chunks_done) == (2, PAGES, 0)
    # Chunks of the first attempt that come in late are not counted twice.
    desk.work(late)
    assert desk.document.chunks_done <= PAGES
    desk.work()
    assert desk.document.status is DocumentStatus.DONE
    assert desk.document.chunks_done == PAGES


def test_a_document_that_failed_with_chunks_counted_is_finished_by_a_replay(desk):
    desk.ingest(1)
    desk.work()
    there = desk.document
    assert there.chunks_done == 1
    move_document(desk.table, there, DocumentStatus.FAILED, desk.now, step="lost")
    desk.ingest()
    desk.work()
    document = desk.document
    assert (document.status, document.chunks_done) == (DocumentStatus.DONE, PAGES)


def test_a_chunk_that_fails_late_does_not_take_a_given_up_document_from_its_replay(desk):
    desk.ingest(1)
    give_up_ingest(desk.notice, "the queue was down", desk.ingesting, "")
    late = desk.take_messages()
    give_up_chunk(late[0], "refused", desk.summarizing)
    assert desk.document.status is DocumentStatus.FAILED
    desk.ingest()
    desk.work()
    assert desk.document.status is DocumentStatus.DONE


def test_two_deliveries_at_the_same_time_enter_one_text(desk):
    class Interleaved(Pages):
        def pages(self, first_page=1):
            yield from super().pages(first_page)
            if self.opened == 1:
                desk.ingest()

    interleaved = Interleaved()
    desk.ingesting = replace(desk.ingesting, extractor=interleaved)
    with pytest.raises(LedgerConflictError):
        desk.ingest()
    assert interleaved.opened == 2
    desk.work()
    assert desk.steps.count("extracted") == 1
    assert desk.document.status is DocumentStatus.DONE
