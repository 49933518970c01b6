"""What documents and tasks have in common where they are listed and shown."""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Protocol, TypeVar

from infra.cli.command_context import CommandContext
from infra.cli.options import ListOptions
from shared.ledger.documents import Document
from shared.ledger.tasks import Task
from shared.lifecycle import DocumentStatus, TaskStatus
from shared.prices import format_usd


class HasStatus(Protocol):
    """What is listed: a document or a task."""

    @property
    def status(self) -> DocumentStatus | TaskStatus:
        """Where it stands."""
        ...


ItemT = TypeVar("ItemT", bound=HasStatus)


def write_newest(
    newest_first: Iterable[ItemT],
    options: ListOptions,
    write: Callable[[list[ItemT], CommandContext], None],
    context: CommandContext,
    *,
    noun: str,
    adding: str,
) -> None:
    """Write what was chosen, and say on stderr if that is nothing or not all.

    Args:
        newest_first: What has arrived on the last days.
        options: What of it is wanted.
        write: Writes it.
        context: What the command works with.
        noun: What one of it is called.
        adding: A sentence on how to add some.
    """
    wanted = sorted(name.upper() for name in options.statuses)
    fitting = (one for one in newest_first if not wanted or one.status in wanted)
    found = list(islice(fitting, options.limit + 1))
    write(found[: options.limit], context)
    say = context.output.say
    if not found:
        like = f" {' or '.join(wanted)}" if wanted else ""
        span = "today" if options.days == 1 else f"in the last {options.days} days"
        say(f"No{like} {noun} has arrived {span} (UTC). {adding}")
    if len(found) > options.limit:
        these = "this" if options.limit == 1 else "these"
        say(f"There are more than {these} {options.limit}: see --limit, --status and --days.")


def describe_usage(item: Document | Task) -> str:
    """The tokens that were read and written for an item, and their price if it is known."""
    if item.input_tokens == item.output_tokens == 0:
        return "no tokens used"
    words = f"{item.input_tokens:,} tokens read, {item.output_tokens:,} written"
    if item.cost_micro_usd:
        words += f", {format_usd(item.cost_micro_usd)}"
    if item.told_micro_usd:
        words += f", {format_usd(item.told_micro_usd)} as the provider says"
    return words
