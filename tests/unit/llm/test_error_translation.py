import re
import time
from email.utils import formatdate
from pathlib import Path

import httpx2
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import errors
from shared.errors import DeferredError, PermanentError, RetryableError
from shared.llm.chat_completions.server_errors.error_translation import (
    ServerFailure,
    classify_failure,
    describe_failure,
    parse_retry_after,
    read_retry_after,
    translate_failure,
)

NOW = 1_750_000_000.0
REQUEST = httpx2.Request("POST", "http://127.0.0.1/v1/chat/completions")


def status_error(status, body=None, headers=None):
    """The error that the SDK itself makes of a response."""
    response = httpx2.Response(status, json=body, headers=headers, request=REQUEST)
    client = openai.OpenAI(api_key="k", base_url="http://127.0.0.1/v1")
    try:
        return client._make_status_error_from_response(response)
    finally:
        client.close()


def error_body(code=None, message="no", **more):
    return {"error": {"code": code, "message": message, "type": "t", "param": None, **more}}


def defined_error_names():
    """Every exception class in the SDK's source, loaded or not, public or not."""
    pattern = re.compile(r"^class (\w+)\([\w., ]*(?:Error|Exception)\b[\w., ]*\)", re.MULTILINE)
    package = Path(openai.__file__).parent
    return sorted(
        {name for file in package.rglob("*.py") for name in pattern.findall(file.read_text())}
    )


def make(kind):
    """An instance of one of the SDK's exception classes, however it wants to be made."""
    if kind is openai.OAuthError:
        return kind(response=httpx2.Response(401, request=REQUEST), body=None)
    if issubclass(kind, openai.APIStatusError):
        status = vars(kind).get("status_code", 500)
        return kind("no", response=httpx2.Response(status, request=REQUEST), body=None)
    if issubclass(kind, openai.APIConnectionError):
        return kind(request=REQUEST)
    if kind is openai.APIResponseValidationError:
        return kind(httpx2.Response(200, request=REQUEST), None)
    completion = openai.types.chat.ChatCompletion.construct(usage=None)
    return kind(completion=completion)


FAILURES = {
    "APIConnectionError": ServerFailure.UNAVAILABLE,
    "APITimeoutError": ServerFailure.UNAVAILABLE,
    "APIResponseValidationError": ServerFailure.UNUSABLE_ANSWER,
    "AuthenticationError": ServerFailure.ACCESS,
    "BadRequestError": ServerFailure.BAD_REQUEST,
    "ConflictError": ServerFailure.UNAVAILABLE,
    "ContentFilterFinishReasonError": ServerFailure.REFUSED,
    "InternalServerError": ServerFailure.UNAVAILABLE,
    "APIStatusError": ServerFailure.UNAVAILABLE,
    "LengthFinishReasonError": ServerFailure.UNUSABLE_ANSWER,
    "NotFoundError": ServerFailure.ACCESS,
    "OAuthError": ServerFailure.ACCESS,
    "PermissionDeniedError": ServerFailure.ACCESS,
    "RateLimitError": ServerFailure.THROTTLED,
    "UnprocessableEntityError": ServerFailure.BAD_REQUEST,
}
# None of these can come out of a call of Chat Completions by this project's client.
OF_OTHER_FEATURES = {
    "OpenAIError": "the base class; raised itself only when a client is built wrongly",
    "APIError": "a base class; raised itself only for streams",
    "StreamAlreadyConsumed": "streams",
    "MissingStreamClassError": "streams",
    "InvalidWebhookSignatureError": "webhooks",
    "SubjectTokenProviderError": "workload identity",
    "_TransientTokenExchangeError": "workload identity",
    "MutuallyExclusiveAuthError": "Azure clients",
    "_AmbiguousModuleClientUsageError": "the module-level client",
    "MissingDependencyError": "optional extras",
    "APIRemovedInV1": "the interface of version 0",
    "WebSocketConnectionClosedError": "realtime",
    "WebSocketQueueFullError": "realtime",
    "ResponsesWebSocketError": "responses",
    "ResponsesWebSocketBufferError": "responses",
    "ToolRunnerError": "responses",
    "ToolRunnerCancelledError": "responses",
    "DecisionsToolRunnerError": "decisions",
    "DecisionsToolRunnerCancelledError": "decisions",
    "BrowserError": "browser use",
    "BrowserCancelledError": "browser use",
    "ComputerUseError": "computer use",
    "AgentOutputParseError": "agents",
    "AgentTurnResultError": "agents",
    "AgentFilePreparationError": "agents",
    "AgentFileStagingError": "agents",
}


def test_no_exception_of_the_sdk_is_left_out():
    for name in defined_error_names():
        assert (name in FAILURES) != (name in OF_OTHER_FEATURES), f"{name} is new: place it"


@pytest.mark.parametrize("name", FAILURES)
def test_every_exception_of_a_call_is_translated(name):
    error = make(getattr(openai, name))
    assert classify_failure(error) is FAILURES[name]
    translated = translate_failure(error, now_seconds=NOW, backoff_seconds=5)
    assert isinstance(translated, (RetryableError, DeferredError, PermanentError))
    assert describe_failure(error).startswith(name)


