"""Names of stacks, and what AWS's refusals become."""

import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO

import botocore.utils
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    UnauthorizedSSOTokenError,
)
from botocore.parsers import ResponseParserError

from infra.aws import QUICK, aws_errors_as, open_emulator_session, open_session
from infra.cli.exit_codes import ExitCode, find_exit_code
from infra.stacks import LONGEST_STACK_NAME, check_stack_name, resolve_aws_stack
from shared.errors import DeployError, OperatorError, UnknownStackError
from tests.fakes.aws.cloudformation_server import serve_stack


@pytest.mark.parametrize("name", ["a", "prod", "team-a-2", "x" * LONGEST_STACK_NAME])
def test_usable_name_is_taken(name):
    assert check_stack_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Prod",
        "1st",
        "-a",
        "a-",
        "a--b",
        "a_b",
        "a.b",
        "ä",
        "x" * (LONGEST_STACK_NAME + 1),
        "a\n",
    ],
)
def test_unusable_name_is_refused_with_the_rule(name):
    with pytest.raises(OperatorError, match="lower-case letters, digits and single hyphens"):
        check_stack_name(name)


def test_local_is_no_name_for_a_stack_on_aws():
    with pytest.raises(OperatorError, match="'local' is the local stack"):
        check_stack_name("local")


