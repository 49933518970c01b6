"""Turns with tools, against a server of the Chat Completions API."""

import json

import pytest

from shared.deadline import Deadline
from shared.errors import (
    ContextOverflowError,
    LateAnswerError,
    ModelAccessError,
    ModelAnswerError,
    ModelRefusalError,
    ModelRequestError,
    ModelThrottledError,
)
from shared.llm.chat_completions.openai_client import build_openai_client
from shared.llm.chat_completions.openai_model import OpenAIModel
from shared.llm.model_window import ModelWindow
from shared.llm.turns import (
    Exchange,
    Tool,
    ToolCall,
    ToolModel,
    ToolsNotTakenError,
    Turn,
    TurnRequest,
    estimate_turn_tokens,
    turn_key,
)
from tests.fakes.model.chat_behaviours import calling, failing, saying, throttled
from tests.fakes.model.chat_server import ChatServer

TOOL = Tool("look", "Look somewhere.", {"type": "object", "properties": {}})
CALL = ToolCall(name="look", arguments="{}")


def make_request(*exchanges, prompt="Find it.", max_output_tokens=500):
    return TurnRequest("agent", "Do as asked.", prompt, exchanges, (TOOL,), max_output_tokens)


@pytest.fixture
def server():
    with ChatServer() as server:
        yield server


@pytest.fixture
def model(server):
    with build_openai_client(server.url) as client:
        yield OpenAIModel(client, "tiny", ModelWindow(8_000), sleep=lambda seconds: None)


def take(model, *exchanges, **request):
    return model.take_turn(make_request(*exchanges, **request), Deadline.after(30))


def test_the_model_takes_turns(model):
    assert isinstance(model, ToolModel)


def test_calls_come_back_as_the_model_wrote_them(server, model):
    server.script(calling(("look", {"where": "å"}), ("look", "{broken")))
    answered = take(model)
    assert [call.name for call in answered.turn.calls] == ["look", "look"]
    assert json.loads(answered.turn.calls[0].arguments) == {"where": "å"}
    assert answered.turn.calls[1].arguments == "{broken"
    assert answered.turn.is_doubtful is False
    assert answered.usage.calls == 1
    (tool,) = server.calls[0].body["tools"]
    assert tool["function"]["name"] == "look"


def test_a_conversation_is_told_as_the_api_wants_it(server, model):
    server.script(saying("Done."))
    exchange = Exchange(Turn(text="I look.", calls=(CALL, CALL)), ("here", "there"))
    assert take(model, exchange).turn.text == "Done."
    system, user, said, *results = server.calls[0].body["messages"]
    assert (system["role"], user["content"]) == ("system", "Find it.")
    ids = [call["id"] for call in said["tool_calls"]]
    assert len(set(ids)) == 2
    assert [(r["tool_call_id"], r["content"]) for r in results] == list(
        zip(ids, ("here", "there"), strict=True)
    )


@pytest.mark.parametrize("arguments", ["{broken", "[1]", '"here"', "7"])
def test_arguments_that_are_no_object_are_told_as_one(server, model, arguments):
    # vLLM, Bedrock and Anthropic answer 400 to any other, llama.cpp 500 to what is no JSON.
    server.script(saying("Done."))
    broken = ToolCall(name="look", arguments=arguments)
    take(model, Exchange(Turn(text="", calls=(broken,)), ("It is none.",)))
    (call,) = server.calls[0].body["messages"][2]["tool_calls"]
    assert json.loads(call["function"]["arguments"]) == {"unreadable": arguments}


@pytest.mark.parametrize("arguments", ["", "null", json.dumps(""), "{}"])
def test_no_arguments_are_an_object_too(server, model, arguments):
    # vllm-project/vllm #43851: "null" for a tool without any, which GLM's template cannot read.
    server.script(calling(("look", arguments)), saying("Done."))
    turn = take(model).turn
    assert turn.calls[0].arguments in ("", "{}")
    take(model, Exchange(turn, ("here",)))
    (call,) = server.calls[1].body["messages"][2]["tool_calls"]
    assert call["function"]["arguments"] == "{}"


