"""Results that are copied from the artifacts bucket into the database, when the ledger has them.

S3 announces every result that is written. A result counts once the ledger names it: the work that
wrote it may have been overtaken, or its process may have died before it was committed.
"""

import logging
import re
from dataclasses import dataclass
from datetime import timedelta

from pipeline.summaries.results import DocumentSummary
from pipeline.tasks.task_calls import TaskFacts
from shared.aws.dynamodb_table import LedgerTable
from shared.aws.objects import ObjectStore
from shared.database.connection import Database
from shared.database.results import (
    DocumentResultRow,
    TaskResultRow,
    delete_document_result,
    delete_task_result,
    write_document_result,
    write_task_result,
)
from shared.deadline import Deadline
from shared.errors import ResultNotCommittedError
from shared.ledger.documents import Clock, find_document
from shared.ledger.tasks import find_task
from shared.lifecycle import DocumentStatus
from shared.messages.result_notices import ResultNotice

logger = logging.getLogger("seashore.database")

_DOCUMENT_KEY = re.compile(r"results/([^/]+)/([0-9]+)\.([0-9]+)/summary\.json")
# With the digest of what is asked for where the ledger is told of the task with its result only.
_TASK_KEY = re.compile(r"results/tasks/([^/]+)/([0-9]+)(?:-([0-9a-f]+))?/result\.json")

_COMMIT_DELAY_SECONDS = 30.0

# A commit follows its result within seconds, or with the redelivery of a message that died.
_COMMITTED_WITHIN = timedelta(days=1)


@dataclass(frozen=True)
class CopyServices:
    """What copying works with; `database` is where results are copied to."""

    table: LedgerTable
    objects: ObjectStore
    database: Database
    now: Clock


def copy_results(notice: ResultNotice, services: CopyServices, deadline: Deadline) -> None:
    """Copy the results that a notice names, and delete those of what was erased.

    Safe to repeat, and in any order.

    Raises:
        ResultNotCommittedError: The ledger does not name a result yet.
        DatabaseUnavailableError: The database cannot take it now.
        ResultRefusedError: The database does not take it at all.
    """
    for upload in notice.objects:
        deadline.check()
        if found := _DOCUMENT_KEY.fullmatch(upload.key):
            document_id, run, chunks_done = found[1], int(found[2]), int(found[3])
            known = _look_up_document(services.table, document_id)
            if _is_committed(upload.key, (run, chunks_done), known, notice, services):
                content = services.objects.read_json(upload.bucket, upload.key)
                row = build_document_row(content, upload.key, run, chunks_done)
                write_document_result(services.database, row)
        elif found := _TASK_KEY.fullmatch(upload.key):
            task_id, attempt = found[1], int(found[2])
            known = _look_up_task(services.table, task_id, found[3])
            if _is_committed(upload.key, (attempt,), known, notice, services):
                content = services.objects.read_json(upload.bucket, upload.key)
                write_task_result(services.database, build_task_row(content, upload.key, attempt))

    for removal in notice.removals:
        deadline.check()
        _delete_copy(removal.key, services)


def _delete_copy(key: str, services: CopyServices) -> None:
    """Delete the row of a result whose document or task was erased; others' stay as they are."""
    if found := _DOCUMENT_KEY.fullmatch(key):
        document = find_document(services.table, found[1])
        if document is None or document.status is DocumentStatus.DELETED:
            delete_document_result(services.database, found[1])
    elif (found := _TASK_KEY.fullmatch(key)) and find_task(services.table, found[1]) is None:
        delete_task_result(services.database, found[1])


@dataclass(frozen=True)
class _Known:
    """What the ledger knows of a document's or task's result: its version, and where it is."""

    version: tuple[int, ...]
    result_key: str | None


def _look_up_document(table: LedgerTable, document_id: str) -> _Known | None:
    document = find_document(table, document_id)
    if document is None or document.status is DocumentStatus.DELETED:
        return None
    return _Known((document.run, document.chunks_done), document.result_key)


def _look_up_task(table: LedgerTable, task_id: str, digest: str | None) -> _Known | None:
    task = find_task(table, task_id)
    if digest is None:
        return None if task is None else _Known((task.attempts,), task.result_key)
    # It is written before the ledger is told of its task, and stands for whichever attempt ends.
    if task is None or (task.digest == digest and not task.status.is_settled):
        return _Known((0,), None)
    return _Known((task.attempts + 2,), task.result_key)


def _is_committed(
    key: str,
    version: tuple[int, ...],
    known: _Known | None,
    notice: ResultNotice,
    services: CopyServices,
) -> bool:
    """Whether the ledger names a result; False if it never will.

    Raises:
        ResultNotCommittedError: It may do so yet.
    """
    if known is not None and known.result_key == key:
        return True
    is_outdated = known is None or known.version > version
    if is_outdated or services.now() - notice.sent_at > _COMMITTED_WITHIN:
        logger.info("result_outdated", extra={"action": "result_outdated"})
        return False
    raise ResultNotCommittedError(
        "the ledger does not name the result yet",
        delay_seconds=_COMMIT_DELAY_SECONDS,
        reason="result_not_committed",
    )


def build_document_row(
    content: object, result_key: str, run: int, chunks_done: int
) -> DocumentResultRow:
    """The row of a document's summary, as `summary.json` has it."""
    summary = DocumentSummary.model_validate(content)
    return DocumentResultRow(
        document_id=summary.document_id,
        run=run,
        chunks_done=chunks_done,
        key=summary.key,
        status=summary.status,
        title=summary.title,
        language=summary.language,
        model=summary.model,
        pages=summary.coverage.pages,
        missing_pages=summary.coverage.missing_pages,
        input_tokens=summary.input_tokens,
        output_tokens=summary.output_tokens,
        cost_usd=summary.cost_usd,
        result=summary.model_dump(mode="json"),
        result_key=result_key,
    )


def build_task_row(content: dict[str, object], result_key: str, attempt: int) -> TaskResultRow:
    """The row of a task's result, as `result.json` has it."""
    facts = TaskFacts.model_validate(content)
    return TaskResultRow(
        **facts.model_dump(), attempt=attempt, result=content, result_key=result_key
    )
