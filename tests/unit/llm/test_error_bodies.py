"""Bodies of errors in every shape, and the pauses that they ask for."""

import json

import httpx2
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.llm.chat_completions.server_errors.error_bodies import read_error_body
from shared.llm.chat_completions.server_errors.error_translation import (
    ServerFailure,
    classify_failure,
    describe_failure,
    read_answer_limit,
    read_retry_after,
)
from shared.llm.chat_completions.server_errors.pause_hints import parse_reset, parse_words

NOW = 1_750_000_000.0
NAMES = ("error", "message", "detail", "code", "type", "raw", "metadata", "errors", "param", "x")
BODIES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4)
        | inner.map(json.dumps)
    ),
    max_leaves=12,
)


def status_error(status, body, headers=None):
    request = httpx2.Request("POST", "http://127.0.0.1/v1/chat/completions")
    response = httpx2.Response(status, headers=headers, request=request)
    return openai.APIStatusError("no", response=response, body=body)


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (None, "", ""),
        ("Bad gateway", "", "Bad gateway"),
        ({"message": "m", "type": "t", "code": None}, "t", "m"),
        ({"message": "m", "type": "t", "code": "c"}, "c", "m"),
        ({"message": "m", "code": 429}, "", "m"),
        ([{"error": {"message": "m", "status": "S"}}], "S", "m"),
        ({"detail": "m"}, "", "m"),
        ({"detail": [{"msg": "m", "type": "missing", "loc": ["body"]}]}, "missing", "m"),
        ({"message": "outer", "metadata": {"raw": '{"error": {"message": "inner"}}'}}, "", "inner"),
        ({"message": '{"error": {"message": "inner", "code": "c"}}'}, "c", "inner"),
        ({"errors": [{"message": "m", "code": 7003}], "success": False}, "", "m"),
        ({"base_resp": {"status_code": 1004, "status_msg": "m"}}, "", "m"),
    ],
)
def test_what_a_body_says(body, code, message):
    facts = read_error_body(body)
    assert (facts.code, facts.message) == (code, message)


def test_text_of_a_document_is_not_read():
    body = {
        "detail": [{"msg": "too long", "input": "document"}],
        "metadata": {"flagged_input": "document", "reasons": ["document"]},
        "failed_generation": "document",
    }
    assert "document" not in repr(read_error_body(body))


@given(BODIES, st.sampled_from([200, 307, 400, 403, 404, 413, 422, 424, 429, 498, 500, 502]))
def test_any_body_is_classified_and_described(body, status):
    error = status_error(status, body)
    assert classify_failure(error) in ServerFailure
    assert describe_failure(error).startswith("APIStatusError")
    pause = read_retry_after(error, NOW)
    assert pause is None or 0 <= pause <= 86_400
    limit = read_answer_limit(error, 500)
    assert limit is None or 0 < limit < 500


def test_a_deep_body_ends():
    body = "m"
    for _ in range(2_000):
        body = {"error": body}
    assert read_error_body(body).message == ""


@pytest.mark.parametrize(
    ("delay", "message", "seconds"),
    [
        ("34s", "", 34),
        ("45.8s", "Please retry in 9s", 45.8),
        ("", "Please try again in 6.2s. Visit", 6.2),
        ("", "Please try again in 1h2m3.5s.", 3_723.5),
        ("", "try again in 250ms", 0.25),
        ("", "Please retry after 24 seconds.", 24),
        ("", "Please wait 5 seconds", 5),
        ("", "try again in 40d", 86_400),
        ("soon", "Please try again later.", None),
        ("", "It may take 5s", None),
    ],
)
def test_pauses_in_words(delay, message, seconds):
    assert parse_words(delay, message) == seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"x-ratelimit-reset-requests": "1m30s"}, 90),
        ({"x-ratelimit-reset-tokens": "12ms", "x-ratelimit-reset-requests": "1s"}, 1),
        ({"x-ratelimit-reset-tokens": "9s", "x-ratelimit-remaining-tokens": "10"}, None),
        ({"x-ratelimit-reset": str(int(NOW * 1000) + 5_000)}, 5),
        ({"x-ratelimit-reset": str(int(NOW) + 5)}, 5),
        ({"x-ratelimit-reset": "7"}, 7),
        ({"x-ratelimit-reset": "later"}, None),
    ],
)
def test_pauses_until_a_limit_is_there_again(headers, seconds):
    assert parse_reset(headers, NOW) == seconds


def test_only_a_throttled_call_waits_for_its_limit():
    headers = {"x-ratelimit-reset-requests": "90s"}
    assert read_retry_after(status_error(429, None, headers), NOW) == 90
    assert read_retry_after(status_error(500, None, headers), NOW) is None


def test_a_redirect_says_what_to_do():
    assert "not followed" in describe_failure(status_error(308, None))
