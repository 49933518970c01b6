"""Documents and tasks that wait: until when, and what for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from boto3.dynamodb.conditions import Attr

from shared.aws.dynamodb_table import LedgerTable, RowCheck, Update
from shared.errors import LedgerConflictError
from shared.ledger.documents import DOCUMENT_SK, GIVEN_UP
from shared.ledger.timeline import build_delay, write_time

_MOST_CAUSE_CHARACTERS = 300


@dataclass(frozen=True)
class Wait:
    """A message that waits.

    Args:
        step: `deferred`, or `returned` where it waits only to be tried again.
        reason: A stable word for what it waits for.
        delay_seconds: How long.
        cause: The same as a sentence that says what to do; empty where the word says it all.
    """

    step: str
    reason: str
    delay_seconds: float
    cause: str = ""

    @property
    def details(self) -> dict[str, Any]:
        """What the timeline says of it: the cause in one line, cut where it is long."""
        told: dict[str, Any] = {
            "reason": self.reason,
            "delay_seconds": round(self.delay_seconds),
        }
        if self.cause:
            told["cause"] = cut_cause(self.cause)
        return told


def cut_cause(cause: str) -> str:
    """A cause in one line, which ends in an ellipsis where it was longer than is kept."""
    line = " ".join(cause.split())
    is_long = len(line) > _MOST_CAUSE_CHARACTERS
    return f"{line[:_MOST_CAUSE_CHARACTERS]}…" if is_long else line


def note_wait(
    table: LedgerTable,
    row_key: tuple[str, str],
    at: datetime,
    step: str,
    details: Mapping[str, Any],
) -> None:
    """Note in the timeline of a document or task that it waits, and if deferred, on its row too.

    Nothing is noted of a document that was erased: the row would stay for ever.

    Args:
        table: The ledger.
        row_key: The row of the document or task.
        at: When its wait began.
        step: `deferred`, or `returned` where it waits only to be tried again.
        details: Among others `reason`, `delay_seconds` and, where known, `cause`.
    """
    pk, sk = row_key
    delay = build_delay(pk, at, step, details)
    if sk == DOCUMENT_SK:
        not_erased = RowCheck(pk, sk, condition=Attr("erased_at").not_exists())
        try:
            table.transact([not_erased, delay])
        except LedgerConflictError:
            return
    else:
        table.update_row(delay)
    if step != "deferred":
        return
    until = at + timedelta(seconds=float(details["delay_seconds"]))
    stamp = write_time(until)
    at_work = Attr("in_flight").exists() & Attr("in_flight").ne(GIVEN_UP)
    unless_longer = Attr("deferred_until").not_exists() | Attr("deferred_until").lt(stamp)
    try:
        table.update_row(
            Update(
                pk,
                sk,
                assign={
                    "deferred_until": stamp,
                    "deferred_reason": details["reason"],
                    "deferred_cause": details.get("cause", ""),
                },
                condition=at_work & unless_longer,
            )
        )
    except LedgerConflictError:
        # It is final or not in the ledger yet, or a part of it waits for longer.
        return
