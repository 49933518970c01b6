"""Pages read by engines that cost money: through the real SDKs, metered, capped, paid for once."""

import time
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from botocore.session import get_session
from botocore.validate import ParamValidator

from functions.wiring import build_services
from pipeline.erasure.erase_document import erase_document
from pipeline.erasure.erasure_types import ErasureEnd, ErasureServices
from pipeline.recognition.paid_engines import NO_MODEL
from shared.aws.dynamodb_table import LedgerTable
from shared.ledger.spend import read_day_spend
from shared.lifecycle import DocumentStatus
from shared.llm.text_detection import list_words
from shared.prices import ModelPrice
from tests.fakes.desks.running_pipeline import run_pipeline
from tests.fakes.model.chat_server import ChatServer
from tests.fakes.model.message_parts import read_pictures
from tests.fakes.pdf.scanned_pdf_files import make_mixed_pdf, render_texts
from tests.fakes.pictures.textract_server import TextractServer, write_blocks
from tests.integration.summaries.test_recognition import Engine

LETTER = "The pier at Ellery was opened by the harbour master in the year 1987."
UNSURE = "The pier at E1lery was open ed"


@pytest.fixture(scope="module")
def scan():
    (picture,) = render_texts("x", dots_per_inch=30)
    return picture


@pytest.fixture
def textract(account, monkeypatch):
    with TextractServer(LETTER) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_TEXTRACT", server.url)
        # Clients are kept between tests, and this one would know the server of another.
        vars(account.clients).pop("textract", None)
        yield server


@pytest.fixture
def run(account):
    """Run a pipeline with some engines that are free, and the names of all."""

    def run(data, names, *engines, model=None, **settings):
        changes = {"ocr_engine": names, "ocr_languages": ("eng",), **settings}
        account.settings = account.settings.model_copy(update=changes)
        account.upload("scan.pdf", data)
        with run_pipeline(account, engines=engines, model=model) as pipeline:
            pipeline.run()
            return _read(pipeline)

    return run


def _read(pipeline):
    document = pipeline.document("scan.pdf")
    return document, pipeline.read_artifact(document.result_key) if document.result_key else None


def pages_read(server):
    return [picture for call in server.calls for picture in read_pictures(call.body)]


def run_model(account, run_with_model, server, data, engines=(), **settings):
    account.upload("scan.pdf", data)
    prices = {"fake": ModelPrice(input=1.0, output=4.0)}
    options = {"model_prices": prices, "ocr_engine": ("model",), **settings}
    with run_with_model(server, **options) as pipeline:
        pipeline.run()
        return _read(pipeline)


def test_a_model_reads_what_the_recogniser_hands_on(account, run_with_model, scan):
    with ChatServer(picture_text=LETTER) as server:
        document, result = run_model(account, run_with_model, server, make_mixed_pdf(scan, scan))
        pictures = pages_read(server)

    assert document.status is DocumentStatus.DONE
    assert result["coverage"]["model_pages"] == "1-2"
    # It does not say how sure it is, and nobody else does.
    assert result["coverage"]["confidences"] == {}
    assert result["coverage"]["unsure_pages"] == ""
    assert "Ellery" in result["abstract"]
    # Both pages show the same, which is paid for once.
    assert len(pictures) == 1
    assert document.cost_micro_usd > 0


def test_a_page_without_words_is_empty(account, run_with_model, scan):
    with ChatServer(picture_text="") as server:
        document, _ = run_model(account, run_with_model, server, make_mixed_pdf(scan))

    assert document.status is DocumentStatus.NO_TEXT


def test_a_model_that_sees_nothing_is_named(account, run_with_model, scan):
    with ChatServer() as server:
        data = make_mixed_pdf("The ferry leaves the harbour at noon.", scan)
        document, result = run_model(account, run_with_model, server, data)

    assert document.status is DocumentStatus.PARTIAL
    (failure,) = result["coverage"]["failures"]
    assert "image_url is only supported by certain models" in failure["reason"]


def test_a_page_is_paid_for_once_whatever_breaks_off(account, run_with_model, scan):
    with ChatServer(picture_text=LETTER) as server:
        account.upload("scan.pdf", make_mixed_pdf(scan))
        soon = {"retry_base_seconds": 0.01, "retry_max_seconds": 0.02}
        with run_with_model(server, ocr_engine=("model",), **soon) as pipeline:
            write = pipeline.account.clients.s3.put_object
            deaths = ["once"]

            def break_off(**arguments):
                if ".model-fake.json" in arguments["Key"] and deaths:
                    deaths.clear()
                    raise ConnectionError("the process is gone")
                return write(**arguments)

            pipeline.account.clients.s3.put_object = break_off
            ends_at_seconds = time.monotonic() + 60
            while time.monotonic() < ends_at_seconds:
                pipeline.run()
                document, _ = _read(pipeline)
                if document.is_final:
                    break
                time.sleep(0.1)
        calls = pages_read(server)

    assert deaths == []
    assert document.status is DocumentStatus.DONE
    assert len(calls) == 1


