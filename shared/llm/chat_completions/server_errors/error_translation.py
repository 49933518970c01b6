"""Translate what the OpenAI SDK raises into the project's own exceptions.

The text of a vendor's error can repeat the request, and so document text or a part of the key.
So a translated error carries the status, the error's code and the request id; of the vendor's
message only what is short; and no piece of what the request carried in secret. The vendor's
exception is not chained, because a traceback prints it.
"""

import re
from collections.abc import Collection
from enum import Enum, auto

import httpx2
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
from shared.llm.chat_completions.server_errors import error_words as words
from shared.llm.chat_completions.server_errors.error_bodies import ErrorFacts, read_error_body
from shared.llm.chat_completions.server_errors.pause_hints import (
    parse_reset,
    parse_retry_after,
    parse_words,
)
from shared.llm.key_scrubbing import MASK, read_secrets, scrub
from shared.llm.wait_words import name_place

UNAVAILABLE_DELAY_SECONDS = 30.0
# An error in a response with the status of an answer says by its code what it is; without one it is
# the gateway's own.
HIDDEN_ERROR_STATUS = 502
_MAX_QUOTED_CHARS = 200
# An answer with less room than this is of no use, so the number is some other one.
_LEAST_ANSWER = 100
_NUMBER = re.compile(r"(?<![\w.])\d{3,7}(?![\w.]*\w)")
_DIFFERENCE = re.compile(r"> (\d{1,7}) - (\d{1,7})\)")
_SECRET = re.compile(r"\b(?:sk|pk|gsk|xai|key|org|Bearer)[-_ ][^\s\"',.]+", re.IGNORECASE)


class PageError(openai.APIConnectionError):
    """A page, or nothing, came in place of an answer: a gateway's word, or a wrong address."""

    def __init__(self, request: httpx2.Request) -> None:
        super().__init__(message="There is no answer, and no error either", request=request)


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
    use 402 for an empty account, 413 for a body over their limit, 529 for overload, and any
    status at all for any cause: so what the body says goes before the status.
    """
    if isinstance(error, openai.APIStatusError):
        return _classify_status(error)
    if isinstance(error, openai.APIConnectionError):
        return ServerFailure.UNAVAILABLE
    if isinstance(error, openai.ContentFilterFinishReasonError):
        return ServerFailure.REFUSED
    if isinstance(error, (openai.LengthFinishReasonError, openai.APIResponseValidationError)):
        return ServerFailure.UNUSABLE_ANSWER
    if type(error) is openai.OpenAIError:
        # What signs requests for Bedrock finds no credentials, or they are of no use.
        return ServerFailure.ACCESS
    # What is left is raised for wrong use of the SDK: no later try can help.
    return ServerFailure.BAD_REQUEST


def _classify_status(error: openai.APIStatusError) -> ServerFailure:
    """By what the body says; by the status where it says nothing that is known."""
    status = error.status_code
    facts = read_error_body(error.body)
    if status in (401, 402):
        return ServerFailure.ACCESS
    if status != 429 and _is_moderation(status, facts):
        return ServerFailure.REFUSED
    if facts.codes & words.BAD_GENERATION_CODES or (
        status in (400, 422, 500) and words.BAD_GENERATION.search(facts.text)
    ):
        return ServerFailure.UNUSABLE_ANSWER
    if _is_access(status, facts):
        return ServerFailure.ACCESS
    return _classify_load(status, facts)


def _is_moderation(status: int, facts: ErrorFacts) -> bool:
    if facts.codes & words.REFUSAL_CODES or words.DECLINED_TEXT.search(facts.text):
        return True
    # An outage's page may speak of policies too.
    return status < 500 and bool(words.MODERATION.search(facts.text))


def _is_access(status: int, facts: ErrorFacts) -> bool:
    """Whether it is the key, the account, the model's name or the address: a setting."""
    if facts.codes & words.ACCESS_CODES:
        return True
    # "Your current quota" of Gemini's 429 is that of a minute or a day: no word of a budget.
    if words.BUDGET.search(facts.text):
        return status in (400, 403, 422, 429) or status >= 500
    # 404 and 405 are a wrong address, or a model that the account does not have.
    if 300 <= status < 400 or status in (403, 404, 405):
        return not words.THROTTLE.search(facts.text)
    return status in (400, HIDDEN_ERROR_STATUS) and _names_key_or_model(facts)


