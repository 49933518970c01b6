"""What each kind of message on the work queue asks for."""

from dataclasses import dataclass

from pipeline.summarize import (
    SummarizeServices,
    combine_chunks,
    give_up_chunk,
    give_up_combine,
    summarize_chunk,
)
from pipeline.sweep import SweepServices, sweep
from shared.deadline import Deadline
from shared.ledger.timeline import note_delay
from shared.messages import Combine, SummarizeChunk, Sweep, WorkItem


@dataclass(frozen=True)
class WorkServices:
    """What the worker works with."""

    summarize: SummarizeServices
    sweep: SweepServices


def do_work(item: WorkItem, services: WorkServices, deadline: Deadline) -> None:
    """Do what a message asks for.

    Raises:
        RetryableError, DeferredError, PermanentError: See `pipeline.summarize`, `pipeline.sweep`.
    """
    match item.message:
        case SummarizeChunk() as message:
            summarize_chunk(message, services.summarize, deadline)
        case Combine() as message:
            combine_chunks(message, services.summarize, deadline)
        case Sweep():
            sweep(services.sweep, item.item_id, deadline)


def give_up_work(item: WorkItem, cause: str, services: SummarizeServices) -> None:
    """Note in the ledger that a message will not be done, and why."""
    match item.message:
        case SummarizeChunk() as message:
            give_up_chunk(message, cause, services)
        case Combine() as message:
            give_up_combine(message, cause, services)


def note_work_delay(
    item: WorkItem, step: str, reason: str, delay_seconds: float, services: SummarizeServices
) -> None:
    """Note in the document's story that a message waits."""
    if isinstance(item.message, Sweep):
        return
    details = {"item": item.item_id, "reason": reason, "delay_seconds": round(delay_seconds)}
    note_delay(services.table, item.message.document_id, services.now(), step, details)
