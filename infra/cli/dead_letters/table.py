"""Dead letters as tables, lines and JSON: grouped, or one by one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.table import Table
from rich.text import Text

from infra.cli.output import Output
from shared.dead_letters.letters import Letter, LetterGroup, LetterKey
from shared.printable import to_printable

_SHORT_ID_LENGTH = 8


def write_groups(groups: Sequence[LetterGroup], output: Output) -> None:
    """Write groups of letters: a table for people, else a line each."""
    if not output.is_terminal:
        for group in groups:
            output.write_line(
                [
                    str(group.count),
                    group.error_type,
                    group.stage,
                    describe_kinds(group),
                    group.first_died_at.isoformat(timespec="seconds"),
                    group.last_died_at.isoformat(timespec="seconds"),
                    group.example.letter_id,
                    group.example.cause,
                ]
            )
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("count", justify="right", no_wrap=True)
    table.add_column("error", no_wrap=True)
    table.add_column("stage", no_wrap=True)
    table.add_column("kinds", overflow="fold")
    table.add_column("first", no_wrap=True)
    table.add_column("last", no_wrap=True)
    for group in groups:
        table.add_row(
            f"{group.count:,}",
            to_printable(group.error_type),
            to_printable(group.stage),
            to_printable(describe_kinds(group)),
            describe_moment(group.first_died_at),
            describe_moment(group.last_died_at),
        )
    output.write(table)
    output.write()
    for group in groups:
        example = f"{group.example.letter_id[:_SHORT_ID_LENGTH]}, {group.error_type}: "
        output.write_prose(f"{example}{group.example.cause}", hang=2, style="dim")


def write_letters(
    letters: Sequence[Letter], attempts: Mapping[LetterKey, str], output: Output
) -> None:
    """Write letters one by one.

    Args:
        letters: The letters.
        attempts: What the ledger knows of the last attempt, where the letter has no cause.
        output: Where to write.
    """
    rows = [_to_cells(letter, attempts.get(letter.key)) for letter in letters]
    if not output.is_terminal:
        for row in rows:
            output.write_line(row)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("id", "queue", "error", "kind", "subject", "died", "replays"):
        table.add_column(name, no_wrap=name != "error", overflow="fold")
    table.add_column("cause")
    for letter, row in zip(letters, rows, strict=True):
        *cells, _, replays, cause = map(to_printable, row)
        table.add_row(
            *cells,
            describe_moment(letter.died_at),
            replays,
            Text(cause, no_wrap=True, overflow="ellipsis"),
        )
    output.write(table)


def _to_cells(letter: Letter, attempt: str | None) -> list[str]:
    return [
        letter.letter_id,
        letter.queue.name,
        letter.error_type,
        letter.work.kind,
        " ".join(subject.id for subject in letter.work.subjects) or "-",
        letter.died_at.isoformat(timespec="seconds"),
        str(letter.state.replays),
        attempt or letter.cause,
    ]


def group_to_json(group: LetterGroup) -> dict[str, Any]:
    """A group for programs."""
    return {
        "error_type": group.error_type,
        "stage": group.stage,
        "count": group.count,
        "kinds": group.kinds,
        "first_died_at": group.first_died_at.isoformat(),
        "last_died_at": group.last_died_at.isoformat(),
        "example": {"id": group.example.letter_id, "cause": group.example.cause},
    }


def describe_kinds(group: LetterGroup) -> str:
    """The kinds of a group's messages, with their counts where there are several."""
    if len(group.kinds) == 1:
        return next(iter(group.kinds))
    return ", ".join(f"{count} {kind}" for kind, count in group.kinds.items())


def describe_moment(at: datetime) -> str:
    """A moment for people, in local time."""
    return f"{at.astimezone():%d %b %H:%M}"
