"""What the ledger knows of a dead letter's work: whether anything is left to do for it."""

from collections.abc import Iterable, Mapping, Sequence

from shared.aws.dynamodb_items import Row
from shared.aws.dynamodb_table import LedgerTable
from shared.dead_letters.letters import Letter, LetterKey, Work
from shared.ledger.chunks import ChunkStatus, chunk_row_key
from shared.ledger.document_texts import settled_row_key
from shared.ledger.documents import Document, document_row_key, is_erased, to_document
from shared.ledger.reports import ReportStatus, report_row_key
from shared.ledger.subjects import subject_row_key
from shared.ledger.tasks import Task, task_row_key
from shared.lifecycle import DocumentStatus, find_sources
from shared.messages.document_messages import Combine, ReadPicture, Redo, SummarizeChunk
from shared.messages.reading_messages import (
    ContinueIngest,
    ConvertDocument,
    RecognisePage,
    RenderPages,
    TakeUpPages,
)
from shared.messages.reports import DailyReportOrder
from shared.messages.tasks import TaskMessage
from shared.messages.uploads import UploadNotice
from shared.messages.work_items import TaskCallback

RowKey = tuple[str, str]
Rows = Mapping[RowKey, Row]

# BatchGetItem answers with 16 MB at most, and a document's row can be large.
_READ_AT_ONCE = 25

_TO_BE_READ = frozenset({DocumentStatus.RECEIVED, DocumentStatus.FAILED})
_ENDED = frozenset({DocumentStatus.DELETED, DocumentStatus.CANCELLED})
_TO_BE_SENT = frozenset({DocumentStatus.EXTRACTED, DocumentStatus.SUMMARIZING})


def find_finished(table: LedgerTable, letters: Sequence[Letter]) -> dict[LetterKey, str]:
    """The letters whose work needs no replay, each with the reason.

    Raises:
        SeashoreError: The ledger cannot be read.
    """
    rows = read_work_rows(table, (letter.work for letter in letters))
    reasons = {letter.key: tell_if_finished(letter.work, rows) for letter in letters}
    return {key: reason for key, reason in reasons.items() if reason is not None}


def can_be_followed(work: Work) -> bool:
    """Whether the ledger, or a new death, tells how the work of a message ends."""
    return bool(work.subjects or work.message is None) and not isinstance(
        work.message, TaskCallback
    )


def find_succeeded(table: LedgerTable, letters: Sequence[Letter]) -> set[LetterKey]:
    """The letters whose work has been done, as far as the ledger can tell.

    Raises:
        SeashoreError: The ledger cannot be read.
    """
    rows = read_work_rows(table, (letter.work for letter in letters))
    return {letter.key for letter in letters if has_succeeded(letter.work, rows)}


def read_work_rows(table: LedgerTable, works: Iterable[Work]) -> dict[RowKey, Row]:
    """The rows of the ledger that tell how the work of messages stands."""
    keys = list(dict.fromkeys(key for work in works for key in _list_row_keys(work)))
    rows: dict[RowKey, Row] = {}
    for start in range(0, len(keys), _READ_AT_ONCE):
        wanted = keys[start : start + _READ_AT_ONCE]
        found = table.read_rows(wanted)
        rows |= {key: row for key, row in zip(wanted, found, strict=True) if row is not None}
    return rows


def _list_row_keys(work: Work) -> list[RowKey]:
    keys = [subject_row_key(subject) for subject in work.subjects]
    if isinstance(work.message, SummarizeChunk):
        message = work.message
        keys.append(chunk_row_key(message.document_id, message.run, message.chunk_number))
    elif isinstance(work.message, RecognisePage | ReadPicture):
        page = work.message
        keys.append(settled_row_key(page.document_id, page.run, page.page))
    return keys


def tell_if_finished(work: Work, rows: Rows) -> str | None:
    """Say why a message's work needs no replay; None if it does, or might."""
    match work.message:
        case SummarizeChunk() as message:
            return _tell_of_chunk(message, rows)
        case Combine() as message:
            return _tell_of_combine(message, rows)
        case UploadNotice() as notice:
            return _tell_of_upload(notice, rows)
        case ContinueIngest() as message:
            return _tell_of_rest(message, rows)
        case Redo() as message:
            return _tell_of_redo(message, rows)
        case ConvertDocument() as message:
            return _tell_of_conversion(message, rows)
        case RenderPages() | RecognisePage() | ReadPicture() | TakeUpPages() as message:
            return _tell_of_recognition(message, rows)
        case TaskMessage() as message:
            task = _find_task(message.task_id, rows)
            if task is None or not task.status.is_settled:
                return None
            # The id may be another task's that came first: this one was never carried out.
            return f"the task is {task.status}" if task.digest == message.digest else None
        case DailyReportOrder(day=str(day), resend=False):
            status = rows.get(report_row_key(day), {}).get("status")
            is_final = status is not None and ReportStatus(status).is_final
            return f"the report is {status}" if is_final else None
        case _:
            return None


