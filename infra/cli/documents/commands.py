"""`seashore put` and `seashore documents`: their arguments, options and help."""

from typing import Annotated

import typer

from infra.cli.options import (
    AsJson,
    Days,
    Limit,
    Profile,
    Region,
    StackName,
    Statuses,
    open_output,
    parse_status,
    read_clock,
)
from shared.lifecycle import DocumentStatus

document_commands = typer.Typer()


@document_commands.command()
def put(
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
    stack: StackName = "local",
    region: Region = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Put PDFs into the documents bucket.

    Writes a line for each file: the id of its document, a tab, and its key. The key is the
    file's name, or its path inside the folder that was named.

    With --wait the exit status is 0 only if every document is DONE in the end.
    """
    from infra.cli.documents.put import put as put_documents
    from infra.cli.stack_access import open_stack

    raise typer.Exit(
        put_documents(
            open_stack(stack, region, profile),
            files,
            prefix,
            wait=wait,
            as_json=as_json,
            output=open_output(),
        )
    )


@document_commands.command()
def documents(
    status: Statuses = None,
    days: Days = 7,
    limit: Limit = 50,
    stack: StackName = "local",
    region: Region = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """List the documents that have arrived, the newest first.

    To a pipe or file it writes a line for each document, with tabs between id, key, status,
    pages, title and time of arrival.
    """
    from infra.cli.documents.list_documents import write_documents
    from infra.cli.listing import Choice
    from infra.cli.stack_access import open_stack

    choice = Choice([parse_status(name, DocumentStatus) for name in status or []], days, limit)
    write_documents(
        open_stack(stack, region, profile),
        choice,
        read_clock,
        as_json=as_json,
        output=open_output(),
    )
