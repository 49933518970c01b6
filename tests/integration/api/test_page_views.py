"""Pages shown with quotes marked, through the real handlers and the real reader, on moto."""

import io
import json
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from PIL import Image

from functions.operator import build_operator
from functions.pages import build_page_extractor, build_pages
from functions.wiring import utc_now
from infra.deploy.smoke_check import choose_event, judge_answer
from pipeline.erasure.erase_document import erase_document, settle_erasures
from pipeline.erasure.erasure_types import SETTLES_AFTER
from pipeline.extraction.page_views.page_layout import MOST_PIXELS_A_SIDE, PNG_BEGINNING
from pipeline.recognition.page_words import RecognisedPage, RecognisedWord
from shared.errors import ReadersBusyError
from tests.fakes.aws.event_source import LambdaContext
from tests.fakes.aws.kept_account import open_account
from tests.fakes.desks.api_desk import make_event
from tests.fakes.desks.running_pipeline import run_pipeline
from tests.fakes.pdf.pdf_files import make_text_pdf
from tests.fakes.pdf.scanned_pdf_files import make_mixed_pdf, render_texts

FIRST = "The pier at Ellery was opened by the harbour master in 1987."
SECOND = "The tide turns at noon and the ferry leaves the harbour of Portness."


class PageDesk:
    """Documents that were read by the pipeline, and the function that shows their pages."""

    def __init__(self, account, pages, extractor):
        self.account, self.pages, self.extractor = account, pages, extractor

    def put(self, key, data, engines=()):
        self.account.upload(key, data)
        with run_pipeline(self.account, engines=engines) as pipeline:
            pipeline.run()
            return pipeline.document(key)

    def show(self, document, page, quote=None, **event):
        query = None if quote is None else {"quote": quote}
        path = f"/documents/{document.document_id}/pages/{page}"
        made = make_event("GET", path, query=query, **event)
        answer = self.pages.answer(made, LambdaContext(29.0))
        return answer["statusCode"], json.loads(answer["body"])

    def read(self, address):
        key = urlsplit(address).path.lstrip("/")
        bucket = self.account.settings.artifacts_bucket
        return self.account.clients.s3.get_object(Bucket=bucket, Key=key)["Body"].read()

    def list_views(self):
        return self.list_keys("pages/")

    def list_keys(self, prefix):
        bucket = self.account.settings.artifacts_bucket
        found = self.account.clients.s3.list_object_versions(Bucket=bucket, Prefix=prefix)
        return [one["Key"] for one in found.get("Versions", [])]


@pytest.fixture(scope="module")
def desk():
    with open_account() as account, build_page_extractor(account.settings) as extractor:
        pages = build_pages(account.settings, account.clients, extractor)
        yield PageDesk(account, pages, extractor)


def open_operator(account):
    settings = account.settings.model_copy(update={"operator_api_key_id": "key"})
    return build_operator(settings, account.clients)


def test_a_page_is_a_picture_with_the_quote_marked(desk):
    document = desk.put("harbour.pdf", make_text_pdf(FIRST, SECOND))
    status, page = desk.show(document, 2, "the ferry leaves the harbour")
    assert status == 200
    assert (page["match"], page["unit"], page["page"], page["pages"]) == ("exact", "page", 2, 2)
    assert max(page["width"], page["height"]) <= MOST_PIXELS_A_SIDE
    (mark,) = page["marks"]
    assert 0 < mark["left"] < mark["left"] + mark["width"] < 1
    assert 0 < mark["top"] < mark["top"] + mark["height"] < 1
    assert page["expires_in_seconds"] == 300
    assert (page["text"], page["why_no_picture"]) == (None, None)
    assert desk.read(page["picture_url"]).startswith(PNG_BEGINNING)


def test_a_view_is_kept_and_the_same_for_all_who_look(desk):
    document = desk.put("kept.pdf", make_text_pdf("Kept words.", "More kept words."))
    first = desk.show(document, 1)[1]
    before = desk.list_views()
    again = desk.show(document, 1, "Kept words.")[1]
    assert desk.list_views() == before
    assert urlsplit(first["picture_url"]).path == urlsplit(again["picture_url"]).path
    assert (first["match"], first["marks"], again["match"]) == (None, [], "exact")


