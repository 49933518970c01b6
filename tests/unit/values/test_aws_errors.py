import botocore.retries.standard as botocore_retries
import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    IncompleteReadError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
    ResponseStreamingError,
    SSLError,
)

from shared.aws.errors import translate_aws_errors
from shared.errors import (
    AccessDeniedError,
    DeferredError,
    LedgerConflictError,
    PermanentError,
    RetryableError,
    ServiceError,
)


def translate(error):
    with pytest.raises(Exception) as caught, translate_aws_errors("do it"):
        raise error
    return caught.value


def client_error(code, status=400):
    response = {
        "Error": {"Code": code, "Message": "what the service says"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(response, "PutObject")


@pytest.mark.parametrize(
    "code",
    sorted(
        {
            *botocore_retries.ThrottledRetryableChecker._THROTTLED_ERROR_CODES,
            *botocore_retries.TransientRetryableChecker._TRANSIENT_ERROR_CODES,
        }
    ),
)
def test_what_the_sdk_itself_would_try_again_is_no_fault_of_the_message(code):
    assert type(translate(client_error(code))) is ServiceError


@pytest.mark.parametrize("code", ["NoSuchBucket", "ResourceNotFoundException", "AccessDenied"])
def test_what_a_person_has_to_repair_waits_longer(code):
    busy = translate(client_error("SlowDown", 503))
    assert translate(client_error(code)).delay_seconds > busy.delay_seconds


@pytest.mark.parametrize(
    "error",
    [
        EndpointConnectionError(endpoint_url="https://s3"),
        ConnectTimeoutError(endpoint_url="https://s3"),
        ReadTimeoutError(endpoint_url="https://s3"),
        ConnectionClosedError(endpoint_url="https://s3"),
        SSLError(endpoint_url="https://s3", error="x"),
        ResponseStreamingError(error="cut off"),
        IncompleteReadError(actual_bytes=1, expected_bytes=2),
        NoCredentialsError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_service_that_cannot_be_reached_is_waited_for(error):
    translated = translate(error)
    assert type(translated) is ServiceError
    assert translated.reason == "aws_unreachable"


def test_a_request_that_cannot_even_be_sent_is_not_waited_for():
    assert type(translate(ParamValidationError(report="bad bucket name"))) is PermanentError


def test_the_message_says_what_was_done_and_keeps_the_cause():
    cause = client_error("NoSuchKey", 404)
    error = translate(cause)
    assert str(error).startswith("could not do it: ")
    assert "what the service says" in str(error)
    assert error.__cause__ is cause


@pytest.mark.parametrize("error", [LedgerConflictError("x"), KeyError("x"), RetryableError("x")])
def test_what_is_not_of_the_sdk_passes_as_it_is(error):
    assert translate(error) is error


def test_nothing_raised_is_nothing_translated():
    with translate_aws_errors("do it"):
        pass


def test_no_fault_of_a_service_uses_up_a_receive():
    assert issubclass(ServiceError, DeferredError)
    assert issubclass(AccessDeniedError, DeferredError)
