"""`seashore put`: its arguments, options and help."""

from typing import Annotated

import typer

from infra.cli.exit_codes import ExitCode
from infra.cli.options import StackOptions, Yes, add_command

put_commands = typer.Typer()


@add_command(put_commands, example="seashore put report.pdf --wait")
def put(
    *,
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE",
            show_default=False,
            help="Files, folders (every document in them), or patterns such as 'reports/**/*.pdf'.",
        ),
    ],
    prefix: Annotated[
        str, typer.Option(help="Folder in the bucket to put them into.", show_default=False)
    ] = "",
    wait: Annotated[
        bool, typer.Option("--wait", "-w", help="Wait until all are summarised, or will not be.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Put also what is there unchanged, as a new version.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Write what would be put, and put nothing.")
    ] = False,
    yes: Yes = False,
    options: StackOptions,
) -> ExitCode:
    """Put documents into the documents bucket, and skip what is there unchanged.

    Writes a line for each file as soon as it is up: the id of its document, a tab, and its key.
    The key is the file's name; of a file in a folder that was named, the folder's name and the
    path inside: `put contracts` makes contracts/lease.pdf, and `put .` makes lease.pdf.

    Above 100 files, 1 GB or a dollar, as the last documents have cost, it asks first.

    With --wait the exit status is 0 only if every document is DONE in the end.
    """
    from infra.cli.put.plan import PutOptions
    from infra.cli.put.put import put as put_documents

    how = PutOptions(prefix, wait=wait, again=again, dry_run=dry_run, yes=yes)
    return put_documents(options.open(), files, how)
