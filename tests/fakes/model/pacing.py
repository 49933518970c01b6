"""How fast a fake server of the Chat Completions API is, how much it reads, and how it streams."""

import json
import math
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.benchmarks.answers.token_count import count_tokens as count_pieces
from tests.fakes.model.message_parts import TOKENS_OF_PICTURE, read_pictures, read_text

_CHARACTERS_PER_TOKEN = 4


@dataclass(frozen=True)
class Pace:
    """A server's speed; None is at once.

    `slots` is how many calls it works on at once; the others wait their turn.
    """

    tokens_per_second: float | None = None
    read_tokens_per_second: float | None = None
    slots: int | None = None

    def reading_seconds(self, tokens: int) -> float:
        return tokens / self.read_tokens_per_second if self.read_tokens_per_second else 0.0

    @property
    def token_seconds(self) -> float:
        return 1 / self.tokens_per_second if self.tokens_per_second else 0.0


def count_tokens(text: str) -> int:
    return math.ceil(len(text) / _CHARACTERS_PER_TOKEN)


def count_prompt_tokens(body: dict[str, Any]) -> int:
    text = sum(_count_message(message) for message in body["messages"])
    return text + TOKENS_OF_PICTURE * len(read_pictures(body))


def _count_message(message: dict[str, Any]) -> int:
    """Ids and keys, as tools answer with, have more tokens than prose of their length."""
    text = read_text(message)
    is_of_tool = message["role"] == "tool"
    return max(count_tokens(text), count_pieces(text) if is_of_tool else 0)


def cut_prompt(body: dict[str, Any], window_tokens: int | None) -> dict[str, Any]:
    """What a server reads that drops the start of a text which its window does not hold.

    The system message stays, as with Ollama.
    """
    too_many = count_prompt_tokens(body) - (window_tokens or 10**9)
    if too_many <= 0:
        return body
    messages = list(body["messages"])
    place = next(place for place, message in enumerate(messages) if message["role"] == "user")
    kept = messages[place]["content"][too_many * _CHARACTERS_PER_TOKEN :]
    messages[place] = {**messages[place], "content": kept}
    return {**body, "messages": messages}


def split_completion(completion: dict[str, Any], *, by_token: bool) -> Iterator[dict[str, Any]]:
    """A completion as the chunks of a stream, the usage apart at the end."""
    head = {name: completion.get(name) for name in ("id", "created", "model")}
    head["object"] = "chat.completion.chunk"
    for choice in completion["choices"]:
        for delta in _split_message(choice["message"], by_token=by_token):
            yield {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
        yield {
            **head,
            "choices": [{"index": 0, "delta": {}, "finish_reason": choice["finish_reason"]}],
        }
    if completion.get("usage"):
        yield {**head, "choices": [], "usage": completion["usage"]}


def _split_message(message: dict[str, Any], *, by_token: bool) -> Iterator[dict[str, Any]]:
    yield {"role": "assistant", "content": ""}
    if message.get("reasoning_content"):
        yield {"reasoning_content": message["reasoning_content"]}
    content = message.get("content") or ""
    if isinstance(content, list):
        yield from ({"content": [part]} for part in content)
        content = ""
    size = _CHARACTERS_PER_TOKEN if by_token else max(1, len(content) // 2)
    for start in range(0, len(content), size):
        yield {"content": content[start : start + size]}
    if message.get("refusal"):
        yield {"refusal": message["refusal"]}
    for index, call in enumerate(message.get("tool_calls") or []):
        function = call["function"]
        half = len(function["arguments"]) // 2
        first = {"name": function["name"], "arguments": ""}
        yield {"tool_calls": [{**call, "index": index, "function": first}]}
        for part in (function["arguments"][:half], function["arguments"][half:]):
            yield {"tool_calls": [{"index": index, "function": {"arguments": part}}]}


class Slots:
    """The places in which a server works on calls."""

    def __init__(self, count: int | None) -> None:
        self._places = threading.Semaphore(count) if count else None
        self._lock = threading.Lock()
        self._waiting = 0
        self.most_at_once = 0

    def __enter__(self) -> None:
        with self._lock:
            self._waiting += 1
            self.most_at_once = max(self.most_at_once, self._waiting)
        if self._places is not None:
            self._places.acquire()

    def __exit__(self, *_: object) -> None:
        if self._places is not None:
            self._places.release()
        with self._lock:
            self._waiting -= 1


def write_event(chunk: dict[str, Any] | str) -> bytes:
    data = chunk if isinstance(chunk, str) else json.dumps(chunk)
    text = f"data: {data}\n\n".encode()
    return f"{len(text):x}\r\n".encode() + text + b"\r\n"
