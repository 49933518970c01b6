"""The digest of a day: what its documents say, all in all.

The report function has no key of a language model. It sends the worker a task of the kind that
users send too, a text to summarise, and looks now and then whether the answer is there. A digest
that does not come is left out with a note: the report goes all the same.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline.report.report_types import Digest
from pipeline.services import Services
from shared.errors import DeferredError, ObjectMissingError
from shared.ledger.reports import ReportRow
from shared.ledger.tasks import Task, find_task
from shared.lifecycle import TaskStatus
from shared.llm.model_choice import EXTRACTIVE
from shared.messages.message import encode_message
from shared.messages.task_names import digest_text, name_digest_task

if TYPE_CHECKING:
    from shared.messages.tasks import SummarizeTask

# Read by a model at once, or in a few chunks; and far below what a message takes.
MOST_TEXT_BYTES = 60_000
_MOST_ABSTRACT_CHARACTERS = 1_200
_READERS = 8

PATIENCE = timedelta(minutes=15)
LOOK_AGAIN_SECONDS = 20.0


class _Summary(BaseModel):
    """What is wanted of a document's summary."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    title: str = ""
    abstract: str = ""


class _Point(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    text: str


class _Answer(BaseModel):
    """What is wanted of the result of a task that summarised a text."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    abstract: str
    key_points: list[_Point] = []
    model: str


@dataclass(frozen=True)
class DigestOrder:
    """A task that writes a digest.

    Args:
        task: The task; None where no summary could be read.
        read: How many documents' summaries it is made from.
        of: How many there are.
    """

    task: "SummarizeTask | None"
    read: int
    of: int


def order_digest(day: str, result_keys: Sequence[str], of: int, services: Services) -> DigestOrder:
    """Put the summaries of documents together to a text, and have the worker summarise that.

    The same summaries make the same task, however often they are sent.

    Args:
        day: The day.
        result_keys: Where the summaries lie that are to be read.
        of: How many documents have one.
        services: What is needed.
    """
    summaries = _read_summaries(result_keys, services)
    text, read = write_digest_text(summaries)
    if not read:
        return DigestOrder(None, 0, of)
    # The messages of tasks, which no other part of a report needs, are a fiftieth of its start.
    from shared.messages.tasks import SummarizeTask

    task = SummarizeTask(id=name_digest_task(day, digest_text(text)), text=text)
    services.queues.send(services.work_queue_url, [encode_message(task)])
    return DigestOrder(task, read, of)


def _read_summaries(result_keys: Sequence[str], services: Services) -> list[tuple[str, str]]:
    def read(key: str) -> tuple[str, str] | None:
        try:
            content = services.objects.read_json(services.artifacts_bucket, key)
            summary = _Summary.model_validate(content)
        except (ObjectMissingError, ValidationError):
            return None
        return summary.title, summary.abstract

    with ThreadPoolExecutor(_READERS) as pool:
        found = list(pool.map(read, result_keys))
    return [summary for summary in found if summary is not None and summary[1]]


def write_digest_text(summaries: Sequence[tuple[str, str]]) -> tuple[str, int]:
    """Write titles and abstracts one below the other, as many as there is room for.

    Returns:
        The text, and of how many summaries it is made.
    """
    parts: list[str] = []
    size = 0
    for title, abstract in summaries:
        lines = (title, abstract[:_MOST_ABSTRACT_CHARACTERS])
        part = "\n".join(line for line in (" ".join(line.split()) for line in lines) if line)
        part_size = len(part.encode("utf-8", "surrogatepass")) + 2
        if size + part_size > MOST_TEXT_BYTES:
            break
        parts.append(part)
        size += part_size
    return "\n\n".join(parts), len(parts)


def collect_digest(row: ReportRow, services: Services, now: datetime) -> Digest:
    """The digest that a task was to write, or the note that it is left out.

    Args:
        row: The report, which names the task.
        services: What is needed.
        now: The time.

    Raises:
        DeferredError: It is not there yet, and may still come.
    """
    if row.digest_task_id is None:
        return _leave_out(
            row,
            "No document of the day has a summary."
            if not row.digest_of
            else "The documents' summaries could not be read.",
        )
    task = find_task(services.table, row.digest_task_id)
    if task is None or not task.status.is_final:
        asked_at = datetime.fromisoformat(row.digest_asked_at or row.updated_at)
        if now - asked_at < PATIENCE:
            raise DeferredError(
                "the digest is not written yet",
                delay_seconds=LOOK_AGAIN_SECONDS,
                reason="waiting_for_digest",
            )
        minutes = PATIENCE.total_seconds() / 60
        return _leave_out(
            row,
            f"The language model has not written one within {minutes:.0f} "
            "minutes: it may be down, busy, or over the day's spending limit.",
        )
    if task.status is TaskStatus.FAILED:
        return _leave_out(row, f"It could not be written: {task.reason or 'no cause is known'}")
    return _read_digest(task, row, services)


def _leave_out(row: ReportRow, note: str) -> Digest:
    return Digest(note=note, documents_with_summary=row.digest_of)


def _read_digest(task: Task, row: ReportRow, services: Services) -> Digest:
    try:
        content: Any = services.objects.read_json(services.artifacts_bucket, task.result_key or "")
        answer = _Answer.model_validate(content)
    except (ObjectMissingError, ValidationError):
        return _leave_out(row, "Its result could not be read.")
    return Digest(
        origin="extractive" if answer.model == EXTRACTIVE else "model",
        model=answer.model,
        text=answer.abstract,
        key_points=tuple(point.text for point in answer.key_points),
        documents_read=row.digest_read,
        documents_with_summary=row.digest_of,
    )
