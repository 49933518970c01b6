"""The other routes of the API: tasks, documents, uploads, reports; and what every answer has."""

import base64
import json
from datetime import UTC, datetime

import pytest

from shared.ledger.documents import EmbeddedFile, find_document, write_embedded_files
from shared.ledger.tasks import find_task, finish_task, start_task
from shared.lifecycle import DocumentStatus
from tests.fakes.aws.event_source import LambdaContext
from tests.fakes.aws.ledger_rows import force
from tests.fakes.desks.api_desk import make_event, open_api_desk

ARN = "arn:aws:sqs:eu-west-1:123456789012:answers"
ORIGINS = ("https://a.example", "https://b.example")
ASK = {"kind": "ask", "question": "When?", "documents": ["skagen.pdf"]}


@pytest.fixture(scope="module")
def desk():
    with open_api_desk(with_model=False, callback_arns=(ARN,), cors_origins=ORIGINS) as desk:
        yield desk


# ---- Requests that are none ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("{", "not JSON"),
        ('{"message": NaN}', "not JSON"),
        ('{"message": "\\ud800"}', "not JSON"),
        ("[" * 5_000 + "]" * 5_000, "not JSON"),
        ('"text"', "not a JSON object"),
        ('[{"message": "hi"}]', "not a JSON object"),
        (None, "body: it is missing"),
        ({}, "message: it is missing"),
        ({"message": ""}, "message: it is empty"),
        ({"message": " \n"}, "message: it is empty"),
        ({"message": "x" * 10_001}, "message: it has more than 10,000 characters"),
        ({"message": 7}, "message: it has to be text"),
        ({"message": "hi", "thread_id": "a/b"}, "thread_id: it may have letters, digits, dots"),
        ({"message": "hi", "more": 1}, "more: it is not known here"),
    ],
)
def test_a_message_that_is_none_is_a_bad_request(desk, body, complaint):
    said = desk.send("POST", "/chat", body)
    assert (said.status, said.error["code"]) == (400, "invalid_request")
    assert complaint in said.error["message"]
    assert said.error["request_id"] == "gateway-request"


def test_a_message_of_the_greatest_length_is_one(desk):
    assert desk.chat("å" * 10_000).status == 200


def test_an_answer_has_its_characters_as_they_are(desk):
    """Escaped they take up to 14 bytes of the 6 MB that Lambda lets through, instead of 4."""
    event = make_event("POST", "/documents", {"key": "å/海🌊.pdf"})
    raw = desk.api.answer(event, LambdaContext(28.0))
    assert '"key":"å/海🌊.pdf"' in raw["body"]


def test_a_body_is_json_and_not_too_large(desk):
    said = desk.send("POST", "/chat", "a=b", headers={"content-type": "text/plain"})
    assert said.status == 400  # The other content type is the desk's own: JSON.
    event = make_event("POST", "/chat", "a=b")
    for content_type in ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain"):
        said = desk.send_event({**event, "headers": {"content-type": content_type}})
        assert (said.status, said.error["code"]) == (415, "unsupported_media_type")
    said = desk.send("POST", "/chat", json.dumps({"message": "x" * 1024 * 1024}))
    assert (said.status, said.error["code"]) == (413, "too_large")
    said = desk.send_event({**event, "body": "%%%", "isBase64Encoded": True})
    assert said.status == 400


def test_a_body_in_base64_and_a_content_type_in_capitals_are_read(desk):
    event = make_event("POST", "/documents", {"key": "ø.pdf"})
    body = base64.b64encode(event["body"].encode()).decode()
    headers = {"CONTENT-TYPE": "Application/JSON; charset=utf-8"}
    said = desk.send_event({**event, "body": body, "isBase64Encoded": True, "headers": headers})
    assert said.status == 200
    assert said.body["fields"]["key"] == "ø.pdf"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "no_such_route"),
        ("PUT", "/chat", 404, "no_such_route"),
        ("GET", "/documents/d00000000000000000000", 404, "not_found"),
        ("GET", "/documents/d00000000000000000000/summary", 404, "not_found"),
        ("GET", "/documents/DOC", 404, "not_found"),
        ("GET", "/tasks/none", 404, "not_found"),
        ("GET", "/tasks/-none", 404, "not_found"),
        ("GET", "/threads/none", 404, "not_found"),
        ("DELETE", "/threads/none", 404, "not_found"),
        ("GET", "/reports/2026-02-28", 404, "not_found"),
        ("GET", "/reports/2026-02-30", 400, "invalid_request"),
        ("GET", "/reports/today", 400, "invalid_request"),
    ],
)
def test_what_is_not_there(desk, method, path, status, code):
    said = desk.send(method, path)
    assert (said.status, said.error["code"]) == (status, code)


