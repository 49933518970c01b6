"""Writes that DynamoDB refuses: a condition does not hold, or a transaction holds the row."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from shared.aws.dynamodb_items import to_row
from shared.errors import DeadlineError, LedgerConflictError, PermanentError, ServiceError

# A write whose row is busy is tried so often, with ever longer waits between two tries.
_ATTEMPTS = 12
_FIRST_WAIT_SECONDS = 0.02
_LONGEST_WAIT_SECONDS = 1.0
_BUSY = "ledger_busy"

T = TypeVar("T")


def try_while_busy(write: Callable[[], T], sleep: Callable[[float], None]) -> T:
    """Write, again and again while other transactions hold one of the rows.

    Not by Tenacity, whose import would be a hundredth of each function's start for these few lines.

    Args:
        write: Writes once.
        sleep: Waits some seconds, or raises a `DeadlineError` where there is no time to.

    Raises:
        ServiceError: The rows stayed busy; and all that `write` raises besides.
    """
    ceiling_seconds = _FIRST_WAIT_SECONDS
    for _ in range(_ATTEMPTS - 1):
        try:
            return write()
        except ServiceError as error:
            if error.reason != _BUSY:
                raise
            try:
                sleep(random.uniform(0, ceiling_seconds))  # noqa: S311 - chance, not secrecy
            except DeadlineError:
                raise error from None
        ceiling_seconds = min(2 * ceiling_seconds, _LONGEST_WAIT_SECONDS)
    return write()


def _tell_busy(what: str = "other transactions kept the ledger's rows busy") -> ServiceError:
    return ServiceError(
        what,
        delay_seconds=_LONGEST_WAIT_SECONDS,
        reason=_BUSY,
    )


@contextmanager
def translate_refusals() -> Iterator[None]:
    """Tell why a write of one row was refused.

    Raises:
        LedgerConflictError: Its condition does not hold; carries the row that is there.
        ServiceError: A transaction holds the row.
    """
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code")
        if code == "TransactionConflictException":
            raise _tell_busy() from error
        if code != "ConditionalCheckFailedException":
            raise
        item: Any = error.response.get("Item")
        raise LedgerConflictError(
            "the ledger's row is not in the state that the write needs",
            row=to_row(item) if item else None,
        ) from error


def has_appended(item: Any, append: Mapping[str, Sequence[Any]]) -> bool:
    """Whether the row that refuses a write ends its lists with what the write appends."""
    if not item or not append:
        return False
    row = to_row(item)
    return all(row.get(name, [])[-len(values) :] == values for name, values in append.items())


# Amazon DynamoDB API Reference, TransactWriteItems: the reasons of `TransactionCanceledException`
# that pass, and those that do not.
_THROTTLED = frozenset({"ThrottlingError", "ProvisionedThroughputExceeded"})
_LASTING_CANCELLATIONS = frozenset({"ItemCollectionSizeLimitExceeded", "ValidationError"})


def is_under_way(error: ClientError) -> bool:
    """Whether a transaction is refused as it is being carried out, by a request before this one.

    The client sends a request again whose answer does not come, with the same token (Amazon
    DynamoDB API Reference, "TransactWriteItems": `TransactionInProgressException`).
    """
    return error.response.get("Error", {}).get("Code") == "TransactionInProgressException"


def raise_if_cancelled(error: ClientError) -> None:
    """Tell why a transaction was cancelled, if its reasons do."""
    reasons: Sequence[Any] = error.response.get("CancellationReasons") or ()
    if any(reason.get("Code") in _LASTING_CANCELLATIONS for reason in reasons):
        raise PermanentError(f"could not write to the ledger: {error}") from error
    for reason in reasons:
        if reason.get("Code") == "ConditionalCheckFailed":
            item = reason.get("Item")
            raise LedgerConflictError(
                "the ledger's row is not in the state that the transaction needs",
                row=to_row(item) if item else None,
            ) from error
    codes = {reason.get("Code") for reason in reasons}
    if is_under_way(error) or "TransactionConflict" in codes:
        raise _tell_busy() from error
    if not codes.isdisjoint(_THROTTLED):
        raise _tell_busy("the ledger's rows are written more often than DynamoDB allows") from error
