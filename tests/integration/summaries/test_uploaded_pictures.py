"""Uploaded pictures from the upload to the summary, through the real handlers on moto."""

from dataclasses import replace

import pytest

from pipeline.recognition.page_words import PageNotRecognisedError
from shared.lifecycle import DocumentStatus
from shared.messages.message import encode_message
from shared.messages.reading_messages import RenderPages
from tests.fakes.aws.kept_account import open_account
from tests.fakes.desks.running_pipeline import run_pipeline
from tests.fakes.pictures.hostile_pictures import HOSTILE_PICTURES
from tests.fakes.pictures.picture_files import draw_pages, save_picture, save_tiff
from tests.integration.summaries.test_recognition import LETTER, Engine


@pytest.fixture
def account():
    with open_account() as account:
        settings = account.settings.model_copy(update={"ocr_engine": ("tesseract",)})
        yield replace(account, settings=settings)


@pytest.fixture(scope="module")
def pages():
    return draw_pages("a", "b", "c", dots_per_inch=20)


def run(account, key, data, *engines):
    account.upload(key, data)
    with run_pipeline(account, engines=engines) as pipeline:
        pipeline.run()
        document = pipeline.document(key)
        result = pipeline.read_artifact(document.result_key) if document.result_key else None
    return document, result


def test_each_page_of_a_tiff_is_read_and_summarised(account, pages):
    engine = Engine([(LETTER, 91), (LETTER, 93), ("", 100)])
    document, result = run(account, "letter.tif", save_tiff(pages), engine)

    assert (document.status, document.pages, document.unit) == (DocumentStatus.DONE, 3, "page")
    assert engine.calls == 3
    assert result["coverage"]["ocr_pages"] == "1-2"
    assert result["coverage"]["empty_pages"] == "3"
    assert "Ellery" in result["abstract"]


def test_a_photo_under_the_name_of_a_text_is_read(account, pages):
    document, _ = run(account, "note.txt", save_picture(pages[0], "JPEG"), Engine([(LETTER, 91)]))

    assert document.status is DocumentStatus.DONE


def test_a_bomb_is_rejected_and_no_engine_sees_it(account):
    code, make = HOSTILE_PICTURES["a PNG of a billion pixels"]
    engine = Engine([PageNotRecognisedError("it was asked")])
    document, _ = run(account, "bomb.png", make(), engine)

    assert (document.status, document.reason_code) == (DocumentStatus.REJECTED, code)
    assert "3,600 million pixels, more than the 80 million allowed" in document.reason
    assert engine.calls == 0


def test_without_an_engine_a_picture_has_no_text(account, pages):
    off = replace(account, settings=account.settings.model_copy(update={"ocr_engine": ()}))
    document, _ = run(off, "letter.png", save_picture(pages[0], "PNG"))

    assert document.status is DocumentStatus.NO_TEXT


def test_ingest_hands_on_what_asks_for_pictures_of_no_pdf(account, pages):
    # Where ingest looks for lost messages, it asks itself for them.
    account.upload("letter.png", save_picture(pages[0], "PNG"))
    with run_pipeline(account, engines=(Engine([(LETTER, 91)]),)) as pipeline:
        pipeline.ingest.poll()
        document = pipeline.document("letter.png")
        message = RenderPages(document_id=document.document_id, run=document.run, first_page=1)
        pipeline.convert.poll()
        account.clients.sqs.send_message(
            QueueUrl=account.settings.uploads_queue_url, MessageBody=encode_message(message)
        )
        while pipeline.ingest.poll():
            pass
        pipeline.run()
        document = pipeline.document("letter.png")

    assert document.status is DocumentStatus.DONE
