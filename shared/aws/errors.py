"""Exceptions of boto3, translated into the project's tree."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from shared.errors import AccessDeniedError, ObjectMissingError, PermanentError, ServiceError

# Codes by which a service asks for patience or a request got stuck on its way (AWS SDKs and Tools
# Reference Guide, "Retry behavior").
_THROTTLED = frozenset(
    {
        "BandwidthLimitExceeded",
        "ConditionalRequestConflict",
        "EC2ThrottledException",
        "LimitExceededException",
        "OverLimit",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestTimeout",
        "RequestTimeoutException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
_MISSING = frozenset({"404", "NoSuchKey", "NoSuchVersion", "NotFound"})
_DENIED = frozenset({"403", "AccessDenied", "AccessDeniedException", "AllAccessDisabled"})
# The function is set up wrongly or half way through a deployment: no message is to blame.
_SET_UP_WRONGLY = frozenset(
    {
        "AWS.SimpleQueueService.NonExistentQueue",
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidAccessKeyId",
        "NoSuchBucket",
        "QueueDoesNotExist",
        "ResourceNotFoundException",
        "UnrecognizedClientException",
    }
)

_SERVICE_DELAY_SECONDS = 15.0
_SET_UP_DELAY_SECONDS = 60.0


@contextmanager
def translate_aws_errors(doing: str) -> Iterator[None]:
    """Translate what boto3 raises inside the block.

    Args:
        doing: What is being done, for the message: "read the object s3://…".

    Raises:
        ServiceError: The service failed, throttled or could not be reached, or the function names
            a bucket, table or queue that does not exist.
        ObjectMissingError: The object or its version does not exist.
        AccessDeniedError: The role may not do this.
        PermanentError: The service rejected the request for another reason, or would.
    """
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        message = f"could not {doing}: {error}"
        if code in _THROTTLED or status >= 500 or status == 429:
            raise ServiceError(
                message, delay_seconds=_SERVICE_DELAY_SECONDS, reason="aws_service"
            ) from error
        if code in _MISSING:
            raise ObjectMissingError(message) from error
        if code in _DENIED:
            raise AccessDeniedError(
                message, delay_seconds=_SET_UP_DELAY_SECONDS, reason="access_denied"
            ) from error
        if code in _SET_UP_WRONGLY:
            raise ServiceError(
                message, delay_seconds=_SET_UP_DELAY_SECONDS, reason="set_up_wrongly"
            ) from error
        raise PermanentError(message) from error
    except ParamValidationError as error:
        raise PermanentError(f"could not {doing}: {error}") from error
    except BotoCoreError as error:
        raise ServiceError(
            f"could not {doing}: {error}",
            delay_seconds=_SERVICE_DELAY_SECONDS,
            reason="aws_unreachable",
        ) from error
