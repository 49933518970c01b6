"""Answers that come as they are written, from servers that stream, or do not, or half."""

import json
import time
from dataclasses import replace

import pytest

from shared.deadline import Deadline
from shared.errors import ContextOverflowError, ModelAccessError, ModelSlowError
from shared.llm.chat_completions.openai_client import build_openai_client
from shared.llm.chat_completions.openai_model import OpenAIModel
from shared.llm.model_window import ModelWindow
from tests.fakes.model.chat_behaviours import sending
from tests.fakes.model.chat_server import ChatServer
from tests.fakes.model.model_keys import fixed_key
from tests.fakes.model.openai_requests import SECRET_KEY, answer, request_for
from tests.fakes.model.pacing import Pace
from tests.integration.openai_model.answer_shapes.stream_shapes import COUNTED, chunk, events
from tests.integration.openai_model.test_answer_shapes import take_turn


@pytest.fixture
def ask_server(waits):
    """Asks a server of some traits a few times; how it was asked, and the answers."""

    def ask(times, **traits):
        with ChatServer(**traits) as server, build_openai_client(server.url) as client:
            limits = []
            client._client.event_hooks["request"].append(
                lambda request: limits.append(request.extensions["timeout"])
            )
            model = OpenAIModel(
                client, "test-model", ModelWindow(32_000), key=fixed_key(SECRET_KEY), sleep=waits
            )
            answers = [answer(model, seconds=900) for _ in range(times)]
            return [bool(call.body.get("stream")) for call in server.calls], answers, limits

    return ask


def test_answers_are_streamed_and_counted_in_the_last_piece(ask_server):
    streamed, answers, limits = ask_server(2)
    assert streamed == [True, True]
    assert not any(got.usage.estimated for got in answers)
    assert [got.usage.calls for got in answers] == [1, 1]
    # A call may last as long as the function. Once the server is known to stream, it may not be
    # silent for that long.
    assert [limit["pool"] > 890 for limit in limits] == [True, True]
    assert limits[0]["read"] > 890
    assert 120 < limits[1]["read"] < 300


@pytest.mark.parametrize(
    ("traits", "streamed"),
    [
        ({"stream_status": 400}, [True, False, False, False]),
        ({"stream_status": 422}, [True, False, False, False]),
        ({"streams": False}, [True, False, False]),
        ({"counts_streamed": False}, [True, False, False]),
    ],
)
def test_a_server_without_whole_streams_is_asked_for_whole_answers(ask_server, traits, streamed):
    asked, answers, limits = ask_server(3, **traits)
    assert asked == streamed
    assert {got.value.title for got in answers} == {"Seals"}
    assert not answers[-1].usage.estimated
    assert limits[-1]["read"] > 890


def test_a_stream_that_ends_by_a_failure_says_nothing_of_how_the_server_streams(model, server):
    failed = chunk({"content": "Seals"}, "insufficient_system_resource")
    server.script(sending(200, events(failed, "[DONE]")))
    assert answer(model).value.title == "Seals"
    assert [call.body.get("stream") for call in server.calls] == [True, True]


def test_a_model_that_is_still_writing_when_time_is_up_is_slow_and_gets_less_next(waits):
    """A text that can be divided is refused at once, as long as there is no more time for it."""
    long = request_for("Seals rest on the sand of the bay. " * 300)
    task = replace(long, purpose="ask")
    with (
        ChatServer(pace=Pace(tokens_per_second=20)) as server,
        build_openai_client(server.url) as client,
    ):
        model = OpenAIModel(client, "test-model", ModelWindow(32_000), sleep=waits)
        with pytest.raises(ModelSlowError, match=r"tokens \(\d+\.\d a second\)") as slow:
            answer(model, long, seconds=3.2)
        with pytest.raises(ContextOverflowError, match="2 s were not enough"):
            answer(model, long, seconds=2.6)
        assert len(server.calls) == 1
        server.traits.pace = Pace()
        assert answer(model, seconds=4).value.title == "Seals"
        assert answer(model, task, seconds=4).usage.calls == 1
        assert answer(model, long, seconds=60).usage.calls == 1
    assert slow.value.reason == "model_slow"
    assert "WorkerTimeoutSeconds" in str(slow.value)
    assert "ModelCallsAtOnce" in str(slow.value)


def test_a_call_outlasts_two_minutes_while_tokens_come(waits):
    """At a clock a hundred times as fast, an answer takes minutes."""

    def clock():
        return 100 * time.monotonic()

    request = request_for(*(f"Seals rest on the sand of bay {page}." for page in range(8)))
    with (
        ChatServer(pace=Pace(tokens_per_second=300)) as server,
        build_openai_client(server.url) as client,
    ):
        model = OpenAIModel(client, "test-model", ModelWindow(32_000), sleep=waits, clock=clock)
        began = clock()
        model.answer(request, Deadline.after(600, clock))
    assert clock() - began > 120


def test_calls_of_one_index_are_told_apart(model, server):
    """As Gemini's servers stream them: one chunk a call, each with the index 0 and no id."""
    calls = [
        {"index": 0, "function": {"name": "look", "arguments": json.dumps({"where": place})}}
        for place in ("here", "there")
    ]
    chunks = [chunk({"tool_calls": [call]}) for call in calls]
    body = events(*chunks, chunk({}, "tool_calls"), COUNTED)
    server.script(sending(200, body))
    turn = take_turn(model).turn
    assert [call.arguments for call in turn.calls] == ['{"where": "here"}', '{"where": "there"}']


@pytest.mark.parametrize("page", [b"<!DOCTYPE html><title>Hello</title>", b""])
def test_a_page_before_any_answer_is_a_wrong_address(model, server, page):
    server.script(sending(200, page, content_type="text/html"))
    with pytest.raises(ModelAccessError, match="is the base address right"):
        answer(model)
    assert len(server.calls) == 1
