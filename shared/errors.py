"""Every exception of the project, as one tree.

    SeashoreError
    ├── SettingsError               the environment of a function is incomplete or wrong
    ├── OperatorError               a command cannot be carried out; the message says what to do
    │   ├── WrongUsageError         an argument or option has a value of no use
    │   ├── UnknownStackError       no stack of that name
    │   ├── UnknownItemError        no document or task of that id
    │   ├── BuildError              the functions' package cannot be made
    │   ├── DeployError             a stack cannot be deployed or deleted
    │   ├── LocalStackError         the local stack cannot start, stop or be reached
    │   └── ApiRefusalError         the HTTP API answered a command with an error
    ├── RetryableError              may work later: back to the queue with backoff
    │   ├── DeadlineError           the time budget of a record is used up
    │   ├── LedgerConflictError     a ledger row is not in the state that a write needs
    │   ├── ExtractorError          the process that reads PDFs does not start
    │   ├── MailUnsureError         the mail service has not answered: the mail may have gone
    │   └── ModelAnswerError        the model answered with something unusable
    │       ├── AnswerCutError      it was cut off, and less is to be asked for
    │       └── LateAnswerError     and time was up before it could be asked again
    ├── DeferredError               not the message's fault: wait without using up a receive
    │   ├── EarlyReceiveError       the message came back before its wait was over
    │   ├── ReadersBusyError        other documents kept every reader of PDFs busy
    │   ├── ServiceError            an AWS service failed, throttled or cannot be reached
    │   ├── AccessDeniedError       the function's role may not do this
    │   ├── MailRefusedError        the mail service is not set up to take our mail
    │   ├── UnfinishedError         time is up, and a part of the work is done and kept
    │   ├── ModelThrottledError     the provider asks for a pause
    │   ├── ModelUnavailableError   the provider is down or cannot be reached
    │   │   └── ModelSlowError      time was up while the model was at work
    │   ├── ModelAccessError        the provider rejects the key or the account
    │   ├── ResultNotCommittedError  the ledger does not name a result yet
    │   ├── DatabaseUnavailableError  the results' database cannot be reached or asked
    │   └── OverBudgetError         the day's spending limit is reached
    ├── PermanentError              will never work: to the DLQ with its cause
    │   ├── MessageDecodeError      the body is not a message of this pipeline
    │   ├── ModelRequestError       the provider rejects the request itself
    │   │   └── ContextOverflowError  the sources do not fit into the model's context window
    │   ├── ModelRefusalError       the model or the provider's content filter declines the text
    │   ├── ObjectMissingError      an object that a message refers to is gone
    │   ├── ObjectSealedError       an object is encrypted with a key of its uploader
    │   ├── DocumentCapError        the document's own spending limit is reached
    │   ├── ReportMailError         a report's mail was tried twice, and may have gone
    │   ├── TaskCapError            the task's own spending limit is reached
    │   ├── ResultRefusedError      the results' database does not take a result
    │   ├── TaskRefusedError        what a task asks for cannot be done as it is
    │   └── TaskConflictError       another task has the same id
    ├── RequestError                a request of the HTTP API cannot be answered as it is
    │   ├── InvalidRequestError     it is not what the API takes
    │   ├── RequestTooLargeError    its body, or what it announces, is too large
    │   ├── MediaTypeError          its body is not JSON
    │   ├── NothingFoundError       what it asks for is not there
    │   ├── NotAnOperatorError      it asks for what only operators may do
    │   ├── RequestKeyReusedError   its key was that of another request
    │   └── ConversationBusyError   another turn of the conversation runs, or came first
    └── RejectedDocumentError       the document itself is refused, with a code and a sentence

Vendor exceptions are translated into this tree at the boundary that calls the vendor.
The delivery policy (`functions/delivery/policy.py`) acts on the retryable, deferred and permanent
branches.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, ClassVar

from shared.paid_calls import PaidCalls


class SeashoreError(Exception):
    """Root of every exception that the project raises on purpose."""


class SettingsError(SeashoreError):
    """A setting is missing or has a value that cannot be used."""


class OperatorError(SeashoreError):
    """A command cannot be carried out. The message is one line that says what to do."""


class WrongUsageError(OperatorError):
    """An argument or option has a value that cannot be used."""


class UnknownStackError(OperatorError):
    """There is no stack of the given name."""


class UnknownItemError(OperatorError):
    """There is no document or task of the given id."""


class BuildError(OperatorError):
    """The functions' package cannot be made."""