def test_an_error_that_nobody_expected_shows_nothing_of_itself(desk, monkeypatch, caplog):
    monkeypatch.setattr("functions.http.routes.find_task", lambda *_: 1 / 0)
    said = desk.send("GET", "/tasks/any")
    assert (said.status, said.error["code"]) == (500, "internal")
    assert "division" not in json.dumps(said.body)
    assert "ZeroDivisionError: division by zero" in caplog.text


def test_a_browser_may_read_every_answer(desk):
    origin = {"Origin": "https://b.example"}
    for said in (
        desk.send("GET", "/health", headers=origin),
        desk.send("GET", "/nothing", headers=origin),
        desk.send("POST", "/chat", "{", headers=origin),
        desk.send("OPTIONS", "/chat", headers=origin),
    ):
        assert said.headers["Access-Control-Allow-Origin"] == "https://b.example"
        assert said.headers["Vary"] == "Origin"
    for headers in ({}, {"origin": "https://evil.example"}):
        said = desk.send("GET", "/health", headers=headers)
        assert said.headers["Access-Control-Allow-Origin"] == "https://a.example"
    preflight = desk.send("OPTIONS", "/chat", headers=origin)
    assert preflight.status == 200
    assert "X-Api-Key" in preflight.headers["Access-Control-Allow-Headers"]
    assert "DELETE" in preflight.headers["Access-Control-Allow-Methods"]


# ---- Tasks ---------------------------------------------------------------------------------------


def test_a_task_is_there_as_soon_as_it_is_accepted(desk):
    accepted = desk.send("POST", "/tasks", {**ASK, "id": "t-1", "callback": ARN})
    assert accepted.status == 202
    assert accepted.body["task_id"] == "t-1"
    assert desk.queued() == [{**ASK, "v": 1, "id": "t-1", "name": None, "callback": ARN}]
    task = desk.send("GET", "/tasks/t-1")
    assert (task.status, task.body["status"], task.body["result"]) == (200, "RECEIVED", None)


def test_the_result_of_a_task_is_told(desk):
    desk.send("POST", "/tasks", {**ASK, "id": "t-2"})
    task = start_task(desk.table, find_task(desk.table, "t-2"), desk.now)
    desk.write_artifact("results/tasks/t-2/1/result.json", {"answer": "In 1907."})
    result = {"result_key": "results/tasks/t-2/1/result.json", "model": "tiny"}
    finish_task(desk.table, task, desk.now, **result, shortfall=None)
    done = desk.send("GET", "/tasks/t-2").body
    assert (done["status"], done["result"]) == ("DONE", {"answer": "In 1907."})
    desk.queued()
    # Sent once more, it is not begun once more.
    assert desk.send("POST", "/tasks", {**ASK, "id": "t-2"}).body["status"] == "DONE"
    assert desk.queued() == []


def test_what_no_page_bears_out_is_told_for_a_review_only(desk):
    desk.send("POST", "/tasks", {**ASK, "id": "t-r"})
    task = start_task(desk.table, find_task(desk.table, "t-r"), desk.now)
    folder = "results/tasks/t-r/1"
    candidates = [{"path": "owner", "value": "the town", "pages": [2]}]
    desk.write_artifact(f"{folder}/result.json", {"fields": {"owner": None}, "not_borne_out": 1})
    desk.write_artifact(f"{folder}/review.json", {"candidates": candidates})
    result = {"result_key": f"{folder}/result.json", "model": "tiny"}
    finish_task(desk.table, task, desk.now, **result, shortfall=None)
    assert desk.send("GET", "/tasks/t-r").body["candidates"] is None
    reviewed = desk.send("GET", "/tasks/t-r", query={"review": "true"}).body
    assert reviewed["candidates"] == candidates
    desk.write_artifact(f"{folder}/result.json", {"fields": {}, "not_borne_out": 0})
    assert desk.send("GET", "/tasks/t-r", query={"review": "true"}).body["candidates"] == []
    desk.queued()


def test_a_task_of_a_known_id_is_the_same_or_refused(desk):
    assert desk.send("POST", "/tasks", {**ASK, "id": "t-3"}).status == 202
    assert desk.send("POST", "/tasks", {**ASK, "id": "t-3"}).status == 202
    other = desk.send("POST", "/tasks", {**ASK, "id": "t-3", "question": "Who?"})
    assert (other.status, other.error["code"]) == (409, "task_conflict")
    assert "another id" in other.error["what_to_do"]


def test_a_request_key_is_an_id(desk):
    headers = {"Idempotency-Key": "k-1"}
    first, again = (desk.send("POST", "/tasks", ASK, headers=headers) for _ in range(2))
    assert first.body["task_id"] == again.body["task_id"]
    other = desk.send("POST", "/tasks", ASK, headers={"Idempotency-Key": "k-2"})
    assert other.body["task_id"] != first.body["task_id"]
    unnamed = [desk.send("POST", "/tasks", ASK).body["task_id"] for _ in range(2)]
    assert unnamed[0] != unnamed[1]


