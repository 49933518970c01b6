"""What of a call a server does not take, so that another one in its place is worth a try."""

import openai

from shared.llm.chat_completions.format_fallback import (
    OutputStepRejectedError,
    find_step_rejection,
)
from shared.llm.chat_completions.server_errors.error_translation import (
    find_wanted_thoughts,
    objects_to_tools,
)
from shared.llm.chat_completions.structured_output import OutputStep


class ToolsRejectedError(Exception):
    """The server says that it does not take tools."""


class ThoughtsWantedError(Exception):
    """The server wants the thoughts back that had led to the calls so far.

    Args:
        named: What it calls them, in small letters.
    """

    def __init__(self, named: str) -> None:
        super().__init__(f"the server wants {named} back")
        self.named = named


def find_rejection(
    error: openai.OpenAIError, step: OutputStep, *, may_step_down: bool, has_tools: bool
) -> OutputStepRejectedError | ToolsRejectedError | ThoughtsWantedError | None:
    """What the server does not take of a call, if that is what its error says.

    Args:
        error: What the SDK raised.
        step: How the shape of the answer was asked for.
        may_step_down: Whether the server has yet to show that it takes this step.
        has_tools: Whether the call had tools.
    """
    # First: whoever speaks of thoughts speaks of the tools' calls as well.
    named = find_wanted_thoughts(error) if has_tools else ""
    if named:
        return ThoughtsWantedError(named)
    if has_tools and objects_to_tools(error):
        return ToolsRejectedError("the server does not take tools")
    return find_step_rejection(error, step, may_step_down=may_step_down)
