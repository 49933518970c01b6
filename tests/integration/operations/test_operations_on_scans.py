"""Documents with pages to be recognised: redone, cancelled, tried again, erased, on moto."""

import time
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from pipeline.documents.document_reader import DocumentReader
from pipeline.documents.whole_text import provide_whole_text
from pipeline.erasure.erase_document import erase_document
from pipeline.erasure.erasure_types import ErasureEnd, ErasureServices
from pipeline.ingest.chunk_text import locate_chunk, recognised_key, text_folder
from pipeline.operations.cancel import cancel, find_in_flight, plan_cancel
from pipeline.operations.retry import plan_retry, retry
from pipeline.operations.selection import find_selected
from pipeline.recognition.page_words import PageNotRecognisedError, RecognisedPage
from shared.aws.dynamodb_table import Put
from shared.dead_letters.reading import ReadingPace
from shared.errors import ModelRequestError
from shared.ledger.documents import document_row_key
from shared.lifecycle import DocumentStatus
from shared.llm.extractive.extractive_model import ExtractiveModel
from tests.fakes.aws.kept_account import open_account
from tests.fakes.dead_letter_boxes import receive_all
from tests.fakes.desks.running_pipeline import run_pipeline
from tests.fakes.operations import DEADLINE, NamedModel, build_operation_services, redo, select
from tests.fakes.pdf.pdf_files import make_prose_pdf
from tests.fakes.pdf.scanned_pdf_files import make_mixed_pdf, render_texts

LETTER = "The pier at Ellery was opened by the harbour master in the year 1987."
REPORT = "The tide turns at noon and the ferry leaves the harbour of Portness."


class Engine:
    """Reads the same on each picture, but for those that come while it cannot."""

    name = "fake"
    calls = 0
    is_able = True

    def recognise(self, picture, deadline):
        picture()
        self.calls += 1
        if not self.is_able:
            raise PageNotRecognisedError("it is no picture")
        return RecognisedPage(engine=self.name, text=LETTER, confidence=91)


class RefusingModel(ExtractiveModel):
    """Refuses what holds a word, as long as it has one."""

    refused = None

    def answer(self, request, deadline):
        if self.refused and self.refused in str(request):
            raise ModelRequestError("unknown model")
        return super().answer(request, deadline)


@pytest.fixture
def account():
    with open_account() as account:
        # A chunk a page of prose.
        changes = {"ocr_engine": ("tesseract",), "context_window_tokens": 3_940}
        yield replace(account, settings=account.settings.model_copy(update=changes))


@pytest.fixture
def services(account):
    return build_operation_services(account)


@pytest.fixture
def engine():
    return Engine()


@pytest.fixture
def model():
    return RefusingModel()


@pytest.fixture
def pipeline(account, engine, model):
    find = {"second": NamedModel("second")}.get
    with run_pipeline(account, model=model, find_other=find, engines=(engine,)) as pipeline:
        yield pipeline


@pytest.fixture(scope="module")
def scan():
    (picture,) = render_texts("x", dots_per_inch=30)
    return picture


def cancel_all(services):
    documents = find_in_flight(select(), services)
    return cancel(plan_cancel(documents, []), services, DEADLINE)


def retry_all(services):
    plan = plan_retry(find_selected(select(), services), [], services)
    return retry(plan, services, DEADLINE)


def check_it_is_whole(pipeline, pages):
    document = pipeline.document("scan.pdf")
    assert (document.status, document.is_final) == (DocumentStatus.DONE, True)
    coverage = pipeline.read_artifact(document.result_key)["coverage"]
    assert (coverage["summarised_pages"], coverage["ocr_pages"]) == pages
    return document


def test_recognised_pages_keep_their_text_and_the_terms_hold_for_them(
    pipeline, services, engine, account, scan
):
    account.upload("scan.pdf", make_mixed_pdf(REPORT, scan))
    pipeline.run()
    redo(services, model="second")
    pipeline.run()
    document = check_it_is_whole(pipeline, ("1-2", "2"))
    assert (document.run, document.model, engine.calls) == (2, "second", 1)


