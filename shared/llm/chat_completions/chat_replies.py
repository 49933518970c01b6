"""Read what a Chat Completions server answers."""

import json
from dataclasses import dataclass

from openai.types.chat import ChatCompletion

from shared.errors import ModelAnswerError
from shared.llm.model import Usage
from shared.llm.token_estimate import estimate_tokens
from shared.llm.turns import ToolCall


@dataclass(frozen=True)
class Reply:
    """What came back: the text, why it ends there, and what it cost."""

    text: str
    cut_off: bool
    refused: bool
    usage: Usage
    tool_calls: tuple[ToolCall, ...] = ()


def read_reply(completion: object, prompt_tokens: int) -> Reply:
    """Read a completion, whose fields the SDK does not validate.

    Args:
        completion: What the SDK returned: a completion, or the text of any other page.
        prompt_tokens: An estimate of what was sent, for servers that count no tokens.

    Raises:
        ModelAnswerError: It is not a completion at all.
    """
    choices = completion.choices if isinstance(completion, ChatCompletion) else None
    if not isinstance(completion, ChatCompletion) or not choices or not choices[0].message:
        raise ModelAnswerError(
            "The provider's response is no chat completion; is the base address right?"
        )
    choice = choices[0]
    text = _mend(choice.message.content) if isinstance(choice.message.content, str) else ""
    return Reply(
        text=text,
        cut_off=choice.finish_reason == "length",
        refused=choice.finish_reason == "content_filter" or bool(choice.message.refusal),
        usage=_read_usage(completion, prompt_tokens, text),
        tool_calls=_read_tool_calls(choice.message.tool_calls),
    )


def _read_tool_calls(calls: object) -> tuple[ToolCall, ...]:
    """The calls that have a name; some servers write the arguments as an object, not as text."""
    read = []
    for call in calls if isinstance(calls, list) else []:
        function = getattr(call, "function", None)
        name = getattr(function, "name", None)
        arguments = getattr(function, "arguments", None)
        if isinstance(name, str) and name:
            text = arguments if isinstance(arguments, str) else json.dumps(arguments or {})
            read.append(ToolCall(name=_mend(name), arguments=_mend(text)))
    return tuple(read)


def _mend(text: str) -> str:
    """The text without halves of surrogate pairs, which JSON can hold and UTF-8 cannot."""
    return text.encode("utf-8", "replace").decode()


def _read_usage(completion: ChatCompletion, prompt_tokens: int, text: str) -> Usage:
    counted = completion.usage
    if (
        counted is not None
        and isinstance(counted.prompt_tokens, int)
        and isinstance(counted.completion_tokens, int)
        and counted.prompt_tokens > 0
    ):
        return Usage(1, counted.prompt_tokens, counted.completion_tokens)
    return Usage(1, prompt_tokens, estimate_tokens(text), estimated=True)
