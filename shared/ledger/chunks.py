"""Chunks in the ledger: each is counted once, whoever delivers it how often."""

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from boto3.dynamodb.conditions import Attr, ConditionBase
from pydantic import BaseModel, ConfigDict

from shared.aws.dynamodb_items import Row, pack, unpack
from shared.aws.dynamodb_table import LedgerTable, Operation, Put, Update
from shared.errors import LedgerConflictError
from shared.ledger.documents import (
    DOCUMENT_SK,
    IN_FLIGHT,
    Clock,
    Document,
    document_pk,
    document_row_key,
    is_erased,
    to_document,
)
from shared.ledger.spending import Spending
from shared.ledger.timeline import (
    CHUNK_PREFIX,
    build_event,
    name_answers,
    write_step_time,
    write_time,
)
from shared.lifecycle import DocumentStatus

logger = logging.getLogger("seashore.ingest")


class ChunkStatus(StrEnum):
    """How a chunk ended."""

    DONE = "DONE"
    FAILED = "FAILED"


class Chunk(BaseModel):
    """One chunk of a document, summarised or given up."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    document_id: str
    run: int
    chunk_number: int
    first_page: int
    last_page: int
    status: ChunkStatus
    summary: dict[str, Any] | None = None
    model: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    cost_micro_usd: int = 0
    told_micro_usd: int = 0
    reason: str | None = None


@dataclass(frozen=True)
class Parts:
    """A document with its chunks, read together, and its row as it is."""

    document: Document
    chunks: tuple[Chunk, ...]
    row: Row = field(default_factory=dict)


# A chunk comes in while its document waits for it. One that is summarised also takes up again what
# was given up, by a replay; one that failed leaves a finished document as it is.
_WAITING = {DocumentStatus.EXTRACTED, DocumentStatus.SUMMARIZING}
_OPEN_FOR_CHUNKS = {
    ChunkStatus.DONE: sorted(_WAITING | {DocumentStatus.PARTIAL}),
    ChunkStatus.FAILED: sorted(_WAITING),
}

# How often a chunk of a FAILED document is counted anew because another came in between.
_MOST_TRIES = 20


@dataclass(frozen=True)
class _FailedDocument:
    """A FAILED document as it was read, to which a summarised chunk comes.

    Without the rest of its parts it stays FAILED: they may never have been sent, and nothing would
    ever finish it.
    """

    chunks_done: int
    chunks_failed: int
    chunks_total: int

    def is_complete_with(self, new_parts: int) -> bool:
        return self.chunks_done + self.chunks_failed + new_parts == self.chunks_total

    @property
    def condition(self) -> ConditionBase:
        return (
            Attr("status").eq(DocumentStatus.FAILED)
            & Attr("chunks_done").eq(self.chunks_done)
            & Attr("chunks_failed").eq(self.chunks_failed)
        )


def chunk_row_key(document_id: str, run: int, chunk_number: int) -> tuple[str, str]:
    """The row of a chunk."""
    return document_pk(document_id), f"{CHUNK_PREFIX}{run:04d}#{chunk_number:06d}"


def is_summarized(row: Row | None) -> bool:
    """Whether the row of a chunk is there and says that it is done."""
    return row is not None and row["status"] == ChunkStatus.DONE


def record_chunk(
    table: LedgerTable, chunk: Chunk, now: Clock, *, with_rows: Sequence[Operation] = ()
) -> bool:
    """Enter a chunk and count it on its document, in one transaction.

    A summarised chunk replaces one that was given up; nothing replaces a summarised one. The first
    chunk moves its document to SUMMARIZING, and so does the one that completes a FAILED document.

    Args:
        table: The ledger.
        chunk: The chunk, summarised or failed.
        now: The clock.
        with_rows: Further rows of the same transaction, such as the cached answer.

    Returns:
        Whether this call counted the chunk; False if it was counted before, or if the document has
        been finished or started anew without it.

    Raises:
        LedgerConflictError: Others kept coming in between.
    """
    replaces, failed = False, None
    for _ in range(_MOST_TRIES):
        try:
            _count_chunk(table, chunk, replaces, failed, now, with_rows)
            return True
        except LedgerConflictError as conflict:
            there = conflict.row
            if there is None:
                raise
            if there["sk"] != DOCUMENT_SK:
                if chunk.status is ChunkStatus.FAILED or there["status"] == ChunkStatus.DONE:
                    return False
                replaces = True
                continue
            is_final = is_erased(there) or chunk.status is ChunkStatus.FAILED
            if is_final or there["run"] != chunk.run:
                return False
            if there["status"] == DocumentStatus.FAILED:
                failed = _FailedDocument(
                    *(there[name] for name in ("chunks_done", "chunks_failed", "chunks_total"))
                )
            elif failed is not None and there["status"] in _OPEN_FOR_CHUNKS[chunk.status]:
                failed = None
            else:
                return False
    raise LedgerConflictError(f"other chunks of {chunk.document_id} kept coming in between")


def _count_chunk(
    table: LedgerTable,
    chunk: Chunk,
    replaces: bool,
    failed: _FailedDocument | None,
    now: Clock,
    with_rows: Sequence[Operation],
) -> None:
    """Count a chunk, in place of one that was given up if it `replaces` that."""
    at = now()
    pk, sk = chunk_row_key(chunk.document_id, chunk.run, chunk.chunk_number)
    counter = {ChunkStatus.DONE: "chunks_done", ChunkStatus.FAILED: "chunks_failed"}[chunk.status]
    counters = {"chunks_done": 1, "chunks_failed": -1} if replaces else {counter: 1}
    assign: Row = {"updated_at": write_time(at)}
    used = Spending.model_validate(chunk).counts
    # Why parts of it were given up, for reports, which read no chunks.
    assign |= {} if chunk.reason is None else {"chunk_reason": chunk.reason}
    if failed is None or failed.is_complete_with(0 if replaces else 1):
        assign |= {"status": DocumentStatus.SUMMARIZING, "in_flight": IN_FLIGHT}
        assign["finished_at"] = None
    is_open = (
        Attr("status").is_in(_OPEN_FOR_CHUNKS[chunk.status]) if failed is None else failed.condition
    )
    row = {"pk": pk, "sk": sk, **chunk.model_dump(mode="json", exclude_none=True)}
    if chunk.summary is not None:
        row["summary"] = pack(chunk.summary)
    told: list[Operation] = []
    if chunk.status is ChunkStatus.DONE:
        # Nothing replaces it, so that it can tell the timeline itself.
        row |= {"at": write_step_time(at), "answers": name_answers(with_rows)}
    else:
        pages = f"{chunk.first_page}-{chunk.last_page}"
        details = {"chunk": chunk.chunk_number, "pages": pages, **used, "reason": chunk.reason}
        told = [build_event(document_pk(chunk.document_id), at, "chunk_failed", details)]
    table.transact(
        [
            Put(
                row,
                condition=Attr("status").eq(ChunkStatus.FAILED)
                if replaces
                else Attr("pk").not_exists(),
            ),
            Update(
                document_pk(chunk.document_id),
                DOCUMENT_SK,
                assign=assign,
                add={**counters, **used},
                condition=Attr("run").eq(chunk.run) & is_open,
            ),
            *told,
            *with_rows,
        ]
    )


def note_all_sent(table: LedgerTable, document: Document, now: Clock) -> None:
    """Note that all chunks of a document's run were sent, which is SUMMARIZING from then on.

    Where a chunk has come back before, it has moved the document itself.
    """
    pk, sk = document_row_key(document.document_id)
    of_run = Attr("run").eq(document.run)
    sent: Row = {"sent_run": document.run}
    moved = {**sent, "status": DocumentStatus.SUMMARIZING, "updated_at": write_time(now())}
    extracted = of_run & Attr("status").eq(DocumentStatus.EXTRACTED)
    try:
        table.update_row(Update(pk, sk, assign=moved, condition=extracted))
        return
    except LedgerConflictError:
        logger.info("summarizing_already", extra={"action": "summarizing_already"})
    # It may have been begun anew meanwhile.
    with suppress(LedgerConflictError):
        table.update_row(Update(pk, sk, assign=sent, condition=of_run))


def read_parts(table: LedgerTable, document_id: str, run: int) -> Parts | None:
    """Read a document and all chunks of a run with one query, or None if there is no document."""
    chunks: list[Chunk] = []
    document_row: Row | None = None
    for row in table.query_rows(document_pk(document_id), f"{CHUNK_PREFIX}{run:04d}#", DOCUMENT_SK):
        if row["sk"] == DOCUMENT_SK:
            document_row = None if is_erased(row) else row
        elif row["run"] == run:
            chunks.append(Chunk.model_validate({**row, "summary": unpack(row.get("summary"))}))
    if document_row is None:
        return None
    return Parts(to_document(document_row), tuple(chunks), document_row)