def test_of_an_outage_the_address_is_told_without_what_may_be_secret():
    request = httpx2.Request("POST", "http://user:secret@127.0.0.1:8080/v1/chat?api-key=secret")
    said = describe_failure(openai.APIConnectionError(request=request))
    assert "http://127.0.0.1:8080;" in said
    assert "secret" not in said


def test_what_signs_requests_without_credentials_waits_and_says_so():
    translated = translate_failure(
        openai.OpenAIError("Could not find credentials"), now_seconds=NOW, backoff_seconds=5
    )
    assert isinstance(translated, errors.ModelAccessError)
    assert "Could not find credentials" in str(translated)


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (400, error_body(), errors.ModelRequestError),
        (400, error_body("context_length_exceeded"), errors.ContextOverflowError),
        (400, error_body(None, "This model's maximum context length is 8192 tokens. However, you"
                         " requested 9000 tokens"), errors.ContextOverflowError),
        (400, error_body(None, "request (9000 tokens) exceeds the available context size (4096"
                         " tokens), try increasing it"), errors.ContextOverflowError),
        (400, error_body(None, "prompt is too long: 210000 tokens > 200000 maximum"),
         errors.ContextOverflowError),
        (500, error_body(None, "the request exceeds the available context size."),
         errors.ContextOverflowError),
        (413, None, errors.ContextOverflowError),
        (400, error_body("content_filter"), errors.ModelRefusalError),
        (401, error_body("invalid_api_key"), errors.ModelAccessError),
        (402, error_body(None, "Insufficient Balance"), errors.ModelAccessError),
        (403, error_body(), errors.ModelAccessError),
        (404, error_body("model_not_found"), errors.ModelAccessError),
        (405, None, errors.ModelAccessError),
        (408, None, errors.ModelUnavailableError),
        (409, None, errors.ModelUnavailableError),
        (422, error_body(), errors.ModelRequestError),
        (429, error_body("rate_limit_exceeded"), errors.ModelThrottledError),
        (429, None, errors.ModelThrottledError),
        (429, [{"error": {"code": 429, "message": "quota"}}], errors.ModelThrottledError),
        (429, error_body("insufficient_quota"), errors.ModelAccessError),
        (429, error_body(None, type="insufficient_quota"), errors.ModelAccessError),
        (500, None, errors.ModelUnavailableError),
        (503, error_body("unavailable"), errors.ModelUnavailableError),
        (529, None, errors.ModelUnavailableError),
    ],
)  # fmt: skip
def test_statuses_and_codes(status, body, expected):
    error = status_error(status, body)
    translated = translate_failure(error, now_seconds=NOW, backoff_seconds=5)
    assert type(translated) is expected


@pytest.mark.parametrize(
    ("status", "headers", "delay"),
    [
        (429, {"retry-after": "17"}, 17),
        (429, {}, 5),
        (429, {"retry-after": "0"}, 0),
        (503, {}, 30),
        (503, {"retry-after": "120"}, 120),
        (503, {"retry-after": "3"}, 30),
    ],
)
def test_delays(status, headers, delay):
    error = status_error(status, None, headers)
    assert translate_failure(error, now_seconds=NOW, backoff_seconds=5).delay_seconds == delay


def test_a_backoff_below_a_second_is_a_second():
    error = status_error(429)
    assert translate_failure(error, now_seconds=NOW, backoff_seconds=0.1).delay_seconds == 1


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "12"}, 12),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9),
        ({"retry-after": formatdate(NOW + 90, usegmt=True)}, 90),
        ({"retry-after": formatdate(NOW - 90, usegmt=True)}, 0),
        ({"retry-after": "-5"}, 0),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, 86_400),
        ({"retry-after": "1e99"}, 86_400),
        ({"retry-after": "tomorrow"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "Wed, 99 Foo 2025 99:00:00 GMT"}, None),
    ],
)
def test_retry_after(headers, seconds):
    assert parse_retry_after(httpx2.Headers(headers), NOW) == seconds


@given(st.text(max_size=40))
def test_any_header_is_a_pause_or_none(value):
    pause = parse_retry_after({"retry-after": value}, time.time())
    assert pause is None or 0 <= pause <= 86_400


def test_errors_without_a_response_ask_for_no_pause():
    assert read_retry_after(openai.APIConnectionError(request=REQUEST), NOW) is None


def test_a_rejected_key_is_not_quoted_whatever_it_looks_like():
    body = error_body("invalid_api_key", "Incorrect API key provided: 7f3a9c.")
    assert "7f3a9c" not in describe_failure(status_error(401, body))


def test_secrets_and_long_texts_are_not_quoted():
    body = error_body("invalid_api_key", "Incorrect API key provided: sk-proj-abc***xyz. See docs.")
    sentence = describe_failure(status_error(401, body, {"x-request-id": "req_1"}))
    assert "sk-" not in sentence
    assert "abc" not in sentence
    assert "status 401" in sentence
    assert "invalid_api_key" in sentence
    assert "req_1" in sentence
    echo = error_body(None, "Input should be a string: " + "words of the document " * 20)
    assert "document" not in describe_failure(status_error(422, echo))
    plain = httpx2.Response(502, text="<html>" + "x" * 500, request=REQUEST)
    assert "html" not in describe_failure(
        openai.InternalServerError("no", response=plain, body=plain.text)
    )