class DeployError(OperatorError):
    """A stack could not be deployed or deleted, or its new code does not work."""


class LocalStackError(OperatorError):
    """The local stack cannot be started, stopped or reached."""


class ApiRefusalError(OperatorError):
    """The HTTP API answered a command with an error.

    Args:
        message: What to tell the operator.
        status: The HTTP status.
        code: The word for programs that the API gives.
    """

    def __init__(self, message: str, *, status: int, code: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class RetryableError(SeashoreError):
    """Work that may succeed at a later receive; uses up a receive."""


class DeadlineError(RetryableError):
    """The time budget of a record is used up."""


class LedgerConflictError(RetryableError):
    """A ledger row is not in the state that a guarded write needs.

    Args:
        message: Which write was refused.
        row: The row that stood in the way, where the service returned it.
    """

    def __init__(self, message: str, *, row: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.row = row


class ExtractorError(RetryableError):
    """The process that reads PDFs does not start: the package or the container is at fault."""


class MailUnsureError(RetryableError):
    """The mail service has not answered: the mail may have gone or not."""


class ModelAnswerError(RetryableError, PaidCalls):
    """The model's answer is cut off, empty, or does not fit the asked-for schema."""


class AnswerCutError(ModelAnswerError):
    """The model's answer is cut off, and whoever asked would rather ask for less than pay again."""


class LateAnswerError(ModelAnswerError):
    """The model's answer is of no use, and time was up before it could be asked again."""


class DeferredError(SeashoreError):
    """Work that has to wait for a cause that is not its own; uses up no receive.

    Args:
        message: What happened.
        delay_seconds: The earliest time, from now, at which a further try makes sense.
        reason: A stable word for logs, metrics and the ledger.
        grows: Whether the time is a guess, so that a message waits longer each time it waits.

    Attributes:
        may_wait_forever: Whether a message may wait for this longer than others may.
    """

    may_wait_forever: ClassVar[bool] = False

    def __init__(
        self, message: str, *, delay_seconds: float, reason: str, grows: bool = False
    ) -> None:
        super().__init__(message)
        self.delay_seconds = delay_seconds
        self.reason = reason
        self.grows = grows


class EarlyReceiveError(DeferredError):
    """A message came back before its wait was over: nothing was tried, so nothing has failed."""

    may_wait_forever = True


class ReadersBusyError(DeferredError):
    """Other documents kept every reader of PDFs busy for as long as the time lasted."""


class ServiceError(DeferredError):
    """An AWS service failed, throttled or could not be reached."""


class UnfinishedError(DeferredError):
    """The time is up; a part of the work is done and kept, and the next run goes on from there."""


class ModelThrottledError(DeferredError, PaidCalls):
    """The provider answered 429 for its rate."""


class ModelUnavailableError(DeferredError, PaidCalls):
    """The provider answered 5xx, timed out, or could not be reached."""


class ModelSlowError(ModelUnavailableError):
    """Time was up while the model was at work; a shorter text may fit."""


class ModelAccessError(DeferredError, PaidCalls):
    """The provider rejected the key, or the account has no credit left."""


class OverBudgetError(DeferredError):
    """The day's spending limit is reached. It is meant to be: each day does a part of the work."""

    may_wait_forever = True


class PermanentError(SeashoreError):
    """Work that can never succeed as it is."""


class MessageDecodeError(PermanentError):
    """A body that is not a message of this pipeline."""


class ModelRequestError(PermanentError, PaidCalls):
    """The provider rejected the request itself: an unknown model or parameter."""


class ContextOverflowError(ModelRequestError):
    """The sources do not fit into the model's context window; smaller ones may."""


class ModelRefusalError(PermanentError, PaidCalls):
    """The model, or the provider's content filter, declines to work on the text."""


class ObjectMissingError(PermanentError):
    """An object that a message or a ledger row refers to does not exist."""


class ObjectSealedError(PermanentError):
    """An object is encrypted with a key that only its uploader has."""


class MailRefusedError(DeferredError):
    """The mail service takes no mail from us: an address or the account is not set up for it."""


class ResultNotCommittedError(DeferredError):
    """A result was written, and the ledger does not name it yet."""


class DatabaseUnavailableError(DeferredError):
    """The database of results cannot be reached, or cannot do what it is asked to now."""


class AccessDeniedError(DeferredError):
    """The function's role may not do what the work needs."""


class DocumentCapError(PermanentError):
    """What the document would cost is more than its own spending limit."""


class ReportMailError(PermanentError):
    """A report's mail was tried as often as it may be, and its senders died or heard nothing."""


class TaskCapError(PermanentError):
    """What the task would cost is more than its own spending limit."""


class ResultRefusedError(PermanentError):
    """The database of results does not take a result: its values do not fit."""


class TaskRefusedError(PermanentError):
    """What a task asks for cannot be done as it is; the message is a sentence that says why."""


class TaskConflictError(PermanentError):
    """A task that asks for something else came first under the same id."""


class RequestError(SeashoreError):
    """A request of the HTTP API cannot be answered; the message is a sentence that says why."""


class InvalidRequestError(RequestError):
    """The request is not what the API takes."""


class RequestTooLargeError(RequestError):
    """The request's body, or what it announces, is too large."""


class MediaTypeError(RequestError):
    """The request's body is said not to be JSON."""


class NothingFoundError(RequestError):
    """What the request asks for is not there."""


class NotAnOperatorError(RequestError):
    """The request asks for what only operators may do."""


class RequestKeyReusedError(RequestError):
    """The key by which the request may be repeated was that of another request."""


class ConversationBusyError(RequestError):
    """Another turn of the conversation runs, or came first."""


class RejectionCode(StrEnum):
    """Why a document was refused."""

    NOT_A_PDF = "not_a_pdf"
    UNKNOWN_FORMAT = "unknown_format"
    TWO_FORMATS = "two_formats"
    HAS_MACROS = "has_macros"
    EXPANDS_TOO_FAR = "expands_too_far"
    EMPTY = "empty"
    DAMAGED = "damaged"
    ENCRYPTED = "encrypted"
    NEEDS_CERTIFICATE = "needs_certificate"
    XFA_FORM = "xfa_form"
    UNMAPPED_FONTS = "unmapped_fonts"
    NOT_RECOGNISED = "not_recognised"
    TOO_LARGE = "too_large"
    TOO_MANY_PAGES = "too_many_pages"
    TOO_MANY_PIXELS = "too_many_pixels"
    OVER_LIMITS = "over_limits"
    OBJECT_GONE = "object_gone"
    CUSTOMER_KEY = "customer_key"
    SENDER_NOT_LISTED = "sender_not_listed"
    SENDER_NOT_PROVEN = "sender_not_proven"
    MAIL_LOOP = "mail_loop"
    VIRUS_FOUND = "virus_found"


class RejectedDocumentError(SeashoreError):
    """A document that is refused for good, by a code and a sentence that says what to do."""

    def __init__(self, code: RejectionCode, sentence: str) -> None:
        super().__init__(f"{code}: {sentence}")
        self.code = code
        self.sentence = sentence
