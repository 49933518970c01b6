"""Keys, models, requests and parameters that a server does not take."""

import logging

import pytest

from shared.errors import ModelAccessError, ModelRequestError, ServiceError
from shared.llm.answer_memory import AnswerMemory
from tests.fakes.model.chat_behaviours import failing, sending
from tests.fakes.model.chat_server import ChatServer
from tests.fakes.model.openai_requests import answer, formats, request_for


@pytest.mark.parametrize("kind", ["quota", "unauthorized", "forbidden"])
def test_lost_access_opens_the_breaker(build, server, caplog, kind):
    now = [1000.0]
    model = build(clock=lambda: now[0])
    server.script(*[failing(kind)] * 2)
    with caplog.at_level(logging.INFO):
        with pytest.raises(ModelAccessError) as caught:
            answer(model)
        assert caught.value.delay_seconds == 60
        assert caught.value.reason == "model_access"
        for passed in (1, 58.5):
            now[0] = 1000.0 + passed
            with pytest.raises(ModelAccessError) as caught:
                answer(model)
            assert caught.value.delay_seconds == pytest.approx(60 - passed)
        assert len(server.calls) == 1
        now[0] = 1061.0
        with pytest.raises(ModelAccessError) as caught:
            answer(model)
        assert caught.value.delay_seconds == 120
        assert len(server.calls) == 2
        now[0] = 1182.0
        assert answer(model).value.title == "Seals"
        assert answer(model).value.title == "Seals"
    alarms = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(alarms) == 1
    assert alarms[0].action == "model_access_lost"


def test_a_model_that_the_provider_does_not_know_is_a_fault_of_the_setting(model, server):
    server.script(failing("unknown_model"))
    with pytest.raises(ModelAccessError):
        answer(model)


def test_a_rejected_request_is_permanent(model, server):
    answer(model)
    server.script(failing("bad_request"))
    with pytest.raises(ModelRequestError):
        answer(model)
    assert len(server.calls) == 2


def test_a_request_rejected_on_every_step_is_a_setting_until_the_model_has_answered(build, server):
    now = [1000.0]
    model = build(clock=lambda: now[0])
    server.script(*[failing("bad_request")] * 4)
    with pytest.raises(ModelAccessError, match="you cannot do that") as caught:
        answer(model)
    # With bounds and without.
    assert formats(server) == ["json_schema", "json_schema", "json_object", "text"]
    assert caught.value.delay_seconds == 60
    now[0] += 61
    answer(model)
    server.script(failing("bad_request"))
    with pytest.raises(ModelRequestError, match="you cannot do that"):
        answer(model)


def test_a_container_asks_the_others_whether_the_model_has_answered(build, server):
    store = Store()
    answer(build(memory=AnswerMemory(store)))
    assert store.has_answered
    server.script(*[failing("bad_request")] * 4)
    with pytest.raises(ModelRequestError):
        answer(build(memory=AnswerMemory(store)))


def test_who_may_not_note_an_answer_notes_none(build, server):
    store = Store()
    answer(build(memory=AnswerMemory(store, may_note=False)))
    assert not store.has_answered


def test_a_store_that_fails_costs_no_answer(build, server):
    store = Store(fails=True)
    assert answer(build(memory=AnswerMemory(store))).value.title == "Seals"
    server.script(*[failing("bad_request")] * 4)
    with pytest.raises(ModelAccessError):
        answer(build(memory=AnswerMemory(store)))


class Store:
    def __init__(self, *, fails=False):
        self.has_answered = False
        self._fails = fails

    def recall(self):
        self._check()
        return self.has_answered

    def note(self):
        self._check()
        self.has_answered = True

    def _check(self):
        if self._fails:
            raise ServiceError("down", delay_seconds=5, reason="aws_service")


def test_the_servers_own_name_for_the_length_is_learnt(build, waits):
    with ChatServer(wants_max_completion_tokens=True) as server:
        model = build(url=server.url)
        answer(model)
        answer(model)
        bodies = [call.body for call in server.calls]
    assert ["max_completion_tokens" in body for body in bodies] == [False, True, True]
    assert waits.seconds == []


MISTRAL = {
    "detail": [
        {
            "type": "extra_forbidden",
            "loc": ["body", "max_completion_tokens"],
            "msg": "Extra inputs are not permitted",
            "input": 500,
        }
    ]
}


@pytest.mark.parametrize("body", [MISTRAL, {"object": "error", "message": MISTRAL}])
def test_a_name_for_the_length_that_is_forbidden_is_left(build, server, body):
    server.script(sending(422, body))
    model = build(length_parameter="max_completion_tokens")
    answer(model)
    answer(model)
    names = [set(call.body) & {"max_tokens", "max_completion_tokens"} for call in server.calls]
    assert names == [{"max_completion_tokens"}, {"max_tokens"}, {"max_tokens"}]


LIMIT = "max_tokens is too large: 6000. This model supports at most 4096 completion tokens."
LEFT = (
    "'max_tokens' or 'max_completion_tokens' is too large: 6000. This model's maximum context "
    "length is 4096 tokens and your request has 100 input tokens (6000 > 4096 - 100)."
)


@pytest.mark.parametrize(
    ("said", "rooms"), [(LIMIT, [6000, 4096, 4096]), (LEFT, [6000, 3996, 6000])]
)
def test_the_most_that_a_server_lets_an_answer_have_is_remembered(build, server, said, rooms):
    model = build(window=1_000_000)
    server.script(sending(400, {"error": {"message": said}}))
    for _ in range(2):
        answer(model, request_for("Seals rest on sand.", max_output_tokens=6000))
    assert [call.body["max_tokens"] for call in server.calls] == rooms


def test_an_unknown_reasoning_effort_is_left_out(build):
    with ChatServer(knows_reasoning_effort=False) as server:
        model = build(url=server.url, reasoning_effort="low")
        answer(model)
        answer(model)
        efforts = [call.body.get("reasoning_effort") for call in server.calls]
    assert efforts == ["low", None, None]


NO_ROOM = {"error": {"message": "Resource unavailable", "code": "resource_unavailable"}}
NO_TIER = {
    "error": {
        "message": "Invalid service_tier argument",
        "param": "service_tier",
        "type": "invalid_request_error",
    }
}


@pytest.mark.parametrize(
    ("refusal", "tiers"),
    [
        (sending(429, NO_ROOM), ["flex", None, "flex"]),
        (sending(498, {"error": {"message": "capacity exceeded"}}), ["flex", None, "flex"]),
        # A server that does not know it is not asked again.
        (sending(400, NO_TIER), ["flex", None, None]),
    ],
)
def test_a_cheap_tier_that_is_refused_is_left(build, server, waits, refusal, tiers):
    model = build(extra_body={"service_tier": "flex", "temperature": 0})
    server.script(refusal)
    answer(model)
    answer(model)
    assert [call.body.get("service_tier") for call in server.calls] == tiers
    assert [call.body["temperature"] for call in server.calls] == [0, 0, 0]
    assert waits.seconds == []


def test_a_setting_of_a_users_own_goes_before_ours(build, server):
    answer(build(reasoning_effort="low", extra_body={"reasoning_effort": "high"}))
    assert server.calls[0].body["reasoning_effort"] == "high"
