"""What failed is tried again: by its dead letter where that is still there, else by the ledger."""

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.dead_letters.hold import LetterOutcome
from pipeline.dead_letters.replay import replay
from pipeline.ingest.chunk_sending import build_combine, find_group, list_chunk_messages
from pipeline.operations.selection import OperationServices
from shared.dead_letters.letters import Letter
from shared.dead_letters.reading import read_letters
from shared.deadline import Deadline
from shared.ledger.chunks import ChunkStatus, read_parts
from shared.ledger.documents import Document
from shared.ledger.tasks import Task
from shared.lifecycle import DocumentStatus, TaskStatus
from shared.messages.document_messages import Redo
from shared.messages.message import encode_message
from shared.messages.reading_messages import ContinueIngest
from shared.messages.work_items import WorkMessage

RETRIED_FROM = frozenset({DocumentStatus.FAILED, DocumentStatus.PARTIAL, DocumentStatus.CANCELLED})


@dataclass(frozen=True)
class RetryPlan:
    """What a retry would do.

    Args:
        documents: The documents that would be tried again.
        tasks: The tasks, each with its dead letters.
        letters: The dead letters that would be replayed.
        skipped: How many others were meant, by why they would not be: `not_failed`,
            `nothing_failed` (pages are missing that a retry does not bring), or `message_gone`
            (a task whose message no queue has any more).
    """

    documents: tuple[Document, ...]
    tasks: tuple[Task, ...]
    letters: tuple[Letter, ...]
    skipped: Mapping[str, int]


@dataclass(frozen=True)
class RetryResult:
    """What was done.

    Args:
        replayed: How many dead letters were replayed.
        resumed: How many documents go on without one.
        refused: How many letters SQS did not accept.
        is_complete: Whether the time was enough for all.
    """

    replayed: int
    resumed: int
    refused: int
    is_complete: bool


def plan_retry(
    documents: Iterable[Document], tasks: Sequence[Task], services: OperationServices
) -> RetryPlan:
    """Choose what is tried again, and find its dead letters."""
    skipped: Counter[str] = Counter()
    failed: list[Document] = []
    for document in documents:
        if document.status not in RETRIED_FROM:
            skipped["not_failed"] += 1
        elif document.status is DocumentStatus.PARTIAL and not document.chunks_failed:
            skipped["nothing_failed"] += 1
        else:
            failed.append(document)
    failed_tasks = [task for task in tasks if task.status is TaskStatus.FAILED]
    skipped["not_failed"] += len(tasks) - len(failed_tasks)
    ids = {document.document_id for document in failed} | {task.task_id for task in failed_tasks}
    letters = _find_letters(ids, services) if ids else ()
    found = {subject.id for letter in letters for subject in letter.work.subjects}
    retried = [task for task in failed_tasks if task.task_id in found]
    skipped["message_gone"] += len(failed_tasks) - len(retried)
    return RetryPlan(
        tuple(failed),
        tuple(retried),
        letters,
        {reason: count for reason, count in skipped.items() if count},
    )


def _find_letters(ids: set[str], services: OperationServices) -> tuple[Letter, ...]:
    work = services.letters
    letters = read_letters(work.queues, work.dlqs, work.pace, work.stopwatch)
    return tuple(letter for letter in letters if any(one.id in ids for one in letter.work.subjects))


def retry(plan: RetryPlan, services: OperationServices, deadline: Deadline) -> RetryResult:
    """Replay the dead letters, and have documents go on that have none.

    Safe to repeat: what is at work by then is not failed any more, and each effect happens once.

    Raises:
        SeashoreError: AWS failed; what was sent by then goes on.
    """
    ends = Counter(result.ending for result in replay(plan.letters, services.letters))
    by_letter = {subject.id for letter in plan.letters for subject in letter.work.subjects}
    resumed = 0
    for document in plan.documents:
        if document.document_id in by_letter:
            continue
        if deadline.remaining_seconds <= 0:
            return RetryResult(
                ends[LetterOutcome.REPLAYED], resumed, ends[LetterOutcome.REFUSED], False
            )
        _resume(document, services)
        resumed += 1
    return RetryResult(ends[LetterOutcome.REPLAYED], resumed, ends[LetterOutcome.REFUSED], True)


def _resume(document: Document, services: OperationServices) -> None:
    """Send what a document lacks, as the ledger knows it: the same work, under the same ids."""
    group = find_group(document)
    if document.status is DocumentStatus.CANCELLED:
        order = Redo(
            document_id=document.document_id,
            run=document.run,
            order=f"retry-{uuid.uuid4().hex}",
            by=services.by,
        )
        services.queues.send(services.work_queue_url, [encode_message(order)], group)
        return
    is_half_read = document.next_page <= document.pages
    if is_half_read or not document.chunk_plan:
        again = ContinueIngest(
            document_id=document.document_id,
            run=document.run,
            next_page=document.next_page if is_half_read else 1,
        )
        services.queues.send(services.uploads_queue_url, [encode_message(again)], group)
        return
    bodies = [encode_message(message) for message in _list_missing(document, services)]
    services.queues.send(services.work_queue_url, bodies, group)


def _list_missing(document: Document, services: OperationServices) -> list[WorkMessage]:
    """The messages of the chunks that are not summarised; of all that are, what combines them."""
    parts = read_parts(services.table, document.document_id, document.run)
    chunks = () if parts is None else parts.chunks
    done = {chunk.chunk_number for chunk in chunks if chunk.status is ChunkStatus.DONE}
    missing: list[WorkMessage] = [
        message for message in list_chunk_messages(document) if message.chunk_number not in done
    ]
    return missing or [build_combine(document)]