@pytest.mark.parametrize(
    ("task", "status", "complaint"),
    [
        ({"kind": "combine", "document_id": "d", "run": 1, "chunks_done": 1}, 400, "kind is none"),
        ({"kind": "sweep"}, 400, "kind is none"),
        ({"question": "When?", "documents": ["a"]}, 400, "kind"),
        ({**ASK, "id": "../x"}, 400, "id: it may have letters, digits, dots"),
        ({**ASK, "documents": []}, 400, "documents: "),
        ({**ASK, "documents": ["a"] * 21}, 400, "documents: "),
        ({"kind": "agent", "prompt": "x" * 8_001}, 400, "prompt: "),
        ({**ASK, "callback": "arn:aws:sqs:eu-west-1:123456789012:others"}, 422, "not allowed"),
        ({"kind": "extract", "text": "x", "schema": {"type": "array"}}, 422, "array without items"),
    ],
)
def test_a_task_that_is_none_is_refused_at_once(desk, task, status, complaint):
    said = desk.send("POST", "/tasks", task)
    assert said.status == status
    assert complaint in said.error["message"]


def test_a_text_that_sqs_would_not_take_as_it_stands_gets_through(desk):
    desk.queued()
    text = "a\x00b\ufffe\uffff\U0010ffff"
    assert desk.send("POST", "/tasks", {"kind": "summarize", "text": text}).status == 202
    (body,) = [body for body in desk.queued() if body["kind"] == "summarize"]
    assert body["text"] == text


# ---- Documents -----------------------------------------------------------------------------------


def test_documents_are_listed_page_by_page(desk):
    for number in range(7):
        document = desk.enter_document(f"{number}.pdf", "Text.")
        if number % 2:
            force(desk.table, find_document(desk.table, document.document_id), status="FAILED")
    keys, cursor, pages = [], None, 0
    while pages == 0 or cursor:
        query = {"limit": "3"} | ({"cursor": cursor} if cursor else {})
        page = desk.send("GET", "/documents", query=query).body
        assert len(page["documents"]) <= 3
        keys += [document["key"] for document in page["documents"]]
        cursor, pages = page["next_cursor"], pages + 1
    assert keys == [f"{number}.pdf" for number in reversed(range(7))]
    failed = desk.send("GET", "/documents", query={"status": "FAILED", "limit": "2"}).body
    assert [document["key"] for document in failed["documents"]] == ["5.pdf", "3.pdf"]
    rest = {"status": "FAILED", "limit": "2", "cursor": failed["next_cursor"]}
    page = desk.send("GET", "/documents", query=rest).body
    assert [document["key"] for document in page["documents"]] == ["1.pdf"]
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    of_day = desk.send("GET", "/documents", query={"day": today, "limit": "100"}).body
    assert len(of_day["documents"]) == 7
    assert of_day["next_cursor"] is None
    other = desk.send("GET", "/documents", query={"day": "2020-01-01"}).body
    assert other == {"documents": [], "next_cursor": None}
    wrong = {"day": "2020-01-01", "cursor": failed["next_cursor"]}
    assert desk.send("GET", "/documents", query=wrong).status == 400
    one = desk.send("GET", "/documents", query={"key": "4.pdf"}).body["documents"]
    assert [document["key"] for document in one] == ["4.pdf"]
    assert desk.send("GET", "/documents", query={"key": "x"}).body["documents"] == []


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"}, {"limit": "101"}, {"limit": "x"}, {"status": "LOST"}, {"day": "today"},
        {"day": "2026-13-01"}, {"cursor": "x"}, {"cursor": "W10"}, {"cursor": "ø"},
        {"cursor": base64.urlsafe_b64encode(b'["2026-01-01", 1, 2]').decode()},
        {"cursor": base64.urlsafe_b64encode(b'["2026-01-01", "x", "y"]').decode()},
    ],
)  # fmt: skip
def test_a_list_that_is_none_is_a_bad_request(desk, query):
    assert desk.send("GET", "/documents", query=query).status == 400


def test_a_document_and_its_summary(desk):
    entered = desk.enter_document("a.pdf", "Text.")
    path = f"/documents/{entered.document_id}"
    document = desk.send("GET", path).body
    assert (document["key"], document["status"]) == ("a.pdf", "EXTRACTED")
    early = desk.send("GET", f"{path}/summary")
    assert early.status == 404
    assert "the document is EXTRACTED" in early.error["message"]
    summary = {
        "document_id": entered.document_id, "key": "a.pdf", "status": "DONE", "title": "A",
        "abstract": "Text.", "key_points": [], "language": "en", "model": "extractive",
        "coverage": {"pages": 1, "summarised_pages": "1", "empty_pages": "",
                     "failed_pages": "", "missing_pages": ""},
        "input_tokens": 0, "output_tokens": 0, "cost_usd": 0,
    }  # fmt: skip
    desk.write_artifact("results/a/summary.json", summary)
    read = find_document(desk.table, entered.document_id)
    force(desk.table, read, status=DocumentStatus.DONE, result_key="results/a/summary.json")
    assert desk.send("GET", f"{path}/summary").body["abstract"] == "Text."


