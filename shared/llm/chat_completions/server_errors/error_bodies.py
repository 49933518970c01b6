"""Read what the body of an error says, in whichever of the many shapes that servers give it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_DEEPEST = 6
_MOST_WORDS = 40
# A longer message repeats the request: no word is looked for behind this.
_MOST_SEARCHED_CHARS = 2_000

# Where a further error is to be found, and where the words for people are. Nothing else is read:
# `input` (FastAPI), `flagged_input` (OpenRouter) and `failed_generation` (Groq) hold text of a
# document.
_INNER = ("error", "errors", "detail", "details", "innererror", "metadata", "raw", "base_resp")
_MESSAGES = ("message", "Message", "msg", "error_msg", "status_msg", "failure")
_CODES = (
    "code", "type", "status", "reason", "error_type", "error_code", "__type", "status_code", "param"
)  # fmt: skip

# OpenRouter's sign of a declined text, of which only the name is read.
_FLAGGED = "flagged_input"


@dataclass(frozen=True)
class ErrorFacts:
    """What an error says.

    Attributes:
        code: The first stable word for it; may be empty.
        codes: All of them, in lower case.
        message: The most exact of its messages: the innermost one; may be empty.
        text: All its messages, codes and parameters, to look for words in; no text for people.
        retry_delay: The pause as Google writes it ("34s"); may be empty.
    """

    code: str = ""
    codes: frozenset[str] = frozenset()
    message: str = ""
    text: str = ""
    retry_delay: str = ""


def read_error_body(body: object) -> ErrorFacts:
    """Read a body: an object, a list of them, JSON as text, or plain text.

    Known are `error` as object, text or list (Gemini answers a list), `detail` with its `loc`
    (FastAPI), Mistral's `message` as object, `metadata.raw` (OpenRouter), `errors` (Cloudflare),
    `base_resp` (MiniMax).
    """
    codes: list[str] = []
    messages: list[str] = []
    delays: list[str] = []
    parameters: list[str] = []
    for name, value in _walk(body, "message", 0):
        if name in _MESSAGES:
            messages.append(value)
        elif name == "retryDelay":
            delays.append(value)
        elif name == "param":
            parameters.append(value)
        else:
            codes.append(value)
    return ErrorFacts(
        code=next((code for code in codes if not code.isdigit() and " " not in code), ""),
        codes=frozenset(code.lower() for code in codes),
        message=messages[-1] if messages else "",
        text=" | ".join(
            text[:_MOST_SEARCHED_CHARS] for text in [*messages, *codes, *parameters][:_MOST_WORDS]
        ),
        retry_delay=delays[0] if delays else "",
    )


def _walk(value: object, name: str, depth: int) -> Iterator[tuple[str, str]]:
    """The named texts of a body, outer ones first."""
    if depth > _DEEPEST:
        return
    if isinstance(value, str):
        inner = _read_json(value)
        if inner is not None:
            yield from _walk(inner, name, depth + 1)
        elif value.strip():
            yield name, value.strip()
    elif isinstance(value, list):
        for item in value[:_MOST_WORDS]:
            yield from _walk(item, name, depth + 1)
    elif isinstance(value, Mapping):
        yield from _walk_object(value, depth)


def _walk_object(body: Mapping[str, Any], depth: int) -> Iterator[tuple[str, str]]:
    for name in _CODES:
        word = body.get(name)
        if isinstance(word, int) and not isinstance(word, bool):
            word = str(word)
        if isinstance(word, str) and word:
            yield name, word
    place = body.get("loc")
    if isinstance(place, list) and place and isinstance(place[-1], str):
        yield "param", place[-1]
    if _FLAGGED in body:
        yield "reason", _FLAGGED
    delay = body.get("retryDelay")
    if isinstance(delay, str):
        yield "retryDelay", delay
    for name in _MESSAGES:
        yield from _walk(body.get(name), name, depth + 1)
    for name in _INNER:
        yield from _walk(body.get(name), "message", depth + 1)


def _read_json(text: str) -> dict[str, Any] | list[Any] | None:
    start = text.strip()
    if not start.startswith(("{", "[")):
        return None
    try:
        value = json.loads(start)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, (dict, list)) else None
