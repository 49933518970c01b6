"""The statuses of documents and tasks, the legal moves between them, and what people are told."""

from dataclasses import dataclass
from enum import StrEnum


class DocumentStatus(StrEnum):
    """Where a document stands."""

    RECEIVED = "RECEIVED"
    EXTRACTED = "EXTRACTED"
    SUMMARIZING = "SUMMARIZING"
    DONE = "DONE"
    PARTIAL = "PARTIAL"
    NO_TEXT = "NO_TEXT"
    REJECTED = "REJECTED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    DELETED = "DELETED"

    @property
    def is_final(self) -> bool:
        """Whether nothing more happens to the document by itself."""
        return self not in _IN_FLIGHT


_IN_FLIGHT = frozenset(
    {DocumentStatus.RECEIVED, DocumentStatus.EXTRACTED, DocumentStatus.SUMMARIZING}
)

# A replay takes up work again where it was given up: that is how PARTIAL and FAILED are left. A
# document whose text is gone before it was summarised is begun anew. Pages that are recognised come
# after the others: their text takes a PARTIAL document up again, and one that waited for nothing
# else may turn out to have no text.
_MOVES_OF_WORK: dict[DocumentStatus, frozenset[DocumentStatus]] = {
    DocumentStatus.RECEIVED: frozenset(
        {
            DocumentStatus.EXTRACTED,
            DocumentStatus.NO_TEXT,
            DocumentStatus.REJECTED,
            DocumentStatus.FAILED,
            DocumentStatus.CANCELLED,
        }
    ),
    DocumentStatus.EXTRACTED: frozenset(
        {
            DocumentStatus.SUMMARIZING,
            DocumentStatus.NO_TEXT,
            DocumentStatus.FAILED,
            DocumentStatus.RECEIVED,
            DocumentStatus.CANCELLED,
        }
    ),
    DocumentStatus.SUMMARIZING: frozenset(
        {
            DocumentStatus.DONE,
            DocumentStatus.PARTIAL,
            DocumentStatus.NO_TEXT,
            DocumentStatus.FAILED,
            DocumentStatus.RECEIVED,
            DocumentStatus.CANCELLED,
        }
    ),
    DocumentStatus.PARTIAL: frozenset({DocumentStatus.SUMMARIZING, DocumentStatus.RECEIVED}),
    DocumentStatus.FAILED: frozenset(
        {
            DocumentStatus.EXTRACTED,
            DocumentStatus.NO_TEXT,
            DocumentStatus.REJECTED,
            DocumentStatus.SUMMARIZING,
            DocumentStatus.DONE,
            DocumentStatus.PARTIAL,
            DocumentStatus.RECEIVED,
        }
    ),
    DocumentStatus.DONE: frozenset(),
    DocumentStatus.NO_TEXT: frozenset(),
    DocumentStatus.REJECTED: frozenset(),
    DocumentStatus.CANCELLED: frozenset(),
}

# Wherever a document stands, its file can be deleted; nothing is worked on any more then.
LEGAL_MOVES: dict[DocumentStatus, frozenset[DocumentStatus]] = {
    **{source: targets | {DocumentStatus.DELETED} for source, targets in _MOVES_OF_WORK.items()},
    DocumentStatus.DELETED: frozenset(),
}


# From here an operator's order, and nothing else, begins a document's next run
# (`shared/ledger/redoing.py`).
REDONE_FROM = frozenset(
    status for status in DocumentStatus if status.is_final and status is not DocumentStatus.DELETED
)


def find_sources(target: DocumentStatus) -> frozenset[DocumentStatus]:
    """The statuses from which a document may move to `target`."""
    return frozenset(source for source, targets in LEGAL_MOVES.items() if target in targets)


class TaskStatus(StrEnum):
    """Where a task stands."""

    RECEIVED = "RECEIVED"
    RUNNING = "RUNNING"
    DONE = "DONE"
    PARTIAL = "PARTIAL"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"

    @property
    def is_final(self) -> bool:
        """Whether nothing more happens to the task by itself."""
        return self.has_result or self in (TaskStatus.FAILED, TaskStatus.CANCELLED)

    @property
    def has_result(self) -> bool:
        """Whether the task is done with, as far as it could be; PARTIAL says what is missing."""
        return self in (TaskStatus.DONE, TaskStatus.PARTIAL)

    @property
    def is_settled(self) -> bool:
        """Whether nothing happens to the task any more; one that is FAILED may be replayed."""
        return self.has_result or self is TaskStatus.CANCELLED


# A message that comes again runs anew; a replay takes up a task that was given up. One that has to
# wait before a call was made for it stands as one that was not started.
LEGAL_TASK_MOVES: dict[TaskStatus, frozenset[TaskStatus]] = {
    TaskStatus.RECEIVED: frozenset({TaskStatus.RUNNING, TaskStatus.FAILED, TaskStatus.CANCELLED}),
    TaskStatus.RUNNING: frozenset(
        {
            TaskStatus.RECEIVED,
            TaskStatus.RUNNING,
            TaskStatus.DONE,
            TaskStatus.PARTIAL,
            TaskStatus.FAILED,
        }
    ),
    TaskStatus.FAILED: frozenset({TaskStatus.RUNNING}),
    TaskStatus.DONE: frozenset(),
    TaskStatus.PARTIAL: frozenset(),
    TaskStatus.CANCELLED: frozenset(),
}


def find_task_sources(target: TaskStatus) -> frozenset[TaskStatus]:
    """The statuses from which a task may move to `target`."""
    return frozenset(source for source, targets in LEGAL_TASK_MOVES.items() if target in targets)


class Tone(StrEnum):
    """How good or bad a thing is; shown as a colour beside the word."""

    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    WAIT = "wait"
    NONE = "none"


@dataclass(frozen=True)
class Standing:
    """How a document or task stands, as reports count it and people are told of it.

    Args:
        name: Its final status, or what stands for all of those in flight.
        word: What it is called in a sentence.
        meaning: The same in a few words more.
        tone: How good it is.
        place: Its place in lists: those first that need a person, those last that need nobody.
        needs_a_person: Whether it will not end well by itself.
        is_rare: Whether it is left out of a sum in which nothing stands so.
    """

    name: str
    word: str
    meaning: str
    tone: Tone
    place: int
    needs_a_person: bool = False
    is_rare: bool = False

    @property
    def count(self) -> str:
        """The field of a report that counts it."""
        return self.name.lower()


DEFERRED = "DEFERRED"
IN_FLIGHT = "IN_FLIGHT"

# In the order of a sum.
STANDINGS = {
    standing.name: standing
    for standing in (
        Standing("DONE", "done", "in full", Tone.GOOD, 7),
        Standing("PARTIAL", "partial", "pages are missing", Tone.WARN, 3, needs_a_person=True),
        Standing("NO_TEXT", "no text", "nothing to read in it", Tone.NONE, 4),
        Standing(
            "REJECTED", "rejected", "refused, with the reason", Tone.WARN, 2, needs_a_person=True
        ),
        Standing("FAILED", "failed", "given up", Tone.BAD, 1, needs_a_person=True),
        Standing(
            "CANCELLED", "cancelled", "by an operator, before it began", Tone.NONE, 8, is_rare=True
        ),
        Standing("DELETED", "deleted", "the file was deleted", Tone.NONE, 9),
        Standing(DEFERRED, "deferred", "waits, goes on by itself", Tone.WAIT, 5),
        Standing(IN_FLIGHT, "in flight", "being worked on", Tone.WAIT, 6),
    )
}
