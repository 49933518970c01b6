"""Translate what the OpenAI SDK raises into the project's own exceptions.

The text of a vendor's error can repeat the request, and so document text or a part of the key.
So a translated error carries the status, the error's code and the request id; of the vendor's
message only what is short. The vendor's exception is not chained, because a traceback prints it.
"""

import email.utils
import math
import re
from collections.abc import Mapping
from enum import Enum, auto

import openai

from shared.errors import (
    ContextOverflowError,
    ModelAccessError,
    ModelAnswerError,
    ModelRefusalError,
    ModelRequestError,
    ModelThrottledError,
    ModelUnavailableError,
    SeashoreError,
)

UNAVAILABLE_DELAY_SECONDS = 30.0
_LONGEST_RETRY_AFTER_SECONDS = 24 * 3600.0
_MAX_QUOTED_CHARS = 200
_SECRET = re.compile(r"\b(?:sk|pk|gsk|key|Bearer)[-_ ][^\s\"',.]+", re.IGNORECASE)
_QUOTA_CODES = frozenset(
    {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "access_terminated"}
)
_REFUSAL_CODES = frozenset({"content_filter", "content_policy_violation"})
# How OpenAI, Azure, vLLM, llama.cpp, Ollama, LiteLLM and Bedrock put it.
_OVERFLOW = re.compile(
    r"context[ _-]?(?:length|window|size)|maximum context|prompt is too long|too many tokens"
    r"|exceed\w* (?:the )?(?:available |model'?s? )?(?:context|max\w* (?:input|model) (?:len|tok))"
    r"|input (?:is )?too long|reduce the length of",
    re.IGNORECASE,
)
_OUTPUT_FORMAT = re.compile(
    r"response_format|json_schema|json_object|json schema|structured output|grammar", re.IGNORECASE
)
_TOOLS = re.compile(r"\btools?\b|tool[_ -](?:choice|call)|function[_ -]call", re.IGNORECASE)


class ServerFailure(Enum):
    """What a vendor's exception amounts to."""

    THROTTLED = auto()
    UNAVAILABLE = auto()
    ACCESS = auto()
    OVERFLOW = auto()
    REFUSED = auto()
    UNUSABLE_ANSWER = auto()
    BAD_REQUEST = auto()


def classify_failure(error: openai.OpenAIError) -> ServerFailure:
    """What an exception of the SDK amounts to; every one has its place.

    The statuses are those of "Error codes" in OpenAI's API documentation; compatible servers
    use 402 for an empty account, 413 for a body over their limit, 529 for overload.
    """
    if isinstance(error, openai.APIStatusError):
        return _classify_status(error)
    if isinstance(error, openai.APIConnectionError):
        return ServerFailure.UNAVAILABLE
    if isinstance(error, openai.ContentFilterFinishReasonError):
        return ServerFailure.REFUSED
    if isinstance(error, (openai.LengthFinishReasonError, openai.APIResponseValidationError)):
        return ServerFailure.UNUSABLE_ANSWER
    # What is left is raised for wrong use of the SDK: no later try can help.
    return ServerFailure.BAD_REQUEST


def _classify_status(error: openai.APIStatusError) -> ServerFailure:
    status = error.status_code
    code = read_error_code(error)
    # 404 is a wrong address, or a model that the account does not have: a setting, not the message.
    if code in _QUOTA_CODES or status in (401, 402, 403, 404):
        return ServerFailure.ACCESS
    if status == 429:
        return ServerFailure.THROTTLED
    if _is_overflow(error, code):
        return ServerFailure.OVERFLOW
    if code in _REFUSAL_CODES:
        return ServerFailure.REFUSED
    # 408 is a time-out, 409 a lock, 425 too early: the SDK's own retries take them so.
    if status >= 500 or status in (408, 409, 425):
        return ServerFailure.UNAVAILABLE
    return ServerFailure.BAD_REQUEST


def _is_overflow(error: openai.APIStatusError, code: str) -> bool:
    if error.status_code == 413 or code == "context_length_exceeded":
        return True
    # llama.cpp has answered 500, others 400 or 422.
    return error.status_code in (400, 422, 500) and bool(_OVERFLOW.search(_read_message(error)))