def test_a_call_in_words_is_a_call_and_never_an_answer(server, model):
    server.script(
        saying('<tool_call>{"name": "look", "arguments": {}}</tool_call>'),
        saying("<tool_call>look around</tool_call>"),
    )
    assert take(model).turn.calls == (CALL,)
    with pytest.raises(ModelAnswerError, match="in words"):
        take(model)


def test_words_without_a_call_are_doubtful_until_the_server_has_called(server, model):
    server.script(saying("I know."), calling(("look", {})), saying("I know."))
    assert take(model).turn.is_doubtful is True
    take(model)
    assert take(model).turn.is_doubtful is False


@pytest.mark.parametrize("status", [400, 404, 422, 500, 501])
def test_a_server_that_says_it_takes_no_tools_is_believed(server, model, status):
    server.traits.tools_status = status
    for _ in range(2):
        with pytest.raises(ToolsNotTakenError):
            take(model)
    assert len(server.calls) == 1


def test_a_server_that_rejects_the_results_of_calls_is_asked_in_words(server, model):
    # TencentCloud/TencentDB-Agent-Memory #1313: Cloudflare's Workers AI says "Bad input", as it
    # takes no null for the words beside a call.
    exchange = Exchange(Turn(text="", calls=(CALL,)), ("here",))
    server.script(calling(("look", {})), *[failing("bad_request")] * 2, calling(("look", {})))
    take(model)
    with pytest.raises(ToolsNotTakenError):
        take(model, exchange)
    # Without results it is the request, and the tools are taken all the same.
    with pytest.raises(ModelRequestError):
        take(model)
    assert take(model).turn.calls == (CALL,)


def test_a_turn_that_is_cut_off_gets_more_room_once(server, model):
    server.script(failing("truncated"), saying("Done."))
    answered = take(model)
    assert answered.turn.text == "Done."
    assert answered.usage.calls == 2
    rooms = [call.body["max_tokens"] for call in server.calls]
    assert rooms == [500, 1000]
    server.script(failing("truncated"), failing("truncated"))
    with pytest.raises(ModelAnswerError) as caught:
        take(model)
    assert caught.value.calls == 2


def test_a_turn_of_nothing_is_no_turn(server, model):
    server.script(saying("  "))
    with pytest.raises(ModelAnswerError) as caught:
        take(model)
    assert caught.value.calls == 1


def test_a_refusal_is_one(server, model):
    server.script(failing("refusal"))
    with pytest.raises(ModelRefusalError):
        take(model)


def test_a_conversation_that_fills_the_window_is_not_sent(server, model):
    with pytest.raises(ContextOverflowError):
        take(model, prompt="word " * 8_000)
    assert server.calls == []


def test_the_key_of_a_turn_depends_on_all_that_was_said():
    exchange = Exchange(Turn(text="", calls=(CALL,)), ("here",))
    other = Exchange(Turn(text="", calls=(CALL,)), ("there",))
    requests = [
        make_request(),
        make_request(exchange),
        make_request(other),
        make_request(prompt=""),
    ]
    keys = {turn_key("tiny", "1", request) for request in requests}
    assert len(keys | {turn_key("big", "1", requests[0]), turn_key("tiny", "2", requests[0])}) == 6
    assert turn_key("tiny", "1", make_request(exchange)) in keys
    assert estimate_turn_tokens(requests[1]) > estimate_turn_tokens(requests[0])


@pytest.mark.parametrize(
    ("last", "error"),
    [(throttled("600"), ModelThrottledError), (failing("unauthorized"), ModelAccessError)],
)
def test_a_turn_that_fails_after_a_paid_call_says_what_it_cost(server, model, last, error):
    server.script(failing("truncated"), last)
    with pytest.raises(error) as caught:
        take(model)
    assert caught.value.calls == 1
    assert caught.value.input_tokens > 0
    assert caught.value.output_tokens > 0


def test_a_turn_that_runs_out_of_time_after_a_paid_call_says_what_it_cost(server, model):
    server.script(failing("truncated"), saying("Done."))
    # Time passes as soon as the first call is there.
    deadline = Deadline(30.0, lambda: 28.0 if server.calls else 0.0)
    with pytest.raises(LateAnswerError, match="time is up") as caught:
        model.take_turn(make_request(), deadline)
    assert caught.value.calls == 1
