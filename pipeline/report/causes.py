"""What was given up on a day, by queue and cause, with the command that replays it.

The ledger knows: a document or task is FAILED with its cause before its message goes to the DLQ.
The DLQs themselves are not read, since reading hides letters from those who work on them.
"""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Literal

from pipeline.report.report_types import DeadLetterGroup
from shared.ledger.documents import LOST_CODE
from shared.ledger.tasks import LOST_TASK_REASON
from shared.lifecycle import DocumentStatus, TaskStatus

MOST_GROUPS = 10
_MOST_EXAMPLES = 3
# Causes that differ in a number or an id are one; beyond so many, further ones are only counted.
_MOST_CAUSES = 1_000
_VARYING = re.compile(r"[0-9a-fA-F-]{8,}|\d+")
_MOST_CAUSE_CHARACTERS = 300
_MOST_PATTERN_CHARACTERS = 60

# What a replay meets again, whatever was mended meanwhile: content that is gone, or that the model
# declines to work on.
_HOPELESS = re.compile(r"\b(?:is gone|are gone|specified key does not exist|declines)\b")

_INGEST_FAILED = "ingest_failed"
_NOT_SUMMARISED = "not_summarised"

Kind = Literal["document", "task"]


class LettersLeft(Enum):
    """What lies in the DLQ for one document or task."""

    OWN = auto()
    CHUNKS = auto()
    NONE = auto()


@dataclass(frozen=True)
class End:
    """How one document or task was given up: where, which letters it left, and what they say.

    Where its row, written by an earlier version, does not know that, `effect` is what came of it.
    """

    queue: str
    kind: Kind
    item_id: str
    letters: LettersLeft
    reason: str | None
    effect: str | None = None

    @property
    def cause(self) -> str:
        """What it was given up for, in one line."""
        return describe_cause(self.reason or self.effect)

    @property
    def group(self) -> tuple[str, Kind, LettersLeft, str]:
        """What is the same for all that was given up for the same cause."""
        return (self.queue, self.kind, self.letters, _VARYING.sub("#", self.cause))


@dataclass
class _Group:
    """What was given up for one cause; `first` stands for all, as they differ in numbers only."""

    first: End
    cause: str
    count: int = 0
    examples: list[str] = field(default_factory=list)


class CauseTally:
    """Counts what was given up, by queue and cause."""

    def __init__(self) -> None:
        self._groups: dict[tuple[str, Kind, LettersLeft, str], _Group] = {}
        self._beyond = 0

    def add_document(self, row: Mapping[str, Any]) -> None:
        """Count a document, if it or a part of it was given up."""
        end = find_document_end(row)
        if end is not None:
            self._add(end)

    def add_task(self, row: Mapping[str, Any]) -> None:
        """Count a task, if it was given up."""
        end = find_task_end(row)
        if end is not None:
            self._add(end)

    def _add(self, end: End) -> None:
        cause = end.cause
        key = end.group
        group = self._groups.get(key)
        if group is None:
            if len(self._groups) == _MOST_CAUSES:
                self._beyond += 1
                return
            group = self._groups[key] = _Group(end, cause)
        group.count += 1
        if len(group.examples) < _MOST_EXAMPLES:
            group.examples.append(end.item_id)

    def list_groups(
        self, other: "CauseTally", stack: str
    ) -> tuple[tuple[DeadLetterGroup, ...], int, int]:
        """The largest groups of two tallies, and how many causes and cases are beyond them.

        Args:
            other: Another tally.
            stack: The stack's name, as the command line knows it.
        """
        groups = sorted(
            [*self._groups.values(), *other._groups.values()],
            key=lambda group: (-group.count, group.first.queue, group.first.kind, group.cause),
        )
        listed, rest = groups[:MOST_GROUPS], groups[MOST_GROUPS:]
        beyond = self._beyond + other._beyond
        shown = tuple(
            DeadLetterGroup(
                queue=group.first.queue,
                kind=group.first.kind,
                cause=group.cause,
                count=group.count,
                examples=tuple(group.examples),
                replay_command=_write_command(group, stack),
            )
            for group in listed
        )
        return shown, len(rest) + bool(beyond), sum(group.count for group in rest) + beyond


def find_document_end(row: Mapping[str, Any]) -> End | None:
    """How a document or a part of it was given up; None if it was not."""
    status, code = row.get("status"), row.get("reason_code")
    document_id = str(row.get("document_id", ""))
    is_partly = status == DocumentStatus.PARTIAL and row.get("chunks_failed", 0) > 0
    # Its chunks lie in the DLQ; where one of them was summarised, it failed when combined instead.
    is_wholly = code == _NOT_SUMMARISED and row.get("chunks_done", 0) == 0
    if is_partly or (status == DocumentStatus.FAILED and is_wholly):
        told, effect = row.get("chunk_reason"), row.get("reason")
        return End("work", "document", document_id, LettersLeft.CHUNKS, told, effect)
    if status != DocumentStatus.FAILED:
        return None
    queue = "uploads" if code == _INGEST_FAILED else "work"
    letters = LettersLeft.NONE if code == LOST_CODE else LettersLeft.OWN
    return End(queue, "document", document_id, letters, row.get("reason"))


def find_task_end(row: Mapping[str, Any]) -> End | None:
    """How a task was given up; None if it was not."""
    if row.get("status") != TaskStatus.FAILED:
        return None
    reason = row.get("reason")
    letters = LettersLeft.NONE if reason == LOST_TASK_REASON else LettersLeft.OWN
    return End("work", "task", str(row["task_id"]), letters, reason)


def describe_cause(reason: str | None) -> str:
    """What a document or task was given up for, in one line of bounded length."""
    return " ".join((reason or "no cause is known").split())[:_MOST_CAUSE_CHARACTERS]


def name_stack(stack: str) -> str:
    """The option that names a stack to the command line; nothing for the local one."""
    return "" if stack == "local" else f" --stack {shlex.quote(stack)}"


def _write_command(group: _Group, stack: str) -> str:
    """The command that replays what a group counts; empty if there is none for just these."""
    end = group.first
    if end.letters is LettersLeft.NONE or _HOPELESS.search(end.reason or ""):
        return ""
    replay = f"seashore dlq replay{name_stack(stack)} --queue {end.queue}"
    if group.count == 1:
        return f"{replay} --document {shlex.quote(end.item_id)}"
    kind = " --kind summarize_chunk" if end.letters is LettersLeft.CHUNKS else ""
    pattern = _write_pattern(end.reason or "")
    grep = f" --grep {shlex.quote(pattern)}" if pattern else ""
    return f"{replay}{kind}{grep}" if kind or grep else ""


def _write_pattern(reason: str) -> str:
    """A regular expression that finds a reason, whatever numbers and ids it names.

    Made of its first line that has words, since a dot does not stand for a line's end; empty if
    there is none, as numbers alone would find anything.
    """
    for line in reason.splitlines():
        words = [re.sub(r"[^\w ]", ".", part, flags=re.ASCII) for part in _VARYING.split(line)]
        if any(word.strip(" .") for word in words):
            return ".*".join(words).strip()[:_MOST_PATTERN_CHARACTERS]
    return ""