def test_a_scan_that_is_read_anew_is_summarised_by_the_model_that_was_ordered(
    pipeline, services, engine, account, scan
):
    account.upload("scan.pdf", make_mixed_pdf(scan))
    pipeline.ingest.poll()
    assert cancel_all(services).cancelled == 1
    pipeline.run()
    assert (pipeline.document("scan.pdf").status, engine.calls) == (DocumentStatus.CANCELLED, 0)
    redo(services, model="second")
    pipeline.run()
    assert check_it_is_whole(pipeline, ("1", "1")).model == "second"


def test_a_document_that_is_cancelled_before_its_scans_are_read_has_them_read_by_a_retry(
    pipeline, services, engine, account, scan
):
    account.upload("scan.pdf", make_mixed_pdf(REPORT, scan))
    pipeline.ingest.poll()
    assert pipeline.document("scan.pdf").recognising_pages == "2"
    assert cancel_all(services).cancelled == 1
    pipeline.run()
    document = pipeline.document("scan.pdf")
    assert (document.status, engine.calls) == (DocumentStatus.CANCELLED, 0)
    retry_all(services)
    pipeline.run()
    check_it_is_whole(pipeline, ("1-2", "2"))


def test_one_that_is_read_while_it_is_cancelled_is_cancelled_all_the_same(
    pipeline, services, account, scan
):
    account.upload("scan.pdf", make_mixed_pdf(REPORT, scan))
    pipeline.ingest.poll()
    document = pipeline.document("scan.pdf")
    early = document.model_copy(update={"recognising_pages": ""})
    assert cancel(plan_cancel([early], []), services, DEADLINE).cancelled == 1
    assert pipeline.document("scan.pdf").recognising_pages == ""


def test_recognised_text_that_was_not_summarised_is_by_a_retry(
    pipeline, services, model, account, scan
):
    model.refused = "Ellery"
    account.upload("scan.pdf", make_mixed_pdf(REPORT, scan))
    pipeline.run()
    document = pipeline.document("scan.pdf")
    assert (document.status, document.chunks_failed) == (DocumentStatus.PARTIAL, 1)
    assert receive_all(account.clients.sqs, account.settings.work_dlq_url)
    account.clients.sqs.purge_queue(QueueUrl=account.settings.work_dlq_url)
    model.refused = None
    assert retry_all(services).resumed == 1
    pipeline.run()
    assert check_it_is_whole(pipeline, ("1-2", "2")).run == 1


def test_a_page_that_was_given_up_is_tried_again_by_a_redo(
    pipeline, services, engine, account, scan
):
    engine.is_able = False
    account.upload("scan.pdf", make_mixed_pdf(REPORT, scan))
    pipeline.run()
    assert pipeline.document("scan.pdf").status is DocumentStatus.PARTIAL
    engine.is_able = True
    redo(services)
    pipeline.worker.poll()
    # From PARTIAL the order to read it would take it up again.
    assert cancel_all(services).cancelled == 1
    pipeline.run()
    assert pipeline.document("scan.pdf").status is DocumentStatus.CANCELLED
    redo(services, order="order-2")
    pipeline.run()
    assert check_it_is_whole(pipeline, ("1-2", "2")).run == 3


def test_a_failed_document_whose_redo_is_cancelled_is_taken_up_by_nothing(
    pipeline, services, account, scan
):
    account.upload("scan.pdf", make_mixed_pdf(REPORT))
    pipeline.ingest.poll()
    account.clients.sqs.purge_queue(QueueUrl=account.settings.work_queue_url)
    _make_failed(pipeline, services, next_page=1, chunk_plan="[]", chunks_total=0)
    redo(services)
    pipeline.worker.poll()
    assert pipeline.document("scan.pdf").status is DocumentStatus.RECEIVED
    assert (cancel_all(services).cancelled, cancel_all(services).cancelled) == (1, 0)
    pipeline.run()
    assert pipeline.document("scan.pdf").status is DocumentStatus.CANCELLED