def test_what_is_not_there_is_404_and_a_strange_number_400(desk):
    document = desk.put("short.pdf", make_text_pdf(FIRST))
    status, answer = desk.show(document, 2)
    assert (status, answer["error"]["message"]) == (404, "there is no page 2: it has 1")
    assert desk.show(document, 0)[0] == 400
    assert desk.show(document, "x")[0] == 400
    assert desk.show(document, 1, "q" * 2_001)[0] == 400
    refused = desk.put("noise.pdf", b"\x7fELF no document")
    status, answer = desk.show(refused, 1)
    assert status == 404
    assert "REJECTED" in answer["error"]["message"]
    answer = desk.pages.answer(choose_event("pages"), LambdaContext(29.0))
    assert judge_answer("pages", None, json.dumps(answer).encode()) == ""


def test_a_quote_that_is_not_on_the_page_is_not_marked(desk):
    document = desk.put("other.pdf", make_text_pdf(FIRST, SECOND))
    page = desk.show(document, 1, "the ferry leaves the harbour")[1]
    assert (page["match"], page["marks"], page["text"]) == ("none", [], None)
    # Signs and case aside it stands there, and that is said.
    page = desk.show(document, 1, "Opened, by the Harbour Master")[1]
    assert (page["match"], len(page["marks"])) == ("near", 1)


def test_what_has_no_pages_shows_its_text(desk):
    document = desk.put("notes.txt", b"A list of boats.\n\nThe Skagen lies at pier 4.\n")
    page = desk.show(document, 1, "Skagen lies")[1]
    assert (page["match"], page["picture_url"], page["unit"]) == ("exact", None, "part")
    assert "".join(piece["text"] for piece in page["text"]).startswith("A list of boats.")
    assert [piece["text"] for piece in page["text"] if piece["is_quote"]] == ["Skagen lies"]
    assert "part" in page["why_no_picture"]


def test_a_page_whose_file_is_gone_shows_its_text_and_says_why(desk):
    document = desk.put("gone.pdf", make_text_pdf("Words that stay for a while."))
    desk.account.clients.s3.delete_object(
        Bucket=document.bucket, Key=document.key, VersionId=document.version_id
    )
    page = desk.show(document, 1, "stay for a while")[1]
    assert (page["match"], page["picture_url"]) == ("exact", None)
    assert page["why_no_picture"].startswith("The file was deleted")


def test_an_erased_document_leaves_no_picture(desk):
    document = desk.put("secret.pdf", make_text_pdf("Words that nobody may see."))
    other = desk.put("open.pdf", make_text_pdf("Words that all may see."))
    for one in (document, other):
        assert desk.show(one, 1)[0] == 200
    folder = f"pages/{document.text_address.split('-')[0]}/"
    assert [key for key in desk.list_views() if key.startswith(folder)]
    erase_document(document.document_id, "a test", open_operator(desk.account).services)
    assert not [key for key in desk.list_views() if key.startswith(folder)]
    assert desk.list_views()
    assert desk.show(document, 1)[0] == 404


class Interrupted:
    """Draws pages, after something else has happened."""

    def __init__(self, extractor, happens):
        self.extractor, self.happens = extractor, happens

    @contextmanager
    def open(self, path, deadline):
        self.happens()
        with self.extractor.open(path, deadline) as document:
            yield document


def open_interrupted(desk, happens):
    account = desk.account
    with_interruption = Interrupted(desk.extractor, happens)
    pages = build_pages(account.settings, account.clients, with_interruption)
    return PageDesk(account, pages, desk.extractor)


def test_a_page_that_is_drawn_while_its_document_is_erased_leaves_no_picture(desk):
    document = desk.put("raced.pdf", make_text_pdf("Words that are erased meanwhile."))
    folder = f"pages/{document.text_address.split('-')[0]}/"
    operator = open_operator(desk.account)
    raced = open_interrupted(
        desk, lambda: erase_document(document.document_id, "a test", operator.services)
    )
    raced.show(document, 1)
    assert [key for key in desk.list_views() if key.startswith(folder)]
    later = replace(operator.services, now=lambda: utc_now() + SETTLES_AFTER * 2)
    settle_erasures(later)
    assert not [key for key in desk.list_views() if key.startswith(folder)]
    assert desk.show(document, 1)[0] == 404


