"""What the local stack's HTTP server makes of a connection, seen as bytes."""

import io
import socket
import time
from urllib.parse import urlsplit

import pytest

_GET = b"GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n"
_HEAD = b"HEAD /x HTTP/1.1\r\nHost: localhost\r\n\r\n"


def _talk(stack, *requests: bytes) -> list[bytes]:
    """What comes back for each request over one connection, read until nothing more comes."""
    address = urlsplit(stack.endpoint_url)
    answers = []
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        for request in requests:
            connection.settimeout(30)
            connection.sendall(request)
            answer = connection.recv(65_536)
            connection.settimeout(0.2)
            try:
                while more := connection.recv(65_536):
                    answer += more
            except TimeoutError:
                pass
            answers.append(answer)
    return answers


@pytest.mark.parametrize(
    "request_bytes",
    [
        pytest.param(b"NONE\r\n\r\n", id="no request line"),
        pytest.param(b"GET /\xc3\xa4 HTTP/1.1\r\nHost: localhost\r\n\r\n", id="bare letters"),
        pytest.param(
            b"POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            id="two lengths",
        ),
    ],
)
def test_what_is_no_request_is_refused_and_the_stack_goes_on(local_stack, request_bytes):
    (refused,) = _talk(local_stack, request_bytes)
    (answer,) = _talk(local_stack, _GET)

    assert refused.startswith(b"HTTP/1.1 400 ")
    assert answer.startswith(b"HTTP/1.1 403 ")


def test_an_answer_to_head_has_no_body_and_the_connection_goes_on(local_stack):
    head, get = _talk(local_stack, _HEAD, _GET)

    assert head.startswith(b"HTTP/1.1 403 ")
    assert head.endswith(b"\r\n\r\n")
    assert get.startswith(b"HTTP/1.1 403 ")
    assert get.endswith(b"</ErrorResponse>")


def test_an_answer_names_no_server_and_one_date(local_stack):
    s3 = local_stack.client("s3")
    bucket = local_stack.output("ArtifactsBucket")

    headers = s3.list_objects_v2(Bucket=bucket, MaxKeys=1)["ResponseMetadata"]["HTTPHeaders"]

    assert "server" not in headers
    assert headers["date"].count("GMT") == 1


def test_an_upload_that_waits_for_leave_gets_it_at_once(local_stack):
    """boto3 asks before it sends a stream, and without an answer waits for a second."""
    s3 = local_stack.client("s3")
    bucket = local_stack.output("ArtifactsBucket")
    waits = []

    for _ in range(3):
        started = time.monotonic()
        s3.put_object(Bucket=bucket, Key="http-server/stream", Body=io.BytesIO(b"tide" * 100_000))
        waits.append(time.monotonic() - started)
    kept = s3.get_object(Bucket=bucket, Key="http-server/stream")["Body"].read()
    s3.delete_object(Bucket=bucket, Key="http-server/stream")

    assert min(waits) < 0.9
    assert kept == b"tide" * 100_000
