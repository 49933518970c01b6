"""The text of a document in the ledger: how far it is read, its pages and chunks.

A row names the pages that are being recognised (`recognising_pages`) until all of them are settled,
each in a row of its own. Then one write takes their text into the document.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum

from boto3.dynamodb.conditions import Attr
from pydantic import BaseModel, ConfigDict

from shared.aws.dynamodb_items import Row
from shared.aws.dynamodb_table import LedgerTable, Operation, Put, Update
from shared.document_formats import PAGE
from shared.errors import LedgerConflictError
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
    write_chunk_plan,
    write_embedded_files,
    write_page_failures,
)
from shared.ledger.timeline import build_event, write_time
from shared.lifecycle import DocumentStatus

# What a document's row holds of pages that were recognised in an earlier run of it.
_NOTHING_RECOGNISED: Row = dict.fromkeys(
    ("is_recognised", "pages_settled", "text_sources", "confidences")
)
# As what a document is read that has no such attribute.
_UNTOLD = ("", "[]", PAGE)
_NO_CHUNKS: Row = dict.fromkeys(("chunks_total", "chunks_done", "chunks_failed"), 0)

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
        recognising_pages: Ranges of the pages whose text is to be recognised.
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
    recognising_pages: str = ""
    unit: str = PAGE

    def to_attributes(self) -> Row:
        """The attributes that hold it."""
        return {
            "text_address": self.text_address,
            "next_page": self.next_page,
            "pages": self.pages,
            "empty_pages": self.empty_pages,
            "picture_pages": self.picture_pages,
            "failed_pages": self.failed_pages,
            "page_failures": write_page_failures(self.page_failures),
            "embedded_files": write_embedded_files(self.embedded_files),
            "chunk_plan": write_chunk_plan(self.chunk_plan),
            "reading_milliseconds": self.reading_milliseconds,
            "recognising_pages": self.recognising_pages,
            "unit": self.unit,
        }

    def to_document_attributes(self) -> Row:
        """The same for a document's row, without what says nothing of it.

        That keeps the row below a kilobyte, above which each of its writes costs twice as much.
        """
        attributes = self.to_attributes().items()
        return {name: None if value in _UNTOLD else value for name, value in attributes}


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
                assign=extraction.to_document_attributes() | {"updated_at": write_time(at)},
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
) -> Document:
    """Note the text's pages and chunks: the document is EXTRACTED, or NO_TEXT without any chunk.

    It is EXTRACTED, too, while pages of it are yet to be recognised.

    A text without failed pages is noted under its address too, for the next document of the same
    bytes. A document whose chunks were sent before starts a new run: those that come in late from
    the old one are not counted.

    Args:
        table: The ledger.
        document: The document as it was read.
        extraction: The whole of its text.
        now: The clock.
        reused_from: The document whose text this is, where it was not read anew.

    Returns:
        The document as it is now.

    Raises:
        LedgerConflictError: The document has moved on.
    """
    has_to_be_worked_on = extraction.chunk_plan or extraction.recognising_pages
    status = DocumentStatus.EXTRACTED if has_to_be_worked_on else DocumentStatus.NO_TEXT
    counts = {
        **_NO_CHUNKS,
        "run": document.run + 1 if document.chunks_total else document.run,
        "chunks_total": len(extraction.chunk_plan),
    }
    children = sum(file.document_id is not None for file in extraction.embedded_files)

    def move(*with_rows: Operation) -> None:
        move_document(
            table,
            document,
            status,
            now,
            step="extracted",
            changes={**extraction.to_document_attributes(), **_NOTHING_RECOGNISED, **counts},
            details={
                "pages": extraction.pages,
                "to_be_recognised": extraction.recognising_pages or None,
                "chunks": len(extraction.chunk_plan),
                "reused_from": reused_from,
                "children": children or None,
            },
            with_rows=with_rows,
        )

    user = _build_user(extraction.text_address, document.document_id)
    text = Update(*text_row_key(extraction.text_address), add={"uses": 1})
    if reused_from is not None:
        # Whoever erases the last document of a text takes its row first: then it is read anew.
        move(user, replace(text, condition=Attr("pk").exists()))
    elif extraction.failed_pages:
        move(user)
    else:
        # The row names one who shares the text, nearly always the only one.
        named = Attr("document_id")
        assign = extraction.to_attributes() | {"document_id": document.document_id}
        text = replace(text, assign=assign)
        try:
            move(replace(text, condition=named.not_exists() | named.eq(document.document_id)))
        except LedgerConflictError as conflict:
            if conflict.row is None or conflict.row["sk"] != TEXT_SK:
                raise
            other = conflict.row["document_id"]
            with_other = [user, _build_user(extraction.text_address, other)]
            move(*with_other, replace(text, condition=named.eq(other)))
    told = {one.name: getattr(extraction, one.name) for one in fields(extraction)}
    return document.model_copy(update={**told, **counts, "status": status, "is_recognised": False})


# What a document's row holds of its text before its first page is read.
UNREAD: Row = {
    **ExtractedText(
        text_address="", next_page=1, pages=0, empty_pages="", failed_pages="", chunk_plan=()
    ).to_document_attributes(),
    **_NOTHING_RECOGNISED,
    **_NO_CHUNKS,
}


def find_text(table: LedgerTable, text_address: str) -> tuple[str, ExtractedText] | None:
    """The text that the same bytes have given before, with the document it was read for."""
    # One that is missed is read anew; one that is gone meanwhile is refused as it is taken over.
    row = table.read_row(*text_row_key(text_address), is_consistent=False)
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


class TextSource(StrEnum):
    """Where the text of a page comes from."""

    TEXT = "text"
    OCR = "ocr"
    MODEL = "model"


class SettledPage(BaseModel):
    """A page whose recognition is over.

    Args:
        document_id: Its document.
        run: The run of the document.
        page: The number of the page, from 1.
        source: What has read it.
        confidence: How sure that is of it, in percent; None where it does not say.
        text_key: Where its text lies in the artifacts bucket; None for a page without words, and
            for one that could not be read.
        reason: Why it could not be read; None if it was.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    document_id: str
    run: int
    page: int
    source: TextSource = TextSource.OCR
    confidence: int | None = None
    text_key: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class TakenUpPages:
    """What settled pages change of their document.

    Args:
        empty_pages: Ranges of the pages that show nothing, or no words.
        picture_pages: Ranges of the pages that show a picture whose text is not read.
        failed_pages: Ranges of the pages that could not be read.
        page_failures: Why.
        chunk_plan: The pages of each chunk, those of recognised text last.
        sources: Ranges of the pages that were recognised, by what has read them.
        confidences: Ranges of the pages that were recognised, by how sure that is of them.
    """

    empty_pages: str
    picture_pages: str
    failed_pages: str
    page_failures: tuple[PageFailure, ...]
    chunk_plan: tuple[ChunkPages, ...]
    sources: Mapping[TextSource, str] = field(default_factory=dict)
    confidences: Mapping[int, str] = field(default_factory=dict)


