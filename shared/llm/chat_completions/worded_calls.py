"""Read calls of tools that a model has written as words.

Servers that do not know a model's own way of calling leave its calls in the text. Such a text is
never an answer for a user.
"""

import json
import re
from collections.abc import Collection, Iterator
from typing import Any

from shared.errors import ModelAnswerError
from shared.llm.turns import ToolCall

# Whatever begins with one of these is a call, or was meant to be one: Hermes and Qwen, Llama,
# Mistral, DeepSeek, Kimi, MiniMax and Anthropic.
_MARK = re.compile(
    r"<(?:\w{1,10}:)?tool_calls?>|<\|?tool_call|<function=|\[TOOL_CALLS\]|<\|python_tag\|>"
    r"|<\uff5ctool▁calls?▁begin\uff5c>|<function_calls>|<invoke name=",
    re.IGNORECASE,
)
_FENCE = re.compile(r"\s*```(?:json)?\s*(.*?)\s*```\s*", re.DOTALL)
# Qwen3-Coder writes XML, Llama 3.1 JSON inside of the same tag.
_FUNCTION = re.compile(r"<function=([\w.-]+)>(.*?)(?:</function>|\Z)", re.DOTALL)
_PARAMETER = re.compile(r"<parameter=([\w.-]+)>\s*(.*?)\s*</parameter>", re.DOTALL)
# Mistral from version 11 of its tokenizer on.
_NAMED_JSON = re.compile(r"\[TOOL_CALLS\]\s*([\w.-]+)(?:\[ARGS\])?\s*(?=\{)")
_MOST_CALLS = 20


def read_worded_calls(text: str, tool_names: Collection[str]) -> tuple[ToolCall, ...]:
    """The calls that a text consists of; none for a text that is none.

    Args:
        text: What a model said, without its thoughts.
        tool_names: The tools that it was given: an object that names one is a call without a mark.

    Raises:
        ModelAnswerError: It bears the mark of a call, and holds none that can be read.
    """
    mark = _MARK.search(text)
    if mark is None:
        fenced = _FENCE.fullmatch(text)
        whole = _read_whole(fenced[1] if fenced else text.strip())
        calls = [_read_object(value) for value in whole]
        if calls and all(call is not None and call.name in tool_names for call in calls):
            return tuple(call for call in calls if call is not None)
        return ()
    found = tuple(_read_marked(text[mark.start() :]))[:_MOST_CALLS]
    if not found:
        raise ModelAnswerError("The model calls a tool in words that cannot be read")
    return found


def _read_marked(text: str) -> Iterator[ToolCall]:
    functions = list(_FUNCTION.finditer(text))
    for function in functions:
        parameters = dict(_PARAMETER.findall(function[2]))
        yield ToolCall(
            name=function[1],
            arguments=json.dumps(parameters) if parameters else function[2].strip() or "{}",
        )
    if functions:
        return
    named = _NAMED_JSON.search(text)
    if named:
        arguments = next(_read_objects(text[named.end() :]), None)
        if arguments is not None:
            yield ToolCall(name=named[1], arguments=json.dumps(arguments))
        return
    for value in _read_objects(text):
        call = _read_object(value)
        if call is not None:
            yield call


def _read_objects(text: str) -> Iterator[dict[str, Any]]:
    decoder = json.JSONDecoder()
    position = text.find("{")
    for _ in range(_MOST_CALLS):
        if position < 0:
            return
        try:
            value, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            return
        yield value
        position = text.find("{", position)


def _read_whole(text: str) -> list[Any]:
    """The objects of a text that is nothing but JSON."""
    if not text.startswith(("{", "[")):
        return []
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return []
    return value if isinstance(value, list) else [value]


def _read_object(value: Any) -> ToolCall | None:
    if not isinstance(value, dict):
        return None
    inner = value.get("function")
    if isinstance(inner, dict):
        value = inner
    name = value.get("name")
    arguments = value.get("arguments", value.get("parameters"))
    if not isinstance(name, str) or not name or not isinstance(arguments, (dict, str)):
        return None
    return ToolCall(
        name=name, arguments=arguments if isinstance(arguments, str) else json.dumps(arguments)
    )
