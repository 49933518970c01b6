"""The text of a document in the ledger: how far it is read, its pages and chunks."""

import json
from dataclasses import dataclass

from boto3.dynamodb.conditions import Attr

from shared.aws.dynamodb_items import Row
from shared.aws.dynamodb_table import LedgerTable, Operation, Put, Update
from shared.document_formats import PAGE
from shared.ledger.documents import (
    DOCUMENT_SK,
    ChunkPages,
    Clock,
    Document,
    EmbeddedFile,
    PageFailure,
    document_pk,
    move_document,
    read_chunk_plan,
    read_embedded_files,
    read_page_failures,
    write_embedded_files,
)
from shared.ledger.timeline import build_event, write_time
from shared.lifecycle import DocumentStatus

TEXT_SK = "TEXT"
USER_SK = "USER#"


@dataclass(frozen=True)
class ExtractedText:
    """What reading a document's text has brought, as far as it went.

    Args:
        text_address: What the keys of the chunks' texts begin with.
        next_page: The first page that has not been read.
        pages: How many pages the document has.
        empty_pages: Ranges of the pages that show nothing.
        picture_pages: Ranges of the pages that show a picture or a drawing and no text.
        failed_pages: Ranges of the pages that could not be read.
        chunk_plan: The pages of each chunk.
        page_failures: Why pages could not be read.
        embedded_files: The files inside, and what became of them.
        reading_milliseconds: How long was waited for the pages, over all readings.
        unit: What its pages are: pages, or what else people cite of its format.
    """

    text_address: str
    next_page: int
    pages: int
    empty_pages: str
    failed_pages: str
    chunk_plan: tuple[ChunkPages, ...]
    reading_milliseconds: int = 0
    picture_pages: str = ""
    page_failures: tuple[PageFailure, ...] = ()
    embedded_files: tuple[EmbeddedFile, ...] = ()
    unit: str = PAGE

    def to_attributes(self) -> Row:
        """The attributes of a document's row that hold it."""
        plan = [[chunk.first_page, chunk.last_page] for chunk in self.chunk_plan]
        return {
            "text_address": self.text_address,
            "next_page": self.next_page,
            "pages": self.pages,
            "empty_pages": self.empty_pages,
            "picture_pages": self.picture_pages,
            "failed_pages": self.failed_pages,
            "page_failures": json.dumps([[f.pages, f.code, f.reason] for f in self.page_failures]),
            "embedded_files": write_embedded_files(self.embedded_files),
            "chunk_plan": json.dumps(plan, separators=(",", ":")),
            "reading_milliseconds": self.reading_milliseconds,
            "unit": self.unit,
        }


def text_row_key(text_address: str) -> tuple[str, str]:
    """The row of the text under an address."""
    return f"TEXT#{text_address}", TEXT_SK


def _build_user(text_address: str, document_id: str) -> Put:
    """The row that tells which documents share a text."""
    pk, _ = text_row_key(text_address)
    return Put({"pk": pk, "sk": f"{USER_SK}{document_id}", "document_id": document_id})


def record_checkpoint(
    table: LedgerTable, document: Document, extraction: ExtractedText, now: Clock
) -> None:
    """Note how far the reading of a document has come, so that it can go on from there.

    Raises:
        LedgerConflictError: The document has moved on, or another run has come elsewhere.
    """
    at = now()
    reading = sorted({DocumentStatus.RECEIVED, DocumentStatus.FAILED})
    table.transact(
        [
            Update(
                document_pk(document.document_id),
                DOCUMENT_SK,
                assign={
                    **extraction.to_attributes(),
                    "updated_at": write_time(at),
                },
                condition=Attr("run").eq(document.run)
                & Attr("status").is_in(reading)
                & Attr("next_page").eq(document.next_page),
            ),
            build_event(
                document_pk(document.document_id),
                at,
                "checkpoint",
                {"next_page": extraction.next_page},
            ),
            _build_user(extraction.text_address, document.document_id),
        ]
    )


def record_extraction(
    table: LedgerTable,
    document: Document,
    extraction: ExtractedText,
    now: Clock,
    *,
    reused_from: str | None = None,
) -> None:
    """Note the text's pages and chunks: the document is EXTRACTED, or NO_TEXT without any chunk.

    A text without failed pages is noted under its address too, for the next document of the same
    bytes. A document whose chunks were sent before starts a new run: those that come in late from
    the old one are not counted.

    Args:
        table: The ledger.
        document: The document as it was read.
        extraction: The whole of its text.
        now: The clock.
        reused_from: The document whose text this is, where it was not read anew.

    Raises:
        LedgerConflictError: The document has moved on.
    """
    with_rows: list[Operation] = [_build_user(extraction.text_address, document.document_id)]
    if reused_from is not None:
        # Whoever erases the last document of a text takes its row first: then it is read anew.
        there = Attr("pk").exists()
        with_rows.append(
            Update(*text_row_key(extraction.text_address), add={"uses": 1}, condition=there)
        )
    elif not extraction.failed_pages:
        with_rows.append(
            Update(
                *text_row_key(extraction.text_address),
                assign={"document_id": document.document_id, **extraction.to_attributes()},
                add={"uses": 1},
            )
        )
    move_document(
        table,
        document,
        DocumentStatus.EXTRACTED if extraction.chunk_plan else DocumentStatus.NO_TEXT,
        now,
        step="extracted",
        changes={
            **extraction.to_attributes(),
            "run": document.run + 1 if document.chunks_total else document.run,
            "chunks_total": len(extraction.chunk_plan),
            "chunks_done": 0,
            "chunks_failed": 0,
        },
        details={
            "pages": extraction.pages,
            "chunks": len(extraction.chunk_plan),
            "reused_from": reused_from,
            "children": sum(file.document_id is not None for file in extraction.embedded_files)
            or None,
        },
        with_rows=with_rows,
    )


def begin_anew(table: LedgerTable, document: Document, now: Clock) -> None:
    """Begin a document from its first page, in a run of its own, as its text is gone.

    Raises:
        LedgerConflictError: The document has moved on.
    """
    nothing = ExtractedText(
        text_address="", next_page=1, pages=0, empty_pages="", failed_pages="", chunk_plan=()
    )
    counters = {"chunks_total": 0, "chunks_done": 0, "chunks_failed": 0}
    move_document(
        table,
        document,
        DocumentStatus.RECEIVED,
        now,
        step="begun anew",
        changes={
            **nothing.to_attributes(),
            **counters,
            "run": document.run + 1,
            "reason_code": None,
            "reason": None,
        },
    )


def find_text(table: LedgerTable, text_address: str) -> tuple[str, ExtractedText] | None:
    """The text that the same bytes have given before, with the document it was read for."""
    row = table.read_row(*text_row_key(text_address))
    if row is None:
        return None
    extraction = ExtractedText(
        text_address=text_address,
        next_page=row["next_page"],
        pages=row["pages"],
        empty_pages=row["empty_pages"],
        failed_pages=row["failed_pages"],
        chunk_plan=read_chunk_plan(row),
        picture_pages=row.get("picture_pages", ""),
        page_failures=read_page_failures(row),
        embedded_files=read_embedded_files(row),
        unit=row.get("unit", PAGE),
    )
    return row["document_id"], extraction
