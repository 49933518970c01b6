"""Documents as tables, lines and sentences; `seashore documents`."""

import re
from collections.abc import Iterator, Sequence
from unicodedata import normalize

from rich.text import Text

from infra.cli.command_context import CommandContext
from infra.cli.listing import write_newest
from infra.cli.options import FindOptions, ListOptions
from infra.cli.times import describe_time
from pipeline.documents.document_listing import tell_document
from pipeline.documents.standing_words import describe_progress, describe_wait
from shared.errors import WrongUsageError
from shared.ledger.document_lists import list_documents
from shared.ledger.document_versions import list_versions
from shared.ledger.documents import Document, find_document
from shared.lifecycle import IN_FLIGHT, STANDINGS, Tone
from shared.prices import MICRO_USD_PER_USD

# Enough to name a document of a few million; `seashore show` takes the beginning of an id.
_SHORT_ID_LENGTH = 10

_STYLES = {
    Tone.GOOD: "green",
    Tone.WARN: "yellow",
    Tone.BAD: "red",
    Tone.WAIT: "cyan",
    Tone.NONE: "",
}


def shorten_id(document_id: str) -> str:
    """The beginning of an id, for people."""
    return document_id[:_SHORT_ID_LENGTH]


def style_status(status: str) -> Text:
    """The status of a document or task in the colour of how good it is."""
    return Text(status, style=_STYLES[STANDINGS.get(status, STANDINGS[IN_FLIGHT]).tone])


def write_documents(context: CommandContext, options: ListOptions, which: FindOptions) -> None:
    """Write the documents of the last days that are meant, newest first.

    Raises:
        WrongUsageError: What is searched for is no regular expression.
    """
    write_newest(
        choose_documents(context, options.days, which),
        options,
        write_document_csv if options.as_csv else write_document_table,
        context,
        noun="document like that" if which != FindOptions() else "document",
        adding="`seashore put` adds some.",
    )


def choose_documents(context: CommandContext, days: int, which: FindOptions) -> Iterator[Document]:
    """The documents of the last days that are meant, or all versions of a key, newest first.

    Raises:
        WrongUsageError: What is searched for is no regular expression.
    """
    try:
        pattern = re.compile(normalize("NFC", which.grep or ""), re.IGNORECASE)
    except re.error as error:
        raise WrongUsageError(f"--grep {which.grep!r} is no regular expression: {error}.") from None
    table, found = context.table, list_documents(context.table, context.now, days)
    if which.key is not None:
        bucket = context.stack.output("DocumentsBucket")
        versions = (find_document(table, i) for i, _ in list_versions(table, bucket, which.key))
        there = (one for one in versions if one is not None)
        found = iter(sorted(there, key=lambda one: one.received_at, reverse=True))
    for one in found:
        if one.key.startswith(which.prefix or "") and pattern.search(
            normalize("NFC", tell_document(one))
        ):
            yield one


def write_document_csv(documents: Sequence[Document], context: CommandContext) -> None:
    """Write documents as CSV, with a heading."""
    context.output.write_csv(
        (
            "id", "key", "status", "title", "pages", "received", "finished", "model",
            "input_tokens", "output_tokens", "cost_usd", "reason",
        ),
        (
            (
                one.document_id, one.called, one.status, one.title, one.pages, one.received_at,
                one.finished_at, one.model, one.input_tokens, one.output_tokens,
                one.cost_micro_usd / MICRO_USD_PER_USD, one.reason,
            )
            for one in documents
        ),
    )  # fmt: skip


def write_document_table(documents: Sequence[Document], context: CommandContext) -> None:
    """Write documents: a table for people, else one line or one JSON object each."""
    if context.as_json:
        context.output.write_json([document.model_dump(mode="json") for document in documents])
        return
    now = context.now()
    context.output.write_table(
        {
            "id": "word",
            "key": "name",
            "status": "word",
            "pages": "number",
            "title": "short",
            "received": "word",
        },
        [
            (
                shorten_id(one.document_id),
                one.called,
                style_status(one.status),
                str(one.pages or ""),
                describe_wait(one, now) or describe_progress(one),
                describe_time(one.received_at),
            )
            for one in documents
        ],
        [
            (
                one.document_id,
                one.key,
                one.status,
                one.pages,
                describe_wait(one, now) or describe_progress(one),
                one.received_at,
            )
            for one in documents
        ],
    )