@pytest.mark.parametrize("take_up", [redo, retry_all])
def test_a_document_that_failed_half_read_is_read_to_its_end(
    pipeline, services, account, scan, take_up
):
    account.upload("scan.pdf", make_prose_pdf(2))
    pipeline.ingest.poll()
    account.clients.sqs.purge_queue(QueueUrl=account.settings.work_queue_url)
    # As `record_checkpoint` leaves it, and `give_up_ingest` after it.
    _make_failed(pipeline, services, next_page=2, chunk_plan="[[1,1]]", chunks_total=0)
    take_up(services)
    pipeline.run()
    assert check_it_is_whole(pipeline, ("1-2", "")).chunks_total == 2


def _make_failed(pipeline, services, **changes):
    pk, sk = document_row_key(pipeline.document("scan.pdf").document_id)
    row = services.table.read_row(pk, sk)
    row.pop("in_flight", None)
    services.table.put_row(Put({**row, "status": "FAILED", "sent_run": 0, **changes}))


def test_what_lies_beside_a_text_does_not_count_as_text_that_a_redo_reads(
    pipeline, services, account, scan
):
    account.upload("scan.pdf", make_mixed_pdf(REPORT, scan))
    pipeline.run()
    document = pipeline.document("scan.pdf")
    alone, _ = redo(services)
    account.clients.s3.put_object(
        Bucket=account.settings.artifacts_bucket,
        Key=recognised_key(document.text_address, 2, "other"),
        Body=b"x" * 100_000,
    )
    beside, _ = redo(services, order="order-2")
    assert beside.estimate == alone.estimate


def test_the_whole_text_has_the_recognised_pages_though_it_was_asked_for_before(
    pipeline, services, account, scan
):
    account.upload("scan.pdf", make_mixed_pdf(REPORT, scan))
    while pipeline.ingest.poll() + pipeline.worker.poll():
        pass
    assert "Ellery" not in _read_whole_text(pipeline, services)
    pipeline.run()
    assert "[page 2]\nThe pier at Ellery" in _read_whole_text(pipeline, services)


def test_the_text_that_a_document_has_for_itself_is_erased_though_another_shares_the_rest(
    pipeline, services, account, scan
):
    data = make_mixed_pdf(REPORT, scan)
    for key in ("scan.pdf", "copy.pdf"):
        account.upload(key, data)
        pipeline.run()
    document, other = pipeline.document("scan.pdf"), pipeline.document("copy.pdf")
    assert document.text_address == other.text_address
    erasure = make_erasure_services(account, services)
    assert erase_document(document.document_id, "ada", erasure) is ErasureEnd.ERASED
    bucket = account.settings.artifacts_bucket
    keys = services.objects.list_keys(bucket, text_folder(other.text_address))
    assert not [key for key in keys if document.document_id in key]
    assert {locate_chunk(other, 1), locate_chunk(other, 2)} <= set(keys)


def make_erasure_services(account, services):
    return ErasureServices(
        table=services.table, objects=services.objects, queues=services.queues,
        documents_bucket=services.documents_bucket, artifacts_bucket=services.artifacts_bucket,
        dlqs=services.letters.dlqs, zone=ZoneInfo("UTC"), now=services.now,
        stopwatch=time.monotonic, pace=ReadingPace(wait_seconds=0),
    )  # fmt: skip


def _read_whole_text(pipeline, services):
    reader = DocumentReader(
        services.table, services.objects, services.documents_bucket, services.artifacts_bucket,
        services.now,
    )  # fmt: skip
    key, _ = provide_whole_text(pipeline.document("scan.pdf"), reader)
    return services.objects.read_text(services.artifacts_bucket, key)
