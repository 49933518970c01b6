"""The commands of `seashore dlq`: their arguments, options and help."""

import os
from typing import Annotated

import typer

from infra.cli.dead_letters.options import LetterOptions, ReplayOptions
from infra.cli.exit_codes import ExitCode
from infra.cli.options import DryRun, Profile, Region, StackName, StackOptions, Yes, add_command

dlq = typer.Typer(
    help="Look into the dead-letter queues: replay what died, discard what is of no use, restore "
    "what was discarded.",
    no_args_is_help=True,
)

Ids = Annotated[
    list[str] | None,
    typer.Argument(metavar="ID", show_default=False, help="Ids of dead letters, or beginnings."),
]
Id = Annotated[
    str,
    typer.Argument(metavar="ID", show_default=False, help="A dead letter's id, or its beginning."),
]


@add_command(dlq, "list")
def list_letters(
    *,
    one_by_one: Annotated[bool, typer.Option("--all", help="Each dead letter on a line.")] = False,
    wanted: LetterOptions,
    options: StackOptions,
) -> None:
    """List what died, by cause.

    To a pipe or file it writes tabs: count, error, stage, kinds, first, last, example, its cause;
    with --all: id, queue, error, kind, subject, time, replays, cause.
    """
    from infra.cli.dead_letters.list_letters import write_dead_letters

    write_dead_letters(options.open(), wanted, one_by_one=one_by_one)


@add_command(dlq, "show", example="seashore dlq list, then seashore dlq show ID")
def show_letter(letter: Id, options: StackOptions) -> None:
    """Show a dead letter: body, attributes, cause, timeline of its item, and its log query."""
    from infra.cli.dead_letters.show import show_letter as show_dead_letter

    show_dead_letter(options.open(), letter)


@add_command(dlq, "replay")
def replay_letters(
    *,
    ids: Ids = None,
    wanted: LetterOptions,
    how: ReplayOptions,
    native: Annotated[
        bool,
        typer.Option(
            "--native",
            help="Let SQS move everything by itself: no filters, no cap, no look at what is done.",
        ),
    ] = False,
    options: StackOptions,
) -> ExitCode:
    """Send dead letters to their queues again, each with a fresh chance.

    First shows what would be sent. A letter is deleted only when its new message was accepted, and
    whoever is interrupted, or runs twice at the same time, loses nothing and repeats no effect.
    """
    from infra.cli.dead_letters.native_redrive import move_dead_letters
    from infra.cli.dead_letters.replay import replay_letters as replay_dead_letters

    if not native:
        return replay_dead_letters(options.open(), ids or [], wanted, how)
    narrows = ids or not wanted.is_everything or how.limit or how.canary
    if narrows or how.force or how.dry_run or options.as_json:
        raise typer.BadParameter(
            "moves everything: it takes no ids, filters, --limit, --canary, --force, --dry-run or "
            "--json.",
            param_hint="--native",
        )
    # SQS takes whole numbers of messages a second in this range (StartMessageMoveTask).
    if how.rate is not None and not (how.rate.is_integer() and 1 <= how.rate <= 500):
        raise typer.BadParameter(
            "has to be a whole number from 1 to 500 with --native.", param_hint="--rate"
        )
    messages_per_second = None if how.rate is None else int(how.rate)
    return move_dead_letters(options.open(), messages_per_second, yes=how.yes)


@add_command(dlq, "edit", example="seashore dlq list, then seashore dlq edit ID")
def edit_letter(
    letter: Id,
    yes: Yes = False,
    stack: StackName = "local",
    region: Region = None,
    profile: Profile = None,
) -> ExitCode:
    """Mend the body of a dead letter in $EDITOR, and replay it.

    The old letter is deleted only when the new message was accepted. Writes the new message's id.
    """
    from infra.cli.dead_letters.edit import edit_and_replay

    context = StackOptions(stack, region, profile).open()
    return edit_and_replay(context, letter, os.environ, yes=yes)


@add_command(dlq, "discard")
def discard_letters(
    *,
    ids: Ids = None,
    wanted: LetterOptions,
    finished: Annotated[
        bool, typer.Option("--finished", help="Only those whose work is done meanwhile.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Also those that the sweep has not looked at yet.")
    ] = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    options: StackOptions,
) -> ExitCode:
    """Take dead letters out of their DLQ; `restore` brings them back.

    A copy of each is kept in the artifacts bucket, under dead-letters/<date>/<id>.json.
    """
    from infra.cli.dead_letters.discard import discard_letters as discard_dead_letters

    return discard_dead_letters(
        options.open(),
        ids or [],
        wanted,
        finished=finished,
        dry_run=dry_run,
        yes=yes,
        force=force,
    )


@add_command(dlq, "restore")
def restore_letters(
    *,
    ids: Ids = None,
    day: Annotated[
        str | None,
        typer.Option(
            metavar="YYYY-MM-DD",
            help="Only those that were discarded on this day, or today, or yesterday (UTC).",
            show_default=False,
        ),
    ] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    options: StackOptions,
) -> ExitCode:
    """Put discarded dead letters back into their DLQ, from the copies that were kept.

    First shows what would be restored. A copy is deleted once its letter is back.
    """
    from infra.cli.dead_letters.restore import restore_letters as restore_dead_letters

    return restore_dead_letters(options.open(), ids or [], day, dry_run=dry_run, yes=yes)
