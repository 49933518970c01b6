"""Put an answer together from the pieces of a stream, as if it had come whole.

The pieces are those of "The chat completion chunk object" (OpenAI API Reference); servers differ in
what they leave out, repeat, or send in one piece.
"""

import json
from collections.abc import Mapping
from typing import Any

from openai.types.chat import ChatCompletion

# Where the pieces of a thought come: most servers; vLLM, Ollama, Groq and OpenRouter.
_THOUGHTS = ("reasoning_content", "reasoning")
# Where the parts of one come, and those of its fields that are in pieces: OpenRouter, LiteLLM.
_THOUGHT_PARTS = ("reasoning_details", "thinking_blocks")
_WORDS_OF_PART = ("text", "summary", "thinking")
# Where a call has the signature of its thoughts: Gemini, LiteLLM.
_SIGNATURES = ("extra_content", "provider_specific_fields")


class StreamedCompletion:
    """What a stream has said so far.

    Attributes:
        pieces: How many pieces of text or of tool calls have come, which is about the tokens.
        is_finished: Whether a piece has named the reason for the answer's end.
        has_failed: Whether the server has reported an error in the middle.
        has_usage: Whether a piece has counted tokens.
    """

    def __init__(self) -> None:
        self.pieces = 0
        self.is_finished = False
        self.has_failed = False
        self.has_usage = False
        self._fields: dict[str, Any] = {}
        self._content: list[Any] = []
        self._refusal = ""
        self._thoughts: dict[str, str] = {}
        self._thought_parts: dict[str, list[dict[str, Any]]] = {}
        self._calls: list[dict[str, Any]] = []
        self._choice: dict[str, Any] = {"index": 0, "finish_reason": None}
        self._has_choice = False

    def add(self, chunk: object, event: str) -> None:
        """Take in one piece.

        Args:
            chunk: Its data.
            event: The name of the event; `error` for servers that give their errors one.
        """
        if isinstance(chunk, list):
            # Gemini's errors come in one.
            chunk = next(iter(chunk), None)
        if not isinstance(chunk, Mapping):
            return
        self._fields.update(
            (name, value) for name, value in chunk.items() if name != "choices" and value
        )
        error = _find_error(chunk, event)
        if error:
            self._fields["error"] = error
            self.has_failed = True
        self.has_usage = self.has_usage or isinstance(chunk.get("usage"), Mapping)
        choices = chunk.get("choices")
        for choice in choices if isinstance(choices, list) else []:
            if isinstance(choice, Mapping) and not choice.get("index"):
                self._add_choice(choice)

    def _add_choice(self, choice: Mapping[str, Any]) -> None:
        self._has_choice = True
        if choice.get("finish_reason"):
            self._choice["finish_reason"] = choice["finish_reason"]
            self._choice["native_finish_reason"] = choice.get("native_finish_reason")
            self.is_finished = True
        if choice.get("error"):
            self._choice["error"] = choice["error"]
            self.has_failed = True
        # Perplexity repeats the whole answer beside each piece of it.
        delta = choice.get("delta") or (None if self._content else choice.get("message"))
        if not isinstance(delta, Mapping):
            return
        self.pieces += 1
        content = delta.get("content")
        if isinstance(content, list):
            self._content.extend(content)
        elif isinstance(content, str):
            self._content.append(content)
        if isinstance(delta.get("refusal"), str):
            self._refusal += delta["refusal"]
        for name in _THOUGHTS:
            if isinstance(delta.get(name), str):
                self._thoughts[name] = self._thoughts.get(name, "") + delta[name]
        for name in _THOUGHT_PARTS:
            parts = delta.get(name)
            for part in parts if isinstance(parts, list) else []:
                if isinstance(part, Mapping):
                    _add_thought_part(self._thought_parts.setdefault(name, []), part)
        calls = delta.get("tool_calls")
        for call in calls if isinstance(calls, list) else []:
            if isinstance(call, Mapping):
                self._add_call(call)

    def _add_call(self, delta: Mapping[str, Any]) -> None:
        """Take in a part of a tool call.

        A part belongs to the call of its index, or to the last one where it has none. Some servers
        (Gemini's, for one) give several calls one index: then the ids differ, or the call before is
        whole. What comes behind a whole call under its own id repeats it (Fireworks, LiteLLM), but
        for a call that begins with `{}` (gateways before Anthropic and Gemini).
        """
        said = delta.get("function")
        function: Mapping[str, Any] = said if isinstance(said, Mapping) else {}
        name, arguments = function.get("name"), function.get("arguments")
        index = delta.get("index")
        known = [call for call in self._calls if index is None or call["index"] == index]
        call = known[-1] if known else None
        call_id = delta.get("id")
        if call is None or (name and _is_another(call_id, arguments, call)):
            call = {"index": index, "id": call_id, "type": "function"}
            call["function"] = {"name": "", "arguments": ""}
            self._calls.append(call)
        call.update((name, delta[name]) for name in _SIGNATURES if delta.get(name))
        whole = call["function"]
        if _is_whole(whole["arguments"]):
            if whole["arguments"] != "{}" or not arguments:
                return
            whole["arguments"] = ""
        if isinstance(name, str) and name != whole["name"]:
            whole["name"] += name
        if isinstance(arguments, str) and isinstance(whole["arguments"], str):
            whole["arguments"] += arguments
        elif arguments:
            whole["arguments"] = arguments

    def build(self) -> ChatCompletion:
        """The completion, of which nothing is validated."""
        is_text = all(isinstance(part, str) for part in self._content)
        message: dict[str, Any] = {
            "role": "assistant",
            "content": "".join(self._content) if is_text else self._content,
            "refusal": self._refusal or None,
            "tool_calls": self._calls or None,
            **self._thoughts,
            **self._thought_parts,
        }
        choices = [{**self._choice, "message": message}] if self._has_choice else None
        return ChatCompletion.construct(**{**self._fields, "choices": choices})


