"""`seashore documents`: its options and help; short, as a folder has one such file."""

import typer

from infra.cli.options import FindOptions, ListOptions, StackOptions, add_command
from shared.lifecycle import DocumentStatus

document_commands = typer.Typer()


@add_command(document_commands)
def documents(wanted: ListOptions, which: FindOptions, options: StackOptions) -> None:
    """List the documents that have arrived, the newest first.

    To a pipe or file it writes a line for each document, with tabs between id, key, status,
    pages, title and time of arrival.
    """
    from infra.cli.documents.table import write_documents

    wanted.check_statuses(DocumentStatus)
    write_documents(options.open(), wanted, which)
