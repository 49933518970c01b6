"""Names of stacks, and what AWS's refusals become."""

from datetime import UTC, datetime, timedelta, timezone
from io import BytesIO

import botocore.utils
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    ProfileNotFound,
    UnauthorizedSSOTokenError,
)

from infra.aws import aws_errors_as, open_emulator_session, open_session
from infra.cli.exit_codes import ExitCode, find_exit_code
from infra.stacks import LONGEST_STACK_NAME, check_stack_name, resolve_aws_stack
from shared.errors import DeployError, OperatorError


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


def client_error(code: str, message: str = "no") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "DescribeStacks")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (NoCredentialsError(), "No AWS credentials were found: run `aws configure`"),
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
        (client_error("Throttling", "slow down"), "AWS refused DescribeStacks: slow down"),
        (EndpointConnectionError(endpoint_url="https://x"), "AWS cannot be reached"),
    ],
)
def test_errors_of_boto3_become_one_line_of_the_wanted_type(error, words):
    with pytest.raises(DeployError) as caught, aws_errors_as(DeployError):
        raise error
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_region_is_asked_for(monkeypatch):
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(OperatorError, match="pass --region, set AWS_DEFAULT_REGION") as raised:
        open_session()
    assert find_exit_code(raised.value) is ExitCode.AWS_REFUSED
    with pytest.raises(OperatorError, match="No AWS region") as raised:
        resolve_aws_stack("pipeline")
    assert find_exit_code(raised.value) is ExitCode.AWS_REFUSED


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
