"""The commands on documents and tasks alike: their arguments, options and help."""

from typing import Annotated

import typer

from infra.cli.exit_codes import ExitCode
from infra.cli.options import Review, StackOptions, add_command

item_commands = typer.Typer()


@add_command(item_commands, example="seashore show report.pdf")
def show(
    document: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            show_default=False,
            help="Id, beginning of an id, or key of a document; or the id of a task.",
        ),
    ],
    *,
    version: Annotated[
        int | None,
        typer.Option(min=1, help="A version of the summary; 1 is the oldest.", show_default=False),
    ] = None,
    diff: Annotated[
        int | None,
        typer.Option(min=1, help="Compare with this version instead.", show_default=False),
    ] = None,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Write only the summary or result, as Markdown.")
    ] = False,
    file: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            show_default=False,
            help="Write that to a file; as JSON if its name ends in .json.",
        ),
    ] = None,
    review: Review = False,
    options: StackOptions,
) -> None:
    """Show a document or a task: its summary or result, coverage, cost, and where the files lie.

    Coverage says what became of each page; cost is the tokens that the model read and wrote.
    """
    if diff is not None:
        from infra.cli.items.versions import show_difference

        show_difference(options.open(), document, diff, version)
        return
    from infra.cli.items.save import show_as_markdown
    from infra.cli.items.show import show_item

    if markdown or file is not None:
        show_as_markdown(options.open(), document, file, version)
    else:
        show_item(options.open(), document, version, review=review)


@add_command(item_commands, example="seashore download report.pdf results")
def download(
    *,
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="ID... FOLDER",
            show_default=False,
            help="Ids or keys of documents, ids of tasks; then the folder to put the results into.",
        ),
    ],
    prefix: Annotated[
        str | None,
        typer.Option(show_default=False, help="Also all documents whose keys begin so."),
    ] = None,
    with_file: Annotated[
        bool, typer.Option("--with-file", help="Also the documents' own files.")
    ] = False,
    options: StackOptions,
) -> ExitCode:
    """Download summaries and results into a folder, as Markdown and JSON, and write their paths.

    contracts/lease.pdf becomes FOLDER/contracts/lease.pdf.md and .json; a task has a folder of
    its own there, with its lists as CSV too.
    """
    from infra.cli.items.save import download as download_results

    return download_results(options.open(), names, prefix, with_file=with_file)


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


@add_command(item_commands, example="seashore explain report.pdf")
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