def _names_key_or_model(facts: ErrorFacts) -> bool:
    if words.KEY.search(facts.text) or words.ADDRESS.search(facts.text):
        return True
    is_of_format = words.OUTPUT_FORMAT.search(facts.text) or words.TOOLS.search(facts.text)
    return not is_of_format and bool(words.MODEL.search(facts.text))


def _classify_load(status: int, facts: ErrorFacts) -> ServerFailure:
    """Too much at once, too long, or out of order; what is left is a bad request."""
    is_throttle = bool(words.THROTTLE.search(facts.text))
    if status in (413, 429) and words.OVER_A_MINUTE.search(facts.text):
        return (
            ServerFailure.THROTTLED if words.PER_DAY.search(facts.text) else ServerFailure.OVERFLOW
        )
    # 498 is Groq's "flex tier capacity exceeded".
    if status in (429, 498) or is_throttle:
        return ServerFailure.THROTTLED
    if _is_overflow(status, facts):
        return ServerFailure.OVERFLOW
    # 408 is a time-out, 409 a lock, 425 too early: the SDK's own retries take them so. 424 is a
    # failure of what the server depends on, 499 a call that was cancelled on the way.
    if status >= 500 or status in (408, 409, 424, 425, 499):
        return ServerFailure.UNAVAILABLE
    return ServerFailure.BAD_REQUEST


def _is_overflow(status: int, facts: ErrorFacts) -> bool:
    if status == 413 or facts.codes & words.OVERFLOW_CODES:
        return True
    # llama.cpp has answered 500, TGI 424, others 400 or 422, or an error in an answer.
    return (
        status in (400, 422, 424, 500, HIDDEN_ERROR_STATUS)
        and not words.ANSWER_ROOM.search(facts.text)
        and bool(words.OVERFLOW.search(facts.text))
    )


def translate_failure(
    error: openai.OpenAIError,
    *,
    now_seconds: float,
    backoff_seconds: float,
    is_setting: bool = False,
) -> SeashoreError:
    """The project's exception for one of the SDK's.

    Args:
        error: What the SDK raised.
        now_seconds: The wall clock, seconds since 1970, to read `Retry-After` dates against.
        backoff_seconds: How long to wait where the provider names no time.
        is_setting: Whether a rejected request is to count as a setting that is wrong.
    """
    failure = ServerFailure.ACCESS if is_setting else classify_failure(error)
    sentence = describe_failure(error)
    retry_after = read_retry_after(error, now_seconds)
    if failure is ServerFailure.THROTTLED:
        delay_seconds = retry_after if retry_after is not None else max(1.0, backoff_seconds)
        return ModelThrottledError(
            sentence,
            delay_seconds=delay_seconds,
            reason="model_throttled",
            grows=retry_after is None,
        )
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
    if isinstance(error, openai.APIConnectionError):
        place = name_place(str(error.request.url))
        if isinstance(error, PageError):
            return f"{parts[0]}: {place} sends a page, or nothing; is the base address right?"
        return f"{parts[0]}: no answer from {place}; see that it runs and can be reached from here"
    if type(error) is openai.OpenAIError:
        return f"{parts[0]}: {_quote(str(error))}"
    if isinstance(error, openai.APIStatusError):
        secrets = read_secrets(error.request)
        parts.append(f"status {error.status_code}")
        if 300 <= error.status_code < 400:
            parts.append("a redirect, which is not followed: set the address that it leads to")
        code = read_error_code(error)
        if code:
            parts.append(_quote(code, secrets))
        if error.request_id:
            parts.append(f"request {_quote(error.request_id, secrets)}")
        message = "" if _repeats(error) else _quote(read_error_body(error.body).message, secrets)
        return ", ".join(filter(None, parts)) + (f": {message}" if message else "")
    return ", ".join(parts)


def _repeats(error: openai.APIStatusError) -> bool:
    """Whether the message may hold what is not to be shown.

    Some servers repeat the key that they reject, and not every key looks like one; others what
    the model has written.
    """
    return rejects_key(error) or classify_failure(error) is ServerFailure.UNUSABLE_ANSWER


def read_error_code(error: openai.APIStatusError) -> str:
    """The provider's stable word for the error: its code, else its type, else nothing."""
    return read_error_body(error.body).code


