"""`seashore dlq replay`: send dead letters to their queues again."""

from collections.abc import Sequence
from typing import Any

from infra.cli.command_context import CommandContext
from infra.cli.dead_letters.access import open_letters, read_wanted_letters
from infra.cli.dead_letters.options import LetterOptions, ReplayOptions
from infra.cli.dead_letters.progress import Tally, follow_results
from infra.cli.dead_letters.table import group_to_json, write_groups
from infra.cli.exit_codes import ExitCode
from infra.cli.output import Output, is_confirmed
from infra.signals import interrupt_on_signals
from pipeline.dead_letters.canary import CanaryState, watch_canaries
from pipeline.dead_letters.finished_work import can_be_followed, find_finished
from pipeline.dead_letters.hold import LetterOutcome, LetterServices
from pipeline.dead_letters.replay import ReplayPlan, choose_canaries, plan_replay, replay
from shared.dead_letters.letters import Letter, group_letters
from shared.errors import OperatorError


def replay_letters(
    context: CommandContext, ids: Sequence[str], wanted: LetterOptions, options: ReplayOptions
) -> ExitCode:
    """Show what a replay would send, ask, and send it.

    Returns:
        FAILED if a letter that was meant could not be replayed.

    Raises:
        SeashoreError: AWS failed, or the words cannot be understood. What is said to be replayed
            is; everything else lies where it lay.
    """
    services, output = open_letters(context.stack), context.output
    letters = read_wanted_letters(ids, wanted, context, services)
    plan = plan_replay(
        letters,
        find_finished(services.table, letters),
        max_replays=options.max_replays,
        force=options.force,
        limit=options.limit,
    )
    if plan.letters and not context.as_json:
        write_groups(group_letters(plan.letters), output)
    _say_plan(plan, options, output)
    tally = Tally()
    is_whole = not plan.over_cap
    question = f"Replay {len(plan.letters):,}?"
    is_done = bool(plan.letters) and is_confirmed(
        question, yes=options.yes, dry_run=options.dry_run, output=output
    )
    try:
        if is_done:
            is_whole = _replay(plan, services, options, tally, output) and is_whole
    finally:
        tally.say(output)
        if context.as_json:
            output.write_json(_to_json(plan, tally, is_dry_run=not is_done))
    return ExitCode.OK if is_whole and tally.is_good else ExitCode.FAILED


def _say_plan(plan: ReplayPlan, options: ReplayOptions, output: Output) -> None:
    output.say(f"{len(plan.letters):,} to replay.")
    if plan.beyond_limit:
        output.say(f"{len(plan.beyond_limit):,} more are beyond --limit.")
    if plan.finished:
        output.say(
            f"{len(plan.finished):,} need no replay, as {plan.finished[0][1]} or the like; "
            "`seashore dlq discard --finished` removes them."
        )
    if plan.over_cap:
        output.say(
            f"{len(plan.over_cap):,} were replayed {options.max_replays} times or more and died "
            "again: mend the cause, or add --force.",
            style="yellow",
        )


def _replay(
    plan: ReplayPlan,
    services: LetterServices,
    options: ReplayOptions,
    tally: Tally,
    output: Output,
) -> bool:
    """Replay the canaries, then the others; whether it went to the end."""
    rest = plan.letters
    if options.canary:
        followable = [letter for letter in plan.letters if can_be_followed(letter.work)]
        canaries = choose_canaries(followable, options.canary)
        if not canaries:
            raise OperatorError(
                "None of these can be followed, so no canary can tell: leave out --canary."
            )
        if not _try_canaries(canaries, services, options, tally, output):
            return False
        tried = {letter.key for letter in canaries}
        rest = tuple(letter for letter in plan.letters if letter.key not in tried)
    if rest:
        results = replay(rest, services, rate=options.rate)
        follow_results(results, tally, title="Replaying", total=len(rest), output=output)
    return True


def _try_canaries(
    canaries: tuple[Letter, ...],
    services: LetterServices,
    options: ReplayOptions,
    tally: Tally,
    output: Output,
) -> bool:
    results = replay(canaries, services, rate=options.rate)
    follow_results(results, tally, title="Canaries", total=len(canaries), output=output)
    sent_keys = {r.letter.key for r in tally.results if r.ending is LetterOutcome.REPLAYED}
    sent = [letter for letter in canaries if letter.key in sent_keys]
    last = CanaryState((), (), tuple(sent))
    with interrupt_on_signals(), output.talk.status("Waiting for the canaries…") as status:
        for last in watch_canaries(sent, services, timeout_seconds=options.canary_timeout):
            status.update(
                f"Waiting for the canaries… {len(last.succeeded)} of {len(sent)} succeeded"
            )
    if last.died_again:
        dead = last.died_again[0]
        output.say(
            f"A canary died again, so nothing more is replayed: {dead.error_type}: {dead.cause} "
            f"(`seashore dlq show {dead.letter_id}`)",
            style="red",
        )
        return False
    if last.waiting:
        output.say(
            f"{len(last.waiting)} canaries have not ended within "
            f"{options.canary_timeout:.0f} s, so nothing more is replayed.",
            style="red",
        )
        return False
    output.say(f"{len(last.succeeded)} canaries succeeded.", style="green")
    return True


def _to_json(plan: ReplayPlan, tally: Tally, *, is_dry_run: bool) -> dict[str, Any]:
    return {
        "dry_run": is_dry_run,
        "groups": [group_to_json(group) for group in group_letters(plan.letters)],
        "to_replay": [letter.letter_id for letter in plan.letters],
        "finished": [{"id": one.letter_id, "reason": reason} for one, reason in plan.finished],
        "over_cap": [letter.letter_id for letter in plan.over_cap],
        "beyond_limit": len(plan.beyond_limit),
        "results": {ending.value: count for ending, count in tally.count().items()},
        "refused": [
            {"id": result.letter.letter_id, "reason": result.reason}
            for result in tally.results
            if result.ending is LetterOutcome.REFUSED
        ],
    }
