"""Exceptions of boto3, translated into the project's tree.

A refusal waits unless it is known to be the request's own fault: services add codes, and what a
person or the clock will mend must cost no message its life.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from shared.errors import (
    AccessDeniedError,
    ObjectMissingError,
    ObjectSealedError,
    PermanentError,
    ServiceError,
)

# Codes by which a service asks for patience or has failed, or a request got stuck on its way (AWS
# SDKs and Tools Reference Guide, "Retry behavior"); other throttles say so in their name.
_THROTTLED = frozenset(
    {
        "BandwidthLimitExceeded",
        "ConditionalRequestConflict",
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "InternalServiceError",
        "LimitExceededException",
        "OverLimit",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "ReplicatedWriteConflictException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "SlowDown",
        "TooManyRequestsException",
        "TransactionCanceledException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
_THROTTLE = "throttl"
_MISSING = frozenset({"404", "NoSuchKey", "NoSuchVersion"})
_DENIED = frozenset(
    {
        "403",
        "AccessDenied",
        "AccessDeniedException",
        "AllAccessDisabled",
        "AuthorizationError",
        "AuthorizationErrorException",
        "KMS.AccessDeniedException",
        "KMSAccessDenied",
        "KmsAccessDenied",
        "NotAuthorized",
    }
)
# The clock of this machine is wrong, or its credentials have run out meanwhile: the next request is
# signed anew (AWS General Reference, "Troubleshooting AWS Signature Version 4 errors").
_NOT_SIGNED = frozenset(
    {
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "InvalidToken",
        "MissingAuthenticationToken",
        "RequestExpired",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
        "TokenRefreshRequired",
        "UnrecognizedClientException",
    }
)
# The function is set up wrongly or half way through a deployment: no message is to blame.
_SET_UP_WRONGLY = frozenset(
    {
        "AWS.SimpleQueueService.NonExistentQueue",
        "InvalidKeyId",
        "NoSuchBucket",
        "NotFound",
        "NotFoundException",
        "OptInRequired",
        "ParameterNotFound",
        "ParameterVersionNotFound",
        "QueueDoesNotExist",
        "ResourceNotFoundException",
        "SubscriptionRequiredException",
    }
)
# What the request itself is: too large, or with a key or a value that the service does not take.
# The API references of Amazon S3, SQS, SNS, DynamoDB and SES, "Errors" and "Error responses".
_REQUEST_AT_FAULT = frozenset(
    {
        "AWS.SimpleQueueService.BatchRequestTooLong",
        "BadRequestException",
        "BatchRequestTooLong",
        "EntityTooLarge",
        "InvalidArgument",
        "InvalidMessageContents",
        "InvalidParameterValue",
        "InvalidParameterValueException",
        "InvalidURI",
        "ItemCollectionSizeLimitExceededException",
        "KeyTooLongError",
        "ParameterValueInvalid",
        "RequestEntityTooLargeException",
        "ValidationException",
    }
)
# What S3 says of an object that was stored with a key of its uploader (Amazon S3 User Guide, "Using
# server-side encryption with customer-provided keys (SSE-C)").
_SEALED = "Server Side Encryption"

_SERVICE_DELAY_SECONDS = 15.0
_SET_UP_DELAY_SECONDS = 60.0


@contextmanager
def translate_aws_errors(doing: str) -> Iterator[None]:
    """Translate what boto3 raises inside the block.

    Args:
        doing: What is being done, for the message: "read the object s3://…".

    Raises:
        ServiceError: The service failed, throttled, refused for a reason that will pass or is
            unknown here, or could not be reached.
        ObjectMissingError: The object or its version does not exist.
        ObjectSealedError: The object can be read only with a key of its uploader.
        AccessDeniedError: The role may not do this.
        PermanentError: The service rejected the request as it is, or would.
    """
    try:
        yield
    except ClientError as error:
        raise _translate(error, doing) from error
    except ParamValidationError as error:
        raise PermanentError(f"could not {doing}: {error}") from error
    except BotoCoreError as error:
        raise ServiceError(
            f"could not {doing}: {error}",
            delay_seconds=_SERVICE_DELAY_SECONDS,
            reason="aws_unreachable",
        ) from error


def _translate(error: ClientError, doing: str) -> Exception:
    code = error.response.get("Error", {}).get("Code", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    message = f"could not {doing}: {error}"
    asks_for_patience = code in _THROTTLED or _THROTTLE in code.lower()
    if asks_for_patience or status >= 500 or status == 429:
        return ServiceError(message, delay_seconds=_SERVICE_DELAY_SECONDS, reason="aws_service")
    if code in _MISSING:
        return ObjectMissingError(message)
    if code in _DENIED:
        return AccessDeniedError(
            message, delay_seconds=_SET_UP_DELAY_SECONDS, reason="access_denied"
        )
    if code == "InvalidRequest" and _SEALED in message:
        return ObjectSealedError(message)
    if code in _REQUEST_AT_FAULT:
        return PermanentError(message)
    return ServiceError(message, delay_seconds=_SET_UP_DELAY_SECONDS, reason=_name_reason(code))


def _name_reason(code: str) -> str:
    """Why a request that is not at fault was refused, in a word for logs and timelines."""
    if code == "InvalidObjectState":
        return "object_archived"
    if code.upper().startswith("KMS") or code == "DecryptionFailure":
        return "key_unusable"
    if code in _SET_UP_WRONGLY:
        return "set_up_wrongly"
    if code in _NOT_SIGNED:
        return "not_signed"
    return "aws_refused"
