"""What each error that AWS documents for an operation of ours amounts to, code by code.

The codes of botocore's own models are found by reading which operations `shared/aws` calls: a new
operation, or a code that a newer model brings, has to be judged here before the suite passes.
"""

import re
from functools import cache

import botocore.session
import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from shared.aws.errors import translate_aws_errors
from shared.errors import PermanentError, SeashoreError
from tests.project_files import PROJECT

SERVICES = ("dynamodb", "s3", "secretsmanager", "sesv2", "sns", "sqs", "ssm")

# The words are those of `judge`: "permanent" for the request's own fault, the class for what is
# missing or sealed, else the reason for which its message waits.
OUTCOMES = {
    "permanent": """
        BadRequestException BatchRequestTooLong InvalidMessageContents
        ItemCollectionSizeLimitExceededException ParameterValueInvalid ValidationException
    """,
    "ObjectMissingError": "NoSuchKey",
    "access_denied": "AuthorizationError KMSAccessDenied KmsAccessDenied",
    "aws_service": """
        InternalError InternalServerError InternalServiceError KMSThrottling KmsThrottled
        LimitExceededException OverLimit ProvisionedThroughputExceededException
        ReplicatedWriteConflictException RequestLimitExceeded RequestThrottled ThrottlingException
        TooManyRequestsException TransactionCanceledException TransactionConflictException
        TransactionInProgressException
    """,
    "key_unusable": """
        DecryptionFailure KMSDisabled KMSInvalidState KMSNotFound KMSOptInRequired KmsDisabled
        KmsInvalidKeyUsage KmsInvalidState KmsNotFound KmsOptInRequired
    """,
    "object_archived": "InvalidObjectState",
    "set_up_wrongly": """
        InvalidKeyId NoSuchBucket NotFound NotFoundException ParameterNotFound
        ParameterVersionNotFound QueueDoesNotExist ResourceNotFoundException
    """,
    # Nothing of a message leads to these: a receipt that was lost, a mail's sender that SES does
    # not take (`mail.py` says more), and what only a fault of our own code could bring.
    "aws_refused": """
        AccountSuspendedException BatchEntryIdsNotDistinct ConditionalCheckFailedException
        EmptyBatchRequest EncryptionTypeMismatch EndpointDisabled
        IdempotentParameterMismatchException InvalidAddress InvalidAttributeName
        InvalidBatchEntryId InvalidIdFormat InvalidParameter InvalidParameterException
        InvalidRequest InvalidRequestException InvalidSecurity InvalidWriteOffset
        MailFromDomainNotVerifiedException MessageNotInflight MessageRejected
        PlatformApplicationDisabled ReceiptHandleIsInvalid SendingPausedException
        TooManyEntriesInBatchRequest TooManyParts UnsupportedOperation
    """,
}

# No operation's model has these: errors that every service or all of S3 may answer with (the pages
# "Common Error Types" of the services' API references; Amazon S3 API Reference, "Error responses").
COMMON = {
    "permanent": """
        EntityTooLarge InvalidArgument InvalidParameterValue InvalidURI KeyTooLongError
        RequestEntityTooLargeException
    """,
    "ObjectMissingError": "404 NoSuchVersion",
    "access_denied": "403 AccessDenied AccessDeniedException AllAccessDisabled NotAuthorized",
    "aws_service": """
        BandwidthLimitExceeded PriorRequestNotComplete RequestTimeout RequestTimeoutException
        SlowDown Throttling ThrottledException RequestThrottledException SomethingNewThrottledThis
    """,
    "key_unusable": "KMS.DisabledException KMS.KMSInvalidStateException KMS.NotFoundException",
    "not_signed": """
        ExpiredToken ExpiredTokenException IncompleteSignature InvalidAccessKeyId
        InvalidClientTokenId InvalidSignatureException InvalidToken MissingAuthenticationToken
        RequestExpired RequestTimeTooSkewed SignatureDoesNotMatch UnrecognizedClientException
    """,
    "set_up_wrongly": "AWS.SimpleQueueService.NonExistentQueue OptInRequired",
    "aws_refused": "400 MalformedHttpRequestException SomethingThatNobodyKnows",
}


def judge(code, status, operation, message="what the service says"):
    """What an error amounts to, in a word."""
    answer = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    with pytest.raises(SeashoreError) as caught, translate_aws_errors("do it"):
        raise ClientError(answer, operation)
    error = caught.value
    if type(error) is PermanentError:
        return "permanent"
    return getattr(error, "reason", None) or type(error).__name__


@cache
def list_operations():
    """The operations that `shared/aws` calls, by service."""
    sources = "\n".join(path.read_text() for path in (PROJECT / "shared/aws").glob("*.py"))
    called = set(re.findall(r"\b(?:client|_s[nq]s|clients\.\w+)\.(\w+)\(", sources))
    called |= set(re.findall(r'get_paginator\("(\w+)"\)', sources))
    session = botocore.session.get_session()
    models = [session.get_service_model(service) for service in SERVICES]
    return [
        model.operation_model(name)
        for model in models
        for name in model.operation_names
        if xform_name(name) in called
    ]


@cache
def read_modelled_errors():
    """Operations and statuses of the errors in the models, by code."""
    errors = {}
    for operation in list_operations():
        for shape in operation.error_shapes:
            error = shape.metadata.get("error", {})
            told = (operation.name, error.get("httpStatusCode", 400))
            errors.setdefault(error.get("code", shape.name), []).append(told)
    return errors


def spread(table):
    return {code: outcome for outcome, codes in table.items() for code in codes.split()}


def test_the_operations_are_those_that_are_called():
    names = {operation.name for operation in list_operations()}
    assert names >= {
        "BatchGetItem", "ChangeMessageVisibilityBatch", "GetObject", "GetParameter",
        "GetSecretValue", "ListObjectsV2", "Publish", "Query", "SendEmail", "SendMessageBatch",
        "TransactWriteItems",
    }  # fmt: skip


def test_every_error_of_an_operation_is_judged_and_none_besides():
    assert set(read_modelled_errors()) == set(spread(OUTCOMES))


# By what is written here: to read the models takes long, and each test process would to collect.
@pytest.mark.parametrize(("code", "outcome"), spread(OUTCOMES).items())
def test_an_error_of_any_operation_amounts_to_what_is_written(code, outcome):
    judged = [judge(code, status, operation) for operation, status in read_modelled_errors()[code]]
    assert judged == [outcome] * len(judged)


@pytest.mark.parametrize(("code", "outcome"), spread(COMMON).items())
def test_an_error_of_every_service_amounts_to_what_is_written(code, outcome):
    assert judge(code, 400, "GetObject") == outcome


@pytest.mark.parametrize("code", ["AccessDenied", "NoSuchKey", "ValidationException", "New", ""])
@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_status_that_asks_for_patience_decides_whatever_the_code_is(code, status):
    assert judge(code, status, "GetObject") == "aws_service"


def test_an_object_with_its_uploader_s_key_is_told_from_other_invalid_requests():
    words = "The object was stored using a form of Server Side Encryption. The correct parameters"
    assert judge("InvalidRequest", 400, "GetObject", words) == "ObjectSealedError"
