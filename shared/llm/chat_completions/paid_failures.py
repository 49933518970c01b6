"""Failures after calls that were answered, or may have been, and so are paid for."""

import httpx2
import openai

from shared.errors import DeadlineError, LateAnswerError, SeashoreError
from shared.llm.chat_completions.chat_replies import ANSWERED_HOST
from shared.llm.model import PAID_COUNTS, Usage
from shared.paid_calls import PaidCalls

# A gateway's words for a request that it has passed on and that has brought no answer: 502 and 504,
# 499 for a call that was cancelled on the way, and Cloudflare's 520 and 524.
_LOST_STATUSES = frozenset({499, 502, 504, 520, 524})
# Before a connection stands nothing is sent.
_NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)


def charge_failure(error: SeashoreError, usage: Usage, room_tokens: int = 0) -> SeashoreError:
    """The error with what was consumed before it came, so that it can be billed.

    Args:
        error: What ended an answer or a turn.
        usage: What the calls have consumed, those without an answer at their most.
        room_tokens: The room that the answer is known to need; 0 where nothing is known.

    Returns:
        The error itself; in place of a deadline, which knows no bill, an answer of no use.
    """
    if not (usage.calls or usage.unanswered):
        return error
    if isinstance(error, DeadlineError):
        error = LateAnswerError(f"The answer is of no use yet, and time is up: {error}")
    if isinstance(error, PaidCalls):
        for name in PAID_COUNTS:
            setattr(error, name, getattr(usage, name))
        error.room_tokens = room_tokens
    return error


def may_have_been_served(error: openai.OpenAIError) -> bool:
    """Whether a request was sent and got no whole answer, so that it may be on the bill.

    An error that says so itself was not served, beyond what it says that it has used up.
    """
    if isinstance(error, openai.APIStatusError):
        return error.status_code in _LOST_STATUSES and not _is_an_answer(error)
    if isinstance(error, openai.APIConnectionError):
        return not isinstance(error.__cause__, _NOT_SENT)
    return isinstance(error, openai.APIResponseValidationError)


def _is_an_answer(error: openai.APIStatusError) -> bool:
    """Whether the error stood in an answer (`find_error`), which was given its status by us."""
    return error.request.url.host == ANSWERED_HOST


def read_error_usage(error: openai.OpenAIError) -> Usage:
    """What an error says that its request has used up: nothing, as a rule."""
    if not isinstance(error, openai.APIStatusError):
        return Usage()
    try:
        body = error.response.json()
    except (ValueError, httpx2.ResponseNotRead):
        return Usage()
    counted = body.get("usage") if isinstance(body, dict) else None
    tokens = [
        counted.get(name) if isinstance(counted, dict) else None
        for name in ("prompt_tokens", "completion_tokens")
    ]
    read, written = (number if isinstance(number, int) and number > 0 else 0 for number in tokens)
    return Usage(calls=1, input_tokens=read, output_tokens=written) if read or written else Usage()
