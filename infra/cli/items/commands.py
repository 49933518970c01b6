"""The commands on documents and tasks alike: their arguments, options and help."""

from typing import Annotated

import typer

from infra.cli.exit_codes import ExitCode
from infra.cli.options import StackOptions, add_command

item_commands = typer.Typer()


@add_command(item_commands)
def show(
    document: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            show_default=False,
            help="Id, beginning of an id, or key of a document; or the id of a task.",
        ),
    ],
    version: Annotated[
        int | None,
        typer.Option(min=1, help="A version of the summary; 1 is the oldest.", show_default=False),
    ] = None,
    diff: Annotated[
        int | None,
        typer.Option(min=1, help="Compare with this version instead.", show_default=False),
    ] = None,
    *,
    options: StackOptions,
) -> None:
    """Show a document or a task: its summary or result, coverage, cost, and where the files lie.

    Coverage says what became of each page; cost is the tokens that the model read and wrote.
    """
    if diff is not None:
        from infra.cli.items.versions import show_difference

        show_difference(options.open(), document, diff, version)
        return
    from infra.cli.items.show import show_item

    show_item(options.open(), document, version)


@add_command(item_commands)
def watch(
    *,
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
    options: StackOptions,
) -> ExitCode:
    """Watch documents and tasks move on, until all are final or Ctrl-C.

    With IDs the exit status is 0 only if every one is DONE in the end. With --json it writes
    each change as an object on a line of its own.
    """
    from infra.cli.items.watch import watch as watch_documents

    return watch_documents(options.open(), wanted or [], days, with_final=with_final)


@add_command(item_commands)
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
    options: StackOptions,
) -> None:
    """Tell the whole timeline of a document, a task or a report.

    Every step with the time since the one before: attempts, waits, calls of the model, cost, errors
    and replays.
    """
    from infra.cli.items.explain import explain as explain_item

    explain_item(options.open(), wanted)
