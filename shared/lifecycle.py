"""The statuses of documents and of tasks, and the legal moves between them."""

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

    @property
    def is_final(self) -> bool:
        """Whether nothing more happens to the document by itself."""
        return self not in _IN_FLIGHT


_IN_FLIGHT = frozenset(
    {DocumentStatus.RECEIVED, DocumentStatus.EXTRACTED, DocumentStatus.SUMMARIZING}
)

# A replay takes up work again where it was given up: that is how PARTIAL and FAILED are left.
LEGAL_MOVES: dict[DocumentStatus, frozenset[DocumentStatus]] = {
    DocumentStatus.RECEIVED: frozenset(
        {
            DocumentStatus.EXTRACTED,
            DocumentStatus.NO_TEXT,
            DocumentStatus.REJECTED,
            DocumentStatus.FAILED,
        }
    ),
    DocumentStatus.EXTRACTED: frozenset({DocumentStatus.SUMMARIZING, DocumentStatus.FAILED}),
    DocumentStatus.SUMMARIZING: frozenset(
        {DocumentStatus.DONE, DocumentStatus.PARTIAL, DocumentStatus.FAILED}
    ),
    DocumentStatus.PARTIAL: frozenset({DocumentStatus.SUMMARIZING}),
    DocumentStatus.FAILED: frozenset(
        {
            DocumentStatus.EXTRACTED,
            DocumentStatus.NO_TEXT,
            DocumentStatus.REJECTED,
            DocumentStatus.SUMMARIZING,
            DocumentStatus.DONE,
            DocumentStatus.PARTIAL,
        }
    ),
    DocumentStatus.DONE: frozenset(),
    DocumentStatus.NO_TEXT: frozenset(),
    DocumentStatus.REJECTED: frozenset(),
}


def find_sources(target: DocumentStatus) -> frozenset[DocumentStatus]:
    """The statuses from which a document may move to `target`."""
    return frozenset(source for source, targets in LEGAL_MOVES.items() if target in targets)


class TaskStatus(StrEnum):
    """Where a task stands."""

    RECEIVED = "RECEIVED"
    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"

    @property
    def is_final(self) -> bool:
        """Whether nothing more happens to the task by itself."""
        return self in (TaskStatus.DONE, TaskStatus.FAILED)


# A message that comes again runs anew; a replay takes up a task that was given up.
LEGAL_TASK_MOVES: dict[TaskStatus, frozenset[TaskStatus]] = {
    TaskStatus.RECEIVED: frozenset({TaskStatus.RUNNING, TaskStatus.FAILED}),
    TaskStatus.RUNNING: frozenset({TaskStatus.RUNNING, TaskStatus.DONE, TaskStatus.FAILED}),
    TaskStatus.FAILED: frozenset({TaskStatus.RUNNING}),
    TaskStatus.DONE: frozenset(),
}


def find_task_sources(target: TaskStatus) -> frozenset[TaskStatus]:
    """The statuses from which a task may move to `target`."""
    return frozenset(source for source, targets in LEGAL_TASK_MOVES.items() if target in targets)
