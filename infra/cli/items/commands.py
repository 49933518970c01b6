"""The commands on documents and tasks alike: their arguments, options and help."""

from typing import Annotated

import typer

from infra.cli.options import AsJson, Profile, Region, StackName, open_output, read_clock

item_commands = typer.Typer()


@item_commands.command()
def show(
    document: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            show_default=False,
            help="Id, beginning of an id, or key of a document; or the id of a task.",
        ),
    ],
    stack: StackName = "local",
    region: Region = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Show a document or a task: its summary or result, coverage, cost, and where the files lie.

    Coverage says what became of each page; cost is the tokens that the model read and wrote.
    """
    from infra.cli.items.show import show_item
    from infra.cli.stack_access import open_stack

    show_item(
        open_stack(stack, region, profile),
        document,
        read_clock,
        as_json=as_json,
        output=open_output(),
    )


@item_commands.command()
def watch(
    wanted: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="ID",
            show_default=False,
            help="Ids, beginnings of ids, or keys of documents, or ids of tasks; without any, all "
            "documents that are in flight.",
        ),
    ] = None,
    with_final: Annotated[
        bool, typer.Option("--all", help="Show also those that are final already.")
    ] = False,
    days: Annotated[int, typer.Option(min=1, max=366, help="How many days back --all goes.")] = 1,
    stack: StackName = "local",
    region: Region = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Watch documents and tasks move on, until all are final or Ctrl-C.

    With IDs the exit status is 0 only if every one is DONE in the end. With --json it writes
    each change as an object on a line of its own.
    """
    from infra.cli.items.watch import watch as watch_documents
    from infra.cli.stack_access import open_stack

    raise typer.Exit(
        watch_documents(
            open_stack(stack, region, profile),
            wanted or [],
            days,
            with_final=with_final,
            as_json=as_json,
            output=open_output(),
        )
    )


@item_commands.command()
def explain(
    wanted: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            show_default=False,
            help="Id, beginning of an id, or key of a document; the id of a task; or the day of a "
            "report.",
        ),
    ],
    stack: StackName = "local",
    region: Region = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Tell the whole story of a document, a task or a report.

    Every step with the time since the one before: attempts, waits, calls of the model, cost, errors
    and replays.
    """
    from infra.cli.items.explain import explain as tell_story
    from infra.cli.stack_access import open_stack

    tell_story(
        open_stack(stack, region, profile),
        wanted,
        read_clock,
        as_json=as_json,
        output=open_output(),
    )
