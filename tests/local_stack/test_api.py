"""The HTTP API over HTTP: the gateway's own answers, then documents, tasks and chats end to end."""

import json
import uuid
from dataclasses import dataclass, field

import httpx2
import pytest

from infra.cli.chat.api_client import open_api
from infra.project_files import PROJECT
from tests.fakes.model.chat_behaviours import Behaviour
from tests.fakes.model.chat_server import ChatServer
from tests.fakes.pdf.pdf_files import make_text_pdf
from tests.fakes.waiting import wait_for
from tests.local_stack.probe_stack import other_environment
from tests.local_stack.stack_fixtures import APP_ORIGIN

ERROR_FIELDS = {"code", "message", "request_id", "what_to_do"}


@dataclass(frozen=True)
class Answered:
    """An answer: its status, its headers by lower-case name, its JSON."""

    status: int
    headers: dict[str, str]
    content: dict = field(default_factory=dict)

    @property
    def error_code(self) -> str:
        """The code of an error, which has to have the shape of all errors."""
        assert set(self.content) == {"error"}
        assert set(self.content["error"]) <= ERROR_FIELDS
        assert self.content["error"]["request_id"]
        return self.content["error"]["code"]


def ask(api, method, path, body=None, key=None, **headers):
    """Send a request with the API's key; `key` is another, or none if empty."""
    key = api.key if key is None else key
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    sent = {"Content-Type": "application/json", **({"X-Api-Key": key} if key else {}), **headers}
    answer = httpx2.request(method, api.url + path, content=data, headers=sent, timeout=300)
    return Answered(answer.status_code, dict(answer.headers), answer.json())


@pytest.fixture(scope="module")
def api(local_stack):
    return open_api(local_stack, {})


# ---- What API Gateway answers by itself


@pytest.mark.parametrize("key", ["", "wrong"])
@pytest.mark.parametrize("route", [("POST", "/chat"), ("GET", "/documents"), ("GET", "/threads")])
def test_without_the_key_there_is_no_way_in(api, route, key):
    method, path = route
    answered = ask(api, method, path, {"message": "x"} if method == "POST" else None, key=key)
    assert answered.status == 403
    assert answered.error_code == "forbidden"
    assert answered.headers["access-control-allow-origin"] == APP_ORIGIN


def test_health_and_the_openapi_document_need_no_key(api):
    assert ask(api, "GET", "/health", key="").content["status"] == "ok"
    document = ask(api, "GET", "/openapi.json", key="").content
    of_project = json.loads((PROJECT / "docs" / "openapi.json").read_text())
    assert document["paths"] == of_project["paths"]
    # The path of the stage, by which a reader of the document finds the API.
    assert api.url.endswith("/v1")
    assert [server["url"] for server in document["servers"]] == ["/v1"]


@pytest.mark.parametrize("path", ["/chat", "/documents/d1/summary", "/threads/t1"])
def test_a_preflight_is_answered_without_a_key(api, path):
    origin = {"Origin": APP_ORIGIN, "Access-Control-Request-Method": "POST"}
    answered = ask(api, "OPTIONS", path, key="", **origin)
    assert answered.status == 200
    assert answered.headers["access-control-allow-origin"] == APP_ORIGIN
    assert "X-Api-Key" in answered.headers["access-control-allow-headers"]
    assert "DELETE" in answered.headers["access-control-allow-methods"]


@pytest.mark.parametrize(
    "body",
    [b'{"message": "x', b"", {}, {"message": ""}, {"message": "x" * 10_001}, {"message": 1}, []],
    ids=["bad JSON", "no body", "missing", "empty", "too long", "a number", "a list"],
)
def test_a_bad_message_is_refused(api, body):
    answered = ask(api, "POST", "/chat", body)
    assert answered.status == 400
    assert answered.error_code == "invalid_request"
    assert answered.headers["access-control-allow-origin"] == APP_ORIGIN


def test_the_gateway_refuses_it_before_the_function_runs(api):
    """By a sentence that is the gateway's: the function would name the field."""
    answered = ask(api, "POST", "/chat", {"message": ""})
    assert answered.content["error"]["message"].startswith(
        'the body does not fit: message does not fit {"type": "string", "minLength": 1'
    )
    assert answered.content["error"]["what_to_do"] == (
        "GET /openapi.json describes what it takes; "
        "a task's kind is summarize, ask, extract or agent."
    )


def test_an_unknown_route_is_told(api):
    assert ask(api, "GET", "/nothing").error_code == "no_such_route"
    assert ask(api, "PUT", "/chat", {"message": "x"}).status == 404


