"""What was given up on a day, by queue and cause, with the command that replays it.

The ledger knows: a document or task is FAILED with its cause before its message goes to the DLQ.
The DLQs themselves are not read, since reading hides letters from those who work on them.
"""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pipeline.report_types import DeadLetterGroup
from shared.lifecycle import DocumentStatus, TaskStatus

MOST_GROUPS = 10
_MOST_EXAMPLES = 3
# Causes that differ in a number or an id are one; beyond so many, further ones are only counted.
_MOST_CAUSES = 1_000
_VARYING = re.compile(r"[0-9a-fA-F-]{8,}|\d+")
_MOST_CAUSE_CHARACTERS = 300
_MOST_PATTERN_CHARACTERS = 60

_INGEST_FAILED = "ingest_failed"
_LOST = "lost"

Kind = Literal["document", "task"]


@dataclass
class _Group:
    queue: str
    kind: Kind
    cause: str
    is_lost: bool
    count: int = 0
    examples: list[str] = field(default_factory=list)


class CauseTally:
    """Counts what was given up, by queue and cause."""

    def __init__(self) -> None:
        self._groups: dict[tuple[str, str, str], _Group] = {}
        self._beyond = 0

    def add_document(self, row: Mapping[str, Any]) -> None:
        """Count a document, if it or a part of it was given up."""
        status = row.get("status")
        is_partly = status == DocumentStatus.PARTIAL and row.get("chunks_failed", 0) > 0
        if status != DocumentStatus.FAILED and not is_partly:
            return
        code = row.get("reason_code")
        queue = "uploads" if code == _INGEST_FAILED else "work"
        self._add(queue, "document", row, str(row["document_id"]), is_lost=code == _LOST)

    def add_task(self, row: Mapping[str, Any]) -> None:
        """Count a task, if it was given up."""
        if row.get("status") == TaskStatus.FAILED:
            self._add("work", "task", row, str(row["task_id"]), is_lost=False)

    def _add(
        self, queue: str, kind: Kind, row: Mapping[str, Any], item_id: str, *, is_lost: bool
    ) -> None:
        cause = describe_cause(row)
        key = (queue, kind, _VARYING.sub("#", cause))
        group = self._groups.get(key)
        if group is None:
            if len(self._groups) == _MOST_CAUSES:
                self._beyond += 1
                return
            group = self._groups[key] = _Group(queue, kind, cause, is_lost)
        group.count += 1
        if len(group.examples) < _MOST_EXAMPLES:
            group.examples.append(item_id)

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
            key=lambda group: (-group.count, group.queue, group.kind, group.cause),
        )
        listed, rest = groups[:MOST_GROUPS], groups[MOST_GROUPS:]
        beyond = self._beyond + other._beyond
        shown = tuple(
            DeadLetterGroup(
                queue=group.queue,
                kind=group.kind,
                cause=group.cause,
                count=group.count,
                examples=tuple(group.examples),
                replay_command=_write_command(group, stack),
            )
            for group in listed
        )
        return shown, len(rest) + bool(beyond), sum(group.count for group in rest) + beyond


def describe_cause(row: Mapping[str, Any]) -> str:
    """What a document or task was given up for, in one line of bounded length."""
    return " ".join(str(row.get("reason") or "no cause is known").split())[:_MOST_CAUSE_CHARACTERS]


def name_stack(stack: str) -> str:
    """The option that names a stack to the command line; nothing for the local one."""
    return "" if stack == "local" else f" --stack {shlex.quote(stack)}"


def _write_command(group: _Group, stack: str) -> str:
    """The command that replays what a group counts; empty if nothing is left to replay."""
    if group.is_lost:
        return ""
    replay = f"seashore dlq replay{name_stack(stack)} --queue {group.queue}"
    if group.count == 1:
        return f"{replay} --document {shlex.quote(group.examples[0])}"
    if group.kind == "document" and group.cause.startswith("pages "):
        # It names pages, and each page's letter has a cause of its own.
        return f"{replay} --kind summarize_chunk"
    return f"{replay} --grep {shlex.quote(_write_pattern(group.cause))}"


def _write_pattern(cause: str) -> str:
    """A regular expression that finds a cause, whatever numbers and ids it names."""
    parts = _VARYING.split(cause[:_MOST_PATTERN_CHARACTERS])
    words = [re.sub(r"[^\w ]", ".", part, flags=re.ASCII) for part in parts]
    return ".*".join(words)