def rejects_key(error: openai.APIStatusError) -> bool:
    """Whether it is the key that the server rejects; Gemini and xAI answer 400 for one."""
    if error.status_code == 401:
        return True
    return error.status_code in (400, 403) and bool(
        words.KEY.search(read_error_body(error.body).text)
    )


def names_parameter(error: openai.APIStatusError, parameter: str) -> bool:
    """Whether the server objects to a parameter of the request by its name."""
    return error.status_code in (400, 422) and (
        error.param == parameter or parameter in read_error_body(error.body).text
    )


def read_answer_limit(error: openai.APIStatusError, asked_tokens: int) -> int | None:
    """The most tokens that an answer may have, where the server says that it is asked for more.

    That is the largest number below what was asked for, or the difference that vLLM writes out;
    `None` where the error is none of this kind.
    """
    text = read_error_body(error.body).text
    if error.status_code not in (400, 422) or not words.ANSWER_ROOM.search(text):
        return None
    difference = _DIFFERENCE.search(text)
    if difference:
        limits = [int(difference[1]) - int(difference[2])]
    else:
        limits = [int(number) for number in _NUMBER.findall(text)]
    return max((limit for limit in limits if _LEAST_ANSWER <= limit < asked_tokens), default=None)


def depends_on_prompt(error: openai.APIStatusError) -> bool:
    """Whether the room for the answer is what one prompt leaves of the window, as vLLM says it."""
    return bool(_DIFFERENCE.search(read_error_body(error.body).text))


def objects_to_output_format(error: openai.APIStatusError) -> bool:
    """Whether the server says that it is the asked-for output format that it cannot do."""
    return bool(words.OUTPUT_FORMAT.search(read_error_body(error.body).text))


def names_bounds(error: openai.APIStatusError) -> bool:
    """Whether the server names a bound of a schema, which it does not take then."""
    return bool(words.BOUNDS.search(read_error_body(error.body).text))


def objects_to_tools(error: openai.OpenAIError) -> bool:
    """Whether the server says that it is the tools of a request that it cannot do.

    Ollama answers 400 for a model without them, llama.cpp 500 without its template engine.
    A call that the model has written badly is no such word.
    """
    return (
        isinstance(error, openai.APIStatusError)
        and error.status_code in (400, 404, 422, 500, 501)
        and classify_failure(error)
        in (ServerFailure.BAD_REQUEST, ServerFailure.UNAVAILABLE, ServerFailure.ACCESS)
        and bool(words.TOOLS.search(read_error_body(error.body).text))
    )


def objects_to_system_message(error: openai.APIStatusError) -> bool:
    """Whether the server says that its model takes no message of the system.

    Most are errors of the model's own template, for which servers have every status.
    """
    return error.status_code in (400, 404, 422, 500) and bool(
        words.SYSTEM_MESSAGE.search(read_error_body(error.body).text)
    )


def find_wanted_thoughts(error: openai.OpenAIError) -> str:
    """What the server names of the thoughts behind earlier calls, which it wants back; or nothing.

    DeepSeek, Kimi and Gemini 3 take the result of a call only beside what had led to it
    ("Thinking Mode" and "Thought signatures" in their documentation).
    """
    if not isinstance(error, openai.APIStatusError) or error.status_code not in (400, 422, 500):
        return ""
    named = words.THOUGHTS.search(read_error_body(error.body).text)
    return named[0].lower().replace(" ", "_") if named else ""


def read_retry_after(error: openai.OpenAIError, now_seconds: float) -> float | None:
    """The pause that the provider asks for, in seconds from now, at most one day.

    In its headers; of a throttled call also in its words, and in when a limit is there again.
    `None` where nothing usable is given.
    """
    if not isinstance(error, openai.APIStatusError):
        return None
    headers = error.response.headers
    seconds = parse_retry_after(headers, now_seconds)
    if seconds is None and classify_failure(error) is ServerFailure.THROTTLED:
        facts = read_error_body(error.body)
        seconds = parse_words(facts.retry_delay, facts.text)
        if seconds is None:
            seconds = parse_reset(headers, now_seconds)
    return seconds


def _quote(text: str, secrets: Collection[str] = ()) -> str:
    line = " ".join(text.split())
    return _SECRET.sub(MASK, scrub(line, secrets)) if len(line) <= _MAX_QUOTED_CHARS else ""