@pytest.fixture
def make_key(api, local_stack):
    """Makes keys of usage plans of their own, beside the stack's."""
    client = local_stack.client("apigateway")
    made = []

    def make(**limits):
        api_id, stage_name = api.url.split("/")[-2:]
        stage = {"apiId": api_id, "stage": stage_name}
        plan = client.create_usage_plan(name=str(uuid.uuid4()), apiStages=[stage], **limits)
        key = client.create_api_key(name=str(uuid.uuid4()), enabled=True)
        client.create_usage_plan_key(usagePlanId=plan["id"], keyId=key["id"], keyType="API_KEY")
        made.append((plan["id"], key["id"]))
        return key["value"]

    yield make
    for plan_id, key_id in made:
        client.delete_usage_plan_key(usagePlanId=plan_id, keyId=key_id)
        client.delete_usage_plan(usagePlanId=plan_id)
        client.delete_api_key(apiKey=key_id)


def test_a_burst_above_the_plan_is_throttled(api, make_key):
    key = make_key(throttle={"burstLimit": 2, "rateLimit": 0.01})
    answers = [ask(api, "GET", "/threads", key=key) for _ in range(4)]
    assert [answered.status for answered in answers] == [200, 200, 429, 429]
    assert answers[-1].error_code == "throttled"
    assert answers[-1].headers["retry-after"] == "1"
    assert answers[-1].headers["access-control-allow-origin"] == APP_ORIGIN


def test_a_key_is_good_for_its_quota(api, make_key):
    key = make_key(quota={"limit": 1, "period": "MONTH"})
    answers = [ask(api, "GET", "/threads", key=key) for _ in range(2)]
    assert [answered.status for answered in answers] == [200, 429]
    assert answers[-1].error_code == "quota_exceeded"


def test_another_key_sees_no_conversation_of_the_first(api, make_key):
    other = make_key()
    said = ask(api, "POST", "/chat", {"message": "When did the harbour open?"})
    thread = f"/threads/{said.content['thread_id']}"
    assert ask(api, "GET", thread).status == 200
    assert ask(api, "GET", thread, key=other).status == 404
    assert ask(api, "DELETE", thread, key=other).status == 404
    assert ask(api, "GET", "/threads", key=other).content == {"threads": []}
    assert ask(api, "DELETE", thread).status == 200


# ---- What it is there for


def test_a_document_is_uploaded_summarised_asked_about_and_talked_of(api):
    key = "api/harbour.pdf"
    pages = ("The harbour of Skagen opened in 1907.", "The fish auction begins at six o'clock.")
    form = ask(api, "POST", "/documents", {"key": key}).content
    assert upload(form, make_text_pdf(*pages)) in (200, 201, 204)

    document = wait_for(lambda: find_done(api, f"/documents?key={key}"))
    summary = ask(api, "GET", f"/documents/{document['document_id']}/summary")
    assert summary.status == 200
    assert summary.content["coverage"]
    assert "1907" in json.dumps(summary.content)

    shown = ask(api, "GET", f"/documents/{document['document_id']}/pages/2?quote=auction%20begins")
    assert (shown.status, shown.content["match"]) == (200, "exact"), shown
    assert len(shown.content["marks"]) == 1
    picture = httpx2.get(shown.content["picture_url"])
    assert (picture.status_code, picture.content[:4]) == (200, b"\x89PNG")
    assert ask(api, "GET", f"/documents/{document['document_id']}/pages/3").status == 404

    order = {"kind": "ask", "question": "When did the harbour open?", "documents": [key]}
    accepted = ask(api, "POST", "/tasks", order)
    assert accepted.status == 202
    task = wait_for(lambda: find_done(api, f"/tasks/{accepted.content['task_id']}"))
    assert "1907" in task["result"]["answer"]

    schema = {"type": "object", "properties": {"opened": {"type": "string"}}}
    order = {"prefix": key, "schema": schema}
    refused = ask(api, "POST", "/extractions", order)
    assert refused.status == 422, refused
    # There is only the offline model, which finds no fields.
    assert "needs a language model" in refused.content["error"]["message"]

    message = {"message": "When did the harbour of Skagen open?"}
    answered = ask(api, "POST", "/chat", message, Origin=APP_ORIGIN)
    assert answered.status == 200, answered
    assert answered.headers["access-control-allow-origin"] == APP_ORIGIN
    thread = f"/threads/{answered.content['thread_id']}"
    again = {**message, "thread_id": answered.content["thread_id"]}
    assert ask(api, "POST", "/chat", again).status == 200
    history = ask(api, "GET", thread).content["history"]
    assert [turn["message"] for turn in history] == [message["message"]] * 2
    assert ask(api, "DELETE", thread).status == 200
    assert ask(api, "GET", thread).status == 404


