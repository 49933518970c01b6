"""Documents as tables, lines and sentences; `seashore documents`."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from rich.text import Text

from infra.cli.command_context import CommandContext
from infra.cli.listing import write_newest
from infra.cli.options import FindOptions, ListOptions
from infra.cli.times import describe_time
from pipeline.report.slowness import say_wait
from pipeline.summaries.coverage import describe_children, describe_unread_files
from shared.document_formats import PAGE, count_units
from shared.errors import WrongUsageError
from shared.ledger.document_lists import list_documents
from shared.ledger.document_versions import list_versions
from shared.ledger.documents import Document, find_document
from shared.ledger.timeline import write_time
from shared.lifecycle import IN_FLIGHT, STANDINGS, DocumentStatus, Tone
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


def describe_status(document: Document) -> str:
    """One plain sentence about where a document stands, and what to do if it stands badly."""
    match document.status:
        case DocumentStatus.RECEIVED:
            return "Its text is being read."
        case DocumentStatus.EXTRACTED:
            return "Its text is read and on its way to be summarised."
        case DocumentStatus.SUMMARIZING:
            return f"{_count_chunks(document)} of its text are summarised."
        case DocumentStatus.DONE:
            return f"Every {document.unit} is summarised, or blank."
        case DocumentStatus.PARTIAL if document.is_being_recognised:
            return f"Its text is summarised; {document.reason}."
        case DocumentStatus.PARTIAL:
            missing = document.reason or f"some {document.unit}s are missing"
            return f"The summary lacks something: {missing}."
        case DocumentStatus.NO_TEXT if document.embedded_files:
            return f"Its {document.unit}s hold no text; {_describe_files(document)}."
        case DocumentStatus.NO_TEXT:
            return (
                "No page holds any words, so there is nothing to summarise. If it is a scan, see "
                "whether the stack reads scans (OcrEngine) or run OCR on it and put the result."
            )
        case DocumentStatus.REJECTED:
            return document.reason or "It was refused."
        case DocumentStatus.FAILED:
            return f"It was given up: {document.reason or 'the reason is not known'}."
        case DocumentStatus.CANCELLED:
            return document.reason or "It was cancelled."
        case DocumentStatus.DELETED:
            return document.reason or "It was deleted."


def describe_progress(document: Document) -> str:
    """A few words for the last column of a table: title, progress or what is wrong."""
    match document.status:
        case DocumentStatus.DONE:
            return document.title or ""
        case DocumentStatus.RECEIVED:
            return (
                f"{count_units(document.next_page - 1, document.unit)} read"
                if document.next_page > 1
                else ""
            )
        case DocumentStatus.EXTRACTED:
            return ""
        case DocumentStatus.SUMMARIZING:
            return f"{_count_chunks(document)} summarised"
        case DocumentStatus.NO_TEXT if document.embedded_files:
            return f"no {document.unit} holds text; {_describe_files(document)}"
        case DocumentStatus.NO_TEXT if document.unit == PAGE:
            return "no page holds text: is it a scan?"
        case DocumentStatus.NO_TEXT:
            return f"no {document.unit} holds text"
        case _:
            return document.reason or document.title or ""


def describe_wait(document: Document, now: datetime) -> str:
    """What a document waits for and what to do about it; empty if it does not wait."""
    if document.is_final or document.deferred_until <= write_time(now):
        return ""
    words = say_wait(document.deferred_reason)
    return f"{words}: {document.deferred_cause}" if document.deferred_cause else words


def _describe_files(document: Document) -> str:
    """What became of the files inside: all that there is of a document without text."""
    unread = describe_unread_files(document.embedded_files)
    told = [
        f"files inside were not read: {unread}" if unread else "",
        describe_children(document.embedded_files),
    ]
    return "; ".join(filter(None, told))


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
        noun="document",
        adding="`seashore put` adds some.",
    )


def choose_documents(context: CommandContext, days: int, which: FindOptions) -> Iterator[Document]:
    """The documents of the last days that are meant, or all versions of a key, newest first.

    Raises:
        WrongUsageError: What is searched for is no regular expression.
    """
    try:
        pattern = re.compile(which.grep or "", re.IGNORECASE)
    except re.error as error:
        raise WrongUsageError(f"--grep {which.grep!r} is no regular expression: {error}.") from None
    table, found = context.table, list_documents(context.table, context.now, days)
    if which.key is not None:
        bucket = context.stack.output("DocumentsBucket")
        versions = (find_document(table, i) for i, _ in list_versions(table, bucket, which.key))
        there = (one for one in versions if one is not None)
        found = iter(sorted(there, key=lambda one: one.received_at, reverse=True))
    for one in found:
        told = "\n".join(filter(None, (one.called, one.key, one.title, one.reason)))
        if one.key.startswith(which.prefix or "") and pattern.search(told):
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


def _count_chunks(document: Document) -> str:
    parts = "part" if document.chunks_total == 1 else "parts"
    return f"{document.chunks_done} of {document.chunks_total} {parts}"
