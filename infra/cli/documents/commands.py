"""`seashore put` and `seashore documents`: their arguments, options and help."""

from typing import Annotated

import typer

from infra.cli.exit_codes import ExitCode
from infra.cli.options import ListOptions, StackOptions, add_command
from shared.lifecycle import DocumentStatus

document_commands = typer.Typer()


@add_command(document_commands)
def put(
    *,
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE",
            show_default=False,
            help="Files, folders (every PDF in them), or patterns such as 'reports/**/*.pdf'.",
        ),
    ],
    prefix: Annotated[
        str, typer.Option(help="Folder in the bucket to put them into.", show_default=False)
    ] = "",
    wait: Annotated[
        bool, typer.Option("--wait", "-w", help="Wait until all are summarised, or will not be.")
    ] = False,
    options: StackOptions,
) -> ExitCode:
    """Put PDFs into the documents bucket.

    Writes a line for each file: the id of its document, a tab, and its key. The key is the
    file's name, or its path inside the folder that was named.

    With --wait the exit status is 0 only if every document is DONE in the end.
    """
    from infra.cli.documents.put import put as put_documents

    return put_documents(options.open(), files, prefix, wait=wait)


@add_command(document_commands)
def documents(wanted: ListOptions, options: StackOptions) -> None:
    """List the documents that have arrived, the newest first.

    To a pipe or file it writes a line for each document, with tabs between id, key, status,
    pages, title and time of arrival.
    """
    from infra.cli.documents.table import write_documents

    wanted.check_statuses(DocumentStatus)
    write_documents(options.open(), wanted)
