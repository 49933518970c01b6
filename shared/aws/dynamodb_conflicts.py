"""Writes that DynamoDB refuses: a condition does not hold, or a transaction holds the row."""

from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError

from shared.aws.dynamodb_items import to_row
from shared.errors import LedgerConflictError, PermanentError, ServiceError

# The longest wait between two tries of a write whose row is busy.
LONGEST_WAIT_SECONDS = 1.0
_BUSY = "ledger_busy"


def is_busy(error: BaseException) -> bool:
    """Whether another transaction held one of the rows of a write."""
    return isinstance(error, ServiceError) and error.reason == _BUSY


def _tell_busy() -> ServiceError:
    return ServiceError(
        "other transactions kept the ledger's rows busy",
        delay_seconds=LONGEST_WAIT_SECONDS,
        reason=_BUSY,
    )


def raise_if_busy(error: ClientError) -> None:
    """Tell that a transaction holds the row of a write of its own."""
    if error.response.get("Error", {}).get("Code") == "TransactionConflictException":
        raise _tell_busy() from error


def raise_if_conflict(error: ClientError, item: Any) -> None:
    """Tell that the condition of a write does not hold, with the row that is there."""
    if error.response.get("Error", {}).get("Code") == "ConditionalCheckFailedException":
        raise LedgerConflictError(
            "the ledger's row is not in the state that the write needs",
            row=to_row(item) if item else None,
        ) from error


# Amazon DynamoDB API Reference, TransactWriteItems: the reasons of `TransactionCanceledException`
# that pass, and those that do not.
_PASSING_CANCELLATIONS = frozenset(
    {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
)
_LASTING_CANCELLATIONS = frozenset({"ItemCollectionSizeLimitExceeded", "ValidationError"})


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
    code = error.response.get("Error", {}).get("Code")
    if code == "TransactionInProgressException" or any(
        reason.get("Code") in _PASSING_CANCELLATIONS for reason in reasons
    ):
        raise _tell_busy() from error
