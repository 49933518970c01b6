"""The rows of what messages are about; apart, as functions that know one kind load no other's."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime

from boto3.dynamodb.conditions import Attr

from shared.aws.dynamodb_table import LedgerTable, Update
from shared.errors import LedgerConflictError
from shared.ledger.documents import document_row_key
from shared.ledger.reports import report_row_key
from shared.ledger.tasks import task_row_key
from shared.ledger.timeline import write_time
from shared.messages.message import Subject

_ROW_KEYS = {"document": document_row_key, "task": task_row_key, "report": report_row_key}


def subject_row_key(subject: Subject) -> tuple[str, str]:
    """The row of a document, a task or a report itself."""
    return _ROW_KEYS[subject.kind](subject.id)


def subject_pk(subject: Subject) -> str:
    """The partition that holds all that belongs to it, with its timeline."""
    return subject_row_key(subject)[0]


def mark_discarded(table: LedgerTable, subjects: Iterable[Subject], at: datetime | None) -> None:
    """Have the rows of documents and tasks say that letters of theirs are discarded, or are back.

    Lists are read from rows alone. What is given up again later has a `finished_at` that is newer.

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