def find_done(api, path):
    """A document or task once it is DONE; None before."""
    content = ask(api, "GET", path).content
    found = content["documents"][0] if content.get("documents") else content
    assert found.get("status") not in ("FAILED", "REJECTED", "PARTIAL"), found
    return found if found.get("status") == "DONE" else None


@pytest.fixture
def slow_model(local_stack):
    """A model that takes its time, behind a function that has little of it."""
    with ChatServer() as server:
        server.script(*[Behaviour("hang")] * 8)
        slow = {"OPENAI_BASE_URL": server.url, "API_DEADLINE_SECONDS": "1"}
        with other_environment(local_stack, "api", **slow):
            yield server


def test_a_slow_model_is_answered_for_in_time(api, slow_model):
    answered = ask(api, "POST", "/chat", {"message": "When did the harbour open?"})
    assert answered.status == 504
    assert answered.error_code == "timeout"
    # In the words of the function: the gateway gives up only after 29 seconds, in other ones.
    assert "which has hours: POST /tasks" in answered.content["error"]["what_to_do"]
    assert answered.headers["access-control-allow-origin"] == APP_ORIGIN


def upload(form, content):
    """Post a form as a browser does, and return the status."""
    answer = httpx2.request(
        form["method"], form["url"], data=form["fields"], files={"file": ("x.pdf", content)}
    )
    return answer.status_code


def test_file_and_text_are_read_by_addresses_that_nobody_can_change(api, local_stack):
    bucket, key = local_stack.output("DocumentsBucket"), f"read-{uuid.uuid4().hex}.pdf"
    content = make_text_pdf(f"The pier of {key} was opened.")
    local_stack.client("s3").put_object(Bucket=bucket, Key=key, Body=content)
    document = wait_for(lambda: find_done(api, f"/documents?key={key}"))
    route = f"/documents/{document['document_id']}"
    urls = [ask(api, "GET", f"{route}/{name}").content["url"] for name in ("file", "text")]
    file, text = (httpx2.get(url) for url in urls)
    assert (file.status_code, file.content) == (200, content)
    assert (text.status_code, f"The pier of {key}" in text.text) == (200, True)
    # Of an object that is read by its version the emulator lets the file's name out.
    assert "filename" in text.headers["content-disposition"]
    for url in urls:
        assert httpx2.put(url, content=b"x").status_code == 403
        assert httpx2.get(url.replace("X-Amz-Expires=300", "X-Amz-Expires=301")).status_code == 403
        assert httpx2.get(url.replace(".pdf", ".txt").replace("text", "texts")).status_code == 403


def test_only_the_operators_key_deletes_a_document_and_then_it_is_gone(api, local_stack):
    bucket, key = local_stack.output("DocumentsBucket"), f"erased-{uuid.uuid4().hex}.pdf"
    s3 = local_stack.client("s3")
    s3.put_object(Bucket=bucket, Key=key, Body=make_text_pdf(f"The pier of {key} was opened."))

    def find():
        documents = ask(api, "GET", f"/documents?key={key}").content["documents"]
        return documents[0] if documents and documents[0]["status"] == "DONE" else None

    route = f"/documents/{wait_for(find)['document_id']}"
    assert ask(api, "DELETE", route).error_code == "not_an_operator"
    assert ask(api, "GET", route).status == 200
    operators = open_api(local_stack, {}, key_output="OperatorApiKeyId")
    assert ask(operators, "DELETE", route).status == 200
    assert ask(api, "GET", route).status == 404
    assert ask(api, "GET", f"{route}/summary").status == 404
    assert ask(operators, "DELETE", route).status == 200
    listed = s3.list_object_versions(Bucket=bucket, Prefix=key)
    assert not listed.get("Versions") and not listed.get("DeleteMarkers")


def test_a_document_whose_object_is_deleted_is_deleted(api, local_stack):
    bucket, key = local_stack.output("DocumentsBucket"), f"deleted-{uuid.uuid4().hex}.pdf"
    s3 = local_stack.client("s3")

    def find(status):
        documents = ask(api, "GET", f"/documents?key={key}").content["documents"]
        return documents[0] if documents and documents[0]["status"] == status else None

    s3.put_object(Bucket=bucket, Key=key, Body=make_text_pdf(f"The pier of {key} was opened."))
    document = wait_for(lambda: find("DONE"))
    s3.delete_object(Bucket=bucket, Key=key)
    wait_for(lambda: find("DELETED"))
    assert ask(api, "GET", f"/documents/{document['document_id']}/summary").status == 404
