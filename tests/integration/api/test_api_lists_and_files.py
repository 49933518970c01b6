"""Lists of tasks, and the files and texts of documents, as the API hands them out."""

from urllib.parse import parse_qs, urlsplit

import pytest

from shared.ledger.document_versions import delete_document
from shared.ledger.tasks import register_task
from shared.messages.tasks import name_digest_task
from tests.fakes.desks.api_desk import open_api_desk

ASK = {"kind": "ask", "question": "When?", "documents": ["skagen.pdf"]}


@pytest.fixture(scope="module")
def desk():
    with open_api_desk(with_model=False) as desk:
        yield desk


def test_tasks_are_listed_in_pages_and_found_by_status_and_name(desk):
    for number in range(3):
        named = {**ASK, "id": f"may-{number}", "name": f"May {number}"}
        assert desk.send("POST", "/tasks", named).status == 202
    digest = name_digest_task("2026-03-01", "a" * 16)
    register_task(desk.table, task_id=digest, kind="summarize", about="", digest="d",
                  callback=None, now=desk.now, name="May")  # fmt: skip
    listed, cursor = [], None
    while cursor is not None or not listed:
        query = {"limit": "2", "name": "May"} | ({"cursor": cursor} if cursor else {})
        page = desk.send("GET", "/tasks", query=query).body
        listed += [task["task_id"] for task in page["tasks"]]
        cursor = page["next_cursor"]
    assert sorted(listed) == ["may-0", "may-1", "may-2"]
    one = desk.send("GET", "/tasks", query={"name": "May 1"}).body["tasks"]
    assert [(task["task_id"], task["name"]) for task in one] == [("may-1", "May 1")]
    wanted = {"status": "RUNNING", "name": "May"}
    assert desk.send("GET", "/tasks", query=wanted).body["tasks"] == []
    for cursor in ("x", "WyJhIl0"):
        assert desk.send("GET", "/tasks", query={"cursor": cursor}).status == 400
    assert desk.send("GET", "/tasks", query={"day": "2026-02-30"}).status == 400


def test_the_newest_documents_whose_keys_begin_so_are_listed(desk):
    old = desk.enter_document("bills/a.pdf", "An old bill.", sequencer="0A")
    for number, key in enumerate(("bills/a.pdf", "bills/b.pdf", "other/bills/c.pdf")):
        desk.enter_document(key, "A bill.", sequencer=f"0{'BCD'[number]}", version="v2")
    listed, cursor = [], None
    while cursor is not None or not listed:
        query = {"limit": "2", "prefix": "bills/"} | ({"cursor": cursor} if cursor else {})
        page = desk.send("GET", "/documents", query=query).body
        listed += [(one["key"], one["document_id"]) for one in page["documents"]]
        cursor = page["next_cursor"]
    assert sorted(key for key, _ in listed) == ["bills/a.pdf", "bills/b.pdf"]
    assert old.document_id not in {document_id for _, document_id in listed}


def test_a_documents_file_and_text_are_redirects_to_addresses_that_expire(desk):
    document = desk.enter_document("in/a b.pdf", "One page.", "Another page.")
    file = desk.send("GET", f"/documents/{document.document_id}/file")
    assert file.status == 302
    assert file.headers["Location"] == file.body["url"]
    assert file.body["expires_in_seconds"] == 300
    address = urlsplit(file.body["url"])
    told = parse_qs(address.query)
    assert address.path.endswith("/in/a%20b.pdf")
    assert (told["versionId"], told["X-Amz-Expires"]) == (["v1"], ["300"])
    assert told["response-content-disposition"] == ["attachment; filename*=UTF-8''a%20b.pdf"]
    text = desk.send("GET", f"/documents/{document.document_id}/text")
    assert text.status == 302
    bucket = desk.account.settings.artifacts_bucket
    key = f"text/{document.document_id}/whole.txt"
    assert urlsplit(text.body["url"]).path.endswith(key)
    written = desk.account.clients.s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    assert written == "[page 1]\nOne page.\n\n[page 2]\nAnother page.\n\n"
    # A second time it is there.
    again = desk.send("GET", f"/documents/{document.document_id}/text")
    assert urlsplit(again.body["url"]).path == urlsplit(text.body["url"]).path


def test_a_deleted_document_gives_neither_file_nor_text(desk):
    document = desk.enter_document("gone.pdf", "One page.")
    delete_document(desk.table, document, desk.now, "gone")
    for part in ("file", "text"):
        assert desk.send("GET", f"/documents/{document.document_id}/{part}").status == 404
