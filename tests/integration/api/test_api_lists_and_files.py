"""Lists of tasks, and the files and texts of documents, as the API hands them out."""

from urllib.parse import parse_qs, urlsplit

import pytest

from pipeline.tasks.extract import extract_many
from shared.ledger.document_versions import delete_document
from shared.ledger.documents import find_document
from shared.ledger.tasks import find_task, register_task
from shared.messages.task_names import name_digest_task
from tests.fakes.aws.ledger_rows import force
from tests.fakes.desks.api_desk import open_api_desk
from tests.fakes.summaries import make_summary

ASK = {"kind": "ask", "question": "When?", "documents": ["skagen.pdf"]}
SCHEMA = {"type": "object", "properties": {"sum": {"type": "number"}}}


@pytest.fixture(scope="module")
def desk():
    with open_api_desk() as desk:
        yield desk


@pytest.mark.parametrize(
    ("path", "order"),
    [
        ("/extractions", {"prefix": "a", "schema": SCHEMA}),
        ("/extractions", {"prefix": "none/", "schema": SCHEMA}),
        ("/tasks", {"kind": "agent", "prompt": "Which?"}),
        ("/tasks", {"kind": "extract", "text": "x", "schema": SCHEMA}),
    ],
)
def test_what_needs_a_model_is_refused_at_once_where_there_is_none(path, order):
    with open_api_desk(with_model=False) as desk:
        desk.enter_document("a.pdf", "A sum of 5.")
        desk.queued()
        said = desk.send("POST", path, order)
        assert (said.status, said.error["code"]) == (422, "refused")
        assert "needs a language model" in said.error["message"]
        assert "OpenAiApiKeySecret" in said.error["message"]
        assert desk.queued() == []
        assert desk.send("GET", "/tasks").body["tasks"] == []
        assert desk.send("POST", "/tasks", ASK).status == 202


def test_a_document_that_was_cancelled_unread_has_no_text_and_one_that_was_read_has(desk):
    unread, read = (
        desk.enter_document(f"cancelled/{name}.pdf", "A sum of 5.") for name in ("unread", "read")
    )
    force(desk.table, unread, status="CANCELLED", chunks_total=0, in_flight=None)
    force(desk.table, read, status="CANCELLED", in_flight=None)
    sent = extract_all(desk, prefix="cancelled/")
    assert [task["document_id"] for task in sent.body["tasks"]] == [read.document_id]
    assert sent.body["without_text"] == 1


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


def write_version(desk, document, folder, title):
    """A summary as a run leaves it; its key."""
    summary = make_summary(document, title)
    key = f"results/{document.document_id}/{folder}/summary.json"
    desk.write_artifact(key, summary.model_dump(mode="json"))
    return key


def test_the_versions_of_a_summary_are_listed_and_each_is_read(desk):
    document = desk.enter_document("redone.pdf", "One page.")
    route = f"/documents/{document.document_id}"
    assert desk.send("GET", f"{route}/versions").body == {"versions": []}
    said = desk.send("GET", f"{route}/summary", query={"version": "1"})
    assert (said.status, said.error["code"]) == (404, "not_found")
    assert "there are none yet" in said.error["message"]
    # A run's text first, then with what was recognised; then a redo.
    titles = {"1.1": "First", "1.1.recognised": "Second", "2.1": "Third"}
    keys = [write_version(desk, document, *one) for one in titles.items()]
    force(desk.table, document, result_key=keys[-1], status="DONE", run=2)
    assert desk.send("GET", f"{route}/versions").body["versions"] == [
        {"version": 1, "run": 1, "is_newest": False},
        {"version": 2, "run": 1, "is_newest": False},
        {"version": 3, "run": 2, "is_newest": True},
    ]
    for number, title in enumerate(titles.values(), start=1):
        read = desk.send("GET", f"{route}/summary", query={"version": str(number)})
        assert (read.status, read.body["title"]) == (200, title)
    assert desk.send("GET", f"{route}/summary").body["title"] == "Third"
    assert desk.send("GET", f"{route}/summary", query={"version": "0"}).status == 400
    said = desk.send("GET", f"{route}/summary", query={"version": "4"})
    assert (said.status, "there are 1 to 3" in said.error["message"]) == (404, True)
    delete_document(desk.table, find_document(desk.table, document.document_id), desk.now, "gone")
    assert desk.send("GET", f"{route}/versions").body == {"versions": []}
    assert desk.send("GET", f"{route}/summary", query={"version": "1"}).status == 404


