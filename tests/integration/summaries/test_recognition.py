"""Scanned pages from the upload to the summary, through the real handlers on moto."""

from dataclasses import replace

import pytest

from pipeline.recognition.page_words import PageNotRecognisedError, RecognisedPage
from shared.errors import DeferredError
from shared.lifecycle import DocumentStatus
from tests.fakes.aws.kept_account import open_account
from tests.fakes.desks.running_pipeline import run_pipeline
from tests.fakes.pdf.scanned_pdf_files import make_mixed_pdf, render_texts

LETTER = "The pier at Ellery was opened by the harbour master in the year 1987."
REPORT = "The tide turns at noon and the ferry leaves the harbour of Portness."


class Engine:
    """Tells pictures apart by their bytes: what it reads on each, or how it fails."""

    name = "fake"

    def __init__(self, answers, name="fake"):
        self.answers = answers
        self.name = name
        self.calls = 0

    def recognise(self, picture, deadline):
        picture()
        self.calls += 1
        answer = self.answers[min(self.calls, len(self.answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        text, confidence = answer
        return RecognisedPage(engine=self.name, text=text, confidence=confidence)


@pytest.fixture
def account():
    with open_account() as account:
        yield replace(
            account, settings=account.settings.model_copy(update={"ocr_engine": ("tesseract",)})
        )


@pytest.fixture(scope="module")
def scan():
    (picture,) = render_texts("x", dots_per_inch=30)
    return picture


def run(account, data, *engines, polls=None):
    account.upload("scan.pdf", data)
    with run_pipeline(account, engines=engines) as pipeline:
        if polls is not None:
            polls(pipeline)
        pipeline.run()
        document = pipeline.document("scan.pdf")
        result = pipeline.read_artifact(document.result_key) if document.result_key else None
    return document, result


def test_a_scan_is_read_and_summarised(account, scan):
    engine = Engine([(LETTER, 91)])
    document, result = run(account, make_mixed_pdf(scan, scan), engine)

    assert document.status is DocumentStatus.DONE
    assert engine.calls == 2
    assert result["coverage"]["ocr_pages"] == "1-2"
    assert result["coverage"]["confidences"] == {"91": "1-2"}
    assert "Ellery" in result["abstract"]


def test_pages_with_text_do_not_wait_for_pictures(account, scan):
    seen = []

    def watch(pipeline):
        while pipeline.ingest.poll() + pipeline.worker.poll():
            pass
        document = pipeline.document("scan.pdf")
        seen.append((document, pipeline.read_artifact(document.result_key)))

    data = make_mixed_pdf(REPORT, scan, REPORT)
    document, result = run(account, data, Engine([(LETTER, 91)]), polls=watch)

    ((first, first_result),) = seen
    assert (first.status, first.is_final) == (DocumentStatus.PARTIAL, False)
    assert first.reason == "1 page is being recognised (2)"
    assert first_result["coverage"]["summarised_pages"] == "1,3"
    assert (document.status, document.is_final) == (DocumentStatus.DONE, True)
    assert result["coverage"]["summarised_pages"] == "1-3"
    assert document.result_key != first.result_key


def test_many_pages_of_text_are_summarised_before_any_scan_is_read(account, scan):
    engine, seen = Engine([(LETTER, 91)]), []

    def watch(pipeline):
        while pipeline.ingest.poll() + pipeline.worker.poll():
            pass
        seen.append((engine.calls, pipeline.document("scan.pdf")))

    pages = ([REPORT] * 10 + [scan]) * 20
    document, result = run(account, make_mixed_pdf(*pages), engine, polls=watch)

    ((calls, first),) = seen
    assert (calls, first.status) == (0, DocumentStatus.PARTIAL)
    assert first.reason.startswith("20 pages are being recognised (11,22,33,")
    assert (document.status, document.pages) == (DocumentStatus.DONE, 220)
    assert engine.calls == 20
    assert result["coverage"]["summarised_pages"] == "1-220"
    assert result["coverage"]["ocr_pages"] == first.recognising_pages


def test_a_picture_without_words_is_no_gap(account, scan):
    document, result = run(account, make_mixed_pdf(REPORT, scan), Engine([("", 100)]))

    assert document.status is DocumentStatus.DONE
    assert result["coverage"]["empty_pages"] == "2"
    assert result["coverage"]["picture_pages"] == ""


def test_a_scan_without_words_has_no_text(account, scan):
    document, _ = run(account, make_mixed_pdf(scan), Engine([("", 100)]))

    assert document.status is DocumentStatus.NO_TEXT


def test_a_page_that_cannot_be_read_is_named_with_its_reason(account, scan):
    engine = Engine([PageNotRecognisedError("it is no picture")])
    document, result = run(account, make_mixed_pdf(REPORT, scan), engine)

    assert document.status is DocumentStatus.PARTIAL
    assert result["coverage"]["failures"] == [
        {"pages": "2", "code": "not_recognised", "reason": "it is no picture"}
    ]


def test_a_scan_of_which_nothing_can_be_read_is_given_up(account, scan):
    engine = Engine([PageNotRecognisedError("it is no picture")])
    document, _ = run(account, make_mixed_pdf(scan), engine)

    assert document.status is DocumentStatus.FAILED
    assert document.reason == "no page could be read: it is no picture"


def test_an_unsure_page_is_named_and_the_next_engine_is_asked(account, scan):
    first, second = Engine([(LETTER, 30)]), Engine([(LETTER, 40)], "next")
    document, result = run(account, make_mixed_pdf(REPORT, scan), first, second)

    assert document.status is DocumentStatus.DONE
    assert (first.calls, second.calls) == (1, 1)
    assert result["coverage"]["unsure_pages"] == "2"
    assert result["coverage"]["confidences"] == {"40": "2"}


def test_what_is_read_once_is_read_for_every_document_of_the_same_bytes(account, scan):
    engine = Engine([(LETTER, 91)])
    data = make_mixed_pdf(scan)
    account.upload("scan.pdf", data)
    account.upload("again.pdf", data)
    with run_pipeline(account, engines=(engine,)) as pipeline:
        pipeline.run()
        both = [pipeline.document(key).status for key in ("scan.pdf", "again.pdf")]

    assert both == [DocumentStatus.DONE] * 2
    assert engine.calls == 1


def test_fonts_without_characters_are_read_from_their_picture(account):
    from tests.fakes.pdf.pdf_files import make_unmappable_text_pdf

    document, result = run(account, make_unmappable_text_pdf(), Engine([(LETTER, 91)]))

    assert document.status is DocumentStatus.DONE, document
    assert result["coverage"]["failed_pages"] == ""


def test_without_an_engine_pages_of_pictures_are_named(account, scan):
    off = replace(account, settings=account.settings.model_copy(update={"ocr_engine": ()}))
    document, _ = run(off, make_mixed_pdf(REPORT, scan))

    assert document.status is DocumentStatus.PARTIAL
    assert document.reason == "page 2 shows only pictures, whose text is not read"


def test_what_a_page_waits_for_is_noted_of_its_document(account, scan):
    wait = DeferredError("no data of deu yet", delay_seconds=900, reason="language_missing")
    document, _ = run(account, make_mixed_pdf(scan), Engine([wait]))

    assert (document.deferred_reason, document.deferred_cause) == (
        "language_missing",
        "no data of deu yet",
    )
