"""The gate before the emulator: which requests it passes on, and which it never shows to it."""

import asyncio
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from infra.local.gate import Gate, is_over

OWN = "127.0.0.1:20001"
SIGNED = (
    "AWS4-HMAC-SHA256 Credential=test/20261128/us-east-1/{}/aws4_request, "
    f"SignedHeaders=host;x-amz-date, Signature={'0' * 64}"
)
API = "/_aws/execute-api/abc/v1/documents"
FORM = {"content_type": "multipart/form-data; boundary=x"}


class Asked:
    """One request to a gate, whose owner signs with the body that the request has."""

    def __init__(self, method="GET", path="/", query="", origin="", body=(b"",), **headers):
        self.passed, self.status, self.checked = None, None, []
        given = {"host": OWN, **headers}
        gate = Gate(self._emulator, self._check, lambda: origin)
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [
                (name.replace("_", "-").encode(), value.encode())
                for name, values in given.items()
                for value in (values if isinstance(values, list) else [values])
            ],
        }
        self._chunks = list(body)
        asyncio.run(gate(scope, self._receive, self._send))

    async def _receive(self):
        chunk = self._chunks.pop(0)
        return {"type": "http.request", "body": chunk, "more_body": bool(self._chunks)}

    async def _send(self, message):
        self.status = message.get("status", self.status)

    async def _emulator(self, scope, receive, send):
        self.passed = b""
        while True:
            message = await receive()
            self.passed += message["body"]
            if not message["more_body"]:
                return

    def _check(self, request, key_id, body):
        self.checked.append((key_id, body))
        return "" if request.headers.get("x-owner") else "the signature does not hold"

    @property
    def is_refused(self):
        assert (self.status == 403) == (self.passed is None)
        return self.passed is None


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:20001", "localhost", "[::1]:20001", "seashore-documents.localhost:20001",
     "seashore-documents.s3.127.0.0.1:20001", "LOCALHOST:20001"],
)  # fmt: skip
def test_a_name_of_this_machine_is_let_in(host):
    assert not Asked(path=API, host=host).is_refused


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:20001", "evillocalhost",
     "evil127.0.0.1", "10.0.0.1", "", "localhost:20001@evil.example", [OWN, "evil.example"]],
)  # fmt: skip
def test_a_name_that_may_be_anyones_is_refused(host):
    assert Asked(path=API, host=host).is_refused
    assert Asked(host=host, authorization=SIGNED.format("s3"), x_owner="yes").is_refused


def test_pages_of_the_own_origin_and_of_the_named_one_may_call():
    assert not Asked(path=API, origin="https://app.example").is_refused
    for page in (f"http://{OWN}", "https://app.example"):
        assert not Asked(path=API, origin="https://app.example", **{"Origin": page}).is_refused


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
@pytest.mark.parametrize(
    "page", ["https://evil.example", "http://localhost:3000", "null", "", "*", f"https://{OWN}"]
)
def test_a_foreign_page_is_refused_whatever_it_holds(page, method):
    owner = {"authorization": SIGNED.format("s3"), "x_owner": "yes"}
    assert Asked(method, API, **{"Origin": page}).is_refused
    assert Asked(method, "/bucket/key", **owner, **{"Origin": page}).is_refused
    assert Asked("POST", "/bucket", **FORM, **{"Origin": page}).is_refused


@pytest.mark.parametrize(
    "path",
    ["/_ministack/reset", "/_localstack/health", "/_aws/ses", "/health", "/_aws/execute-api"],
)
def test_control_paths_are_refused_to_the_owner_too(path):
    assert Asked("POST", path).is_refused
    assert Asked("POST", path, authorization=SIGNED.format("sqs"), x_owner="yes").is_refused


def test_what_is_signed_is_let_in_with_its_body_as_it_came():
    owner = {"x_owner": "yes"}
    asked = Asked("POST", authorization=SIGNED.format("sqs"), body=[b"one ", b"two", b""], **owner)
    assert asked.checked == [("test", b"one two")]
    assert asked.passed == b"one two"
    put = Asked("PUT", "/bucket/key", authorization=SIGNED.format("s3"), body=[b"x"], **owner)
    assert (put.checked, put.passed) == ([("test", b"")], b"x")
    assert not Asked(path=API, authorization=SIGNED.format("execute-api"), **owner).is_refused


@pytest.mark.parametrize("service", ["s3", "sqs", "execute-api"])
def test_what_is_signed_by_another_is_refused(service):
    path = API if service == "execute-api" else "/"
    assert Asked("POST", path, authorization=SIGNED.format(service)).is_refused


