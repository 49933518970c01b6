"""`seashore dlq restore`: put discarded dead letters back into their DLQ."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import PurePosixPath
from zoneinfo import ZoneInfo

from infra.cli.command_context import CommandContext
from infra.cli.dead_letters.access import open_letters
from infra.cli.dead_letters.progress import Tally, follow_results
from infra.cli.dead_letters.table import group_to_json, write_groups
from infra.cli.exit_codes import ExitCode
from infra.cli.output import is_confirmed
from infra.cli.times import choose_day
from infra.signals import interrupt_on_signals
from pipeline.dead_letters.restore import COPIES_PREFIX, read_discarded, restore
from shared.dead_letters.letters import group_letters
from shared.errors import UnknownItemError

_READ_AT_ONCE = 10


def restore_letters(
    context: CommandContext, ids: Sequence[str], day: str | None, *, dry_run: bool, yes: bool
) -> ExitCode:
    """Show which discarded letters there are, ask, and put them back into their DLQs.

    Args:
        context: What the command works with.
        ids: Ids of discarded letters, or their beginnings; none means all.
        day: Only those that were discarded on this day (UTC): `YYYY-MM-DD`, `today` or `yesterday`;
            None for all days.
        dry_run: Only show them.
        yes: Do it without asking.

    Raises:
        WrongUsageError: The day is none, or has not come yet.
        UnknownItemError: An id names no discarded letter.
        SeashoreError: AWS failed, or a copy cannot be read. What is said to be back is; of
            everything else the copy stays.
    """
    prefix = COPIES_PREFIX
    if day is not None:
        prefix += choose_day(day, context.now(), ZoneInfo("UTC"))
    services, output = open_letters(context.stack), context.output
    bucket = context.stack.output("ArtifactsBucket")
    with interrupt_on_signals(), output.talk.status("Reading what was discarded…"):
        kept = context.objects.list_keys(bucket, prefix)
        keys = _choose_keys(kept, ids)
        with ThreadPoolExecutor(_READ_AT_ONCE) as pool:
            letters = list(
                pool.map(
                    lambda key: read_discarded(context.objects, bucket, key, services.dlqs), keys
                )
            )
    groups = group_letters(letters)
    if groups and not context.as_json:
        write_groups(groups, output)
    output.say(f"{len(letters):,} to restore.")
    tally = Tally()
    question = f"Restore {len(letters):,}?"
    is_done = bool(letters) and is_confirmed(question, yes=yes, dry_run=dry_run, output=output)
    try:
        if is_done:
            results = restore(
                list(zip(keys, letters, strict=True)), services, context.objects, bucket
            )
            follow_results(results, tally, title="Restoring", total=len(letters), output=output)
    finally:
        tally.say(output)
        if context.as_json:
            output.write_json(
                {
                    "dry_run": not is_done,
                    "groups": [group_to_json(group) for group in groups],
                    "to_restore": [letter.letter_id for letter in letters],
                    "results": {ending.value: n for ending, n in tally.count().items()},
                }
            )
    return ExitCode.OK if tally.is_good else ExitCode.FAILED


def _choose_keys(keys: Sequence[str], ids: Sequence[str]) -> list[str]:
    """The keys of the copies that are meant; a letter may have been discarded on several days."""
    if not ids:
        return list(keys)
    chosen: list[str] = []
    for wanted in ids:
        found = [key for key in keys if PurePosixPath(key).name.startswith(wanted)]
        if not found:
            raise UnknownItemError(
                f"No discarded letter {wanted!r}: `seashore dlq restore` alone lists them."
            )
        chosen += [key for key in found if key not in chosen]
    return chosen
