"""No piece of a key that was sent is left of what a server says, in whatever form it repeats it."""

import html
import json
import string
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote, quote_plus

import httpx2
import openai
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.llm.chat_completions.server_errors.error_translation import describe_failure
from shared.llm.key_scrubbing import holds_key, read_secrets, scrub
from tests.unit.llm.test_error_translation import error_body

KEY_CHARACTERS = "".join(chr(code) for code in range(33, 127))
KEYS = st.one_of(
    st.text(KEY_CHARACTERS, min_size=20, max_size=60),
    st.text(string.ascii_letters + string.digits + "-_", min_size=20, max_size=60).map(
        lambda text: f"sk-proj-{text}"
    ),
)


def escape_all(text):
    return "".join(f"\\u{ord(character):04x}" for character in text)


def percent_all(text):
    return "".join(f"%{ord(character):02X}" for character in text)


def find_pieces(text, of, length):
    """Which pieces of something, so long, stand in a text."""
    pieces = (of[at : at + length] for at in range(len(of) - length + 1))
    return [piece for piece in pieces if piece in text]


ENCODERS = {
    "as it is": str,
    "authorization": lambda key: f"Authorization: Bearer {key}",
    "header in JSON": lambda key: json.dumps({"authorization": f"Bearer {key}"}),
    "percent": lambda key: quote(key, safe=""),
    "plus": quote_plus,
    "percent, all": percent_all,
    "base64": lambda key: b64encode(key.encode()).decode(),
    "base64 of the header": lambda key: b64encode(f"Bearer {key}".encode()).decode(),
    "base64 of user and key": lambda key: b64encode(f":{key}".encode()).decode(),
    "base64 for addresses": lambda key: urlsafe_b64encode(key.encode()).decode().rstrip("="),
    "JSON": json.dumps,
    "JSON in JSON": lambda key: json.dumps(json.dumps(key)),
    "JSON, all": escape_all,
    "HTML": html.escape,
    "hex": lambda key: key.encode().hex(),
    "large letters": str.upper,
    "letters apart": " ".join,
    "repr": repr,
    "base64, percent": lambda key: quote(b64encode(key.encode()).decode(), safe=""),
}


@pytest.mark.parametrize("form", ENCODERS)
@settings(max_examples=20)
@given(key=KEYS, before=st.text(max_size=20), after=st.text(max_size=20))
def test_no_form_of_a_key_is_left(form, key, before, after):
    echo = ENCODERS[form](key)
    said = scrub(f"{before}{echo}{after}", [key])
    assert echo not in said
    left = said.replace("[key]", "\0").lower()
    assert not find_pieces(left, key.lower(), 6)
    if not find_pieces(echo, key, 6):
        assert not find_pieces(left, echo.lower(), 14)


@given(key=KEYS, cut=st.data())
def test_no_cut_piece_of_a_key_is_left(key, cut):
    start = cut.draw(st.integers(0, len(key) - 6))
    end = cut.draw(st.integers(start + 6, len(key)))
    piece = key[start:end]
    for echo in (piece, f"{piece}…", f"Incorrect API key provided: {piece}***", piece.upper()):
        said = scrub(f"The key {echo} is wrong", [key]).replace("[key]", "\0").lower()
        assert not find_pieces(said, key.lower(), 6)


@given(key=KEYS, start=st.integers(0, 10), end=st.integers(0, 10))
def test_base64_that_is_cut_is_dropped(key, start, end):
    encoded = b64encode(f"Bearer {key}".encode()).decode()
    cut = encoded[start : len(encoded) - end]
    assert cut not in scrub(f"token {cut}", [key])


WORDS = st.lists(st.sampled_from(["the", "model", "pier", "404", "not found:", "gpt-5-mini"]))


@given(key=st.text("0189xyzXYZ_", min_size=20), words=WORDS.map(" ".join))
def test_words_without_the_key_stay(key, words):
    assert scrub(words, [key]) == words


@given(text=st.text(), secrets=st.lists(st.text(KEY_CHARACTERS, min_size=1)))
def test_any_text_is_taken(text, secrets):
    scrub(text, secrets)


def test_a_word_for_no_key_is_masked_and_the_rest_stays():
    said = "ollama: model 'x' not found, try pulling it"
    assert scrub(said, ["ollama"]) == "[key]: model 'x' not found, try pulling it"
    assert not holds_key("An answer about ollama.", "ollama")


def test_each_secret_of_a_request_is_known():
    signed = "AWS4-HMAC-SHA256 Credential=AKIA1234567890123456/20261128/eu-west-1/bedrock/"
    signed += f"aws4_request, SignedHeaders=host, Signature={'0123456789abcdef' * 4}"
    request = httpx2.Request(
        "POST",
        "https://me:pass-word-of-mine@example.invalid/v1?api-version=2024-10-21&key=query-key-1",
        headers={"Authorization": signed, "x-amz-security-token": "session", "api-key": "azure"},
    )
    assert read_secrets(request) == {
        "AKIA1234567890123456",
        "0123456789abcdef" * 4,
        "session",
        "azure",
        "query-key-1",
        "pass-word-of-mine",
    }
    bearer = httpx2.Request("POST", "https://x.invalid", headers={"Authorization": "Bearer a=b,c"})
    assert read_secrets(bearer) == {"a=b,c"}
    assert read_secrets(httpx2.Request("POST", "https://x.invalid")) == frozenset()


@pytest.mark.parametrize("status", [400, 404, 422, 429, 500, 503])
def test_an_error_is_described_without_the_key_that_its_request_carried(status):
    key = "7f3a9c-Tübingen".encode("ascii", "ignore").decode() + "0123456789"
    headers = {"Authorization": f"Bearer {key}"}
    request = httpx2.Request("POST", "http://127.0.0.1/v1", headers=headers)
    body = error_body(key[:9], f"no such route for Bearer {key}")
    response = httpx2.Response(
        status, json=body, headers={"x-request-id": b64encode(key.encode()).decode()},
        request=request,
    )  # fmt: skip
    client = openai.OpenAI(api_key="k", base_url="http://127.0.0.1/v1")
    try:
        said = describe_failure(client._make_status_error_from_response(response))
    finally:
        client.close()
    assert f"status {status}" in said
    assert "no such route" in said
    assert "7f3a9c" not in said
    assert b64encode(key.encode()).decode()[:8] not in said
