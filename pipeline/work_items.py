"""What each kind of message on the work queue asks for.

What many containers of the worker never get is loaded when it comes: a task, a picture, a tick, a
redo. Tasks alone are a twentieth of its start.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.summaries.summarize_document import (
    combine_chunks,
    give_up_chunk,
    give_up_combine,
    summarize_chunk,
)
from pipeline.tasks.task_kind import TaskServices
from shared.deadline import Deadline
from shared.ledger.subjects import subject_row_key
from shared.ledger.waiting import Wait, note_wait
from shared.messages.document_messages import Combine, ReadPicture, Redo, SummarizeChunk
from shared.messages.tasks import Task as TaskOrder
from shared.messages.work_items import Sweep, TaskCallback, WorkItem

if TYPE_CHECKING:
    from pipeline.dead_letters.sweep import SweepServices
    from pipeline.recognition.read_picture import PictureServices


@dataclass(frozen=True)
class WorkServices:
    """What the worker works with; `sweep` and `pictures` build what is seldom needed."""

    items: TaskServices
    sweep: Callable[[], "SweepServices"]
    pictures: Callable[[], "PictureServices"]


def do_work(item: WorkItem, services: WorkServices, deadline: Deadline) -> None:
    """Do what a message asks for.

    Raises:
        RetryableError, DeferredError, PermanentError: See `summarize_document`, `carry_out`
            and `sweep`.
    """
    match item.message:
        case SummarizeChunk() as message:
            summarize_chunk(message, services.items, deadline)
        case Combine() as message:
            combine_chunks(message, services.items, deadline)
        case Redo() as message:
            from pipeline.operations.redo_document import redo_document

            redo_document(message, services.items)
        case ReadPicture() as message:
            from pipeline.recognition.read_picture import read_picture

            read_picture(message, services.pictures(), services.items, deadline)
        case Sweep():
            from pipeline.dead_letters.sweep import sweep

            sweep(services.sweep(), item.item_id, deadline)
        case TaskCallback() as message:
            from pipeline.tasks.carry_out import send_callback

            send_callback(message, services.items)
        case order:
            from pipeline.tasks.carry_out import work_on_task

            work_on_task(order, services.items, deadline)


def is_told_by_ledger(item: WorkItem) -> bool:
    """Whether who does it again finds that it is done, before anything is paid for.

    A chunk has a row, a combination belongs to what its document was when it was asked for, and a
    task has a status. With a callback it is not over with that: word has to be on its way.
    """
    if isinstance(item.message, TaskOrder):
        return item.message.callback is None
    return isinstance(item.message, SummarizeChunk | Combine)


def is_over(item: WorkItem, services: TaskServices) -> bool:
    """Whether nothing is left to do for an item that another delivery holds.

    So it is with a task that is done: its sender repeats it, and that message is to go at once. Of
    a chunk and a combination the ledger does not tell whether what follows is on its way.
    """
    if not isinstance(item.message, TaskOrder):
        return False
    from pipeline.tasks.carry_out import is_task_over

    return is_task_over(item.message, services)


def give_up_work(
    item: WorkItem, cause: str, services: TaskServices, pictures: Callable[[], "PictureServices"]
) -> None:
    """Note in the ledger that a message will not be done, and why."""
    match item.message:
        case SummarizeChunk() as message:
            give_up_chunk(message, cause, services)
        case Combine() as message:
            give_up_combine(message, cause, services)
        case Redo() as message:
            from pipeline.operations.redo_document import give_up_redo

            give_up_redo(message, cause, services)
        case ReadPicture() as message:
            from pipeline.recognition.read_picture import give_up_picture

            give_up_picture(message, cause, pictures(), services)
        case Sweep() | TaskCallback():
            # A tick is followed by the next; a task that its sender was not told of is done.
            return
        case order:
            from pipeline.tasks.carry_out import give_up_task

            give_up_task(order, cause, services)


def note_work_delay(item: WorkItem, wait: Wait, services: TaskServices) -> None:
    """Note in the timeline of a document or task that a message waits."""
    details = {"item": item.item_id, **wait.details}
    for subject in item.message.subjects:
        row_key = subject_row_key(subject)
        note_wait(services.table, row_key, services.now(), wait.step, details)
