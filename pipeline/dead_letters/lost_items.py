"""Documents and tasks that no queue knows any more: found by their silence, and settled as lost.

A message that waits says so in the timeline each time, and lies in its queue and its DLQ no longer
than SQS keeps it. So one that has not been heard of for longer than that is nowhere.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from shared.aws.dynamodb_items import Row
from shared.aws.dynamodb_table import IN_FLIGHT_INDEX, LedgerTable
from shared.deadline import Deadline
from shared.errors import LedgerConflictError, SeashoreError
from shared.ledger.documents import IN_FLIGHT, LOST_CODE, Clock, move_document, to_document
from shared.ledger.tasks import TASK_IN_FLIGHT, Task
from shared.ledger.timeline import read_timeline, write_time
from shared.lifecycle import DocumentStatus, TaskStatus

logger = logging.getLogger("seashore.sweep")

_LOST_SENTENCE = (
    "Its messages are gone from every queue, as SQS keeps them only so long; "
    "put the file into the bucket again."
)

# A row has 400 KB at the most, and an answer of BatchGetItem 16 MB (Amazon DynamoDB Developer
# Guide, "Service, account, and table quotas").
_BATCH_SIZE = 25


@dataclass(frozen=True)
class LostItems:
    """What was found.

    Args:
        documents: How many documents were settled as lost.
        tasks: How many tasks.
        is_complete: Whether the time was enough to look at all.
    """

    documents: int
    tasks: int
    is_complete: bool


@dataclass(frozen=True)
class LostSearch:
    """What is searched.

    Args:
        table: The ledger.
        silent_since: What was heard of since is not lost.
        settle_task: Gives up a task that is lost, and has its sender told; of one that is final
            only the latter.
        now: The clock.
    """

    table: LedgerTable
    silent_since: datetime
    settle_task: Callable[[Task], None]
    now: Clock


def settle_lost_items(
    search: LostSearch, threads: int, deadline: Deadline, reserve_seconds: float
) -> LostItems:
    """Settle every document and task that no message can be left of.

    Args:
        search: What is searched.
        threads: How many rows are worked on at the same time.
        deadline: When the time is up.
        reserve_seconds: How much of it is left alone.

    Raises:
        DeferredError: An AWS service asks for patience.
    """

    def settle(keys: Sequence[tuple[str, str]]) -> tuple[int, int] | None:
        if deadline.remaining_seconds <= reserve_seconds:
            return None
        return _settle_batch(keys, search)

    with ThreadPoolExecutor(threads) as pool:
        settled = list(pool.map(settle, _list_batches(search)))
    done = [counts for counts in settled if counts is not None]
    return LostItems(
        documents=sum(documents for documents, _ in done),
        tasks=sum(tasks for _, tasks in done),
        is_complete=len(done) == len(settled),
    )


def _list_batches(search: LostSearch) -> Iterator[list[tuple[str, str]]]:
    for kind in (IN_FLIGHT, TASK_IN_FLIGHT):
        keys = _list_keys(search, kind)
        while batch := list(islice(keys, _BATCH_SIZE)):
            yield batch


def _list_keys(search: LostSearch, kind: str) -> Iterator[tuple[str, str]]:
    """The keys of what may be lost, oldest first: nothing is heard of a thing before it arrives."""
    before = write_time(search.silent_since)
    for row in search.table.query_index(IN_FLIGHT_INDEX, "in_flight", kind, newest_first=False):
        if row["received_at"] >= before:
            return
        yield row["pk"], row["sk"]


def _settle_batch(keys: Sequence[tuple[str, str]], search: LostSearch) -> tuple[int, int]:
    rows = [row for row in search.table.read_rows(keys) if row is not None]
    at_work = [row for row in rows if row.get("in_flight") in (IN_FLIGHT, TASK_IN_FLIGHT)]
    lost = [row for row in at_work if _is_silent(row, search)]
    documents = [row for row in lost if row["in_flight"] == IN_FLIGHT]
    tasks = [row for row in lost if row["in_flight"] == TASK_IN_FLIGHT]
    return (
        sum(_try(_settle_document, row, search) for row in documents),
        sum(_try(_settle_task, row, search) for row in tasks),
    )


def _try(settle: Callable[[Row, LostSearch], None], row: Row, search: LostSearch) -> bool:
    """Whether it could be settled; what moved on is not lost, and no other waits for the rest."""
    try:
        settle(row, search)
    except LedgerConflictError:
        logger.info("moved_on_already", extra={"action": "moved_on_already"})
        return False
    except SeashoreError as error:
        logger.warning("lost_kept", extra={"action": "lost_kept", "cause": str(error)})
        return False
    return True


def _settle_task(row: Row, search: LostSearch) -> None:
    search.settle_task(Task.model_validate(row))


def _is_silent(row: Row, search: LostSearch) -> bool:
    """Whether nothing was heard of it for long; over the spending limit it is put off each day."""
    if row["status"] == TaskStatus.FAILED:
        # Settled by a sweep that died before the task's sender was told.
        return True
    since = write_time(search.silent_since)
    if max(row["updated_at"], row.get("deferred_until", "")) >= since:
        return False
    timeline = read_timeline(search.table, row["pk"])
    return not timeline or datetime.fromisoformat(timeline[-1].at) < search.silent_since


def _settle_document(row: Row, search: LostSearch) -> None:
    document = to_document(row)
    changes = {"reason_code": LOST_CODE, "reason": _LOST_SENTENCE}
    target = DocumentStatus.FAILED
    if document.is_being_recognised:
        # The summary of its other pages stays.
        target = DocumentStatus.PARTIAL
        unread = f"Pages {document.recognising_pages} were not recognised: "
        changes |= {"recognising_pages": "", "reason": unread + _LOST_SENTENCE}
    move_document(
        search.table,
        document,
        target,
        search.now,
        step="lost",
        changes=changes,
        unchanged=("updated_at",),
        may_stay=target is DocumentStatus.PARTIAL,
    )
