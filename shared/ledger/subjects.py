"""The rows of what messages are about; apart, as functions that know one kind load no other's."""

from shared.ledger.documents import document_row_key
from shared.ledger.reports import report_row_key
from shared.ledger.tasks import task_row_key
from shared.messages.message import Subject

_ROW_KEYS = {"document": document_row_key, "task": task_row_key, "report": report_row_key}


def subject_row_key(subject: Subject) -> tuple[str, str]:
    """The row of a document, a task or a report itself."""
    return _ROW_KEYS[subject.kind](subject.id)


def subject_pk(subject: Subject) -> str:
    """The partition that holds all that belongs to it, with its timeline."""
    return subject_row_key(subject)[0]
