"""`seashore dlq list`: what lies in the dead-letter queues, by cause."""

from collections.abc import Iterable

from infra.cli.command_context import CommandContext
from infra.cli.dead_letters.access import open_letters, read_wanted_letters
from infra.cli.dead_letters.options import LetterOptions
from infra.cli.dead_letters.table import group_to_json, write_groups, write_letters
from pipeline.timeline import find_last_attempt
from pipeline.timeline_words import describe_details
from shared.aws.dynamodb_table import LedgerTable
from shared.dead_letters.letters import Letter, LetterKey, group_letters
from shared.ledger.subjects import subject_pk
from shared.ledger.timeline import read_timeline

# Timelines are read one by one.
_MOST_STORIES = 100


def write_dead_letters(context: CommandContext, wanted: LetterOptions, *, one_by_one: bool) -> None:
    """Write the letters that are meant, grouped by error type and stage, or one by one.

    Raises:
        SeashoreError: The queues or the ledger cannot be read, or the words not be understood.
    """
    services, output = open_letters(context.stack), context.output
    letters = read_wanted_letters([], wanted, context, services)
    groups = group_letters(letters)
    examples = [group.example for group in groups]
    attempts = find_last_attempts(services.table, letters if one_by_one else examples)
    if context.as_json:
        content = {"count": len(letters), "groups": [group_to_json(group) for group in groups]}
        if one_by_one:
            content["letters"] = [
                {**letter.to_json(), "last_attempt": attempts.get(letter.key)} for letter in letters
            ]
        output.write_json(content)
        return
    if not letters:
        output.say("No dead letter." if wanted.is_everything else "No dead letter is like that.")
        return
    if one_by_one:
        write_letters(letters, attempts, output)
    else:
        write_groups(groups, output)
        for example in examples:
            if example.key in attempts:
                output.say(f"{example.error_type}: {attempts[example.key]}")
    output.say(f"{len(letters):,} in all.")


def find_last_attempts(table: LedgerTable, letters: Iterable[Letter]) -> dict[LetterKey, str]:
    """What the ledger knows of the last attempt at letters that have no cause yet."""
    unswept = [letter for letter in letters if not letter.has_cause and letter.work.subjects]
    attempts = {
        letter.key: describe_last_attempt(table, letter) for letter in unswept[:_MOST_STORIES]
    }
    return {key: words for key, words in attempts.items() if words is not None}


def describe_last_attempt(table: LedgerTable, letter: Letter) -> str | None:
    """Say what the ledger last knew of a letter's work; None if it knows nothing."""
    if not letter.work.subjects:
        return None
    last = find_last_attempt(
        read_timeline(table, subject_pk(letter.work.subjects[0])), letter.work.item_id
    )
    if last is None:
        return None
    details = describe_details(last.details)
    return f"last known step: {last.step} at {last.at[:19]}Z{f' ({details})' if details else ''}"
