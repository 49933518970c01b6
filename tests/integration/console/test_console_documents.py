"""The page of documents without a browser: its filters, its rows, and what strangers' names do."""

import json
import re

import pytest

from tests.fakes.desks.api_desk import open_api_desk

HOSTILE = "x\"><img src=x onerror=alert(1)>{{9*99991}}'.pdf"


@pytest.fixture
def desk():
    with open_api_desk(with_model=False) as desk:
        yield desk


def find_names(html):
    return re.findall(r'<th scope="row"><a [^>]*>([^<]*)</a>', html)


def test_without_documents_it_says_how_some_come(desk):
    page = desk.browse("/console/parts/documents")
    assert page.status == 200
    assert "seashore put" in page.body


def test_the_list_is_filtered_by_status_prefix_day_and_words(desk):
    desk.enter_document("contracts/lease.pdf", "Rent.")
    desk.enter_document("notes/pier.pdf", "Timber.")

    def list_names(**query):
        return find_names(desk.browse("/console/parts/documents/rows", query=query).body)

    assert list_names() == ["notes/pier.pdf", "contracts/lease.pdf"]
    assert list_names(status="EXTRACTED", words="", prefix="") == list_names()
    assert list_names(status="DONE") == []
    assert list_names(prefix="contracts/") == ["contracts/lease.pdf"]
    assert list_names(words="PIER") == ["notes/pier.pdf"]
    # A name as macOS writes it, and a word as a keyboard does.
    desk.enter_document("notes/Ju\u0308rgen.pdf", "Seals rest.")
    assert list_names(words="J\u00dcRGEN") == ["notes/Ju\u0308rgen.pdf"]
    assert list_names(day=f"{desk.now():%Y-%m-%d}") == list_names()
    assert list_names(day="2020-01-01") == []


def test_the_form_shows_the_filter_in_force_and_pages_keep_it(desk):
    for number in range(53):
        desk.enter_document(f"notes/{number:02}.pdf", "Text.")
    page = desk.browse("/console/parts/documents", query={"prefix": "notes/"}).body
    assert 'value="notes/"' in page
    assert len(find_names(page)) == 50
    (following,) = re.findall(r'href="#documents\?([^"]*cursor[^"]*)"', page)
    query = dict(part.split("=") for part in following.replace("&amp;", "&").split("&"))
    assert query["prefix"] == "notes%2F"
    rest = desk.browse("/console/parts/documents", query={**query, "prefix": "notes/"}).body
    assert len(find_names(rest)) == 3


def test_what_lies_behind_many_newer_ones_is_found_by_itself(desk, monkeypatch):
    desk.enter_document("docs/pier.pdf", "Timber.")
    for number in range(6):
        desk.enter_document(f"bulk/{number}.pdf", "Text.")
    monkeypatch.setattr("pipeline.day_listing.MAX_ROWS_READ", 2)
    page = desk.browse("/console/parts/documents", query={"prefix": "docs/"}).body
    assert find_names(page) == ["docs/pier.pdf"]
    # So long a look is not repeated by polls, which look less far.
    assert "data-poll" not in page
    assert "data-poll" in desk.browse("/console/parts/documents").body
    page = desk.browse("/console/parts/documents/rows", query={"prefix": "docs/"}).body
    assert "None among the newest 1,000 or so." in page
    monkeypatch.setattr("functions.console.looking._MOST_STEPS_FOR_ANY", 2)
    page = desk.browse("/console/parts/documents", query={"prefix": "docs/"}).body
    assert "None among the newest 1,000 or so." in page
    assert "Look further back" in page


@pytest.mark.parametrize(
    "query",
    [
        {"status": "NOPE"},
        {"day": "2026-02-30"},
        {"day": "x"},
        {"cursor": "x"},
        {"words": "x" * 2000},
    ],
)
def test_a_filter_that_means_nothing_is_refused_in_words(desk, query):
    answer = desk.browse("/console/parts/documents", query=query)
    assert answer.status == 400
    assert json.loads(answer.body)["error"]["code"] == "invalid_request"


def test_a_name_is_text_wherever_it_stands(desk):
    document = desk.enter_document(HOSTILE, "<script>alert(2)</script> {{9*99991}}")
    for path in (
        "/console/parts/documents",
        f"/console/parts/documents/{document.document_id}",
        f"/console/parts/documents/{document.document_id}/pages/1",
        f"/console/parts/documents/{document.document_id}/files",
    ):
        answer = desk.browse(path, query={"words": HOSTILE[:9]} if path.endswith("s") else None)
        assert answer.status == 200, answer.body
        assert "<img" not in answer.body
        assert "<script" not in answer.body
        assert "899919" not in answer.body


def test_a_page_of_a_document_is_its_text(desk):
    document = desk.enter_document("pier.pdf", "The first page.", "The second.")
    path = f"/console/parts/documents/{document.document_id}"
    assert "The second." in desk.browse(f"{path}/pages/2").body
    # The first one lies open.
    assert "The first page." in desk.browse(path).body
    assert "The second." in desk.browse(path, query={"page": "2"}).body
    for number in ("0", "3", "x", "-1", "²"):
        assert desk.browse(f"{path}/pages/{number}").status == 404
    assert desk.browse("/console/parts/documents/d00000000000000000000").status == 404
    assert desk.browse("/console/parts/documents/nonsense").status == 404


def test_a_form_for_an_upload_is_that_of_the_api(desk):
    answer = desk.browse("/console/parts/documents/form", {"key": "a.pdf", "size_bytes": 5})
    form = json.loads(answer.body)
    assert form["fields"]["key"] == "a.pdf"
    assert desk.browse("/console/parts/documents/form", {"size_bytes": 5}).status == 400
    assert (
        desk.browse("/console/parts/documents/form", {"key": "a", "size_bytes": 10**12}).status
        == 413
    )
