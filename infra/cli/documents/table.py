"""Documents as tables, lines and sentences."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from rich.table import Table
from rich.text import Text

from infra.cli.output import Output
from shared.ledger.documents import Document
from shared.lifecycle import IN_FLIGHT, STANDINGS, DocumentStatus, Tone
from shared.printable import to_printable

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
            return "Every page is summarised, or has no text."
        case DocumentStatus.PARTIAL:
            return f"The summary lacks something: {document.reason or 'some pages are missing'}."
        case DocumentStatus.NO_TEXT:
            return (
                "It holds no text, so there is nothing to summarise. If it is a scan, run OCR on "
                "it and put the result."
            )
        case DocumentStatus.REJECTED:
            return document.reason or "It was refused."
        case DocumentStatus.FAILED:
            return f"It was given up: {document.reason or 'the reason is not known'}."


def describe_progress(document: Document) -> str:
    """A few words for the last column of a table: title, progress or what is wrong."""
    match document.status:
        case DocumentStatus.DONE:
            return document.title or ""
        case DocumentStatus.RECEIVED:
            return f"{document.next_page - 1} pages read" if document.next_page > 1 else ""
        case DocumentStatus.EXTRACTED:
            return ""
        case DocumentStatus.SUMMARIZING:
            return f"{_count_chunks(document)} summarised"
        case DocumentStatus.NO_TEXT:
            return "no page holds text: is it a scan?"
        case _:
            return document.reason or document.title or ""


def write_document_table(documents: Sequence[Document], output: Output, *, as_json: bool) -> None:
    """Write documents: a table for people, else one line or one JSON object each."""
    if as_json:
        output.write_json([document.model_dump(mode="json") for document in documents])
    elif output.is_terminal:
        if documents:
            output.write(_build_table(documents))
    else:
        for document in documents:
            output.write_line(
                [
                    document.document_id,
                    document.key,
                    document.status,
                    str(document.pages),
                    describe_progress(document),
                    document.received_at,
                ]
            )


def _build_table(documents: Iterable[Document]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("id", no_wrap=True)
    table.add_column("key", overflow="fold")
    table.add_column("status", no_wrap=True)
    table.add_column("pages", justify="right", no_wrap=True)
    table.add_column("title")
    table.add_column("received", no_wrap=True)
    for document in documents:
        table.add_row(
            shorten_id(document.document_id),
            to_printable(document.key),
            style_status(document.status),
            str(document.pages or ""),
            Text(to_printable(describe_progress(document)), no_wrap=True, overflow="ellipsis"),
            f"{datetime.fromisoformat(document.received_at).astimezone():%d %b %H:%M}",
        )
    return table


def _count_chunks(document: Document) -> str:
    parts = "part" if document.chunks_total == 1 else "parts"
    return f"{document.chunks_done} of {document.chunks_total} {parts}"
