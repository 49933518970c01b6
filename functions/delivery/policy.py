"""What becomes of a message: the delivery policy as one pure function.

| outcome | the message |
|---|---|
| done | acknowledged |
| same item running elsewhere | returned, visible again when the other run must have ended |
| may work later | returned, visible again after exponential backoff with full jitter |
| not its fault | a fresh copy with a delay takes its place: no receive is used up |
| not its fault, and nobody says for how long | the same, with a delay that doubles each time |
| not its fault, and nothing is left of what it has paid for | the same, and a receive is used up |
| behind a backlog, without a message group | a copy with its group takes its place at once |
| its time was up before its work began | as if it were not its fault |
| will never work | a copy with its cause in the DLQ takes its place |
| last receive failed | as if it would never work |
| a bug | as if it may work later |

The queues are standard queues, not FIFO: order comes from the ledger, which guards every effect, so
that a slow item holds up no other.
"""

from dataclasses import dataclass, replace

from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyAlreadyInProgressError,
    IdempotencyInconsistentStateError,
    IdempotencyPersistenceLayerError,
)

from shared.errors import DeadlineError, DeferredError, PermanentError
from shared.paid_calls import PaidCalls


@dataclass(frozen=True)
class Policy:
    """The numbers of the delivery policy; times in seconds."""

    max_receive_count: int
    max_deferral_age_seconds: float
    retry_base_seconds: float
    retry_max_seconds: float


@dataclass(frozen=True)
class Receipt:
    """What is known of one delivery of a message.

    Args:
        receive_count: Receives used up so far, this one and those of earlier copies included.
        waited_seconds: How long its waits were to be so far, together.
        has_begun: Whether its work had begun.
        lock_seconds: The longest time that a run of the same item can still hold its lock.
        random: A number drawn from [0, 1).
        deferrals: How often it has waited for a cause that was not its own.
        lacks_group: Whether it was left alone, to be sent again with its message group.
    """

    receive_count: int
    waited_seconds: float
    has_begun: bool
    lock_seconds: float
    random: float
    deferrals: int = 0
    lacks_group: bool = False


@dataclass(frozen=True)
class Acknowledge:
    """The work is done; the message may go."""


@dataclass(frozen=True)
class ReturnToQueue:
    """The message stays and becomes visible again after a delay."""

    delay_seconds: float
    reason: str


@dataclass(frozen=True)
class Defer:
    """A fresh copy takes the message's place, to be worked on after a delay.

    Args:
        delay_seconds: The delay.
        reason: A stable word for it.
        uses_receive: Whether it counts as an attempt: what it has cost will be paid again.
        is_limited: Whether it counts for the limit on waiting.
    """

    delay_seconds: float
    reason: str
    uses_receive: bool = False
    is_limited: bool = True


@dataclass(frozen=True)
class Regroup:
    """A copy with the item's message group takes the message's place at once."""


@dataclass(frozen=True)
class DeadLetter:
    """A copy in the DLQ takes the message's place."""

    error_type: str
    message: str


Outcome = Acknowledge | ReturnToQueue | Defer | Regroup | DeadLetter

_STORE_DELAY_SECONDS = 15.0
_MAX_JITTER_SECONDS = 300.0

_PAID_FOR_NOTHING = "; what each try had paid for was of no use"

# The cause goes into the DLQ letter, whose size is limited, and into the ledger.
_MAX_CAUSE_CHARACTERS = 1_000


def decide_outcome(error: BaseException | None, receipt: Receipt, policy: Policy) -> Outcome:
    """Decide what becomes of a message whose handling ended with `error`, or without one."""
    if error is None:
        return Regroup() if receipt.lacks_group else Acknowledge()
    if isinstance(error, PermanentError):
        return _dead_letter(error)
    is_last_receive = receipt.receive_count >= policy.max_receive_count
    if isinstance(error, DeferredError):
        is_paid_for_nothing = isinstance(error, PaidCalls) and error.is_paid_for_nothing
        if is_paid_for_nothing and is_last_receive:
            return _dead_letter(error, _PAID_FOR_NOTHING)
        outcome = _decide_deferral(error, error.delay_seconds, error.reason, receipt, policy)
        if is_paid_for_nothing and isinstance(outcome, Defer):
            return replace(outcome, uses_receive=True)
        return outcome
    if isinstance(error, IdempotencyPersistenceLayerError):
        return _decide_deferral(error, _STORE_DELAY_SECONDS, "idempotency_store", receipt, policy)
    if isinstance(error, DeadlineError) and not receipt.has_begun:
        # A busy machine or a slow neighbour; the item's lock may still have been taken.
        return _decide_deferral(error, receipt.lock_seconds, "not_begun", receipt, policy)
    if isinstance(error, (IdempotencyAlreadyInProgressError, IdempotencyInconsistentStateError)):
        if is_last_receive:
            return _decide_deferral(error, receipt.lock_seconds, "in_progress", receipt, policy)
        return ReturnToQueue(receipt.lock_seconds, "in_progress")
    if is_last_receive:
        return _dead_letter(error)
    delay_seconds = compute_backoff_seconds(receipt.receive_count, receipt.random, policy)
    if isinstance(error, DeadlineError):
        # The run that overran its time holds the item's lock until the function's own deadline.
        delay_seconds = max(delay_seconds, receipt.lock_seconds)
    return ReturnToQueue(delay_seconds, type(error).__name__)


def compute_backoff_seconds(receive_count: int, random: float, policy: Policy) -> float:
    """Exponential backoff with full jitter, at least one second.

    Args:
        receive_count: Receives used up so far, from 1.
        random: A number drawn from [0, 1).
        policy: Base and cap.

    Source: AWS Architecture Blog, "Exponential Backoff And Jitter".
    """
    doublings = min(receive_count - 1, 32)
    ceiling = min(policy.retry_max_seconds, policy.retry_base_seconds * 2.0**doublings)
    return max(1.0, random * ceiling)


def _decide_deferral(
    error: BaseException, delay_seconds: float, reason: str, receipt: Receipt, policy: Policy
) -> Defer | DeadLetter:
    may_wait = isinstance(error, DeferredError) and error.may_wait_forever
    if receipt.waited_seconds > policy.max_deferral_age_seconds and not may_wait:
        return _dead_letter(error)
    if isinstance(error, DeferredError) and error.grows:
        longest_seconds = max(delay_seconds, policy.retry_max_seconds)
        delay_seconds = min(longest_seconds, delay_seconds * 2.0 ** min(receipt.deferrals, 32))
    # Jitter spreads what waits for the same cause, so that it does not all come back at once.
    jitter_seconds = receipt.random * min(0.2 * delay_seconds, _MAX_JITTER_SECONDS)
    return Defer(max(1.0, delay_seconds + jitter_seconds), reason, is_limited=not may_wait)


def _dead_letter(error: BaseException, note: str = "") -> DeadLetter:
    room = _MAX_CAUSE_CHARACTERS - len(note)
    return DeadLetter(type(error).__name__, str(error)[:room] + note)