def client_error(code: str, message: str = "no", status: int = 400) -> ClientError:
    answer = {"Error": {"Code": code, "Message": message}}
    answer["ResponseMetadata"] = {"HTTPStatusCode": status}
    return ClientError(answer, "DescribeStacks")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (NoCredentialsError(), "No AWS credentials were found: run `aws configure`"),
        (PartialCredentialsError(provider="env", cred_var="B"), "missing: B: set it too, or"),
        (ProfileNotFound(profile="x"), "(x) could not be found: choose one of `aws configure list"),
        (UnauthorizedSSOTokenError(), "sign in again, for example with `aws sso login`"),
        (client_error("ExpiredToken"), "have expired: sign in again"),
        (client_error("InvalidClientTokenId"), "does not accept the credentials"),
        (client_error("InvalidClientTokenId"), "the account has this region enabled"),
        (client_error("InvalidAccessKeyId"), "does not accept the credentials"),
        (client_error("RequestTimeTooSkewed"), "set its clock"),
        (
            client_error("SignatureDoesNotMatch", "Signature expired: 20260101T000000Z is now ..."),
            "set its clock",
        ),
        (
            client_error("InvalidSignatureException", "Signature not yet current: 2026..."),
            "set its clock",
        ),
        (client_error("AccessDenied", "not\nallowed"), "may not do this: not allowed"),
        (client_error("ValidationError", "no such"), "AWS refused DescribeStacks: no such"),
        (client_error("Throttling", "slow"), "for patience at DescribeStacks (slow): wait a"),
        (
            client_error("InternalFailure", "oh", 500),
            "failed at DescribeStacks (oh): try again",
        ),
        (client_error("502", "Bad Gateway", 502), "or a proxy before it, has failed"),
        (EndpointConnectionError(endpoint_url="https://x"), "AWS cannot be reached"),
        (EndpointConnectionError(endpoint_url="https://x"), "its proxy and the region's name"),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:9/b"), "with `seashore local up`"),
        (ResponseParserError("not\nXML"), "a web page has answered a request in the place of AWS"),
    ],
)
def test_errors_of_boto3_become_one_line_of_the_wanted_type(error, words):
    with pytest.raises(DeployError) as caught, aws_errors_as(DeployError):
        raise error
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@contextmanager
def answering(status, headers, text):
    """A server that answers all with the same; None for one that never answers."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            if text is None:
                released.wait(30)
                return
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(text))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *arguments):
            """Say nothing."""

    released = threading.Event()
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            released.set()
            server.shutdown()


@pytest.mark.parametrize(
    ("status", "kind", "text"),
    [
        (200, "text/html; charset=utf-8", "<html><body>Sign in to the network</body></html>"),
        (403, "text/html", "<html><body><br>Forbidden by the proxy</body></html>"),
        (200, "text/plain", "welcome"),
    ],
)
def test_a_page_in_the_place_of_aws_is_told_as_one(monkeypatch, status, kind, text):
    with answering(status, {"Content-Type": kind}, text) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", url)
        with pytest.raises(OperatorError, match=r"a web page has answered .* Check the") as raised:
            resolve_aws_stack("prod")
    assert find_exit_code(raised.value) is ExitCode.AWS_REFUSED


def test_aws_that_says_nothing_is_waited_for_half_a_minute_and_not_five(monkeypatch):
    assert (QUICK.connect_timeout, QUICK.read_timeout) == (5, 15)
    assert QUICK.retries["total_max_attempts"] == 2
    quick = QUICK.merge(Config(read_timeout=0.2, retries={"total_max_attempts": 1}))
    monkeypatch.setattr("infra.stacks.QUICK", quick)
    with answering(200, {}, None) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", url)
        with pytest.raises(OperatorError, match="AWS cannot be reached: Read timeout"):
            resolve_aws_stack("prod")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("ROLLBACK_COMPLETE", "`seashore deploy --stack prod` makes it anew"),
        ("REVIEW_IN_PROGRESS", "`seashore deploy --stack prod` makes it anew"),
        ("CREATE_FAILED", "delete it with `seashore destroy --stack prod`"),
        ("DELETE_FAILED", "delete it with `seashore destroy --stack prod`"),
        ("CREATE_IN_PROGRESS", "wait until that is done"),
        ("DELETE_IN_PROGRESS", "wait until that is done"),
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback --stack-name prod`, then"),
        ("CREATE_COMPLETE", "none of this pipeline's outputs: check the name"),
    ],
)
def test_a_stack_that_is_not_ready_is_told_with_what_to_do(monkeypatch, status, words):
    with serve_stack("prod", {}, status=status) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", url)
        with pytest.raises(UnknownStackError, match=f"not ready, its status is {status}") as raised:
            resolve_aws_stack("prod")
    assert words in str(raised.value)


def test_missing_region_is_asked_for(monkeypatch):
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(OperatorError, match="pass --region, set AWS_DEFAULT_REGION") as raised:
        open_session()
    assert find_exit_code(raised.value) is ExitCode.AWS_REFUSED
    with pytest.raises(OperatorError, match="No AWS region") as raised:
        resolve_aws_stack("pipeline")
    assert find_exit_code(raised.value) is ExitCode.AWS_REFUSED


def test_an_address_that_is_none_is_one_line(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", "localhost:4566")
    with pytest.raises(OperatorError, match=r"AWS_ENDPOINT_URL_CLOUDFORMATION is 'localhost:4566'"):
        resolve_aws_stack("prod")


def test_missing_profile_is_one_line(monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(OperatorError, match="choose one of `aws configure list-profiles`"):
        resolve_aws_stack("prod")


def test_missing_credentials_are_one_line(monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(OperatorError, match="No AWS credentials were found"):
        resolve_aws_stack("prod")


def test_emulator_is_reached_whatever_the_caller_has_configured(monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "of-the-caller")
    session = open_emulator_session("us-east-1", "test", "test")
    sqs = session.client("sqs", endpoint_url="http://127.0.0.1:9")
    assert sqs.meta.region_name == "us-east-1"
    assert session.get_credentials().get_frozen_credentials() == ("test", "test", None, None)


class RawBody(BytesIO):
    """A body of an answer, as urllib3 hands it out."""

    def stream(self, _amount: int = 0, **_options: object) -> list[bytes]:
        return [self.read()]


def answer_times(session, times):
    """The times of a listing whose objects were changed at these, as the session reads them."""
    entries = "".join(
        f"<Contents><Key>{n}</Key><LastModified>{time}</LastModified></Contents>"
        for n, time in enumerate(times)
    )
    body = f"<ListBucketResult>{entries}</ListBucketResult>".encode()
    s3 = session.client("s3", endpoint_url="http://127.0.0.1:9")
    s3.meta.events.register(
        "before-send", lambda request, **_: AWSResponse(request.url, 200, {}, RawBody(body))
    )
    return [one["LastModified"] for one in s3.list_objects_v2(Bucket="documents")["Contents"]]


ISO_TIMES = {
    "2026-11-28T19:06:29.000Z": datetime(2026, 11, 28, 19, 6, 29, tzinfo=UTC),
    "2026-11-28T19:06:29Z": datetime(2026, 11, 28, 19, 6, 29, tzinfo=UTC),
    "2026-11-28T19:06:29.123456+02:00": datetime(
        2026, 11, 28, 19, 6, 29, 123456, tzinfo=timezone(timedelta(hours=2))
    ),
    # What only botocore reads: seconds, a time of HTTP, a day alone, a fraction of one digit.
    "1764356789": datetime(2025, 11, 28, 19, 6, 29, tzinfo=UTC),
    "Sat, 28 Nov 2026 19:06:29 GMT": datetime(2026, 11, 28, 19, 6, 29, tzinfo=UTC),
    "2026-11-28T19:06:29.5Z": datetime(2026, 11, 28, 19, 6, 29, 500_000, tzinfo=UTC),
}


@pytest.mark.parametrize(
    "session",
    [
        pytest.param(lambda: open_session("us-east-1"), id="aws"),
        pytest.param(lambda: open_emulator_session("us-east-1", "test", "test"), id="emulator"),
    ],
)
def test_times_in_answers_are_what_botocore_makes_of_them(session):
    read = answer_times(session(), ISO_TIMES)
    assert read == list(ISO_TIMES.values())
    assert read == [botocore.utils.parse_timestamp(time) for time in ISO_TIMES]


def test_times_of_a_listing_are_read_without_the_parser_that_is_slow(monkeypatch):
    def refuse(time):
        raise AssertionError(f"read by botocore: {time}")

    monkeypatch.setattr("infra.aws.parse_timestamp", refuse)
    session = open_emulator_session("us-east-1", "test", "test")
    assert len(answer_times(session, ["2026-11-28T19:06:29.000Z"] * 3)) == 3