def _add_thought_part(known: list[dict[str, Any]], piece: Mapping[str, Any]) -> None:
    """Take in a piece of a part of a thought: words, their signature, or what is encrypted.

    Words go on until another kind or index comes, or a signature; what is encrypted comes whole.
    """
    last = known[-1] if known else {}
    has_words = any(map(piece.get, _WORDS_OF_PART))
    if (
        not last
        or any(last.get(name) != piece.get(name) for name in ("type", "index"))
        or piece.get("data")
        or (has_words and last.get("signature"))
    ):
        known.append(dict(piece))
        return
    for name, value in piece.items():
        if name in _WORDS_OF_PART and isinstance(value, str):
            last[name] = (last.get(name) or "") + value
        elif value is not None:
            last[name] = value


def _find_error(chunk: Mapping[str, Any], event: str) -> object:
    """The error that a piece holds, or is, if any: not every server puts it under that name."""
    if chunk.get("error") or event == "error":
        return chunk.get("error") or dict(chunk)
    is_unnamed = "choices" not in chunk and chunk.get("message")
    return dict(chunk) if is_unnamed and (chunk.get("code") or chunk.get("type")) else None


def _is_another(call_id: object, arguments: object, known: Mapping[str, Any]) -> bool:
    """Whether a part that has a name begins a call, and is none of the call that is known."""
    if call_id and known["id"] and call_id != known["id"]:
        return True
    known_arguments = known["function"]["arguments"]
    if not _is_whole(known_arguments):
        return False
    # Under the same id, as some servers give all calls, only a whole call is another one.
    is_another_whole = arguments != known_arguments and bool(arguments) and _is_whole(arguments)
    return is_another_whole or not (call_id and call_id == known["id"])


def _is_whole(arguments: object) -> bool:
    try:
        return isinstance(json.loads(arguments), dict) if isinstance(arguments, str) else True
    except (ValueError, RecursionError):
        return False
