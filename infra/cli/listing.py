"""What `seashore documents` and `seashore tasks` have in common: the newest of the last days."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Protocol, TypeVar

from infra.cli.output import Output
from shared.lifecycle import DocumentStatus, TaskStatus

Status = DocumentStatus | TaskStatus


class HasStatus(Protocol):
    """What is listed: a document or a task."""

    @property
    def status(self) -> Status:
        """Where it stands."""
        ...


ItemT = TypeVar("ItemT", bound=HasStatus)


@dataclass(frozen=True)
class Choice:
    """What of the last days is listed.

    Args:
        statuses: Only what is in one of these; all if empty.
        days: How many days back, counted in UTC; 1 is today.
        limit: The most to list.
    """

    statuses: Collection[Status]
    days: int
    limit: int


def write_newest(
    newest_first: Iterable[ItemT],
    choice: Choice,
    write: Callable[[list[ItemT]], None],
    *,
    noun: str,
    adding: str,
    output: Output,
) -> None:
    """Write what was chosen, and say on stderr if that is nothing or not all.

    Args:
        newest_first: What has arrived on the last days.
        choice: What of it is wanted.
        write: Writes it.
        noun: What one of it is called.
        adding: A sentence on how to add some.
        output: Where to say it.
    """
    fitting = (one for one in newest_first if not choice.statuses or one.status in choice.statuses)
    found = list(islice(fitting, choice.limit + 1))
    write(found[: choice.limit])
    if not found:
        wanted = f" {' or '.join(sorted(choice.statuses))}" if choice.statuses else ""
        span = "today" if choice.days == 1 else f"in the last {choice.days} days"
        output.say(f"No{wanted} {noun} has arrived {span} (UTC). {adding}")
    if len(found) > choice.limit:
        output.say(f"There are more than these {choice.limit}: see --limit, --status and --days.")