@pytest.mark.parametrize(
    "authorization",
    ["AWS test:c2lnbmF0dXJl", "AWS4-ECDSA-P256-SHA256 Credential=test/1/s3/aws4_request",
     "Bearer x", "", SIGNED.format("s3") + ", Credential=other/20261128/us-east-1/s3/aws4_request",
     [SIGNED.format("s3"), SIGNED.format("s3")], SIGNED.format("s3").replace("test", "")],
)  # fmt: skip
def test_signatures_of_other_kinds_are_refused_unseen(authorization):
    asked = Asked(authorization=authorization, x_owner="yes")
    assert asked.is_refused
    assert asked.checked == []


@pytest.mark.parametrize(
    "query", ["X-Amz-Credential=test", "x-amz-algorithm=", "AWSAccessKeyId=test&Signature=x"]
)
def test_a_signature_in_the_address_is_refused(query):
    assert Asked(path="/bucket/key", query=query).is_refused
    assert Asked(path=API, query=query).is_refused
    owner = {"authorization": SIGNED.format("s3"), "x_owner": "yes"}
    assert Asked(path="/bucket/key", query=query, **owner).is_refused


LINK = {
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Credential": "test/20261128/us-east-1/s3/aws4_request",
    "X-Amz-Date": "20261128T120000Z",
    "X-Amz-Expires": "300",
    "X-Amz-SignedHeaders": "host",
    "X-Amz-Signature": "0" * 64,
}


def ask_link(method="GET", path="/bucket/key", changed=None, more="", **headers):
    """Ask for an object by its address, whose signature holds unless the check says no."""
    return Asked(method, path, urlencode(LINK | (changed or {})) + more, **headers)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("changed", [{}, {"X-Amz-Security-Token": "t"}, {"versionId": "1"}])
def test_an_object_is_read_by_its_signed_address(method, changed):
    asked = ask_link(method, changed=changed, x_owner="yes")
    assert (asked.checked, asked.is_refused) == ([("test", b"")], False)
    assert ask_link(method, changed=changed).is_refused


@pytest.mark.parametrize(
    "given",
    [
        {"method": "PUT"},
        {"method": "POST"},
        {"method": "DELETE"},
        {"path": API},
        {"path": "/_ministack/reset"},
        {"more": "&X-Amz-Signature=1"},
        {"more": "&x-amz-signature=1"},
        {"more": "&X-Amz-Target=DynamoDB_20120810.Scan"},
        {"x_amz_target": "DynamoDB_20120810.Scan"},
        {"authorization": SIGNED.format("s3")},
        {"changed": {"X-Amz-Credential": "test/20261128/us-east-1/sqs/aws4_request"}},
        {"changed": {"X-Amz-SignedHeaders": "range"}},
        {"changed": {"X-Amz-Algorithm": "AWS4-ECDSA-P256-SHA256"}},
        {"Origin": "https://evil.example"},
        {"host": "evil.example"},
    ],
)
def test_by_a_signed_address_nothing_else_is_done(given):
    asked = ask_link(x_owner="yes", **given)
    assert (asked.checked, asked.is_refused) == ([], True)


@pytest.mark.parametrize(
    ("signed_at", "lasts", "is_refused"),
    [
        ("20261128T115501Z", "300", False),
        ("20261128T115459Z", "300", True),
        ("20261128T121400Z", "300", False),
        ("20261128T121600Z", "300", True),
        ("20261121T120001Z", "604800", False),
        ("20261121T115959Z", "999999", True),
        ("20261128T120000Z", "0", True),
        ("20261128T120000Z", "-1", True),
        ("20261128T120000Z", "1e9", True),
        ("20261128", "300", True),
    ],
)
def test_an_address_lasts_as_long_as_it_says_and_a_week_at_the_most(signed_at, lasts, is_refused):
    assert is_over(signed_at, lasts, datetime(2026, 11, 28, 12, tzinfo=UTC)) is is_refused


def test_without_a_signature_only_the_api_and_forms_are_let_in():
    assert not Asked(path=API).is_refused
    assert not Asked(path=API, authorization="a token of a user").is_refused
    assert not Asked("POST", "/bucket-name", **FORM).is_refused
    for asked in (
        Asked(),
        Asked(path="/bucket-name/key"),
        Asked(path="/restapis/abc/v1/_user_request_/documents"),
        Asked(path="/latest/meta-data"),
        Asked("POST", "/", **FORM),
        Asked("POST", "/bucket-name", "Action=ListQueues", **FORM),
        Asked("POST", "/bucket-name", x_amz_target="DynamoDB_20120810.Scan", **FORM),
        Asked("POST", "/bucket-name", content_type="text/plain"),
        Asked("PUT", "/bucket-name", **FORM),
    ):
        assert asked.is_refused


def test_a_web_socket_is_closed():
    sent = []

    async def send(message):
        sent.append(message["type"])

    asyncio.run(Gate(None, None, None)({"type": "websocket"}, None, send))
    assert sent == ["websocket.close"]