def test_a_deleted_document_gives_neither_file_nor_text(desk):
    document = desk.enter_document("gone.pdf", "One page.")
    delete_document(desk.table, document, desk.now, "gone")
    for part in ("file", "text"):
        assert desk.send("GET", f"/documents/{document.document_id}/{part}").status == 404


def extract_all(desk, **changes):
    return desk.send(
        "POST", "/extractions", {"prefix": "tender/", "schema": SCHEMA, "days": 2, **changes}
    )


def test_one_request_makes_an_extraction_of_each_document_under_a_prefix(desk):
    old = desk.enter_document("tender/a.pdf", "Old.", sequencer="0A")
    wanted = [
        desk.enter_document(key, "A sum of 5.", sequencer="0B", version="v2")
        for key in ("tender/a.pdf", "tender/b.pdf")
    ]
    desk.enter_document("other/tender/c.pdf", "Not meant.")
    gone = desk.enter_document("tender/gone.pdf", "Deleted.")
    delete_document(desk.table, gone, desk.now, "gone")
    desk.queued()
    sent = extract_all(desk, days=366)
    assert sent.status == 202
    made = {task["document_id"]: task["task_id"] for task in sent.body["tasks"]}
    assert set(made) == {document.document_id for document in wanted}
    assert old.document_id not in made
    assert (sent.body["without_text"], sent.body["next_cursor"]) == (1, None)
    queued = desk.queued()
    assert {one["document"]: one["id"] for one in queued} == made
    assert {one["kind"] for one in queued} == {"extract"}
    listed = desk.send("GET", "/tasks", query={"name": "tender/"}).body["tasks"]
    assert {task["task_id"] for task in listed} == set(made.values())

    # The same once more is the same tasks; what has come since has one of its own.
    new = desk.enter_document("tender/d.pdf", "Another.")
    again = extract_all(desk).body["tasks"]
    assert {task["document_id"]: task["task_id"] for task in again} == {
        **made,
        new.document_id: f"{next(iter(made.values()))[:-22]}-{new.document_id}",
    }
    assert (
        extract_all(desk, id="mine", name="Sums").body["tasks"][0]["task_id"].startswith("mine-d")
    )


def test_many_extractions_are_taken_up_call_by_call(desk, monkeypatch):
    for number in range(5):
        desk.enter_document(f"tender/many/{number}.pdf", "A sum.")
    monkeypatch.setattr(extract_many, "_PAGE_SIZE", 2)
    monkeypatch.setattr(extract_many, "_MOST_TASKS", 2)
    keys, ids, cursors = [], [], [None]
    while len(cursors) == 1 or cursors[-1] is not None:
        answer = extract_all(desk, prefix="tender/many/", cursor=cursors[-1]).body
        assert len(answer["tasks"]) <= 2
        keys += [task["key"] for task in answer["tasks"]]
        ids += [task["task_id"] for task in answer["tasks"]]
        cursors.append(answer["next_cursor"])
    assert sorted(keys) == [f"tender/many/{number}.pdf" for number in range(5)]
    told = {find_task(desk.table, task_id).about for task_id in ids}
    assert told == {f"sum of {key}" for key in keys}
    assert len(cursors) > 3


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"schema": {"type": "array"}}, 422, "schema"),
        ({"id": "x" * 79}, 400, "78 at the most"),
        ({"id": "seashore-digest-2026"}, 422, "begins as the pipeline's own tasks do"),
        ({"prefix": ""}, 400, "prefix"),
        ({"cursor": "x"}, 400, "cursor"),
        ({"callback": "https://example.com/"}, 422, "callback"),
        ({"document": "a.pdf"}, 400, "document"),
    ],
)
def test_extractions_that_cannot_be_are_refused(desk, changes, status, words):
    key = f"refused/{'-'.join(changes)}/{status}-{len(words)}.pdf"
    desk.enter_document(key, "A sum.")
    refused = extract_all(desk, **{"prefix": key, **changes})
    assert refused.status == status
    assert words in refused.body["error"]["message"]


def test_another_extraction_under_the_same_ids_is_refused(desk):
    desk.enter_document("taken/a.pdf", "A sum.")
    assert extract_all(desk, prefix="taken/", id="taken").status == 202
    other = {"type": "object", "properties": {"buyer": {"type": "string"}}}
    assert extract_all(desk, prefix="taken/", id="taken", schema=other).status == 409
