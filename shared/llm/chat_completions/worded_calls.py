"""Read calls of tools that a model has written as words.

Servers that do not know a model's own way of calling leave its calls in the text. Such a text is
never an answer for a user.
"""

import ast
import json
import re
from collections.abc import Collection, Iterator
from typing import Any

from shared.errors import ModelAnswerError
from shared.llm.turns import ToolCall

# Whatever begins with one of these is a call, or was meant to be one: Hermes and Qwen, Llama,
# Mistral, DeepSeek, Kimi, Liquid, MiniMax and Anthropic.
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
_KIMI = re.compile(
    r"<\|tool_call_begin\|>\s*(?:functions\.)?([\w.-]+?)(?::\d+)?\s*"
    r"<\|tool_call_argument_begin\|>\s*(.*?)\s*(?:<\|tool_call_end\|>|\Z)",
    re.DOTALL,
)
# V3 has the word `function` before the name and a fence around the arguments, V3.1 neither.
_DEEPSEEK = re.compile(
    r"<\uff5ctool▁call▁begin\uff5c>(?:function<\uff5ctool▁sep\uff5c>)?\s*([\w.-]+)"
    r"(?:<\uff5ctool▁sep\uff5c>|\s|```json)*(\{.*?\})\s*(?:```)?\s*"
    r"(?:<\uff5ctool▁call▁end\uff5c>|\Z)",
    re.DOTALL,
)
_LIQUID = re.compile(r"<\|tool_call_start\|>\s*(.*?)\s*(?:<\|tool_call_end\|>|\Z)", re.DOTALL)
# gpt-oss calls in a channel of its own ("OpenAI harmony response format").
_CHANNEL_CALL = re.compile(
    r"to=(?:functions\.)?([\w-]+)[^<]*(?:<\|channel\|>[^<]*)?(?:<\|constrain\|>[^<]*)?"
    r"<\|message\|>(.*?)(?:<\|(?:call|end|return|start)\|>|\Z)",
    re.DOTALL,
)
_ARGUMENTS = ("arguments", "parameters", "args", "input")
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


def read_channel_calls(text: str) -> tuple[ToolCall, ...]:
    """The calls that gpt-oss addresses to a function, where its server leaves its channels be."""
    found = _CHANNEL_CALL.findall(text) if "<|message|>" in text else []
    return tuple(
        ToolCall(name=name, arguments=body.strip() or "{}") for name, body in found[:_MOST_CALLS]
    )


def _read_marked(text: str) -> Iterator[ToolCall]:
    tokens = [*_KIMI.findall(text), *_DEEPSEEK.findall(text)]
    for name, body in tokens:
        yield ToolCall(name=name, arguments=body or "{}")
    if tokens:
        return
    python = _LIQUID.findall(text)
    for body in python:
        yield from _read_python(body)
    if python:
        return
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


def _read_python(body: str) -> Iterator[ToolCall]:
    """The calls of `[name(argument='value')]`, whose values are literals."""
    try:
        tree = ast.parse(body, mode="eval").body
        nodes = tree.elts if isinstance(tree, ast.List) else [tree]
        for node in nodes:
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                values = {
                    word.arg: ast.literal_eval(word.value) for word in node.keywords if word.arg
                }
                yield ToolCall(name=node.func.id, arguments=json.dumps(values))
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        return


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
    arguments = next((value[name] for name in _ARGUMENTS if name in value), None)
    if not isinstance(name, str) or not name or not isinstance(arguments, (dict, str)):
        return None
    return ToolCall(
        name=name, arguments=arguments if isinstance(arguments, str) else json.dumps(arguments)
    )