def settled_row_key(document_id: str, run: int, page: int) -> tuple[str, str]:
    """The row of a page whose recognition is over."""
    return document_pk(document_id), f"PAGE#{run:04d}#{page:06d}"


def settle_page(table: LedgerTable, page: SettledPage, now: Clock) -> bool:
    """Enter a page and count it on its document, in one transaction; nothing replaces it.

    Returns:
        Whether this call counted it; False if it was settled before, or if the document was begun
        anew or deleted, or has taken up its pages.
    """
    pk, sk = settled_row_key(page.document_id, page.run, page.page)
    row = page.model_dump(mode="json", exclude_none=True)
    try:
        table.transact(
            [
                Put({"pk": pk, "sk": sk, **row}, condition=Attr("pk").not_exists()),
                Update(
                    pk,
                    DOCUMENT_SK,
                    assign={"updated_at": write_time(now())},
                    add={"pages_settled": 1},
                    condition=Attr("run").eq(page.run) & Attr("recognising_pages").gt(""),
                ),
            ]
        )
    except LedgerConflictError:
        return False
    return True


def read_settled_pages(table: LedgerTable, document_id: str, run: int) -> list[SettledPage]:
    """All pages of a run whose recognition is over, in their order."""
    first, last = f"PAGE#{run:04d}#", f"PAGE#{run:04d}#~"
    return [
        SettledPage.model_validate(row)
        for row in table.query_rows(document_pk(document_id), first, last)
    ]


def take_up_pages(table: LedgerTable, document: Document, taken: TakenUpPages, now: Clock) -> None:
    """Take recognised pages into their document, once.

    Its chunks grow by those of the recognised text, and it waits for them. Without any chunk at
    all it ends: NO_TEXT where its pages hold no words, REJECTED where they could not be read.

    Raises:
        LedgerConflictError: The document has moved on, or took them up before.
    """
    changes: Row = {
        "recognising_pages": "",
        "is_recognised": True,
        "empty_pages": taken.empty_pages,
        "picture_pages": taken.picture_pages,
        "failed_pages": taken.failed_pages,
        "page_failures": write_page_failures(taken.page_failures),
        "chunk_plan": write_chunk_plan(taken.chunk_plan),
        "chunks_total": len(taken.chunk_plan),
        "text_sources": json.dumps(dict(taken.sources)),
        "confidences": json.dumps({str(one): pages for one, pages in taken.confidences.items()}),
    }
    target = DocumentStatus.SUMMARIZING
    if not taken.chunk_plan and taken.failed_pages:
        target = DocumentStatus.FAILED
        reasons = "; ".join(failure.reason for failure in taken.page_failures)
        changes |= {"reason_code": "not_recognised", "reason": f"no page could be read: {reasons}"}
    elif not taken.chunk_plan:
        target = DocumentStatus.NO_TEXT
    move_document(
        table,
        document,
        target,
        now,
        step="recognised",
        changes=changes,
        details={
            "pages": document.recognising_pages,
            "chunks": len(taken.chunk_plan) - len(document.chunk_plan),
            "failed_pages": taken.failed_pages or None,
        },
        unchanged=("recognising_pages",),
        may_stay=True,
    )
