"""Failures after calls that were answered, and so are paid for."""

from shared.errors import DeadlineError, LateAnswerError, PaidCalls, SeashoreError
from shared.llm.model import Usage


def charge_failure(error: SeashoreError, usage: Usage, room_tokens: int = 0) -> SeashoreError:
    """The error with what was consumed before it came, so that it can be billed.

    Args:
        error: What ended an answer or a turn.
        usage: What the answered calls have consumed.
        room_tokens: The room that the answer is known to need; 0 where nothing is known.

    Returns:
        The error itself; in place of a deadline, which knows no bill, an answer of no use.
    """
    if not usage.calls:
        return error
    if isinstance(error, DeadlineError):
        error = LateAnswerError(f"The answer is of no use yet, and time is up: {error}")
    if isinstance(error, PaidCalls):
        error.calls = usage.calls
        error.input_tokens = usage.input_tokens
        error.output_tokens = usage.output_tokens
        error.cached_tokens = usage.cached_tokens
        error.room_tokens = room_tokens
    return error
