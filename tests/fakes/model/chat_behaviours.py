"""What a fake server of the Chat Completions API does with a call: answer, or fail in some way."""

import email.utils
import json
import time
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Behaviour:
    """What the server does with one call.

    `kind` is one of: ok, fenced (an answer in prose and a code fence, with a trailing comma),
    wrong_pages, no_usage, bad_json, prose, truncated, refusal, content_filter, throttled,
    quota, unauthorized, forbidden, context_overflow, unknown_model, bad_request, error_500,
    error_503, error_529, hang, drip, reset, reset_in_body, html, garbled, not_utf8, no_choices,
    says (the words and tool calls given), hijacked (all that an order in a document may ask for),
    raw (the status, headers and body given).
    """

    kind: str = "ok"
    latency_seconds: float = 0.0
    retry_after: str | None = None
    retry_after_ms: str | None = None
    retry_after_date_seconds: float | None = None
    words: str | None = None
    calls: tuple[tuple[str, str], ...] = ()
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: Any = None


def sending(status: int, body: Any, **headers: str) -> Behaviour:
    """A response as it stands; the headers' names are written with underscores."""
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Behaviour("raw", status=status, body=body, headers=named)


def saying(words: str) -> Behaviour:
    """An answer of just these words."""
    return Behaviour("says", words=words)


def calling(*calls: tuple[str, Any]) -> Behaviour:
    """An answer that calls tools: names and arguments, as values or as text."""
    return Behaviour(
        "says",
        calls=tuple(
            (name, arguments if isinstance(arguments, str) else json.dumps(arguments))
            for name, arguments in calls
        ),
    )


def ok(latency_seconds: float = 0.0) -> Behaviour:
    return Behaviour("ok", latency_seconds)


def failing(kind: str, latency_seconds: float = 0.0) -> Behaviour:
    return Behaviour(kind, latency_seconds)


def throttled(
    retry_after: str | None = None,
    *,
    retry_after_ms: str | None = None,
    retry_after_date_seconds: float | None = None,
) -> Behaviour:
    """A 429, with `Retry-After` as it stands or as a date so many seconds ahead."""
    return Behaviour(
        "throttled",
        retry_after=retry_after,
        retry_after_ms=retry_after_ms,
        retry_after_date_seconds=retry_after_date_seconds,
    )


ERRORS: dict[str, tuple[Any, ...]] = {
    "throttled": (429, "requests", "rate_limit_exceeded", "Rate limit reached for requests"),
    "quota": (
        429,
        "insufficient_quota",
        "insufficient_quota",
        "You exceeded your current quota, please check your plan and billing details.",
    ),
    "unauthorized": (
        401,
        "invalid_request_error",
        "invalid_api_key",
        "Incorrect API key provided: sk-abcd***wxyz.",
    ),
    "forbidden": (403, "invalid_request_error", "unsupported_country", "Country not supported"),
    "unknown_model": (404, "invalid_request_error", "model_not_found", "No such model"),
    "bad_request": (400, "invalid_request_error", None, "you cannot do that"),
    "context_overflow": (
        400,
        "invalid_request_error",
        "context_length_exceeded",
        "This model's maximum context length is 4096 tokens, you asked for 5000.",
        "messages",
    ),
    "error_500": (500, "server_error", None, "The server had an error"),
    "error_503": (503, "server_error", None, "The engine is currently overloaded"),
    "error_529": (529, "overloaded_error", None, "Overloaded"),
}


def write_throttle_headers(
    behaviour: Behaviour, at_seconds: float
) -> tuple[dict[str, str], float | None]:
    """The headers that ask for a pause, and when it is over by the monotonic clock."""
    if behaviour.retry_after_ms is not None:
        not_before = at_seconds + float(behaviour.retry_after_ms) / 1000
        return {"retry-after-ms": behaviour.retry_after_ms}, not_before
    if behaviour.retry_after_date_seconds is not None:
        # An HTTP date has whole seconds: what is promised is the rounded-down instant.
        instant = int(time.time() + behaviour.retry_after_date_seconds)
        date = email.utils.formatdate(instant, usegmt=True)
        return {"Retry-After": date}, at_seconds + instant - time.time()
    if behaviour.retry_after is not None:
        return {"Retry-After": behaviour.retry_after}, at_seconds + float(behaviour.retry_after)
    return {}, None
