"""Servers that take the results of calls only beside the thoughts that had led to the calls."""

import json
import re

import pytest

from shared.deadline import Deadline
from shared.errors import ModelAnswerError
from shared.llm.turns import (
    Exchange,
    PastTurn,
    Tool,
    ToolsNotTakenError,
    TurnRequest,
    estimate_turn_tokens,
)
from tests.fakes.desks.task_desk import open_task_desk
from tests.fakes.model.chat_behaviours import calling, saying, sending
from tests.integration.openai_model.answer_shapes.rows import ReplyRow, error
from tests.integration.openai_model.answer_shapes.stream_shapes import COUNTED, chunk, events

TOOL = Tool("look", "Look somewhere.", {"type": "object", "properties": {}})
INVALID = "invalid_request_error"
SIGNED = {"google": {"thought_signature": "CvcQAdHtim8="}}
DETAILS = [
    {"type": "reasoning.text", "index": 0, "text": "Hm.", "format": "google-gemini-v1"},
    {"type": "reasoning.encrypted", "index": 0, "data": "CvcQAdHtim8=", "id": "tool_1"},
]
BLOCKS = [
    {"type": "thinking", "thinking": "Hm.", "signature": "EqoB"},
    {"type": "redacted_thinking", "data": "EmwK"},
]
MISSING = (
    "Function call is missing a thought_signature in functionCall parts. This is required for tools"
    " to work correctly, and missing thought_signature may lead to degraded model performance."
    " Additional data, function call `default_api:look` , position 2."
)
OPENROUTER = (
    "Gemini models require OpenRouter reasoning details to be preserved in each request. Upstream"
    ' error: {"error": {"code": 400, "message": "Unable to submit request because function call'
    ' `default_api:look` in the 2. content block is missing a `thought_signature`."}}'
)

# Who wants what back, and how it says so: the fields of its message, those of its call, its error.
SERVERS = {
    "JohnnyZ93/oai-compatible-copilot #215: DeepSeek V4": (
        {"reasoning_content": "Hm. \ud800"},
        {},
        error("The reasoning_content in the thinking mode must be passed back to the API.",
              INVALID, INVALID),
    ),
    "abhigyanpatwari/GitNexus #43: DeepSeek's reasoner": (
        {"reasoning_content": "Hm."},
        {},
        error("Missing `reasoning_content` field in the assistant message at message index 2. For"
              " more information, please refer to"
              " https://api-docs.deepseek.com/guides/thinking_mode#tool-calls", INVALID, INVALID),
    ),
    "bytedance/deer-flow #3043: Kimi K2.5": (
        {"reasoning_content": "Hm."},
        {},
        error("thinking is enabled but reasoning_content is missing in assistant tool call message"
              " at index 2", INVALID),
    ),
    "0xsline/OpenChatCut #6: Gemini 3": (
        {},
        {"extra_content": SIGNED},
        [{"error": {"code": 400, "message": MISSING, "status": "INVALID_ARGUMENT"}}],
    ),
    "BerriAI/litellm #16893: Gemini 3 behind LiteLLM": (
        {},
        {"provider_specific_fields": {"thought_signature": "CvcQAdHtim8="}},
        error(f"litellm.BadRequestError: Vertex_ai_betaException BadRequestError - {MISSING}",
              None, "400"),
    ),
    "openai/openai-agents-python #678: Claude that thinks, behind LiteLLM": (
        {"reasoning_content": "Hm.", "thinking_blocks": BLOCKS},
        {},
        error("litellm.BadRequestError: AnthropicException - messages.1.content.0.type: Expected"
              " `thinking` or `redacted_thinking`, but found `tool_use`. When `thinking` is"
              " enabled, a final `assistant` message must start with a thinking block (preceeding"
              " the lastmost set of `tool_use` and `tool_result` blocks).", None, 400),
    ),
    "massgen/MassGen #624: Gemini 3 behind OpenRouter": (
        {"reasoning_details": DETAILS},
        {},
        {"error": {"message": "Provider returned error", "code": 400,
                   "metadata": {"raw": OPENROUTER, "provider_name": "Google AI Studio"}}},
    ),
}  # fmt: skip
each_server = pytest.mark.parametrize(
    ("of_message", "of_call", "demand"), SERVERS.values(), ids=SERVERS
)


def thinking(of_message, of_call, arguments="{}"):
    """A turn that calls a tool, whole or streamed as the server is asked for it."""
    call = {"index": 0, "id": "1", "type": "function", **of_call}
    call["function"] = {"name": "look", "arguments": arguments}
    pieces = [
        chunk({name: value}) if isinstance(value, str) else chunk({name: [part]})
        for name, value in of_message.items()
        for part in (value if isinstance(value, list) else [None])
    ]
    ended = chunk({"tool_calls": [call]}, "tool_calls")
    return sending(200, events(*pieces, ended, COUNTED, "[DONE]"))