def translate_failure(
    error: openai.OpenAIError, *, now_seconds: float, backoff_seconds: float
) -> SeashoreError:
    """The project's exception for one of the SDK's.

    Args:
        error: What the SDK raised.
        now_seconds: The wall clock, seconds since 1970, to read `Retry-After` dates against.
        backoff_seconds: How long to wait where the provider names no time.
    """
    failure = classify_failure(error)
    sentence = describe_failure(error)
    retry_after = read_retry_after(error, now_seconds)
    if failure is ServerFailure.THROTTLED:
        delay_seconds = retry_after if retry_after is not None else max(1.0, backoff_seconds)
        return ModelThrottledError(sentence, delay_seconds=delay_seconds, reason="model_throttled")
    if failure is ServerFailure.UNAVAILABLE:
        return ModelUnavailableError(
            sentence,
            delay_seconds=max(UNAVAILABLE_DELAY_SECONDS, retry_after or 0.0),
            reason="model_unavailable",
        )
    if failure is ServerFailure.ACCESS:
        return ModelAccessError(sentence, delay_seconds=backoff_seconds, reason="model_access")
    if failure is ServerFailure.UNUSABLE_ANSWER:
        return ModelAnswerError(sentence)
    permanent = {
        ServerFailure.OVERFLOW: ContextOverflowError,
        ServerFailure.REFUSED: ModelRefusalError,
        ServerFailure.BAD_REQUEST: ModelRequestError,
    }
    return permanent[failure](sentence)


def describe_failure(error: openai.OpenAIError) -> str:
    """One line for people and logs, without text of a document and without secrets."""
    parts = [type(error).__name__]
    if isinstance(error, openai.APIStatusError):
        parts.append(f"status {error.status_code}")
        code = read_error_code(error)
        if code:
            parts.append(_quote(code))
        if error.request_id:
            parts.append(f"request {_quote(error.request_id)}")
        # Some servers repeat the key that they reject, and not every key looks like one.
        message = "" if error.status_code == 401 else _quote(_read_message(error))
        return ", ".join(parts) + (f": {message}" if message else "")
    return ", ".join(parts)


def read_error_code(error: openai.APIStatusError) -> str:
    """The provider's stable word for the error: its code, else its type, else nothing."""
    for word in (error.code, error.type):
        if isinstance(word, str) and word and not word.isdigit():
            return word
    return ""


def names_parameter(error: openai.APIStatusError, parameter: str) -> bool:
    """Whether the server objects to a parameter of the request by its name."""
    return error.status_code in (400, 422) and (
        error.param == parameter or parameter in _read_message(error)
    )


def objects_to_output_format(error: openai.APIStatusError) -> bool:
    """Whether the server says that it is the asked-for output format that it cannot do."""
    return bool(
        _OUTPUT_FORMAT.search(str(error.param)) or _OUTPUT_FORMAT.search(_read_message(error))
    )


def objects_to_tools(error: openai.OpenAIError) -> bool:
    """Whether the server says that it is the tools of a request that it cannot do.

    Ollama answers 400 for a model without them, llama.cpp 500 without its template engine.
    """
    return (
        isinstance(error, openai.APIStatusError)
        and error.status_code in (400, 404, 422, 500, 501)
        and bool(_TOOLS.search(str(error.param)) or _TOOLS.search(_read_message(error)))
    )


def read_retry_after(error: openai.OpenAIError, now_seconds: float) -> float | None:
    """The pause that the provider asks for in its headers, in seconds from now.

    `retry-after-ms` goes before `Retry-After`, which is a number of seconds or a date
    (RFC 9110, 10.2.3). At most one day; `None` where nothing usable is given.
    """
    if not isinstance(error, openai.APIStatusError):
        return None
    return parse_retry_after(error.response.headers, now_seconds)


def parse_retry_after(headers: Mapping[str, str], now_seconds: float) -> float | None:
    """Read the pause from response headers with case-insensitive or lower-case names."""
    seconds = _parse_number(headers.get("retry-after-ms"), 1000)
    if seconds is None:
        seconds = _parse_number(headers.get("retry-after"), 1)
    if seconds is None:
        seconds = _parse_date(headers.get("retry-after"), now_seconds)
    if seconds is None:
        return None
    return min(max(0.0, seconds), _LONGEST_RETRY_AFTER_SECONDS)


def _parse_number(value: str | None, per_second: int) -> float | None:
    try:
        number = float(value or "")
    except ValueError:
        return None
    return None if math.isnan(number) else number / per_second


def _parse_date(value: str | None, now_seconds: float) -> float | None:
    try:
        return email.utils.parsedate_to_datetime(value or "").timestamp() - now_seconds
    except (ValueError, OverflowError):
        return None


def _read_message(error: openai.APIStatusError) -> str:
    body = error.body
    if isinstance(body, Mapping):
        message = body.get("message")
        return message if isinstance(message, str) else ""
    return body if isinstance(body, str) else ""


def _quote(text: str) -> str:
    line = " ".join(text.split())
    return _SECRET.sub("[key]", line) if len(line) <= _MAX_QUOTED_CHARS else ""
