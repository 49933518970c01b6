"""Rows say since when dead letters of theirs are discarded, as lists are read from rows alone.

A document or task that is given up again later has a `finished_at` that is newer.
"""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime

from boto3.dynamodb.conditions import Attr

from shared.aws.dynamodb_table import LedgerTable, Update
from shared.errors import LedgerConflictError
from shared.ledger.subjects import subject_row_key
from shared.ledger.timeline import write_time
from shared.messages.message import Subject


def mark_discarded(table: LedgerTable, subjects: Iterable[Subject], at: datetime | None) -> None:
    """Have the rows of documents and tasks say that letters of theirs are discarded, or are back.

    Args:
        table: The ledger.
        subjects: What the letters are about.
        at: When they were discarded; None if they are restored.

    Raises:
        ServiceError: The ledger cannot be reached.
    """
    stamp = None if at is None else write_time(at)
    for subject in dict.fromkeys(subjects):
        # What is erased, or was never entered, stays as it is.
        with suppress(LedgerConflictError):
            table.update_row(
                Update(
                    *subject_row_key(subject),
                    assign={"discarded_at": stamp},
                    condition=Attr("status").exists(),
                )
            )
