"""How redo, retry and cancel say what they would do, ask, and tell what was done."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Protocol

from infra.cli.command_context import CommandContext
from infra.cli.output import is_confirmed
from infra.signals import interrupt_on_signals
from shared.deadline import Deadline
from shared.ledger.documents import Document
from shared.ledger.tasks import Task

# So many are listed one by one.
MOST_LISTED = 20
# A person ends a command by Ctrl-C; the deadline is for callers of the API.
_NO_LIMIT_SECONDS = 24 * 3600.0


class Plan(Protocol):
    """What would be done to which documents and tasks, and how many are left out, by reason."""

    @property
    def documents(self) -> Sequence[Document]:
        """The documents."""

    @property
    def tasks(self) -> Sequence[Task]:
        """The tasks."""

    @property
    def skipped(self) -> Mapping[str, int]:
        """How many are left out, by reason."""


def write_plan(context: CommandContext, plan: Plan, told: str, words: Mapping[str, str]) -> None:
    """Write what is meant, unless JSON is wanted, and say how many they are.

    Args:
        context: Where to write.
        plan: What would be done.
        told: How many they are, as a sentence.
        words: Why something is left out, by reason.
    """
    if not context.as_json:
        lines = [[one.document_id, one.key, one.status] for one in plan.documents]
        lines += [[one.task_id, one.kind, one.status] for one in plan.tasks]
        write_some(context, lines, len(lines))
    context.output.say(told)
    say_skipped(context, plan.skipped, words)


def may_do(context: CommandContext, verb: str, count: int, *, dry_run: bool, yes: bool) -> bool:
    """Whether to go on: if there is anything, it is no dry run, and a person wants it."""
    question = f"{verb} {count:,}?"
    return bool(count) and is_confirmed(question, yes=yes, dry_run=dry_run, output=context.output)


@contextmanager
def unlimited() -> Iterator[Deadline]:
    """A deadline as good as none, for what Ctrl-C and every polite signal may break off."""
    with interrupt_on_signals():
        yield Deadline.after(_NO_LIMIT_SECONDS)


def plan_to_json(plan: Plan, *, is_done: bool) -> dict[str, object]:
    """What a plan was, and whether it was carried out."""
    return {
        "dry_run": not is_done,
        "document_ids": [one.document_id for one in plan.documents],
        "task_ids": [one.task_id for one in plan.tasks],
        "skipped": dict(plan.skipped),
    }


def say_skipped(
    context: CommandContext, skipped: Mapping[str, int], words: Mapping[str, str]
) -> None:
    """Say how many were left out, and why."""
    for reason, count in skipped.items():
        context.output.say(f"{count:,} left out: {words[reason]}.")


def write_some(context: CommandContext, lines: Iterable[Sequence[str]], total: int) -> None:
    """Write the first of some lines, and how many more there are."""
    for number, line in enumerate(lines):
        if number == MOST_LISTED:
            context.output.say(f"… and {total - MOST_LISTED:,} more.")
            return
        context.output.write_line(list(line))
