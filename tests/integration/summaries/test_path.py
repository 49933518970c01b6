"""From an uploaded PDF to its summary, through the real handlers on moto."""

import json

import pytest

from functions.convert import build_convert, build_converter
from functions.delivery.batch import process_batch
from functions.ingest import build_ingest
from functions.wiring import utc_now
from functions.worker import build_worker
from pipeline.extraction.extractor import Extractor
from shared.aws.dynamodb_table import LedgerTable
from shared.ledger.document_lists import list_documents
from shared.ledger.document_versions import find_current_document_id
from shared.ledger.documents import document_pk, find_document
from shared.ledger.timeline import read_timeline
from shared.lifecycle import DocumentStatus
from shared.llm.extractive.extractive_model import ExtractiveModel
from tests.fakes.aws.event_source import EventSource
from tests.fakes.pdf.broken_pdf_files import (
    make_bitmap_font_pdf,
    make_broken_streams,
    make_converted,
    make_dynamic_form,
)
from tests.fakes.pdf.pdf_files import make_marker_pdf
from tests.fakes.pdf.picture_pdf_files import make_page_with_picture


@pytest.fixture(scope="module")
def extractor():
    """As in a warm function: a reader goes on to the next document."""
    with Extractor() as extractor:
        yield extractor


@pytest.fixture
def pipeline(account, extractor):
    converter = build_converter(account.settings)
    convert = build_convert(account.settings, account.clients, converter)
    ingest, ingest_runtime = build_ingest(account.settings, account.clients, extractor)
    worker, worker_runtime = build_worker(account.settings, account.clients, ExtractiveModel())
    with converter:
        yield Pipeline(account, [(ingest, ingest_runtime), convert, (worker, worker_runtime)])


class Pipeline:
    def __init__(self, account, consumers):
        self.account = account
        self.table = LedgerTable(
            account.clients.dynamodb, account.settings.ledger_table, lambda seconds: None
        )
        self.sources = [
            EventSource(
                account.clients.sqs,
                consumer.queue_url,
                lambda event, context, consumer=consumer, runtime=runtime: process_batch(
                    event, context, consumer, runtime
                ),
            )
            for consumer, runtime in consumers
        ]

    def run(self):
        """Poll both queues until neither has a message to give."""
        while sum(source.poll() for source in self.sources):
            pass

    def document(self, key):
        document_id = find_current_document_id(
            self.table, self.account.settings.documents_bucket, key
        )
        return find_document(self.table, document_id)


def test_a_pdf_becomes_a_summary(pipeline, account):
    account.upload("report.pdf", make_marker_pdf(3))
    pipeline.run()

    document = pipeline.document("report.pdf")
    assert document.status is DocumentStatus.DONE
    assert (document.pages, document.chunks_total, document.chunks_done) == (3, 1, 1)
    answer = account.clients.s3.get_object(
        Bucket=account.settings.artifacts_bucket, Key=document.result_key
    )
    summary = json.loads(answer["Body"].read())
    assert summary["model"] == "extractive"
    assert summary["coverage"]["summarised_pages"] == "1-3"
    assert account.count_messages(account.settings.work_queue_url) == 0
    assert account.count_messages(account.settings.work_dlq_url) == 0
    steps = [
        event.step for event in read_timeline(pipeline.table, document_pk(document.document_id))
    ]
    assert steps == ["received", "extracted", "chunk_done", "finished"]


def test_a_file_of_no_kind_that_is_read_is_rejected_with_a_sentence(pipeline, account):
    account.upload("notes.pdf", b"\x7fELF just some words")
    pipeline.run()
    document = pipeline.document("notes.pdf")
    assert document.status is DocumentStatus.REJECTED
    assert document.reason_code == "unknown_format"
    assert document.reason.endswith(".")
    assert account.count_messages(account.settings.uploads_dlq_url) == 0


def test_a_page_that_is_not_whole_makes_a_document_partial_with_its_reason(pipeline, account):
    data = make_broken_streams()["half is missing"]
    account.upload("broken.pdf", data)
    account.upload("copy.pdf", data)
    pipeline.run()
    for key in ("broken.pdf", "copy.pdf"):
        document = pipeline.document(key)
        assert document.status is DocumentStatus.PARTIAL
        assert (document.failed_pages, document.reason_code) == ("2", "pages_missing")
        assert document.reason == "page 2 could not be read (its content breaks off)"