def take(model, *exchanges, history=()):
    request = TurnRequest("agent", "Do as asked.", "Find it.", exchanges, (TOOL,), 500, history)
    return model.take_turn(request, Deadline.after(30)).turn


def said_before(server):
    return next(m for m in server.calls[-1].body["messages"] if m["role"] == "assistant")


@each_server
def test_who_wants_thoughts_back_gets_them(server, model, of_message, of_call, demand):
    server.script(thinking(of_message, of_call), sending(400, demand), saying("Done."))
    exchange = Exchange(take(model), ("here",))
    assert take(model, exchange).text == "Done."
    said = said_before(server)
    whole = json.loads(json.dumps(of_message).replace("\\ud800", "?"))
    assert {name: said.get(name) for name in of_message} == whole
    assert {name: said["tool_calls"][0].get(name) for name in of_call} == of_call
    # From then on at once.
    server.script(saying("Done."))
    take(model, exchange)
    assert len(server.calls) == 4
    assert said_before(server) == said


@pytest.mark.parametrize("status", [422, 500])
def test_thoughts_are_wanted_by_other_statuses_too(server, model, status):
    of_message, of_call, demand = next(iter(SERVERS.values()))
    server.script(thinking(of_message, of_call), sending(status, demand), saying("Done."))
    assert take(model, Exchange(take(model), ("here",))).text == "Done."
    assert said_before(server)["reasoning_content"] == "Hm. ?"


@each_server
def test_nobody_else_gets_thoughts(server, model, of_message, of_call, demand):
    server.script(thinking(of_message, of_call), saying("Done."))
    take(model, Exchange(take(model), ("here",)))
    said = said_before(server)
    assert set(said) == {"role", "content", "tool_calls"}
    assert set(said["tool_calls"][0]) == {"id", "type", "function"}


@each_server
def test_who_is_not_content_with_them_is_asked_in_words(server, model, of_message, of_call, demand):
    server.script(thinking(of_message, of_call), *[sending(400, demand)] * 2)
    exchange = Exchange(take(model), ("here",))
    with pytest.raises(ToolsNotTakenError):
        take(model, exchange)
    assert len(server.calls) == 3


def test_a_turn_without_a_thought_has_one_for_who_wants_it(server, model):
    # DeepSeek V4 calls without a thought at times, and wants one back nevertheless that is not
    # empty (EverMind-AI/Raven #297, NousResearch/hermes-agent #17341); Kimi with each message
    # (MoonshotAI/kimi-cli #2498).
    of_message, of_call, demand = next(iter(SERVERS.values()))
    server.script(
        thinking(of_message, of_call),
        thinking({"reasoning_content": ""}, {}),
        sending(400, demand),
        saying("Done."),
    )
    exchanges = [Exchange(take(model), ("here",))]
    exchanges.append(Exchange(take(model, *exchanges), ("there",)))
    assert take(model, *exchanges, history=(PastTurn("Hello", "Hi"),)).text == "Done."
    said = [m for m in server.calls[-1].body["messages"] if m["role"] == "assistant"]
    assert [m["reasoning_content"] for m in said] == [".", "Hm. ?", "."]


def test_a_conversation_that_lacks_thoughts_takes_no_other_its_tools(server, model):
    # Gemini 3 takes no other signature than its own, and another model may have begun this one.
    of_message, of_call, demand = SERVERS["0xsline/OpenChatCut #6: Gemini 3"]
    server.script(thinking({}, {}), *[sending(400, demand)] * 2)
    unsigned = Exchange(take(model), ("here",))
    with pytest.raises(ToolsNotTakenError):
        take(model, unsigned)
    server.script(thinking(of_message, of_call), saying("Done."))
    assert take(model, Exchange(take(model), ("here",))).text == "Done."
    assert said_before(server)["tool_calls"][0]["extra_content"] == SIGNED
    assert "reasoning_content" not in said_before(server)


def test_the_thoughts_behind_an_answer_are_not_kept(server, model):
    server.script(ReplyRow("", "", "Done.", message={"reasoning_content": "Hm."}).behaviour)
    turn = take(model)
    assert (turn.text, turn.kept_fields) == ("Done.", "")


