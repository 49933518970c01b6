"""What a rejection of a call with tools amounts to: the server wants thoughts back, or words."""

from collections.abc import Sequence

import openai
from openai.types.chat import ChatCompletionMessageParam

from shared.llm.chat_completions.server_errors.error_translation import (
    ServerFailure,
    classify_failure,
    find_wanted_thoughts,
    objects_to_tools,
)


class ToolsRejectedError(Exception):
    """The server does not take tools, or not what was said with them.

    Args:
        by_name: Whether it says so of tools.
    """

    def __init__(self, *, by_name: bool) -> None:
        super().__init__("the server does not take tools")
        self.by_name = by_name


class ThoughtsWantedError(Exception):
    """The server wants the thoughts back that had led to the calls so far.

    Args:
        named: What it calls them, in small letters.
    """

    def __init__(self, named: str) -> None:
        super().__init__(f"the server wants {named} back")
        self.named = named


def find_tool_rejection(
    error: openai.OpenAIError, messages: Sequence[ChatCompletionMessageParam]
) -> ToolsRejectedError | ThoughtsWantedError | None:
    """What an error of a call with tools asks for, if it is about these.

    Args:
        error: What the SDK raised.
        messages: What was said.
    """
    # First: whoever speaks of thoughts speaks of the tools' calls as well.
    named = find_wanted_thoughts(error)
    if named:
        return ThoughtsWantedError(named)
    if objects_to_tools(error):
        return ToolsRejectedError(by_name=True)
    # Each server has rules of its own for calls and their results. Asked in words it gets neither,
    # and rejects what is bad for another reason once more.
    has_results = any(message["role"] == "tool" for message in messages)
    if has_results and classify_failure(error) is ServerFailure.BAD_REQUEST:
        return ToolsRejectedError(by_name=False)
    return None
