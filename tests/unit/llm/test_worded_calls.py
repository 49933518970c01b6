"""Calls of tools that a model has written as words."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import ModelAnswerError
from shared.llm.chat_completions.worded_calls import read_channel_calls, read_worded_calls

CALL = {"name": "look", "arguments": {"where": "å"}}
TEXT = json.dumps(CALL)
LLAMA = json.dumps({"name": "look", "parameters": {"where": "å"}})
OPENAI = json.dumps({"type": "function", "function": CALL})
PARAMETERS = "<function=look>\n<parameter=where>\nå\n</parameter>\n</function>"


@pytest.mark.parametrize(
    "text",
    [
        f"<tool_call>\n{TEXT}\n</tool_call>",
        f"I will look.\n<tool_call>{TEXT}</tool_call>",
        f"<tool_call>{TEXT}",
        f"<tool_call>\n{PARAMETERS}\n</tool_call>",
        PARAMETERS,
        '<function=look>{"where": "å"}</function>',
        f"<|python_tag|>{LLAMA}",
        f"[TOOL_CALLS][{TEXT}]",
        '[TOOL_CALLS]look{"where": "å"}',
        '[TOOL_CALLS]look[ARGS]{"where": "å"}',
        '<tool_call>\n{"name": "look", "args": {"where": "å"}}\n</tool_call>',
        "<|tool_calls_section_begin|><|tool_call_begin|>functions.look:0"
        '<|tool_call_argument_begin|>{"where": "å"}<|tool_call_end|><|tool_calls_section_end|>',
        "<\uff5ctool▁calls▁begin\uff5c><\uff5ctool▁call▁begin\uff5c>function<\uff5ctool▁sep\uff5c>look"
        '\n```json\n{"where": "å"}\n```<\uff5ctool▁call▁end\uff5c><\uff5ctool▁calls▁end\uff5c>',
        "<\uff5ctool▁calls▁begin\uff5c><\uff5ctool▁call▁begin\uff5c>look<\uff5ctool▁sep\uff5c>"
        '{"where": "å"}<\uff5ctool▁call▁end\uff5c><\uff5ctool▁calls▁end\uff5c>',
        "<|tool_call_start|>[look(where='å')]<|tool_call_end|>",
        "<|tool_call_start|>look(where='å')",
        TEXT,
        LLAMA,
        f"```json\n{TEXT}\n```",
        f"[{TEXT}]",
        OPENAI,
    ],
)
def test_a_call_in_words_is_a_call(text):
    (call,) = read_worded_calls(text, ["look"])
    assert call.name == "look"
    assert json.loads(call.arguments) == {"where": "å"}


def test_several_calls_come_in_their_order():
    other = TEXT.replace("look", "list")
    text = f"<tool_call>{TEXT}</tool_call><tool_call>{other}</tool_call>"
    assert [call.name for call in read_worded_calls(text, ["look"])] == ["look", "list"]


@pytest.mark.parametrize(
    "text",
    [
        "<tool_call>look at å</tool_call>",
        '<tool_call>{"name": "look", "arg',
        "<\uff5ctool▁calls▁begin\uff5c>function look",
        "<|tool_call_start|>[look(where=__import__('os').getcwd())]<|tool_call_end|>",
        "<|tool_call_begin|>functions.look:0<|tool_call_end|>",
        '<invoke name="look"><parameter name="where">å</parameter></invoke>',
    ],
)
def test_what_was_meant_as_a_call_is_no_answer(text):
    with pytest.raises(ModelAnswerError, match="in words"):
        read_worded_calls(text, ["look"])


@pytest.mark.parametrize(
    "text",
    ["Seals rest on sand.", '{"title": "Seals"}', TEXT.replace("look", "unknown"), f"Like {TEXT}.",
     "[1, 2]", ""],
)  # fmt: skip
def test_an_answer_is_none(text):
    assert read_worded_calls(text, ["look"]) == ()


@pytest.mark.parametrize(
    "text",
    [
        "<|channel|>analysis<|message|>I look.<|end|><|start|>assistant<|channel|>commentary "
        'to=functions.look <|constrain|>json<|message|>{"where": "å"}<|call|>',
        "<|start|>assistant to=functions.look<|channel|>commentary json<|message|>"
        '{"where": "å"}<|call|>',
        '<|channel|>commentary to=functions.look<|message|>{"where": "å"}',
    ],
)
def test_a_call_in_a_channel_is_a_call(text):
    (call,) = read_channel_calls(text)
    assert call.name == "look"
    assert json.loads(call.arguments) == {"where": "å"}


@pytest.mark.parametrize(
    "text", ["It goes to=functions.look.", "<|channel|>final<|message|>Seals.", ""]
)
def test_an_answer_in_a_channel_is_none(text):
    assert read_channel_calls(text) == ()


@given(st.text(alphabet=st.sampled_from('{}[]",:ab \n') | st.characters(), max_size=200))
def test_any_text_is_read(text):
    assert read_worded_calls(text.replace("<", ""), ["look"]) == ()