def test_pieces_of_a_thought_become_one(server, model):
    parts = [{"type": "reasoning.text", "index": 0, "text": text} for text in ("I ", "look.")]
    signed = {"type": "reasoning.text", "index": 0, "signature": "s", "text": None}
    first = {"reasoning_details": [*parts, signed], "reasoning_content": "I look."}
    server.script(thinking(first, {}))
    assert json.loads(take(model).kept_fields) == {
        "reasoning_content": "I look.",
        "reasoning_details": [{**parts[0], "text": "I look.", "signature": "s"}],
    }


def test_pieces_of_claudes_thoughts_become_one_up_to_its_signature(server, model):
    def block(thinking, signature=""):
        return {"type": "thinking", "thinking": thinking, "signature": signature}

    pieces = [block("I "), block("look."), block("", "Eqo"), block("Or "), block("not.")]
    server.script(thinking({"thinking_blocks": [*pieces, block("", "Emw")]}, {}))
    assert json.loads(take(model).kept_fields) == {
        "thinking_blocks": [block("I look.", "Eqo"), block("Or not.", "Emw")]
    }


def test_signatures_stay_apart(server, model):
    # OpenRouter gives each whole; its own client adds up nothing but texts.
    signed = [
        {"type": "reasoning.encrypted", "index": 0, "data": data, "id": f"tool_{data}"}
        for data in "ab"
    ]
    server.script(thinking({"reasoning_details": signed}, {}))
    assert json.loads(take(model).kept_fields) == {"reasoning_details": signed}


def test_thoughts_without_room_are_left_and_it_is_asked_in_words(build, server):
    model = build(window=8_000)
    long = {"reasoning_content": "word " * 7_000}
    demand = next(iter(SERVERS.values()))[2]
    server.script(thinking(long, {}), sending(400, demand))
    exchange = Exchange(take(model), ("here",))
    with pytest.raises(ToolsNotTakenError):
        take(model, exchange)


@pytest.mark.parametrize("place", ["message", "call"])
def test_thoughts_count_as_what_is_read(server, model, place):
    long = {"thought_signature": "word " * 7_000}
    of_message, of_call = {"reasoning_details": [long]}, {"extra_content": long}
    server.script(thinking(of_message, {}) if place == "message" else thinking({}, of_call))
    exchange = Exchange(take(model), ("here",))
    request = TurnRequest("agent", "", "", (exchange,), (TOOL,), 500)
    assert estimate_turn_tokens(request) > 7_000


@pytest.mark.parametrize("place", ["message", "call"])
def test_thoughts_that_repeat_the_key_are_of_no_use(build, server, place):
    model = build(key="sk-0123456789abcdef0123456789")
    said = "sk-0123456789abcdef0123456789"
    of_call = {"extra_content": {"google": {"thought_signature": said}}}
    server.script(
        thinking({"reasoning_content": said}, {}) if place == "message" else thinking({}, of_call)
    )
    with pytest.raises(ModelAnswerError, match="key"):
        take(model)


def test_the_ids_of_calls_are_nine_letters_and_digits(server, model):
    # Mistral takes no others: "must be a-z, A-Z, 0-9, with a length of 9".
    server.script(calling(*[("look", {})] * 4), saying("Done."))
    exchange = Exchange(take(model), ("a", "b", "c", "d"))
    take(model, *[exchange] * 20)
    messages = server.calls[-1].body["messages"]
    ids = [call["id"] for m in messages for call in m.get("tool_calls", ())]
    assert len(set(ids)) == len(ids) == 80
    assert all(re.fullmatch("[a-zA-Z0-9]{9}", call_id) for call_id in ids)
    assert ids == [m["tool_call_id"] for m in messages if m["role"] == "tool"]


def test_thoughts_that_may_be_wanted_back_count_against_an_agents_limit():
    with open_task_desk() as desk:
        long = {"reasoning_content": "word " * 10_000}
        desk.server.script(thinking(long, {}), saying('{"answer": "It is here."}'))
        task = desk.do("agent", prompt="Where is it?", max_tokens=20_000)
        result = desk.result(task)
        assert (result["stopped_by"], result["answer"]) == ("tokens", "It is here.")
        assert len(desk.server.calls) == 2


def test_an_agent_goes_on_with_its_tools_where_thoughts_are_wanted_back():
    of_message, of_call, demand = next(iter(SERVERS.values()))
    with open_task_desk() as desk:
        desk.server.script(
            thinking(of_message, of_call), sending(400, demand), saying("It is here.")
        )
        result = desk.result(desk.do("agent", prompt="Where is it?"))
        assert result["answer"] == "It is here."
        assert "tools" in desk.server.calls[-1].body
        assert "Hm." not in json.dumps(result)
