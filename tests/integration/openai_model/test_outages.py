"""Servers that fail, hang up or never end."""

import time
from itertools import chain, repeat

import pytest

from shared.deadline import Deadline
from shared.errors import DeadlineError, DeferredError, ModelUnavailableError
from tests.fakes.model.chat_behaviours import failing, throttled
from tests.fakes.model.chat_server import ChatServer
from tests.fakes.model.openai_requests import REQUEST, answer


@pytest.mark.parametrize("kind", ["error_503", "reset", "reset_in_body"])
def test_a_short_outage_is_sat_out(model, server, waits, kind):
    server.script(failing(kind), failing(kind))
    assert answer(model).value.title == "Seals"
    assert len(server.calls) == 3
    assert len(waits.seconds) == 2
    assert all(seconds >= 1 for seconds in waits.seconds)


@pytest.mark.parametrize("kind", ["error_503", "reset", "reset_in_body"])
def test_a_long_outage_is_deferred(model, server, kind):
    server.script(*[failing(kind)] * 3)
    with pytest.raises(ModelUnavailableError) as caught:
        answer(model)
    assert caught.value.delay_seconds == 30
    assert len(server.calls) == 3


@pytest.mark.parametrize("kind", ["hang", "drip"])
def test_a_server_that_never_ends_is_left_at_the_deadline(model, server, kind):
    server.script(failing(kind))
    # There is time to begin the call; when it begins, two seconds are left.
    readings = chain([0.0, 0.0], repeat(1.5))
    started = time.monotonic()
    with pytest.raises(ModelUnavailableError):
        model.answer(REQUEST, Deadline(3.5, lambda: next(readings)))
    # One of them is kept to act on it. The server itself would never end it.
    assert time.monotonic() - started > 0.9
    assert len(server.calls) == 1


def test_nobody_listening_is_an_outage(build):
    with ChatServer() as gone:
        url = gone.url
    with pytest.raises(ModelUnavailableError, match="work goes on by itself") as caught:
        answer(build(url=url))
    assert url.removesuffix("/v1") in str(caught.value)


@pytest.mark.parametrize(
    "behaviour", [failing("unauthorized"), failing("error_503"), failing("reset"), throttled("90")]
)
def test_what_waits_says_whose_model_it_is_and_what_to_do(model, server, behaviour):
    server.script(*[behaviour] * 6)
    # The second time the breaker speaks, or the pause that was asked for.
    for _ in range(2):
        with pytest.raises(DeferredError) as caught:
            answer(model)
        sentence = str(caught.value)
        assert sentence.startswith(model.name)
        assert server.url.removesuffix("/v1") in sentence
        assert "work goes on" in sentence


def test_no_call_is_begun_without_time_for_it(model, server):
    with pytest.raises(DeadlineError):
        answer(model, seconds=2)
    assert server.calls == []
