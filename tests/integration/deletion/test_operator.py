"""The operator function: who may delete over HTTP, what it answers, and its ticks."""

import json
import threading

import pytest

from functions.http.operator_right import OperatorRight
from functions.operator import build_operator
from infra.deploy.smoke_check import choose_event, judge_answer
from shared.errors import DeferredError, NotAnOperatorError
from shared.ledger.documents import find_document
from shared.ledger.erasures import find_erasure
from shared.lifecycle import DocumentStatus
from tests.fakes.aws.event_source import LambdaContext
from tests.fakes.desks.api_desk import make_event
from tests.fakes.entered_documents import Ledger

KEY_ID = "operators-key"


@pytest.fixture
def ledger(account):
    return Ledger(account)


def open_operator(account, **settings):
    changed = {"operator_api_key_id": KEY_ID, **settings}
    return build_operator(account.settings.model_copy(update=changed), account.clients)


@pytest.fixture
def operator(account):
    return open_operator(account)


def delete(operator, document_id, **event):
    made = make_event("DELETE", f"/documents/{document_id}", **event)
    answer = operator.answer(made, LambdaContext(29.0))
    return answer["statusCode"], json.loads(answer["body"])


def test_the_holder_of_the_operators_key_deletes_a_document_once_for_all(operator, ledger):
    document = ledger.enter("a.pdf")
    for _ in range(2):
        status, body = delete(operator, document.document_id, key_id=KEY_ID)
        assert (status, body) == (200, {"document_id": document.document_id})
    table = operator.services.table
    assert find_document(table, document.document_id) is None
    assert find_erasure(table, document.document_id).erased_by == f"key {KEY_ID}"
    status, body = delete(operator, "d" + "0" * 20, key_id=KEY_ID)
    assert (status, body["error"]["code"]) == (404, "not_found")
    assert delete(operator, "../a", key_id=KEY_ID)[0] in (400, 404)


@pytest.mark.parametrize(
    ("event", "is_operator"),
    [
        ({"key_id": "key-1"}, False),
        ({"key_id": KEY_ID}, True),
        ({"key_id": KEY_ID, "authorizer": {"claims": {"sub": "1"}}}, False),
        ({"key_id": KEY_ID, "authorizer": {"claims": {"cognito:groups": "operators-2"}}}, False),
        ({"authorizer": {"claims": {"cognito:groups": "staff,operators"}}}, True),
        ({"authorizer": {"claims": {"cognito:groups": "[staff operators]"}}}, True),
    ],
)
def test_only_an_operator_may_delete(operator, ledger, event, is_operator):
    document = ledger.enter("a.pdf")
    status, body = delete(operator, document.document_id, **event)
    left = find_document(operator.services.table, document.document_id)
    if is_operator:
        assert (status, left) == (200, None)
    else:
        assert (status, body["error"]["code"]) == (403, "not_an_operator")
        assert left.status is DocumentStatus.RECEIVED


def test_where_the_gateway_does_not_tell_the_key_its_value_is_compared():
    right = OperatorRight("id", "operators", lambda key_id: {"id": "the value"}[key_id])

    def send(value):
        right.check(make_event("DELETE", "/", headers={"X-Api-Key": value}, key_id=None))

    send("the value")
    for value in ("", "wrong", "id", "the valué"):
        with pytest.raises(NotAnOperatorError):
            send(value)


def test_without_a_key_of_operators_nobody_is_one(account, ledger):
    document = ledger.enter("a.pdf")
    operator = open_operator(account, operator_api_key_id=None)
    assert delete(operator, document.document_id, key_id=None)[0] == 403


def test_a_deletion_that_takes_too_long_says_how_it_goes_on(operator, monkeypatch):
    is_over = threading.Event()
    monkeypatch.setattr(
        "functions.http.operator_routes.erase_document", lambda *given: is_over.wait(60)
    )
    made = make_event("DELETE", f"/documents/d{'0' * 20}", key_id=KEY_ID)
    answer = operator.answer(made, LambdaContext(0.5))
    is_over.set()
    error = json.loads(answer["body"])["error"]
    assert (answer["statusCode"], error["code"]) == (504, "unfinished")
    assert error["what_to_do"].startswith("Send the same request again")


def test_a_tick_settles_and_a_smoke_check_is_refused(operator):
    assert operator.settle() == {"settled": 0, "paused": 0}
    answer = operator.answer(choose_event("operator"), LambdaContext(29.0))
    assert judge_answer("operator", None, json.dumps(answer).encode()) == ""


def test_erasures_are_settled_though_a_pause_cannot_be_kept(operator, monkeypatch):
    settled = []

    def fail(pauses):
        raise DeferredError("the mapping is being changed", delay_seconds=1.0, reason="busy")

    monkeypatch.setattr("functions.operator.keep_pauses", fail)
    monkeypatch.setattr("functions.operator.settle_erasures", settled.append)
    with pytest.raises(DeferredError):
        operator.settle()
    assert settled == [operator.services]
