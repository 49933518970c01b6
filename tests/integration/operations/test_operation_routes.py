"""Redo, retry, cancel and pause over HTTP: who may, what is answered, and that it is done."""

import json

import boto3
import pytest

from functions.operator import build_operator
from shared.ledger.documents import find_document
from shared.lifecycle import DocumentStatus
from tests.fakes.aws.consumers import make_consumers, read_states
from tests.fakes.aws.event_source import LambdaContext
from tests.fakes.aws.ledger_rows import open_table
from tests.fakes.desks.api_desk import make_event
from tests.fakes.entered_documents import Ledger

KEY_ID = "operators-key"


@pytest.fixture
def session():
    return boto3.Session(
        aws_access_key_id="testing", aws_secret_access_key="testing", region_name="eu-west-1"
    )


@pytest.fixture
def mappings(account, session):
    return make_consumers(account, session)


@pytest.fixture
def send(account, mappings):
    changed = {
        "operator_api_key_id": KEY_ID,
        "has_model": True,
        "openai_model": "first",
        **{
            f"{name.removesuffix('MappingId').lower()}_mapping_id": mappings[name]
            for name in mappings
        },
    }
    operator = build_operator(account.settings.model_copy(update=changed), account.clients)

    def send(method, path, body=None, key_id=KEY_ID, headers=None):
        event = make_event(method, path, body, key_id=key_id, headers=headers)
        answer = operator.answer(event, LambdaContext(29.0))
        return answer["statusCode"], json.loads(answer["body"])

    return send


def finish(account, key="a.pdf"):
    ledger = Ledger(account)
    document = ledger.enter(key)
    ledger.finish(document)
    return document


@pytest.mark.parametrize("name", ["redo", "retry", "cancel", "pause", "resume"])
def test_only_an_operator_may(account, send, name):
    body = {"reason": "x"} if name == "pause" else {} if name == "resume" else {"all": True}
    status, answer = send("POST", f"/operations/{name}", body, key_id="key-1")
    assert (status, answer["error"]["code"]) == (403, "not_an_operator")
    assert send("GET", "/operations", key_id="key-1")[0] == 403


@pytest.mark.parametrize("name", ["redo", "retry", "cancel", "pause", "resume"])
def test_a_body_that_is_no_json_is_refused(send, name):
    path = f"/operations/{name}"
    status, told = send("POST", path, "{}", headers={"Content-Type": "text/plain"})
    assert (status, told["error"]["code"]) == (415, "unsupported_media_type")
    status, told = send("POST", path, "{")
    assert (status, told["error"]["code"]) == (400, "invalid_request")


def test_a_dry_run_says_what_a_redo_takes_and_an_order_is_sent_once(account, send):
    document = finish(account)
    status, told = send("POST", "/operations/redo", {"all": True, "dry_run": True})
    assert (status, told["documents"], told["ordered"]) == (200, 1, 0)
    assert told["document_ids"] == [document.document_id]
    url = account.settings.work_queue_url
    assert account.count_messages(url) == 0
    status, told = send("POST", "/operations/redo", {"documents": ["a.pdf"], "order": "one"})
    assert (status, told["ordered"], told["order"], told["model"]) == (200, 1, "one", "first")
    (message,) = account.clients.sqs.receive_message(QueueUrl=url)["Messages"]
    assert json.loads(message["Body"])["by"] == f"key {KEY_ID}"


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({}, 400, "say which are meant"),
        ({"all": True, "model": "third"}, 400, "first, gpt-5-mini"),
        ({"documents": ["nosuch"]}, 404, "no document 'nosuch'"),
        ({"all": True, "colour": "blue"}, 400, "colour"),
        ({"status": ["NOSUCH"]}, 400, "status"),
    ],
)
def test_what_cannot_be_understood_is_said(send, body, status, words):
    got, told = send("POST", "/operations/redo", body)
    assert (got, words in told["error"]["message"]) == (status, True), told


def test_what_has_not_begun_is_cancelled(account, send):
    document = Ledger(account).enter("a.pdf")
    _, told = send("POST", "/operations/cancel", {"all": True, "dry_run": True})
    assert (told["document_ids"], told["cancelled"]) == ([document.document_id], 0)
    _, told = send("POST", "/operations/cancel", {"prefix": "a"})
    assert (told["cancelled"], told["is_complete"]) == (1, True)
    found = find_document(open_table(account), document.document_id)
    assert found.status is DocumentStatus.CANCELLED
    _, told = send("POST", "/operations/cancel", {"documents": ["a.pdf"]})
    assert told["skipped"] == {"final": 1}


def test_what_failed_is_tried_again(account, send):
    ledger = Ledger(account)
    ledger.move(ledger.enter("a.pdf"), DocumentStatus.FAILED)
    status, told = send("POST", "/operations/retry", {"status": ["FAILED"]})
    assert (status, told["resumed"], told["letters"]) == (200, 1, 0)
    assert account.count_messages(account.settings.uploads_queue_url) == 1
    assert send("POST", "/operations/retry", {"tasks": ["nosuch"]})[0] == 404


def test_consumers_are_paused_and_go_on(account, send, session, mappings):
    status, told = send("POST", "/operations/pause", {"reason": "The provider is down"})
    assert [one["is_paused"] for one in told["consumers"]] == [True, True, True, True, False]
    states = read_states(session, mappings)
    assert [name for name, state in states.items() if state == "Enabled"] == ["report"]
    _, told = send("GET", "/operations")
    assert told["consumers"][1]["reason"] == "The provider is down"
    assert [one["name"] for one in told["models"]] == ["first", "gpt-5-mini"]
    status, told = send("POST", "/operations/resume", {})
    assert (status, any(one["is_paused"] for one in told["consumers"])) == (200, False)
    assert set(read_states(session, mappings).values()) == {"Enabled"}
    status, told = send("POST", "/operations/pause", {"reason": "x", "consumers": ["nosuch"]})
    assert (status, "ingest, convert, recognise, worker, report" in told["error"]["message"]) == (
        400,
        True,
    )
    assert send("POST", "/operations/pause", {"reason": "  "})[0] == 400
