"""Pages whose text is recognised, in the ledger: each is settled once, then all are taken up.

A document's row names the pages that are being recognised (`recognising_pages`) until all of them
are settled, each in a row of its own. Then one write takes their text into the document.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from boto3.dynamodb.conditions import Attr
from pydantic import BaseModel, ConfigDict

from shared.aws.dynamodb_items import Row
from shared.aws.dynamodb_table import LedgerTable, Put, Update
from shared.errors import LedgerConflictError
from shared.ledger.documents import (
    DOCUMENT_SK,
    ChunkPages,
    Clock,
    Document,
    PageFailure,
    document_pk,
    move_document,
    write_chunk_plan,
    write_page_failures,
)
from shared.ledger.timeline import write_time
from shared.lifecycle import DocumentStatus


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