def has_succeeded(work: Work, rows: Rows) -> bool:
    """Whether a message's own work is done, whatever became of the whole."""
    match work.message:
        case SummarizeChunk() as message:
            if _tell_if_gone(message.document_id, rows) is not None:
                return True
            key = chunk_row_key(message.document_id, message.run, message.chunk_number)
            return rows.get(key, {}).get("status") == ChunkStatus.DONE
        case UploadNotice() | ContinueIngest() | ConvertDocument():
            ids = [subject.id for subject in work.subjects]
            there = [_find_document(one, rows) for one in ids if _tell_if_gone(one, rows) is None]
            is_read = all(d is not None and d.status not in _TO_BE_READ for d in there)
            # Of an object as a whole that was deleted no row tells which documents it had.
            return is_read and bool(ids)
        case _:
            return tell_if_finished(work, rows) is not None


def _tell_of_chunk(message: SummarizeChunk, rows: Rows) -> str | None:
    gone = _tell_if_gone(message.document_id, rows)
    document = _find_document(message.document_id, rows)
    if gone is not None or document is None:
        return gone
    if document.run != message.run:
        return "the document was read anew since"
    if document.status is DocumentStatus.DONE:
        return "the document is DONE"
    if not has_succeeded(Work("", message=message), rows):
        return None
    # All parts may be there and the message that combines them lost: a replay sends it again.
    is_stuck = document.status is DocumentStatus.SUMMARIZING and document.has_all_parts
    return None if is_stuck else "the chunk is summarised"


def _tell_of_combine(message: Combine, rows: Rows) -> str | None:
    gone = _tell_if_gone(message.document_id, rows)
    document = _find_document(message.document_id, rows)
    if gone is not None or document is None:
        return gone
    stands = (document.run, document.chunks_done, document.is_recognised)
    if stands != (message.run, message.chunks_done, message.is_recognised):
        return "a later combination takes its place"
    if document.status in (DocumentStatus.DONE, DocumentStatus.PARTIAL):
        return f"the document is {document.status}"
    return None


def _tell_of_upload(notice: UploadNotice, rows: Rows) -> str | None:
    if notice.removals:
        return None
    if not notice.uploads:
        return "it announces no document"
    ids = [upload.document_id for upload in notice.uploads]
    left = [one for one in ids if _tell_if_gone(one, rows) is None]
    if not left:
        return _tell_if_gone(ids[0], rows)
    documents = [_find_document(one, rows) for one in left]
    if any(document is None or _may_be_ingested(document) for document in documents):
        return None
    statuses = sorted({document.status for document in documents if document is not None})
    return f"the document is {', '.join(statuses)}"


def _tell_of_rest(message: ContinueIngest, rows: Rows) -> str | None:
    document = _find_document(message.document_id, rows)
    if document is None:
        return "the document is not in the ledger"
    if not message.is_about(document.run):
        return "the document was read anew since"
    if message.next_page == 1 and document.run == message.run:
        may_begin = document.status in find_sources(DocumentStatus.RECEIVED)
        return None if may_begin else f"the document is {document.status}"
    return None if _may_be_ingested(document) else f"the document is {document.status}"


def _tell_of_redo(message: Redo, rows: Rows) -> str | None:
    gone = _tell_if_gone(message.document_id, rows)
    document = _find_document(message.document_id, rows)
    if gone is not None or document is None:
        return gone
    if document.redo_order == message.order:
        return None if _may_be_ingested(document) else f"the document is {document.status}"
    return None if document.run == message.run else "another run of the document has begun since"


def _tell_of_conversion(message: ConvertDocument, rows: Rows) -> str | None:
    document = _find_document(message.document_id, rows)
    if document is None:
        return "the document is not in the ledger"
    if message.run != document.run:
        return "the document was read anew since"
    return None if _may_be_ingested(document) else f"the document is {document.status}"


def _tell_of_recognition(
    message: RenderPages | RecognisePage | ReadPicture | TakeUpPages, rows: Rows
) -> str | None:
    gone = _tell_if_gone(message.document_id, rows)
    document = _find_document(message.document_id, rows)
    if gone is not None or document is None:
        return gone or "the document is not in the ledger"
    if document.run != message.run:
        return "the document was read anew since"
    if isinstance(message, RecognisePage | ReadPicture):
        key = settled_row_key(message.document_id, message.run, message.page)
        if key in rows:
            return "the page was recognised or given up; redo its document to have it tried again"
    if document.recognising_pages:
        return None
    # All may be taken up and what follows lost: a replay sends it again.
    is_stuck = document.status is DocumentStatus.SUMMARIZING and isinstance(message, TakeUpPages)
    return None if is_stuck else "its pages are taken up"


def _may_be_ingested(document: Document) -> bool:
    """Whether `pipeline.ingest.ingest_document` would still do anything for it."""
    if document.status in _TO_BE_READ:
        return True
    return document.status in _TO_BE_SENT and not document.has_all_parts


def _tell_if_gone(document_id: str, rows: Rows) -> str | None:
    """Say that a document was deleted or cancelled, as nothing is done for it then; else None."""
    row = rows.get(document_row_key(document_id))
    if row is None:
        return None
    if is_erased(row):
        return "the document was erased"
    return f"the document is {row['status']}" if row["status"] in _ENDED else None


def _find_document(document_id: str, rows: Rows) -> Document | None:
    row = rows.get(document_row_key(document_id))
    return None if row is None or is_erased(row) else to_document(row)


def _find_task(task_id: str, rows: Rows) -> Task | None:
    row = rows.get(task_row_key(task_id))
    return None if row is None else Task.model_validate(row)
