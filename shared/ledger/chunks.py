"""Chunks in the ledger: each is counted once, whoever delivers it how often."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from boto3.dynamodb.conditions import Attr
from pydantic import BaseModel, ConfigDict

from shared.aws.dynamodb_items import Row
from shared.aws.dynamodb_table import LedgerTable, Put, Update
from shared.errors import LedgerConflictError
from shared.ledger.documents import (
    DOCUMENT_SK,
    IN_FLIGHT,
    Clock,
    Document,
    document_pk,
    is_erased,
    to_document,
)
from shared.ledger.timeline import build_event, write_time
from shared.lifecycle import DocumentStatus


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
    reason: str | None = None


@dataclass(frozen=True)
class Parts:
    """A document with its chunks, read together."""

    document: Document
    chunks: tuple[Chunk, ...]


# A chunk comes in while its document waits for it. One that is summarised also takes up again what
# was given up, by a replay; one that failed leaves a finished document as it is.
_WAITING = {DocumentStatus.EXTRACTED, DocumentStatus.SUMMARIZING}
_OPEN_FOR_CHUNKS = {
    ChunkStatus.DONE: sorted(_WAITING | {DocumentStatus.PARTIAL, DocumentStatus.FAILED}),
    ChunkStatus.FAILED: sorted(_WAITING),
}


def chunk_row_key(document_id: str, run: int, chunk_number: int) -> tuple[str, str]:
    """The row of a chunk."""
    return document_pk(document_id), f"CHUNK#{run:04d}#{chunk_number:06d}"


def record_chunk(
    table: LedgerTable, chunk: Chunk, now: Clock, *, with_rows: Sequence[Put] = ()
) -> bool:
    """Enter a chunk and count it on its document, in one transaction.

    A summarised chunk replaces one that was given up; nothing replaces a summarised one. The first
    chunk moves its document to SUMMARIZING.

    Args:
        table: The ledger.
        chunk: The chunk, summarised or failed.
        now: The clock.
        with_rows: Further rows of the same transaction, such as the cached answer.

    Returns:
        Whether this call counted the chunk; False if it was counted before, or if the document has
        been finished or started anew without it.
    """
    pk, sk = chunk_row_key(chunk.document_id, chunk.run, chunk.chunk_number)
    row: Row = {"pk": pk, "sk": sk, **chunk.model_dump(mode="json")}
    counter = {ChunkStatus.DONE: "chunks_done", ChunkStatus.FAILED: "chunks_failed"}[chunk.status]
    try:
        _count_chunk(table, chunk, row, {counter: 1}, Attr("pk").not_exists(), now, with_rows)
        return True
    except LedgerConflictError as conflict:
        there = conflict.row
        if there is None:
            raise
        if there["sk"] == DOCUMENT_SK or chunk.status is ChunkStatus.FAILED:
            return False
        if there["status"] == ChunkStatus.DONE:
            return False
    try:
        _count_chunk(
            table,
            chunk,
            row,
            {"chunks_done": 1, "chunks_failed": -1},
            Attr("status").eq(ChunkStatus.FAILED),
            now,
            with_rows,
        )
    except LedgerConflictError:
        return False
    return True


def _count_chunk(
    table: LedgerTable,
    chunk: Chunk,
    row: Row,
    counters: dict[str, int],
    condition: Any,
    now: Clock,
    with_rows: Sequence[Put],
) -> None:
    at = now()
    # Why parts of it were given up, for reports, which read no chunks.
    given_up = {} if chunk.reason is None else {"chunk_reason": chunk.reason}
    table.transact(
        [
            Put(row, condition=condition),
            Update(
                document_pk(chunk.document_id),
                DOCUMENT_SK,
                assign={
                    "status": DocumentStatus.SUMMARIZING,
                    "in_flight": IN_FLIGHT,
                    "finished_at": None,
                    "updated_at": write_time(at),
                    **given_up,
                },
                add={
                    **counters,
                    "input_tokens": chunk.input_tokens,
                    "output_tokens": chunk.output_tokens,
                    "cost_micro_usd": chunk.cost_micro_usd,
                },
                condition=Attr("run").eq(chunk.run)
                & Attr("status").is_in(_OPEN_FOR_CHUNKS[chunk.status]),
            ),
            build_event(
                document_pk(chunk.document_id),
                at,
                f"chunk_{chunk.status.lower()}",
                {
                    "chunk": chunk.chunk_number,
                    "pages": f"{chunk.first_page}-{chunk.last_page}",
                    "model": chunk.model,
                    "input_tokens": chunk.input_tokens,
                    "output_tokens": chunk.output_tokens,
                    "cost_micro_usd": chunk.cost_micro_usd,
                    "reason": chunk.reason,
                },
                with_rows,
            ),
            *with_rows,
        ]
    )


def read_parts(table: LedgerTable, document_id: str, run: int) -> Parts | None:
    """Read a document and all chunks of a run with one query, or None if there is no document."""
    chunks: list[Chunk] = []
    document: Document | None = None
    for row in table.query_rows(document_pk(document_id), f"CHUNK#{run:04d}#", DOCUMENT_SK):
        if row["sk"] == DOCUMENT_SK:
            document = None if is_erased(row) else to_document(row)
        elif row["run"] == run:
            chunks.append(Chunk.model_validate(row))
    return None if document is None else Parts(document, tuple(chunks))
