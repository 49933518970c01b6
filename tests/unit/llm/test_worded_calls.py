"""Calls of tools that a model has written as words."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import ModelAnswerError
from shared.llm.chat_completions.worded_calls import read_worded_calls

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


@given(st.text(alphabet=st.sampled_from('{}[]",:ab \n') | st.characters(), max_size=200))
def test_any_text_is_read(text):
    assert read_worded_calls(text.replace("<", ""), ["look"]) == ()