def test_two_who_look_first_at_the_same_time_get_the_same_picture_once(desk):
    document = desk.put("twice.pdf", make_text_pdf("Words that two look at."))
    answers = []
    slow = open_interrupted(desk, lambda: answers.append(desk.show(document, 1, "two look")))
    answers.append(slow.show(document, 1, "two look"))
    (first, one), (second, other) = answers
    assert (first, second) == (200, 200)
    assert one["marks"] == other["marks"] != []
    assert urlsplit(one["picture_url"]).path == urlsplit(other["picture_url"]).path
    folder = f"pages/{document.text_address.split('-')[0]}/"
    assert len([key for key in desk.list_views() if key.startswith(folder)]) == 2


def test_of_a_scanned_page_the_recognised_words_are_marked(desk):
    (picture,) = render_texts("The pier of Ellery", dots_per_inch=30)
    engine = RecognisingEngine()
    with_ocr = desk.account.settings.model_copy(update={"ocr_engine": ("tesseract",)})
    account = replace(desk.account, settings=with_ocr)
    document = PageDesk(account, desk.pages, desk.extractor).put(
        "scan.pdf", make_mixed_pdf(picture), engines=(engine,)
    )
    page = desk.show(document, 1, "of Ellery")[1]
    assert page["match"] == "exact"
    assert page["marks"] == [{"left": 0.5, "top": 0.1, "width": 0.4, "height": 0.1}]
    assert desk.read(page["picture_url"]).startswith(PNG_BEGINNING)
    # A part of a word has the box of the whole word.
    assert desk.show(document, 1, "Elle")[1]["match"] == "none"


@pytest.mark.parametrize(("form", "degrees"), [("PNG", 1), ("JPEG", 0), ("PNG", 90), ("TIFF", 0)])
def test_an_uploaded_picture_is_shown_as_it_is_with_marks(desk, form, degrees):
    (png,) = render_texts(f"The pier of Ellery {form} {degrees}", dots_per_inch=30)
    out = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("L").save(out, form)
    with_ocr = desk.account.settings.model_copy(update={"ocr_engine": ("tesseract",)})
    account = replace(desk.account, settings=with_ocr)
    document = PageDesk(account, desk.pages, desk.extractor).put(
        f"scan-{degrees}.{form.lower()}", out.getvalue(), engines=(RecognisingEngine(degrees),)
    )
    page = desk.show(document, 1, "of Ellery")[1]
    assert page["match"] == "exact"
    if form == "TIFF" or degrees == 90:
        # Browsers show no TIFF, and may have turned what lies turned.
        assert (page["picture_url"], page["marks"]) == (None, [])
        assert page["why_no_picture"].endswith(".")
        assert "Ellery" in "".join(piece["text"] for piece in page["text"])
        return
    assert (page["width"], page["height"]) == (1_000, 1_000)
    assert len(page["marks"]) == 1
    assert desk.read(page["picture_url"]) == out.getvalue()


class RecognisingEngine:
    """Reads the same words on every picture, which it says it has turned by so much."""

    name = "fake"

    def __init__(self, turned_degrees=0):
        self.turned_degrees = turned_degrees

    def recognise(self, picture, deadline):
        picture()
        words = (
            RecognisedWord(text="The", box=(100, 100, 200, 200), confidence=90, begins_line=True),
            RecognisedWord(text="pier", box=(300, 100, 400, 200), confidence=90),
            RecognisedWord(text="of", box=(500, 100, 600, 200), confidence=90),
            RecognisedWord(text="Ellery", box=(620, 100, 900, 200), confidence=90),
        )
        return RecognisedPage(
            engine="fake",
            text="The pier of Ellery",
            confidence=90,
            width=1_000,
            height=1_000,
            turned_degrees=self.turned_degrees,
            words=words,
        )


def test_a_picture_is_shown_though_the_text_is_gone(desk):
    document = desk.put("lost.pdf", make_text_pdf("Words whose text is lost."))
    bucket = desk.account.settings.artifacts_bucket
    for key in desk.list_keys(f"text/{document.text_address}/"):
        desk.account.clients.s3.delete_object(Bucket=bucket, Key=key)
    assert desk.show(document, 1, "Words whose text is lost")[1]["match"] == "exact"
    status, page = desk.show(document, 1, "other words")
    assert (status, page["match"], page["text"]) == (200, "none", None)


def test_where_all_readers_are_at_work_it_is_asked_to_come_again(desk):
    def fail():
        raise ReadersBusyError("all readers are at work", delay_seconds=5, reason="readers_busy")

    document = desk.put("busy.pdf", make_text_pdf("Words that wait."))
    status, answer = open_interrupted(desk, fail).show(document, 1)
    assert (status, answer["error"]["code"]) == (503, "service_busy")
