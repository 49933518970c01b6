"""How the command line reaches AWS: sessions, and vendor errors as one clear line."""

import functools
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)
from botocore.exceptions import (
    ConnectionError as AwsConnectionError,
)
from botocore.parsers import ResponseParserError
from botocore.utils import parse_timestamp

from shared.errors import OperatorError

# A variable that tells a command that the local stack's emulator is its AWS.
REHEARSAL = "SEASHORE_REHEARSAL"

# For a first look, after which it is known whether AWS can be reached at all: a server that says
# nothing would be waited for, for five minutes, without a word.
QUICK = Config(
    connect_timeout=5, read_timeout=15, retries={"mode": "standard", "total_max_attempts": 2}
)

_EXPIRED_CODES = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
_INVALID_CODES = frozenset(
    {
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "InvalidToken",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
# Services answer a wrong clock by a code of its own, or by that of a wrong signature (AWS General
# Reference, "Troubleshooting AWS Signature Version 4 errors").
_SKEWED_CODES = frozenset({"RequestInTheFuture", "RequestTimeTooSkewed"})
_SKEWED = re.compile("Signature (expired|not yet current)")
_SERVER_FAULT = 500
_ADDRESS = re.compile(r"https?://[^/\s]")
ADVICE_UNREACHED = "Check the network, its proxy and the region's name"
_ISO_TIME = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3}|\.\d{6})?(Z|[+-]\d\d:\d\d)", re.ASCII
)
DENIED_CODES = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
_THROTTLED_CODES = frozenset(
    {
        "RequestLimitExceeded",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)


class NotAwsError(BotoCoreError):
    """What has answered is no AWS, but a page of a proxy or of a network."""

    fmt = "a web page has answered {operation_name} in the place of AWS"


def name_command(arguments: str) -> str:
    """A command of `seashore` as a person has to type it to reach the same AWS.

    Where a command is rehearsed (`seashore local run`), the next one is to be rehearsed too:
    without that in front it would go to an account.
    """
    rehearsing = "seashore local run -- " if REHEARSAL in os.environ else ""
    return f"{rehearsing}seashore {arguments}"


def open_session(region: str | None = None, profile: str | None = None) -> boto3.session.Session:
    """Open a session with the caller's own AWS configuration.

    Args:
        region: Region to use instead of the configured one.
        profile: Profile to use instead of the configured one.

    Raises:
        OperatorError: The profile does not exist, no region is configured, or an address in the
            environment is none.
    """
    for name, address in os.environ.items():
        # boto3 has no error of its own for it.
        if name.startswith("AWS_ENDPOINT_URL") and not _ADDRESS.match(address or "http://a"):
            raise OperatorError(
                f"{name} is {address!r}, which is no address: unset it, or give one such as "
                "http://127.0.0.1:4566."
            )
    with aws_errors_as(OperatorError):
        session = boto3.session.Session(
            botocore_session=_read_times_fast(botocore.session.Session()),
            region_name=region,
            profile_name=profile,
        )
    if session.region_name is None:
        raise OperatorError(
            "No AWS region is set: pass --region, set AWS_DEFAULT_REGION (AWS_REGION is not "
            "read), or run `aws configure`."
        ) from NoRegionError()
    return session


def open_emulator_session(
    region: str, access_key_id: str, secret_access_key: str
) -> boto3.session.Session:
    """Open a session for the emulator, which ignores the caller's AWS files and variables.

    Its clients go through no proxy: the emulator is on this machine.
    """
    no_configuration = {
        "profile": (None, None, None, None),
        "config_file": (None, None, "", None),
        "credentials_file": (None, None, "", None),
    }
    session = botocore.session.Session(session_vars=no_configuration)
    session.set_default_client_config(Config(proxies={}))
    return boto3.session.Session(
        botocore_session=_read_times_fast(session),
        region_name=region,
        aws_access_key_id=access_key_id,
        aws_secret_access_key=secret_access_key,
    )


def _read_times_fast(session: botocore.session.Session) -> botocore.session.Session:
    """Let a session read ISO 8601 times by the standard library.

    Of a listing of a thousand objects botocore's own reading of the times is the most work.
    """
    session.register("before-parse", _refuse_page)
    factory = session.get_component("response_parser_factory")
    factory.set_parser_defaults(timestamp_parser=_parse_time)
    return session


def _refuse_page(**event: Any) -> None:
    """Raise where a network that wants one to sign in has answered; of S3 a page is a document."""
    answer, operation_model = event["response_dict"], event["operation_model"]
    is_page = answer["headers"].get("content-type", "").startswith("text/html")
    is_final = answer["status_code"] < _SERVER_FAULT  # others are tried again
    if is_page and is_final and operation_model.service_model.service_name != "s3":
        raise NotAwsError(operation_name=operation_model.name)


def _parse_time(value: Any) -> datetime:
    # 1764356789 is seconds, and 20261128 could be: only with its hyphens is it told for certain.
    if isinstance(value, str) and _ISO_TIME.fullmatch(value):
        return datetime.fromisoformat(value)
    time: datetime = parse_timestamp(value)
    return time


def share_clients(session: boto3.session.Session, endpoint_url: str | None) -> Callable[..., Any]:
    """What gives a session's client of a service, made when it is first asked for.

    To make a client takes longer than to make a request with it.

    Args:
        session: Session of the clients.
        endpoint_url: Address of the emulator; None for AWS.

    Returns:
        Takes the name of a service and, where the client is to have one, a `Config`.
    """
    # What boto3's stubs know are the names of single services, not any name.
    make: Any = session.client

    @functools.cache
    def find(service: str, config: Config | None = None) -> Any:
        return make(service, endpoint_url=endpoint_url, config=config)

    return find


@contextmanager
def aws_errors_as(error_type: type[OperatorError]) -> Iterator[None]:
    """Translate what boto3 raises inside the block into one line of the given type.

    Raises:
        OperatorError: Of the given type, for any exception of boto3.
    """
    try:
        yield
    except ClientError as error:
        raise error_type(describe_client_error(error)) from error
    except BotoCoreError as error:
        raise error_type(_describe_core_error(error)) from error
    except ResponseParserError as error:
        # Of no class that callers know.
        unread = NotAwsError(operation_name="a request")
        unread.__cause__ = error
        raise error_type(_describe_core_error(unread)) from unread


def describe_client_error(error: ClientError) -> str:
    """Say in one line what an AWS service answered and what to do about it."""
    answer = error.response.get("Error", {})
    code, message = answer.get("Code", "unknown"), _one_line(answer.get("Message", ""))
    if code in _EXPIRED_CODES:
        return "The AWS credentials have expired: sign in again, for example with `aws sso login`."
    if code in _SKEWED_CODES or (code in _INVALID_CODES and _SKEWED.match(message)):
        return "AWS refuses what is signed at this machine's time: set its clock, then try again."
    if code in _INVALID_CODES:
        return (
            f"AWS does not accept the credentials ({code}): check `aws sts get-caller-identity`, "
            "and that the account has this region enabled."
        )
    if code in DENIED_CODES:
        return f"The AWS credentials may not do this: {message}"
    if code in _THROTTLED_CODES:
        return (
            f"AWS asks for patience at {error.operation_name} ({message or code}): wait a minute, "
            "then try again."
        )
    if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= _SERVER_FAULT:
        return (
            f"AWS, or a proxy before it, has failed at {error.operation_name} ({message or code}): "
            "try again in a minute."
        )
    return f"AWS refused {error.operation_name}: {message or code}"


def _describe_core_error(error: BotoCoreError) -> str:
    match error:
        case PartialCredentialsError():
            return f"{_one_line(str(error))}: set it too, or neither and AWS_PROFILE."
        case NoCredentialsError():
            return "No AWS credentials were found: run `aws configure`, or set AWS_PROFILE."
        case TokenRetrievalError() | SSOError() | CredentialRetrievalError():
            return (
                "The AWS credentials could not be refreshed: sign in again, for example with "
                f"`aws sso login` ({_one_line(str(error))})"
            )
        case ProfileNotFound():
            return f"{_one_line(str(error))}: choose one of `aws configure list-profiles`."
        case AwsConnectionError() | HTTPClientError() | NotAwsError():
            told = _one_line(str(error))
            is_here = "://127.0.0.1:" in told
            restart = ", or start the local stack again with `seashore local up`" if is_here else ""
            return f"AWS cannot be reached: {told}. {ADVICE_UNREACHED}{restart}."
        case _:
            return f"AWS could not be asked: {_one_line(str(error))}"


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