def test_over_the_documents_limit_a_page_is_named_and_not_read(account, run_with_model, scan):
    with ChatServer(picture_text=LETTER) as server:
        document, _ = run_model(
            account, run_with_model, server, make_mixed_pdf(scan), document_cap_usd=0.000_001
        )
        calls = pages_read(server)

    assert document.status is DocumentStatus.FAILED
    assert "raise DocumentCapUsd" in document.reason
    assert "redo it" in document.reason
    assert calls == []


def test_without_a_model_the_engine_model_says_so(run, scan):
    document, _ = run(make_mixed_pdf(scan), ("model",))

    assert document.status is DocumentStatus.FAILED
    assert NO_MODEL in document.reason


def test_textract_is_asked_where_the_first_engine_is_unsure(run, account, textract, scan):
    first = Engine([(UNSURE, 40)], "tesseract-eng")
    document, result = run(make_mixed_pdf(scan), ("tesseract", "textract"), first)

    assert document.status is DocumentStatus.DONE
    assert result["coverage"]["ocr_pages"] == "1"
    assert result["coverage"]["confidences"] == {"100": "1"}
    assert "Ellery" in result["abstract"]
    assert len(textract.pictures) == 1
    # $1.50 for 1,000 pages.
    assert document.cost_micro_usd == 1_500
    table = LedgerTable(account.clients.dynamodb, account.settings.ledger_table, lambda s: None)
    now = datetime.now(UTC)
    (spent,) = read_day_spend(table, now.date().isoformat(), now).models
    assert (spent.model, spent.calls, spent.spent) == ("textract", 1, 1_500)


def upload_and_run(account, key, data, names, *engines):
    changes = {"ocr_engine": names, "ocr_languages": ("eng",)}
    account = replace(account, settings=account.settings.model_copy(update=changes))
    account.upload(key, data)
    with run_pipeline(account, engines=engines) as pipeline:
        pipeline.run()
        document = pipeline.document(key)
        return document, pipeline.read_artifact(document.result_key)


def test_the_same_bytes_again_take_the_reading_that_was_paid_for(account, textract, scan):
    data = make_mixed_pdf(scan)
    upload_and_run(account, "first.pdf", data, ("textract",))
    document, result = upload_and_run(account, "second.pdf", data, ("textract",))

    assert document.status is DocumentStatus.DONE
    assert result["coverage"]["ocr_pages"] == "1"
    assert len(textract.pictures) == 1


def test_an_engine_that_is_named_later_reads_the_same_bytes(account, textract, scan):
    data = make_mixed_pdf(scan)
    first = Engine([(UNSURE, 40)], "tesseract-eng")
    upload_and_run(account, "first.pdf", data, ("tesseract",), first)
    _, result = upload_and_run(account, "second.pdf", data, ("tesseract", "textract"), first)

    assert result["coverage"]["confidences"] == {"100": "1"}
    assert first.calls == 1
    assert len(textract.pictures) == 1


def test_an_erased_document_leaves_nothing_of_what_was_paid_for(account, textract, scan):
    first = Engine([(UNSURE, 40)], "tesseract-eng")
    document, _ = upload_and_run(
        account, "first.pdf", make_mixed_pdf(scan), ("tesseract", "textract"), first
    )
    base = build_services(account.settings, account.clients)
    services = ErasureServices(
        table=base.table,
        objects=base.objects,
        queues=base.queues,
        documents_bucket=account.settings.documents_bucket,
        artifacts_bucket=base.artifacts_bucket,
        now=base.now,
        dlqs=(),
        zone=ZoneInfo("UTC"),
        stopwatch=time.monotonic,
    )
    assert erase_document(document.document_id, "ada", services) is ErasureEnd.ERASED
    assert base.objects.list_versions(account.settings.artifacts_bucket, "") == []
    rows = account.clients.dynamodb.scan(TableName=account.settings.ledger_table)["Items"]
    assert "Ellery" not in str(rows)


def test_a_sure_page_costs_nothing(run, textract, scan):
    first = Engine([(LETTER, 90)], "tesseract-eng")
    document, _ = run(make_mixed_pdf(scan), ("tesseract", "textract"), first)

    assert document.status is DocumentStatus.DONE
    assert textract.pictures == []


@pytest.mark.parametrize(
    "code", ["UnsupportedDocumentException", "BadDocumentException", "DocumentTooLargeException"]
)
def test_a_picture_that_textract_does_not_take_keeps_its_unsure_reading(run, textract, scan, code):
    textract.failures.append((400, code))
    first = Engine([(UNSURE, 40)], "tesseract-eng")
    document, result = run(make_mixed_pdf(scan), ("tesseract", "textract"), first)

    assert document.status is DocumentStatus.DONE
    assert result["coverage"]["confidences"] == {"40": "1"}
    assert result["coverage"]["unsure_pages"] == "1"


def test_blocks_are_those_of_the_sdks_own_description():
    shape = get_session().get_service_model("textract").operation_model("DetectDocumentText")
    answer = {"Blocks": write_blocks("two words\nand more", 99.0)}
    report = ParamValidator().validate(answer, shape.output_shape)
    assert not report.has_errors(), report.generate_report()
    words = list_words(answer["Blocks"])
    assert [word.text for word in words] == ["two", "words", "and", "more"]
    assert [word.begins_line for word in words] == [True, False, True, False]
    assert words[1].box == (500, 0, 1000, 200)
