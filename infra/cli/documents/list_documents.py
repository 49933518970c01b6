"""`seashore documents`: what has arrived, newest first."""

from collections.abc import Callable
from datetime import datetime

from infra.cli.documents.table import write_document_table
from infra.cli.listing import Choice, write_newest
from infra.cli.output import Output
from infra.cli.stack_access import open_ledger
from infra.stacks import Stack
from shared.ledger.document_lists import list_documents


def write_documents(
    stack: Stack, choice: Choice, now: Callable[[], datetime], *, as_json: bool, output: Output
) -> None:
    """Write the documents of the last days, newest first.

    Args:
        stack: Where to look.
        choice: Which documents are wanted.
        now: The clock.
        as_json: Whether to write JSON.
        output: Where to write.
    """
    write_newest(
        list_documents(open_ledger(stack), now, choice.days),
        choice,
        lambda documents: write_document_table(documents, output, as_json=as_json),
        noun="document",
        adding="`seashore put` adds some.",
        output=output,
    )
