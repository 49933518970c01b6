"""Dead letters as tables, lines and JSON: grouped, or one by one."""

from collections.abc import Mapping, Sequence
from typing import Any

from infra.cli.output import Column, Output
from infra.cli.times import describe_time
from shared.dead_letters.letters import Letter, LetterGroup, LetterKey

_SHORT_ID_LENGTH = 8


def write_groups(groups: Sequence[LetterGroup], output: Output) -> None:
    """Write groups of letters: a table for people, else a line each."""
    output.write_table(
        {
            "count": "number",
            "error": "word",
            "stage": "word",
            "kinds": "name",
            "first": "word",
            "last": "word",
        },
        [
            (
                f"{group.count:,}",
                group.error_type,
                group.stage,
                describe_kinds(group),
                describe_time(group.first_died_at),
                describe_time(group.last_died_at),
            )
            for group in groups
        ],
        [
            (
                group.count,
                group.error_type,
                group.stage,
                describe_kinds(group),
                group.first_died_at.isoformat(timespec="seconds"),
                group.last_died_at.isoformat(timespec="seconds"),
                group.example.letter_id,
                group.example.cause,
            )
            for group in groups
        ],
    )
    if output.is_terminal:
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
    cells = [
        (
            letter.letter_id,
            letter.queue.name,
            letter.error_type,
            letter.work.kind,
            " ".join(subject.id for subject in letter.work.subjects) or "-",
            letter.died_at.isoformat(timespec="seconds"),
            str(letter.state.replays),
            attempts.get(letter.key) or letter.cause,
        )
        for letter in letters
    ]
    columns: dict[str, Column] = {
        "id": "word",
        "queue": "word",
        "error": "name",
        "kind": "name",
        "subject": "short",
        "died": "word",
        "replays": "figure",
        "cause": "short",
    }
    output.write_table(
        columns,
        [(row[0][:_SHORT_ID_LENGTH], *row[1:5], describe_time(row[5]), *row[6:]) for row in cells],
        cells,
    )


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
