"""The sweep: settle what processes that died have left behind.

A process that dies (timeout, out of memory, crash) cannot say so. After its last receive SQS moves
the message to the DLQ by itself, without a cause, and the ledger still believes the document or
task to be in flight. The sweep looks into the DLQs whenever some have been in flight for long,
gives such letters their cause, and tells the ledger.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.aws.dynamodb_table import LedgerTable
from shared.aws.queues import Queues, ReceivedMessage
from shared.dead_letters.letters import read_letter_state
from shared.deadline import Deadline
from shared.errors import LedgerConflictError, PermanentError
from shared.ledger.document_lists import list_in_flight
from shared.ledger.documents import Clock, Document, document_pk, move_document
from shared.ledger.reports import has_reports_in_flight
from shared.ledger.tasks import LOST_TASK_REASON, Task, fail_task, list_tasks_in_flight, task_pk
from shared.ledger.timeline import read_timeline
from shared.lifecycle import DocumentStatus
from shared.messages.delivery_state import CauseOfDeath
from shared.queue_catalogue import SourceQueue, name_queue

logger = logging.getLogger("seashore.sweep")

PROCESS_DIED = "ProcessDied"
_PROCESS_DIED_SENTENCE = (
    "The function's process died at every receive: it ran out of time or memory, or crashed; "
    "see its log, then replay."
)
_LOST_SENTENCE = "Its messages are gone from every queue; put the file into the bucket again."

# While letters are looked at they are hidden; what needs no cause becomes visible again at once.
_LOOK_SECONDS = 60.0
_RESERVE_SECONDS = 5.0


@dataclass(frozen=True)
class SweptQueue:
    """A DLQ and what its letters mean.

    Args:
        queue: The queue that the letters come from, with its consumer.
        source_url: That queue's URL.
        dlq_url: The DLQ.
        give_up: Tells the ledger that the work of a body and message id will not be done, and why;
            raises `PermanentError` where there is nothing to tell, as of a body that is no message.
    """

    queue: SourceQueue
    source_url: str
    dlq_url: str
    give_up: Callable[[str, str, str], None]


@dataclass(frozen=True)
class SweepServices:
    """What the sweep works with.

    Args:
        stale_after: Documents, tasks and reports in flight for less are left alone.
        lost_after: No message lives this long without a word in the timeline, deferred or not.
    """

    table: LedgerTable
    queues: Queues
    swept: tuple[SweptQueue, ...]
    stale_after: timedelta
    lost_after: timedelta
    now: Clock


@dataclass(frozen=True)
class SweepReport:
    """What a sweep found and did."""

    stale_documents: int
    letters_seen: int
    letters_settled: int
    documents_lost: int
    stale_tasks: int = 0
    tasks_lost: int = 0


def sweep(services: SweepServices, request_id: str, deadline: Deadline) -> SweepReport:
    """Give every letter without a cause its cause, and settle its document.

    Safe to repeat and to interrupt: the ledger is told first, and a letter goes only after its copy
    with the cause has been accepted.

    Raises:
        DeferredError: An AWS service asks for patience.
    """
    now = services.now()
    stale = list(list_in_flight(services.table, now - services.stale_after))
    stale_tasks = list(list_tasks_in_flight(services.table, now - services.stale_after))
    seen = settled = 0
    if stale or stale_tasks or has_reports_in_flight(services.table, now - services.stale_after):
        for swept in services.swept:
            letters = _sweep_letters(swept, services, request_id, deadline)
            seen, settled = seen + letters[0], settled + letters[1]
    lost = [one for one in stale if _is_lost(one, document_pk(one.document_id), services)]
    for document in lost:
        with _unless_it_moved_on():
            move_document(
                services.table,
                document,
                DocumentStatus.FAILED,
                services.now,
                step="lost",
                changes={"reason_code": "lost", "reason": _LOST_SENTENCE},
                unchanged=("updated_at",),
            )
    lost_tasks = [one for one in stale_tasks if _is_lost(one, task_pk(one.task_id), services)]
    for task in lost_tasks:
        with _unless_it_moved_on():
            fail_task(services.table, task, LOST_TASK_REASON, services.now)
    report = SweepReport(len(stale), seen, settled, len(lost), len(stale_tasks), len(lost_tasks))
    logger.info("swept", extra={"action": "swept", **report.__dict__})
    return report


def _is_lost(subject: Document | Task, pk: str, services: SweepServices) -> bool:
    """Whether nothing was heard of it for long; over the spending limit it is put off each day."""
    since = services.now() - services.lost_after
    if datetime.fromisoformat(subject.updated_at) >= since:
        return False
    timeline = read_timeline(services.table, pk)
    return not timeline or datetime.fromisoformat(timeline[-1].at) < since


@contextmanager
def _unless_it_moved_on() -> Iterator[None]:
    try:
        yield
    except LedgerConflictError:
        logger.info("moved_on_already", extra={"action": "moved_on_already"})


def _sweep_letters(
    swept: SweptQueue, services: SweepServices, request_id: str, deadline: Deadline
) -> tuple[int, int]:
    settled = 0
    # By the id of the first copy: a letter that got its cause here comes by again.
    seen: set[str] = set()
    untouched: list[ReceivedMessage] = []
    for letter in _receive_letters(swept, services, deadline):
        state = read_letter_state(letter)
        seen.add(state.message_id)
        if state.failure is not None:
            untouched.append(letter)
            continue
        error_type, sentence = PROCESS_DIED, _PROCESS_DIED_SENTENCE
        try:
            swept.give_up(letter.body, state.message_id, sentence)
        except PermanentError as error:
            error_type, sentence = type(error).__name__, str(error)
        failure = CauseOfDeath(
            error_type=error_type,
            message=sentence,
            stage=swept.queue.stage,
            failed_at=services.now(),
            attempts=state.attempts + letter.receive_count,
            request_id=request_id,
            source_queue=name_queue(swept.source_url),
        )
        labelled = state.model_copy(update={"failure": failure, "attempts": failure.attempts})
        services.queues.send_copy(swept.dlq_url, letter.body, letter.attributes, labelled)
        services.queues.delete(swept.dlq_url, letter.receipt_handle)
        settled += 1
    for letter in untouched:
        services.queues.change_visibility(swept.dlq_url, letter.receipt_handle, 0)
    return len(seen), settled


def _receive_letters(
    swept: SweptQueue, services: SweepServices, deadline: Deadline
) -> Iterator[ReceivedMessage]:
    """The letters of a DLQ, each once, as far as the time allows."""
    known: set[str] = set()
    while deadline.remaining_seconds > _RESERVE_SECONDS:
        letters = services.queues.receive(swept.dlq_url, _LOOK_SECONDS)
        fresh = [letter for letter in letters if letter.message_id not in known]
        if not fresh:
            return
        known.update(letter.message_id for letter in fresh)
        yield from fresh
