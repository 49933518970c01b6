"""The sweep: settle what processes that died, and queues that forgot, have left behind.

A process that dies (timeout, out of memory, crash) cannot say so. After its last receive SQS moves
the message to the DLQ by itself, without a cause, and the ledger still believes the document or
task to be in flight, or its sender waits for word. The sweep looks into the DLQs at every tick,
gives such letters their cause, and tells the ledger. What no queue knows any more it settles too.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from pipeline.dead_letters.lost_items import LostSearch, settle_lost_items
from pipeline.dead_letters.sweep_letters import SweepRun, SweptQueue, sweep_letters
from shared.aws.dynamodb_table import LedgerTable
from shared.aws.queues import Queues
from shared.dead_letters.given_up import complete_given_up
from shared.deadline import Deadline
from shared.errors import UnfinishedError
from shared.ledger.documents import Clock
from shared.ledger.pauses import count_paused_time, read_pauses
from shared.ledger.tasks import Task

logger = logging.getLogger("seashore.sweep")

_GO_ON_DELAY_SECONDS = 1.0


@dataclass(frozen=True)
class SweepServices:
    """What the sweep works with.

    Args:
        table: The ledger.
        queues: SQS.
        swept: The DLQs.
        settle_task: Gives up a lost task, and has its sender told.
        lost_after: No message lives this long without a word in the timeline, deferred or not.
        now: The clock.
        receivers: How many receive from one DLQ at the same time at the most.
    """

    table: LedgerTable
    queues: Queues
    swept: tuple[SweptQueue, ...]
    settle_task: Callable[[Task], None]
    lost_after: timedelta
    now: Clock
    receivers: int = 8


@dataclass(frozen=True)
class SweepReport:
    """What a sweep found and did."""

    letters_seen: int
    letters_settled: int
    documents_lost: int
    tasks_lost: int
    is_complete: bool


def sweep(services: SweepServices, request_id: str, deadline: Deadline) -> SweepReport:
    """Settle what is lost, and give every letter without a cause its cause.

    What is lost comes first, since nothing else ever tells of it, and takes half of the time at the
    most. Safe to repeat and to interrupt.

    Raises:
        UnfinishedError: The time is up, something was settled and something is left: it goes on.
        DeferredError: An AWS service asks for patience.
    """
    now = services.now()
    silent_since = now - services.lost_after
    # What waits for a consumer that is paused is silent, and not lost.
    silent_since -= count_paused_time(read_pauses(services.table), silent_since, now)
    search = LostSearch(services.table, silent_since, services.settle_task, services.now)
    half = deadline.remaining_seconds / 2
    lost = settle_lost_items(search, services.receivers, deadline, half)
    complete_given_up(services.table, services.now, deadline, half / 2)
    run = SweepRun(services.queues, services.receivers, request_id, deadline, services.now)
    letters = [sweep_letters(swept, run) for swept in services.swept]
    report = SweepReport(
        letters_seen=sum(one.seen for one in letters),
        letters_settled=sum(one.settled for one in letters),
        documents_lost=lost.documents,
        tasks_lost=lost.tasks,
        is_complete=lost.is_complete and all(one.is_complete for one in letters),
    )
    logger.info("swept", extra={"action": "swept", **report.__dict__})
    if not report.is_complete and (report.letters_settled or lost.documents or lost.tasks):
        raise UnfinishedError(
            "the sweep's time is up before it has seen all",
            delay_seconds=_GO_ON_DELAY_SECONDS,
            reason="unfinished",
        )
    return report
