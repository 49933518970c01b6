"""The parameters that servers of the Chat Completions API disagree on."""

import threading
from typing import Any

import openai

from shared.llm.chat_completions.error_bodies import read_error_body
from shared.llm.chat_completions.error_translation import depends_on_prompt, names_parameter

_OTHER_LENGTH_PARAMETER = {
    "max_tokens": "max_completion_tokens",
    "max_completion_tokens": "max_tokens",
}
# The last is Mistral's, and of every server that holds its requests to a model of Pydantic.
_UNKNOWN_PARAMETER_CODES = frozenset(
    {"unsupported_parameter", "unknown_parameter", "extra_forbidden"}
)


class ServerDialect:
    """Which parameters a server takes, learnt from what it objects to. Thread-safe.

    Args:
        length_parameter: `max_completion_tokens` (OpenAI) or `max_tokens` (most others).
        reasoning_effort: How long a reasoning model may think; `None` sends nothing.
    """

    def __init__(self, length_parameter: str, reasoning_effort: str | None) -> None:
        self._lock = threading.Lock()
        self._length_parameter = length_parameter
        self._reasoning_effort = reasoning_effort
        self._most_tokens: int | None = None

    def write_parameters(self, max_tokens: int) -> dict[str, Any]:
        """The parameters of a call that is to answer in at most so many tokens."""
        with self._lock:
            if self._most_tokens is not None:
                max_tokens = min(max_tokens, self._most_tokens)
            parameters: dict[str, Any] = {self._length_parameter: max_tokens}
            if self._reasoning_effort is not None:
                parameters["reasoning_effort"] = self._reasoning_effort
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
            if "reasoning_effort" in sent and names_parameter(error, "reasoning_effort"):
                self._reasoning_effort = None
                return True
            for parameter, other in _OTHER_LENGTH_PARAMETER.items():
                if parameter in sent and _is_unknown(error, parameter):
                    self._length_parameter = other
                    return True
        return False


def _is_unknown(error: openai.APIStatusError, parameter: str) -> bool:
    """Whether the parameter is unknown, rather than its value too high."""
    codes = read_error_body(error.body).codes
    return names_parameter(error, parameter) and bool(codes & _UNKNOWN_PARAMETER_CODES)
