"""The parameters and messages that servers of the Chat Completions API disagree on."""

import threading
from collections.abc import Mapping, Sequence
from typing import Any

import openai
from openai.types.chat import ChatCompletionMessageParam

from shared.llm.chat_completions.server_errors.error_bodies import read_error_body
from shared.llm.chat_completions.server_errors.error_translation import (
    depends_on_prompt,
    names_parameter,
    objects_to_system_message,
)

_OTHER_LENGTH_PARAMETER = {
    "max_tokens": "max_completion_tokens",
    "max_completion_tokens": "max_tokens",
}
# The last is Mistral's, and of every server that holds its requests to a model of Pydantic.
_UNKNOWN_PARAMETER_CODES = frozenset(
    {"unsupported_parameter", "unknown_parameter", "extra_forbidden"}
)

_TIER = "service_tier"
_NO_CAPACITY = "resource_unavailable"


class ServerDialect:
    """Which parameters a server takes, learnt from what it objects to. Thread-safe.

    Args:
        length_parameter: `max_completion_tokens` (OpenAI) or `max_tokens` (most others).
        reasoning_effort: How long a reasoning model may think; `None` sends nothing.
        extra_body: What is sent besides, and goes before what is chosen here.
    """

    def __init__(
        self, length_parameter: str, reasoning_effort: str | None, extra_body: Mapping[str, Any]
    ) -> None:
        self._lock = threading.Lock()
        self._length_parameter = length_parameter
        self._reasoning_effort = reasoning_effort
        self._most_tokens: int | None = None
        self._extra_body = dict(extra_body)
        self._takes_system = True

    def write_parameters(
        self, messages: Sequence[ChatCompletionMessageParam], max_tokens: int
    ) -> dict[str, Any]:
        """The parameters of a call.

        Args:
            messages: The conversation so far.
            max_tokens: The most that the answer may have.
        """
        with self._lock:
            if self._most_tokens is not None:
                max_tokens = min(max_tokens, self._most_tokens)
            parameters: dict[str, Any] = {
                "messages": messages if self._takes_system else _join_system_message(messages),
                self._length_parameter: max_tokens,
            }
            if self._reasoning_effort is not None and "reasoning_effort" not in self._extra_body:
                parameters["reasoning_effort"] = self._reasoning_effort
            if self._extra_body:
                parameters["extra_body"] = self._extra_body
        return parameters

    def note_limit(self, error: openai.APIStatusError, limit_tokens: int) -> None:
        """Remember the most tokens that an answer of this server may have, whatever is sent.

        Args:
            error: What the server said, which may be of one prompt alone.
            limit_tokens: The most, as it said.
        """
        if not depends_on_prompt(error):
            with self._lock:
                self._most_tokens = limit_tokens

    def adapt(self, error: openai.APIStatusError, sent: dict[str, Any]) -> bool:
        """Learn from an error; whether the next call will differ from what was sent."""
        with self._lock:
            if sent["messages"][0]["role"] == "system" and objects_to_system_message(error):
                self._takes_system = False
                return True
            tier = sent.get("extra_body", {}).get(_TIER)
            if tier is not None and names_parameter(error, _TIER):
                self._extra_body = leave_tier(self._extra_body)
                return True
            if "reasoning_effort" in sent and names_parameter(error, "reasoning_effort"):
                self._reasoning_effort = None
                return True
            for parameter, other in _OTHER_LENGTH_PARAMETER.items():
                if parameter in sent and _is_unknown(error, parameter):
                    self._length_parameter = other
                    return True
        return False


def asks_for_tier(parameters: Mapping[str, Any]) -> bool:
    """Whether a call asks for the slow and cheap tier of OpenAI, Groq, Gemini or Bedrock."""
    return bool(parameters.get("extra_body", {}).get(_TIER) == "flex")


def has_no_capacity(error: openai.APIStatusError) -> bool:
    """Whether the tier is what has no room now: OpenAI's 429, Groq's 498 ("Flex processing")."""
    facts = read_error_body(error.body)
    return error.status_code == 498 or (
        error.status_code in (429, 503) and _NO_CAPACITY in facts.codes
    )


def leave_tier(extra_body: Mapping[str, Any]) -> dict[str, Any]:
    """What is sent besides, without the tier."""
    return {name: value for name, value in extra_body.items() if name != _TIER}


def _join_system_message(
    messages: Sequence[ChatCompletionMessageParam],
) -> list[ChatCompletionMessageParam]:
    """The conversation with its instructions at the beginning of what the user says first."""
    system, user, *others = messages
    rules: Any = system.get("content")
    said: Any = user.get("content")
    joined = f"{rules}\n\n{said}" if isinstance(said, str) else [_write_text(rules), *said]
    return [{"role": "user", "content": joined}, *others]


def _write_text(text: str) -> dict[str, str]:
    return {"type": "text", "text": text}


def _is_unknown(error: openai.APIStatusError, parameter: str) -> bool:
    """Whether the parameter is unknown, rather than its value too high."""
    codes = read_error_body(error.body).codes
    return names_parameter(error, parameter) and bool(codes & _UNKNOWN_PARAMETER_CODES)