def test_a_document_tells_its_parent_and_what_is_inside(desk):
    entered = desk.enter_document("inside.pdf", "Text.")
    path = f"/documents/{entered.document_id}"
    document = desk.send("GET", path).body
    told = (document["parent"], document["depth"], document["name"], document["embedded_files"])
    assert told == (None, 0, "inside.pdf", [])
    parent, child = "d" + "1" * 20, "d" + "2" * 20
    files = [
        {"name": "b.pdf", "document_id": child, "reason": None},
        {"name": "c.xlsx", "document_id": None, "reason": "not a PDF"},
    ]
    written = write_embedded_files(EmbeddedFile(**file) for file in files)
    read = find_document(desk.table, entered.document_id)
    force(desk.table, read, parent=parent, depth=1, name="x > inside.pdf", embedded_files=written)
    document = desk.send("GET", path).body
    told = (document["parent"], document["depth"], document["name"], document["embedded_files"])
    assert told == (parent, 1, "x > inside.pdf", files)


def test_an_upload_form_holds_to_one_key_one_type_and_a_size(desk):
    said = desk.send("POST", "/documents", {"key": "reports/may 1.pdf", "size_bytes": 1_000})
    assert said.status == 200
    form = said.body
    assert form["url"] == "https://seashore-documents.s3.eu-west-1.amazonaws.com/"
    policy = json.loads(base64.b64decode(form["fields"]["policy"]))
    limit = desk.account.settings.max_document_bytes
    assert ["content-length-range", 1, limit] in policy["conditions"]
    assert {"key": "reports/may 1.pdf"} in policy["conditions"]
    assert {"Content-Type": "application/pdf"} in policy["conditions"]
    assert form["fields"]["Content-Type"] == "application/pdf"
    assert form["fields"]["x-amz-algorithm"] == "AWS4-HMAC-SHA256"
    large = desk.send("POST", "/documents", {"key": "a.pdf", "size_bytes": limit + 1})
    assert (large.status, large.error["code"]) == (413, "too_large")
    # S3 would put the name of the posted file in the place of the last one's end.
    for key in ("", "/a.pdf", "a\x00.pdf", "x" * 257, "a/${filename}"):
        assert desk.send("POST", "/documents", {"key": key}).status == 400


# ---- Reports and the rest ------------------------------------------------------------------------


def test_the_report_of_a_day(desk):
    desk.write_artifact("reports/2026-03-01/report.json", {"v": 1, "day": "2026-03-01"})
    assert desk.send("GET", "/reports/2026-03-01").body == {"v": 1, "day": "2026-03-01"}


def test_health_asks_nobody(desk, monkeypatch):
    monkeypatch.setattr(
        desk.account.clients.dynamodb, "_make_api_call", lambda *_: pytest.fail("asked")
    )
    assert desk.send("GET", "/health").body == {"status": "ok", "model": "extractive"}


def test_the_openapi_document_is_served_with_the_stage_it_is_under(desk):
    document = desk.send("GET", "/openapi.json").body
    assert document["servers"] == [{"url": "/prod"}]
    assert "/chat" in document["paths"]


@pytest.mark.parametrize(
    "path", ["/documents/nosuch", "/documents/nosuch/file", "/tasks/no such", "/threads/.hidden"]
)
def test_an_id_that_nothing_can_have_is_not_found(desk, path):
    answer = desk.send("GET", path)
    assert (answer.status, answer.error["code"]) == (404, "not_found")


def test_a_path_that_no_route_has_is_not_found_whatever_is_asked_of_it(desk):
    """Powertools' pattern of a path's part knows no such character."""
    for path in ("/tasks/a\U000f39d9", "/nosuch"):
        said = desk.send("GET", path, query={"review": "true"})
        assert (said.status, said.error["code"]) == (404, "no_such_route")


def test_an_unknown_query_parameter_is_refused_by_its_name(desk):
    answer = desk.send("GET", "/documents", query={"state": "DONE", "limit": "5"})
    assert answer.status == 400
    assert answer.error["message"] == (
        "the route has no query parameter state: it takes cursor, day, key, limit, prefix, status"
    )
    assert "it takes review" in desk.send("GET", "/tasks/a", query={"x": "1"}).error["message"]
    assert "it takes none" in desk.send("GET", "/health", query={"x": "1"}).error["message"]
