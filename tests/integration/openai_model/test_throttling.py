"""Pauses that a provider asks for."""

import threading
import time

import pytest

from shared.errors import ModelThrottledError
from tests.fakes.model.chat_behaviours import ok, throttled
from tests.fakes.model.chat_server import ChatServer
from tests.fakes.model.openai_requests import answer, request_for


@pytest.mark.parametrize(
    ("behaviour", "least"),
    [
        (throttled("2"), 2.0),
        (throttled("0.5"), 0.5),
        (throttled("9", retry_after_ms="1500"), 1.5),
        (throttled(retry_after_date_seconds=4), 2.9),
    ],
)
def test_a_pause_that_fits_is_kept(model, server, waits, behaviour, least):
    server.script(behaviour)
    answer(model)
    # The same pause is kept by the thread that was throttled and by all others.
    assert max(waits.seconds) >= least
    assert max(waits.seconds) < least + 1.5


def test_the_pause_is_kept_in_real_time(build, server):
    model = build(sleep=time.sleep)
    server.script(
        throttled("0.4"), throttled(retry_after_ms="300"), ok(), throttled(retry_after_ms="200")
    )
    answer(model)
    answer(model)
    assert len(server.calls) == 5
    assert server.undercuts() == []


def test_all_threads_keep_the_pause_that_one_was_asked_for(build, server):
    model = build(sleep=time.sleep)
    server.script(throttled("0.6"))
    first = threading.Thread(target=answer, args=(model,))
    first.start()
    while not server.calls:
        time.sleep(0.01)
    # The server has taken the call; its answer has to reach the first thread.
    time.sleep(0.1)
    answer(model, request_for("Another text altogether. It has two sentences."))
    first.join()
    begun = server.calls[0].at_seconds
    assert all(call.at_seconds - begun >= 0.6 for call in server.calls[1:])


@pytest.mark.parametrize(
    ("behaviour", "seconds", "delay"),
    [(throttled("3600"), 30, 3600), (throttled("15"), 10, 15), (throttled("600"), 900, 600)],
)
def test_a_pause_that_does_not_fit_is_deferred(model, server, waits, behaviour, seconds, delay):
    server.script(behaviour)
    with pytest.raises(ModelThrottledError) as caught:
        answer(model, seconds=seconds)
    assert caught.value.delay_seconds == pytest.approx(delay)
    assert caught.value.reason == "model_throttled"
    assert not caught.value.grows
    assert len(server.calls) == 1
    assert waits.seconds == []
    # Others of the container are not sent into the same pause.
    with pytest.raises(ModelThrottledError) as caught:
        answer(model, seconds=seconds)
    assert delay - 5 < caught.value.delay_seconds <= delay
    assert len(server.calls) == 1


def test_throttling_without_a_time_backs_off(build, waits):
    with ChatServer(mix={"throttled": 1}, retry_after=None) as server:
        with pytest.raises(ModelThrottledError) as caught:
            answer(build(url=server.url, uniform=lambda low, high: high), seconds=100)
        assert len(server.calls) == 3
    assert waits.seconds == [2, 4]
    assert caught.value.delay_seconds == 8
    assert caught.value.grows


def test_waiting_never_goes_past_the_deadline(build, server):
    server.script(*[throttled()] * 5)
    slept = []

    def sleep(seconds):
        slept.append(seconds)
        time.sleep(seconds)

    with pytest.raises(ModelThrottledError):
        answer(build(sleep=sleep, uniform=lambda low, high: high), seconds=4)
    assert sum(slept) < 4
