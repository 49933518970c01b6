"""Which HTTP status an error gets, and what the caller is told. Internals never show."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import (
    RequestValidationError,
    ValidationException,
)
from pydantic import ValidationError

from functions.http.models import PATTERN_WORDS, ErrorAnswer, ErrorBody
from shared.errors import (
    AccessDeniedError,
    ContextOverflowError,
    ConversationBusyError,
    DeadlineError,
    InvalidRequestError,
    LateAnswerError,
    LedgerConflictError,
    MediaTypeError,
    ModelAccessError,
    ModelAnswerError,
    ModelRefusalError,
    ModelRequestError,
    ModelThrottledError,
    ModelUnavailableError,
    NotAnOperatorError,
    NothingFoundError,
    ObjectMissingError,
    OverBudgetError,
    ReadersBusyError,
    RequestKeyReusedError,
    RequestTooLargeError,
    ServiceError,
    TaskConflictError,
    TaskRefusedError,
    UnfinishedError,
)
from shared.messages.problem_words import describe_problem

_MAX_PROBLEMS = 5
_BUSY_SECONDS = 5.0

_SEND_A_TASK = (
    'Ask for less at once, or send it as a task, which has hours: POST /tasks with {"kind": '
    '"agent", "prompt": …}, then GET /tasks/{task_id}.'
)
_TRY_AGAIN = "Try again after the seconds that Retry-After names."


@dataclass(frozen=True)
class ApiFailure:
    """An error as the caller sees it.

    Args:
        status: The HTTP status.
        code: A stable word for programs.
        message: A sentence for people.
        what_to_do: What helps; None where nothing is known to.
        retry_after_seconds: When another try is worth while; None where that is not known.
    """

    status: int
    code: str
    message: str
    what_to_do: str | None = None
    retry_after_seconds: float | None = None


def describe_error(error: Exception, *, is_late: bool = False) -> ApiFailure:
    """Choose what the caller is told of an error.

    Args:
        error: What was raised.
        is_late: Whether the request's time is as good as up: a model that was cut off for its sake
            has not failed, it was slow.
    """
    match error:
        case RequestValidationError():
            return ApiFailure(400, "invalid_request", _name_problems(error.errors()))
        case InvalidRequestError():
            return ApiFailure(400, "invalid_request", str(error))
        case NotFoundError():
            return ApiFailure(404, "no_such_route", "there is no such path or method")
        case NotAnOperatorError():
            return ApiFailure(
                403,
                "not_an_operator",
                str(error),
                "Send the operators' key, or be in the group of operators: see docs/api.md.",
            )
        case NothingFoundError():
            return ApiFailure(404, "not_found", str(error))
        case ObjectMissingError():
            return ApiFailure(404, "not_found", "it was there once, and is gone from the bucket")
        case ConversationBusyError():
            return ApiFailure(
                409,
                "conversation_busy",
                str(error),
                "Wait for its answer, then send this message again; or begin another conversation.",
                _BUSY_SECONDS,
            )
        case RequestKeyReusedError():
            return ApiFailure(409, "key_reused", str(error), "Give each request a key of its own.")
        case TaskConflictError():
            return ApiFailure(409, "task_conflict", str(error), "Send it under another id.")
        case RequestTooLargeError():
            return ApiFailure(413, "too_large", str(error))
        case MediaTypeError():
            return ApiFailure(415, "unsupported_media_type", str(error))
        case TaskRefusedError():
            return ApiFailure(422, "refused", str(error))
        case _:
            return _describe_failed_work(error, is_late=is_late)


def _describe_failed_work(error: Exception, *, is_late: bool) -> ApiFailure:
    match error:
        case ContextOverflowError():
            return ApiFailure(
                422,
                "context_overflow",
                "the message does not fit into the model's window",
                "Shorten it, or raise ContextWindowTokens.",
            )
        case ModelRefusalError():
            return ApiFailure(422, "model_refusal", "the model declines to answer this")
        case OverBudgetError(delay_seconds=seconds):
            return ApiFailure(
                429,
                "over_budget",
                str(error),
                "The limit is counted by the day: try again tomorrow, after the seconds that "
                "Retry-After names, or have ChatDailyCapUsd raised.",
                seconds,
            )
        case DeadlineError() | LateAnswerError():
            return _describe_timeout()
        case UnfinishedError(delay_seconds=seconds):
            return ApiFailure(
                504,
                "unfinished",
                "the time was up before all of it was done",
                "Send the same request again: it goes on where this one stopped.",
                seconds,
            )
        case ModelUnavailableError() | ModelAnswerError() if is_late:
            return _describe_timeout()
        case ModelThrottledError(delay_seconds=seconds):
            return ApiFailure(
                429,
                "model_throttled",
                "the model's provider asks for a pause",
                _TRY_AGAIN,
                seconds,
            )
        case ModelAccessError(delay_seconds=seconds):
            return ApiFailure(
                503,
                "model_access",
                "the model's provider rejects the key, the account, the model or the address",
                "The operator has to mend that; the function's log says what the provider said.",
                seconds,
            )
        case ModelUnavailableError(delay_seconds=seconds):
            return ApiFailure(
                503,
                "model_unavailable",
                "the model's provider is down or cannot be reached",
                _TRY_AGAIN,
                seconds,
            )
        case ModelAnswerError():
            return ApiFailure(
                503, "model_answer", "the model's answer is of no use", _TRY_AGAIN, _BUSY_SECONDS
            )
        case ModelRequestError():
            return ApiFailure(
                503,
                "model_request",
                "the model's provider rejects the request",
                "The operator has to look: the function's log says what the provider said.",
            )
        case AccessDeniedError():
            return ApiFailure(
                503,
                "access_denied",
                "the function may not do what this needs",
                "The operator has to look: the function's log says what it may not do.",
            )
        case ServiceError() | LedgerConflictError() | ReadersBusyError():
            return ApiFailure(
                503, "service_busy", "a service is busy or down", _TRY_AGAIN, _BUSY_SECONDS
            )
        case _:
            return ApiFailure(
                500,
                "internal",
                "something went wrong that should not",
                "Tell the operator the request_id: the function's log has the cause under it.",
            )


def _describe_timeout() -> ApiFailure:
    return ApiFailure(
        504, "timeout", "the answer was not there before the time was up", _SEND_A_TASK
    )


def _name_problems(problems: Sequence[dict[str, Any]]) -> str:
    """The fields that do not fit, without what was sent."""
    return "; ".join(
        f"{'.'.join(str(part)[:100] for part in problem['loc'][1:]) or problem['loc'][0]}: "
        f"{describe_problem(problem, PATTERN_WORDS)}"
        for problem in problems[:_MAX_PROBLEMS]
    )


def write_failure(failure: ApiFailure, request_id: str) -> Response[str]:
    """An error in the one shape of all errors."""
    body = ErrorAnswer(
        error=ErrorBody(
            code=failure.code,
            message=failure.message,
            request_id=request_id,
            what_to_do=failure.what_to_do,
        )
    )
    headers = {}
    if failure.retry_after_seconds is not None:
        headers["Retry-After"] = str(max(1, round(failure.retry_after_seconds + 0.5)))
    return Response(
        failure.status,
        "application/json",
        json.dumps(body.model_dump(exclude_none=True), ensure_ascii=False),
        headers,
    )


def log_failure(logger: Logger, failure: ApiFailure, error: Exception) -> None:
    """Write one log line about an error, without a word of what was sent.

    Pydantic quotes in its errors what it was given, so of those only the type is told.
    """
    quotes = isinstance(error, (ValidationError, ValidationException))
    is_ours = failure.status >= 500
    is_bug = failure.status == 500 and not quotes
    write = logger.error if failure.status == 500 else logger.warning if is_ours else logger.info
    write(
        "request_failed",
        exc_info=error if is_bug else None,
        extra={
            "action": "request_failed",
            "status": failure.status,
            "code": failure.code,
            "error_type": type(error).__name__,
            "cause": str(error) if is_ours and not quotes else None,
        },
    )
