"""Keys, models, requests and parameters that a server does not take."""

import logging

import pytest

from shared.errors import ModelAccessError, ModelRequestError
from tests.fakes.model.chat_behaviours import failing
from tests.fakes.model.chat_server import ChatServer
from tests.fakes.model.openai_requests import answer, formats


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


def test_a_request_rejected_on_every_step_is_permanent(model, server):
    server.script(*[failing("bad_request")] * 4)
    with pytest.raises(ModelRequestError, match="you cannot do that"):
        answer(model)
    # With bounds and without.
    assert formats(server) == ["json_schema", "json_schema", "json_object", "text"]


def test_the_servers_own_name_for_the_length_is_learnt(build, waits):
    with ChatServer(wants_max_completion_tokens=True) as server:
        model = build(url=server.url)
        answer(model)
        answer(model)
        bodies = [call.body for call in server.calls]
    assert ["max_completion_tokens" in body for body in bodies] == [False, True, True]
    assert waits.seconds == []


def test_an_unknown_reasoning_effort_is_left_out(build):
    with ChatServer(knows_reasoning_effort=False) as server:
        model = build(url=server.url, reasoning_effort="low")
        answer(model)
        answer(model)
        efforts = [call.body.get("reasoning_effort") for call in server.calls]
    assert efforts == ["low", None, None]
