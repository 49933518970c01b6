"""`seashore documents`: what has arrived, newest first."""

from collections.abc import Callable, Collection
from datetime import datetime
from itertools import islice

from infra.cli.document_table import write_document_table
from infra.cli.output import Output
from infra.cli.stack_access import open_ledger
from infra.stacks import Stack
from shared.ledger.document_lists import list_documents
from shared.lifecycle import DocumentStatus


def write_documents(
    stack: Stack,
    statuses: Collection[DocumentStatus],
    days: int,
    limit: int,
    now: Callable[[], datetime],
    *,
    as_json: bool,
    output: Output,
) -> None:
    """Write the documents of the last days, newest first.

    Args:
        stack: Where to look.
        statuses: Only documents in one of these; all if empty.
        days: How many days back, counted in UTC; 1 is today.
        limit: The most documents to write.
        now: The clock.
        as_json: Whether to write JSON.
        output: Where to write.
    """
    fitting = (
        document
        for document in list_documents(open_ledger(stack), now, days)
        if not statuses or document.status in statuses
    )
    documents = list(islice(fitting, limit + 1))
    write_document_table(documents[:limit], output, as_json=as_json)
    if not documents:
        wanted = f" {' or '.join(sorted(statuses))}" if statuses else ""
        span = "today" if days == 1 else f"in the last {days} days"
        output.say(f"No{wanted} document has arrived {span} (UTC). `seashore put` adds some.")
    if len(documents) > limit:
        output.say(f"There are more than these {limit}: see --limit, --status and --days.")
