"""`seashore dlq discard`: take dead letters out of their DLQ, with a copy of each kept."""

from collections.abc import Sequence

from infra.cli.command_context import CommandContext
from infra.cli.dead_letters.access import open_letters, read_wanted_letters
from infra.cli.dead_letters.options import LetterOptions
from infra.cli.dead_letters.progress import Tally, follow_results
from infra.cli.dead_letters.table import group_to_json, write_groups
from infra.cli.exit_codes import ExitCode
from infra.cli.output import is_confirmed
from pipeline.dead_letters.discard import discard
from pipeline.dead_letters.finished_work import find_finished
from shared.dead_letters.letters import group_letters


def discard_letters(
    context: CommandContext,
    ids: Sequence[str],
    wanted: LetterOptions,
    *,
    finished: bool,
    dry_run: bool,
    yes: bool,
    force: bool,
) -> ExitCode:
    """Show which letters would be deleted, ask, keep a copy of each, and delete them.

    Args:
        context: What the command works with.
        ids: Ids of the letters that are meant, or their beginnings.
        wanted: What else is known of them.
        finished: Only those whose work needs no replay.
        dry_run: Only show it.
        yes: Do it without asking.
        force: Also those that the sweep has not looked at yet.

    Raises:
        SeashoreError: AWS failed, or the words cannot be understood. What is said to be discarded
            is; everything else lies where it lay.
    """
    services, output = open_letters(context.stack), context.output
    letters = read_wanted_letters(ids, wanted, context, services)
    if finished:
        keys = find_finished(services.table, letters)
        letters = [letter for letter in letters if letter.key in keys]
    takes_all = force or finished
    unswept = [] if takes_all else [letter for letter in letters if letter.awaits_sweep]
    chosen = [letter for letter in letters if takes_all or not letter.awaits_sweep]
    groups = group_letters(chosen)
    if groups and not context.as_json:
        write_groups(groups, output)
    output.say(f"{len(chosen):,} to discard.")
    if unswept:
        output.say(
            f"{len(unswept):,} have no cause yet: the sweep gives them theirs, and tells the "
            "ledger, within a quarter of an hour; --force takes them now, and leaves what they "
            "are about in flight.",
            style="yellow",
        )
    tally = Tally()
    question = f"Discard {len(chosen):,}?"
    is_done = bool(chosen) and is_confirmed(question, yes=yes, dry_run=dry_run, output=output)
    try:
        if is_done:
            bucket = context.stack.output("ArtifactsBucket")
            results = discard(chosen, services, context.objects, bucket)
            follow_results(results, tally, title="Discarding", total=len(chosen), output=output)
    finally:
        tally.say(output)
        if context.as_json:
            output.write_json(
                {
                    "dry_run": not is_done,
                    "groups": [group_to_json(group) for group in groups],
                    "to_discard": [letter.letter_id for letter in chosen],
                    "not_swept": [letter.letter_id for letter in unswept],
                    "copies": [r.reason for r in tally.results if r.reason is not None],
                    "results": {ending.value: n for ending, n in tally.count().items()},
                }
            )
    return ExitCode.OK if tally.is_good and not unswept else ExitCode.FAILED
