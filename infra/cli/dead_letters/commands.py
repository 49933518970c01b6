"""The commands of `seashore dlq`: their arguments, options and help."""

import os
from typing import Annotated

import typer

from infra.cli.options import AsJson, Profile, Region, StackName, open_output

dlq = typer.Typer(
    help="Look into the dead-letter queues, replay what died, discard what is of no use.",
    no_args_is_help=True,
)

Ids = Annotated[
    list[str] | None,
    typer.Argument(metavar="ID", show_default=False, help="Ids of letters, or beginnings of ids."),
]
Id = Annotated[
    str, typer.Argument(metavar="ID", show_default=False, help="Id of a letter, or its beginning.")
]
QueueNames = Annotated[
    list[str] | None,
    typer.Option(
        "--queue",
        help="Only of this queue: uploads, work, reports, results; may be repeated.",
        show_default=False,
    ),
]
Errors = Annotated[
    list[str] | None,
    typer.Option(
        "--error", help="Only those that died of this error; may be repeated.", show_default=False
    ),
]
Kinds = Annotated[
    list[str] | None,
    typer.Option(
        "--kind",
        help="Only messages of this kind: upload, summarize_chunk, agent, unreadable, ...; may be "
        "repeated.",
        show_default=False,
    ),
]
DocumentName = Annotated[
    str | None,
    typer.Option(
        "--document",
        help="Only about this document (id, its beginning, or key) or task (id).",
        show_default=False,
    ),
]
Before = Annotated[
    str | None,
    typer.Option(
        help="Only those that died before: 2h ago, 3d ago as `2h`, `3d`; or 2026-03-01T14:30.",
        show_default=False,
    ),
]
After = Annotated[
    str | None, typer.Option(help="Only those that died then or later.", show_default=False)
]
Grep = Annotated[
    str | None,
    typer.Option(
        help="Only those whose body or cause holds this regular expression.", show_default=False
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")]


@dlq.command("list")
def list_letters(
    one_by_one: Annotated[bool, typer.Option("--all", help="Each letter on a line.")] = False,
    queue: QueueNames = None,
    error: Errors = None,
    kind: Kinds = None,
    document: DocumentName = None,
    before: Before = None,
    after: After = None,
    grep: Grep = None,
    stack: StackName = "local",
    region: Region = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """List what died, by cause.

    To a pipe or file it writes tabs: count, error, stage, kinds, first, last, example, its cause;
    with --all: id, queue, error, kind, subject, time, replays, cause.
    """
    from infra.cli.dead_letters.access import Wanted
    from infra.cli.dead_letters.list_letters import write_dead_letters
    from infra.cli.stack_access import open_stack

    write_dead_letters(
        open_stack(stack, region, profile),
        Wanted((), queue or (), error or (), kind or (), document, before, after, grep),
        one_by_one=one_by_one,
        as_json=as_json,
        output=open_output(),
    )


@dlq.command("show")
def show_letter(
    letter: Id,
    stack: StackName = "local",
    region: Region = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Show a letter: body, attributes, cause, its document's or task's story, and its log query."""
    from infra.cli.dead_letters.show import show_letter as show_dead_letter
    from infra.cli.stack_access import open_stack

    show_dead_letter(
        open_stack(stack, region, profile), letter, as_json=as_json, output=open_output()
    )


@dlq.command("replay")
def replay_letters(
    ids: Ids = None,
    queue: QueueNames = None,
    error: Errors = None,
    kind: Kinds = None,
    document: DocumentName = None,
    before: Before = None,
    after: After = None,
    grep: Grep = None,
    yes: Yes = False,
    limit: Annotated[
        int | None, typer.Option(min=1, help="The most letters to send.", show_default=False)
    ] = None,
    canary: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Send so many first, wait for them, and go on only if all succeed.",
            show_default=False,
        ),
    ] = None,
    canary_timeout: Annotated[
        float, typer.Option(min=1, help="Seconds to wait for the canaries.")
    ] = 900,
    rate: Annotated[
        float | None,
        typer.Option(min=0.01, help="The most letters to send in a second.", show_default=False),
    ] = None,
    max_replays: Annotated[
        int, typer.Option(min=1, help="Leave alone what was replayed so often before.")
    ] = 3,
    force: Annotated[
        bool, typer.Option("--force", help="Replay even what was replayed too often.")
    ] = False,
    native: Annotated[
        bool,
        typer.Option(
            "--native",
            help="Let SQS move everything by itself: no filters, no cap, no look at what is done.",
        ),
    ] = False,
    stack: StackName = "local",
    region: Region = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Send letters to their queues again, each with a fresh chance.

    First shows what would be sent. A letter is deleted only when its new message was accepted, and
    whoever is interrupted, or runs twice at the same time, loses nothing and repeats no effect.
    """
    from infra.cli.dead_letters.access import Wanted
    from infra.cli.dead_letters.native_redrive import move_dead_letters
    from infra.cli.dead_letters.replay import ReplayOptions
    from infra.cli.dead_letters.replay import replay_letters as replay_dead_letters
    from infra.cli.stack_access import open_stack

    wanted = Wanted(ids or (), queue or (), error or (), kind or (), document, before, after, grep)
    if native:
        if not wanted.is_everything or limit or canary or force or as_json:
            raise typer.BadParameter(
                "moves everything: it takes no ids, filters, --limit, --canary, --force or --json.",
                param_hint="--native",
            )
        # SQS takes whole numbers of messages a second in this range (StartMessageMoveTask).
        if rate is not None and not (rate.is_integer() and 1 <= rate <= 500):
            raise typer.BadParameter(
                "has to be a whole number from 1 to 500 with --native.", param_hint="--rate"
            )
        raise typer.Exit(
            move_dead_letters(
                open_stack(stack, region, profile),
                messages_per_second=None if rate is None else int(rate),
                yes=yes,
                output=open_output(),
            )
        )
    raise typer.Exit(
        replay_dead_letters(
            open_stack(stack, region, profile),
            wanted,
            ReplayOptions(yes, limit, canary, canary_timeout, rate, max_replays, force),
            as_json=as_json,
            output=open_output(),
        )
    )


@dlq.command("edit")
def edit_letter(
    letter: Id,
    yes: Yes = False,
    stack: StackName = "local",
    region: Region = None,
    profile: Profile = None,
) -> None:
    """Mend the body of a letter in $EDITOR, and replay it.

    The old letter is deleted only when the new message was accepted. Writes the new message's id.
    """
    from infra.cli.dead_letters.edit import edit_and_replay
    from infra.cli.stack_access import open_stack

    raise typer.Exit(
        edit_and_replay(
            open_stack(stack, region, profile), letter, os.environ, yes=yes, output=open_output()
        )
    )


@dlq.command("discard")
def discard_letters(
    ids: Ids = None,
    queue: QueueNames = None,
    error: Errors = None,
    kind: Kinds = None,
    document: DocumentName = None,
    before: Before = None,
    after: After = None,
    grep: Grep = None,
    finished: Annotated[
        bool, typer.Option("--finished", help="Only those whose work is done meanwhile.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Also those that the sweep has not looked at yet.")
    ] = False,
    yes: Yes = False,
    stack: StackName = "local",
    region: Region = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Delete letters for good.

    A copy of each is kept in the artifacts bucket, under dead-letters/<date>/<id>.json.
    """
    from infra.cli.dead_letters.access import Wanted
    from infra.cli.dead_letters.discard import discard_letters as discard_dead_letters
    from infra.cli.stack_access import open_stack

    raise typer.Exit(
        discard_dead_letters(
            open_stack(stack, region, profile),
            Wanted(ids or (), queue or (), error or (), kind or (), document, before, after, grep),
            finished=finished,
            yes=yes,
            force=force,
            as_json=as_json,
            output=open_output(),
        )
    )