def test_a_page_that_shows_only_a_picture_makes_a_document_partial(pipeline, account):
    data = make_page_with_picture(500, 700)
    account.upload("scan.pdf", data)
    account.upload("copy.pdf", data)
    pipeline.run()
    for key in ("scan.pdf", "copy.pdf"):
        document = pipeline.document(key)
        assert document.status is DocumentStatus.PARTIAL
        assert (document.picture_pages, document.empty_pages) == ("2", "")
        assert document.reason == "page 2 shows only pictures, whose text is not read"


def test_a_document_of_nothing_but_pictures_has_no_text(pipeline, account):
    account.upload("scan.pdf", make_page_with_picture(500, 700, with_text=False))
    pipeline.run()
    document = pipeline.document("scan.pdf")
    assert document.status is DocumentStatus.NO_TEXT
    assert (document.picture_pages, document.empty_pages) == ("2", "1")


@pytest.mark.parametrize(
    ("data", "code", "advice"),
    [
        (
            make_converted()["UTF-8 with replacement characters"][0],
            "damaged",
            "packed there as a ZIP archive",
        ),
        (make_bitmap_font_pdf(bytes(range(1, 32)) * 3), "unmapped_fonts", "ocrmypdf --force-ocr"),
        (make_dynamic_form(), "xfa_form", "print it to a PDF"),
    ],
    ids=["taken for text", "unmapped fonts", "dynamic form"],
)
def test_a_document_of_which_nothing_is_read_is_rejected_for_its_reason(
    pipeline, account, data, code, advice
):
    account.upload("a.pdf", data)
    pipeline.run()
    document = pipeline.document("a.pdf")
    assert (document.status, document.reason_code) == (DocumentStatus.REJECTED, code)
    assert advice in document.reason


def test_an_object_that_is_gone_is_rejected_with_a_sentence(pipeline, account):
    account.announce("gone.pdf", "no-such-version", "e", 10)
    pipeline.run()
    assert pipeline.document("gone.pdf").reason_code in {"object_gone"}


@pytest.mark.parametrize(
    "key", ["år rapport+1 (final).PDF", "a/b c/100%.pdf", "plus+and space.pdf"]
)
def test_any_key_makes_the_round_trip(pipeline, account, key):
    account.upload(key, make_marker_pdf(1))
    pipeline.run()
    assert pipeline.document(key).status is DocumentStatus.DONE
    assert [d.key for d in list_documents(pipeline.table, utc_now, days=2)] == [key]


def test_an_event_that_comes_again_changes_nothing(pipeline, account):
    version = account.upload("report.pdf", make_marker_pdf(2))
    account.announce("report.pdf", version, "other-etag", 1)
    pipeline.run()
    account.announce("report.pdf", version, "other-etag", 1)
    pipeline.run()
    document = pipeline.document("report.pdf")
    steps = [
        event.step for event in read_timeline(pipeline.table, document_pk(document.document_id))
    ]
    effects = [step for step in steps if step != "returned"]
    assert effects == ["received", "extracted", "chunk_done", "finished"]


def test_the_newest_sequencer_of_a_key_wins_whatever_the_order(pipeline, account):
    s3, bucket = account.clients.s3, account.settings.documents_bucket
    old = s3.put_object(Bucket=bucket, Key="a.pdf", Body=make_marker_pdf(1))["VersionId"]
    new = s3.put_object(Bucket=bucket, Key="a.pdf", Body=make_marker_pdf(2))["VersionId"]
    account.announce("a.pdf", new, "e", 1, sequencer="0B")
    pipeline.run()
    account.announce("a.pdf", old, "e", 1, sequencer="0A")
    pipeline.run()
    current = pipeline.document("a.pdf")
    assert current.version_id == new
    assert current.superseded_by is None
    documents = {d.version_id: d for d in list_documents(pipeline.table, utc_now, days=2)}
    assert documents[old].superseded_by == current.document_id
    assert documents[old].status is DocumentStatus.DONE


def test_a_message_that_cannot_be_read_goes_to_the_dlq_as_it_is(pipeline, account):
    body = '{"kind": "unknown", "å": [1, 2'
    account.clients.sqs.send_message(
        QueueUrl=account.settings.work_queue_url,
        MessageBody=body,
        MessageAttributes={"mine": {"DataType": "String", "StringValue": "kept"}},
    )
    pipeline.run()
    (letter,) = account.clients.sqs.receive_message(
        QueueUrl=account.settings.work_dlq_url, MessageAttributeNames=["All"]
    )["Messages"]
    assert letter["Body"] == body
    assert letter["MessageAttributes"]["mine"]["StringValue"] == "kept"
    state = json.loads(letter["MessageAttributes"]["seashore"]["StringValue"])
    assert state["failure"]["error_type"] == "MessageDecodeError"
    assert state["failure"]["stage"] == "worker"
    assert account.count_messages(account.settings.work_queue_url) == 0
