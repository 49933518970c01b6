"""Where a document stands, in words: a sentence, a few words for a list, what it waits for."""

from datetime import datetime

from pipeline.report.slowness import say_wait
from pipeline.summaries.coverage import describe_children, describe_unread_files
from shared.document_formats import PAGE, count_units
from shared.ledger.documents import Document
from shared.ledger.timeline import write_time
from shared.lifecycle import DocumentStatus


def describe_status(document: Document) -> str:
    """One plain sentence about where a document stands, and what to do if it stands badly."""
    match document.status:
        case DocumentStatus.RECEIVED:
            return "Its text is being read."
        case DocumentStatus.EXTRACTED:
            return "Its text is read and on its way to be summarised."
        case DocumentStatus.SUMMARIZING if not document.chunks_total:
            return "Its pages are being recognised."
        case DocumentStatus.SUMMARIZING:
            verb = "is" if 1 in (document.chunks_done, document.chunks_total) else "are"
            return f"{_count_chunks(document)} of its text {verb} summarised."
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
        case DocumentStatus.SUMMARIZING if not document.chunks_total:
            return "its pages are being recognised"
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


def _count_chunks(document: Document) -> str:
    parts = "part" if document.chunks_total == 1 else "parts"
    return f"{document.chunks_done} of {document.chunks_total} {parts}"
