"""What has not begun is cancelled, and the senders of tasks are told."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pipeline.operations.selection import OperationServices, Selection, find_selected
from shared.aws.dynamodb_table import IN_FLIGHT_INDEX
from shared.deadline import Deadline
from shared.errors import LedgerConflictError, NothingFoundError
from shared.ledger.cancelling import can_be_cancelled, cancel_document, cancel_task
from shared.ledger.document_lists import list_in_flight
from shared.ledger.documents import Document, find_document
from shared.ledger.tasks import TASK_IN_FLIGHT, Task, find_task
from shared.lifecycle import DocumentStatus, TaskStatus
from shared.messages.message import encode_message
from shared.messages.work_items import TaskCallback

# How often a document is looked at anew because it has moved on meanwhile.
_MOST_TRIES = 5


@dataclass(frozen=True)
class CancelPlan:
    """What would be cancelled.

    Args:
        documents: The documents of which no part is summarised.
        tasks: The tasks that are not started.
        skipped: How many others were meant, by why they cannot be: `has_begun` or `final`.
    """

    documents: tuple[Document, ...]
    tasks: tuple[Task, ...]
    skipped: Mapping[str, int]


@dataclass(frozen=True)
class CancelResult:
    """What became of it.

    Args:
        cancelled: How many are cancelled now.
        back: Of those, how many documents are as they were before they were redone.
        begun: How many had begun meanwhile, and go on.
        is_complete: Whether the time was enough for all.
    """

    cancelled: int
    back: int
    begun: int
    is_complete: bool


def find_in_flight(selection: Selection, services: OperationServices) -> Iterator[Document]:
    """The documents that are meant: of those that are not named only what is in flight.

    Raises:
        InvalidRequestError: It does not say which are meant.
        NothingFoundError: There is none of a name.
    """
    selection.check()
    if selection.names:
        yield from find_selected(Selection(selection.names), services)
    if selection.is_filter:
        for document in list_in_flight(services.table, services.now()):
            if document.document_id not in selection.names and selection.fits(document):
                yield document


def find_tasks(ids: Iterable[str], services: OperationServices) -> list[Task]:
    """The tasks of some ids.

    Raises:
        NothingFoundError: There is none of an id.
    """
    found = []
    for task_id in dict.fromkeys(ids):
        task = find_task(services.table, task_id)
        if task is None:
            raise NothingFoundError(f"there is no task {task_id!r}")
        found.append(task)
    return found


def list_waiting_tasks(services: OperationServices) -> Iterator[Task]:
    """The tasks that are not started, the oldest first."""
    rows = services.table.query_index(
        IN_FLIGHT_INDEX, "in_flight", TASK_IN_FLIGHT, newest_first=False
    )
    for row in rows:
        task = find_task(services.table, row["pk"].partition("#")[2])
        if task is not None and task.status is TaskStatus.RECEIVED:
            yield task


def plan_cancel(documents: Iterable[Document], tasks: Iterable[Task]) -> CancelPlan:
    """Choose what can be cancelled."""
    skipped: Counter[str] = Counter()
    waiting: list[Document] = []
    for document in documents:
        if can_be_cancelled(document):
            waiting.append(document)
        else:
            skipped["final" if document.status.is_final else "has_begun"] += 1
    not_started: list[Task] = []
    for task in tasks:
        if task.status is TaskStatus.RECEIVED:
            not_started.append(task)
        else:
            skipped["final" if task.status.is_final else "has_begun"] += 1
    return CancelPlan(tuple(waiting), tuple(not_started), dict(skipped))


def cancel(plan: CancelPlan, services: OperationServices, deadline: Deadline) -> CancelResult:
    """Cancel what has not begun by now, as far as the time allows.

    Raises:
        SeashoreError: AWS failed; what is cancelled by then stays so.
    """
    cancelled = back = begun = 0
    wanted: list[Document | Task] = [*plan.documents, *plan.tasks]
    for one in wanted:
        if deadline.remaining_seconds <= 0:
            return CancelResult(cancelled, back, begun, False)
        try:
            back += _cancel(one, services)
            cancelled += 1
        except LedgerConflictError:
            begun += 1
    return CancelResult(cancelled, back, begun, True)


def _cancel(one: Document | Task, services: OperationServices) -> bool:
    """Cancel a document or a task; whether it has come back to how it stood before."""
    if isinstance(one, Document):
        return _cancel_document(one, services) is not DocumentStatus.CANCELLED
    cancel_task(services.table, one, services.by, services.now)
    if one.callback is not None:
        word = TaskCallback(task_id=one.task_id, attempt=one.attempts)
        services.queues.send(services.work_queue_url, [encode_message(word)])
    return False


def _cancel_document(document: Document, services: OperationServices) -> DocumentStatus:
    """Cancel a document, looked at anew where it has moved on and still has not begun."""
    for _ in range(_MOST_TRIES):
        try:
            return cancel_document(services.table, document, services.by, services.now)
        except LedgerConflictError:
            now = find_document(services.table, document.document_id)
            if now is None or now.run != document.run or not can_be_cancelled(now):
                raise
            document = now
    return cancel_document(services.table, document, services.by, services.now)
