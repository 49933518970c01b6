"""Documents in the ledger: registration, moves from status to status, listings."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from boto3.dynamodb.conditions import Attr
from pydantic import BaseModel, ConfigDict

from shared.errors import LedgerConflictError
from shared.ledger.table import (
    DAY_INDEX,
    IN_FLIGHT_INDEX,
    LedgerTable,
    Put,
    Row,
    Update,
)
from shared.ledger.timeline import build_event
from shared.lifecycle import DocumentStatus, find_sources
from shared.uploads import Upload

Clock = Callable[[], datetime]

# The only value of `in_flight`; a finished document has none and so leaves the index.
IN_FLIGHT = "yes"

DOCUMENT_SK = "DOC"
CURRENT_SK = "CURRENT"
_CURRENT_ATTEMPTS = 10
TEXT_SK = "TEXT"


class ChunkPages(BaseModel):
    """The pages of one chunk: first and last, 1-based."""

    model_config = ConfigDict(frozen=True)

    first_page: int
    last_page: int


class Document(BaseModel):
    """A document. Times are ISO 8601 in UTC, page ranges look like `2-4,9`, chunks count from 1."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    document_id: str
    bucket: str
    key: str
    version_id: str | None = None
    etag: str = ""
    size_bytes: int = 0
    sequencer: str = ""
    status: DocumentStatus
    run: int = 1
    received_at: str
    updated_at: str
    finished_at: str | None = None
    superseded_by: str | None = None

    next_page: int = 1
    text_address: str = ""
    pages: int = 0
    empty_pages: str = ""
    failed_pages: str = ""
    missing_pages: str = ""
    chunk_plan: tuple[ChunkPages, ...] = ()
    chunks_total: int = 0
    chunks_done: int = 0
    chunks_failed: int = 0

    reason_code: str | None = None
    reason: str | None = None
    title: str | None = None
    model: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    cost_micro_usd: int = 0
    result_key: str | None = None

    @property
    def has_all_parts(self) -> bool:
        """Whether every chunk is summarised or given up."""
        return self.chunks_total > 0 and self.chunks_done + self.chunks_failed == self.chunks_total


@dataclass(frozen=True)
class Extraction:
    """What reading a document's text has brought, as far as it went.

    Args:
        text_address: What the keys of the chunks' texts begin with.
        next_page: The first page that has not been read.
        pages: How many pages the document has.
        empty_pages: Ranges of the pages without text.
        failed_pages: Ranges of the pages that could not be read.
        chunk_plan: The pages of each chunk.
    """

    text_address: str
    next_page: int
    pages: int
    empty_pages: str
    failed_pages: str
    chunk_plan: tuple[ChunkPages, ...]

    def to_attributes(self) -> Row:
        """The attributes of a document's row that hold it."""
        plan = [[chunk.first_page, chunk.last_page] for chunk in self.chunk_plan]
        return {
            "text_address": self.text_address,
            "next_page": self.next_page,
            "pages": self.pages,
            "empty_pages": self.empty_pages,
            "failed_pages": self.failed_pages,
            "chunk_plan": json.dumps(plan, separators=(",", ":")),
        }


def document_pk(document_id: str) -> str:
    """The partition that holds all that belongs to a document."""
    return f"DOC#{document_id}"


def document_row_key(document_id: str) -> tuple[str, str]:
    """The row of a document itself."""
    return document_pk(document_id), DOCUMENT_SK


def _current_pk(bucket: str, key: str) -> str:
    return f"KEY#{bucket}/{key}"


def to_document(row: Mapping[str, Any]) -> Document:
    """Read a document from its row."""
    return Document.model_validate({**row, "chunk_plan": _read_plan(row)})


def _read_plan(row: Mapping[str, Any]) -> tuple[ChunkPages, ...]:
    plan = json.loads(row.get("chunk_plan") or "[]")
    return tuple(ChunkPages(first_page=first, last_page=last) for first, last in plan)


def register_document(table: LedgerTable, upload: Upload, now: Clock) -> Document:
    """Enter a document that arrived, once, and settle which version of its key is the newest.

    An event that arrives again finds its document; an event that arrives late finds a newer
    version and marks its own document as superseded. Events of one key are ordered by their
    sequencer (Amazon S3 User Guide, "Event message structure").
    """
    document = _enter_document(table, upload, now)
    for _ in range(_CURRENT_ATTEMPTS):
        pointer = table.read_row(_current_pk(upload.bucket, upload.key), CURRENT_SK) or {}
        other = pointer.get("document_id")
        if other is not None and (pointer["sequencer"], other) > _order(upload):
            _mark_superseded(table, upload.document_id, other, now)
            return document.model_copy(update={"superseded_by": other})
        # The older one is marked first: should this process die in between, the next delivery of
        # the event still finds it under the key.
        if other is not None and other != upload.document_id:
            _mark_superseded(table, other, upload.document_id, now)
        if _point_to(table, upload, other):
            return document
    raise LedgerConflictError("other versions of the key keep arriving")


def _order(upload: Upload) -> tuple[str, str]:
    """What orders the versions of a key, also where an event carries no sequencer."""
    return upload.sequencer, upload.document_id


def _point_to(table: LedgerTable, upload: Upload, seen: str | None) -> bool:
    """Make a document its key's current one, unless another has become that meanwhile."""
    unchanged = Attr("document_id").eq(seen) if seen else Attr("document_id").not_exists()
    try:
        table.update_row(
            Update(
                _current_pk(upload.bucket, upload.key),
                CURRENT_SK,
                assign={"document_id": upload.document_id, "sequencer": upload.sequencer},
                condition=unchanged,
            )
        )
    except LedgerConflictError:
        return False
    return True


def _enter_document(table: LedgerTable, upload: Upload, now: Clock) -> Document:
    at = now().astimezone(UTC)
    row: Row = {
        "pk": document_pk(upload.document_id),
        "sk": DOCUMENT_SK,
        "document_id": upload.document_id,
        "bucket": upload.bucket,
        "key": upload.key,
        "version_id": upload.version_id,
        "etag": upload.etag,
        "size_bytes": upload.size_bytes,
        "sequencer": upload.sequencer,
        "status": DocumentStatus.RECEIVED,
        "run": 1,
        "next_page": 1,
        "in_flight": IN_FLIGHT,
        "day": f"{at:%Y-%m-%d}",
        "received_at": at.isoformat(timespec="milliseconds"),
        "updated_at": at.isoformat(timespec="milliseconds"),
    }
    try:
        table.transact(
            [
                Put(row, condition=Attr("pk").not_exists()),
                build_event(
                    document_pk(upload.document_id),
                    at,
                    "received",
                    {"size_bytes": upload.size_bytes},
                ),
            ]
        )
    except LedgerConflictError as conflict:
        if conflict.row is None:
            raise
        return to_document(conflict.row)
    return to_document(row)


def _mark_superseded(table: LedgerTable, older: str, newer: str, now: Clock) -> None:
    at = now().astimezone(UTC)
    try:
        table.transact(
            [
                Update(
                    document_pk(older),
                    DOCUMENT_SK,
                    assign={"superseded_by": newer},
                    condition=Attr("pk").exists() & Attr("superseded_by").ne(newer),
                ),
                build_event(document_pk(older), at, "superseded", {"by": newer}),
            ]
        )
    except LedgerConflictError:
        # Marked already, by an earlier delivery of the same event.
        return


def find_document(table: LedgerTable, document_id: str) -> Document | None:
    """Read a document, or None if there is none of that id."""
    row = table.read_row(document_pk(document_id), DOCUMENT_SK)
    return None if row is None else to_document(row)


def find_current_document_id(table: LedgerTable, bucket: str, key: str) -> str | None:
    """The id of the newest document of an object key, or None."""
    row = table.read_row(_current_pk(bucket, key), CURRENT_SK)
    return None if row is None else str(row["document_id"])


def list_documents(table: LedgerTable, now: Clock, days: int) -> Iterator[Document]:
    """The documents that arrived on the last `days` days (UTC), newest first."""
    today = now().astimezone(UTC).date()
    for age in range(days):
        day = f"{today - timedelta(days=age):%Y-%m-%d}"
        yield from map(to_document, table.query_index(DAY_INDEX, "day", day, newest_first=True))


@dataclass(frozen=True)
class DocumentPlace:
    """A place in the list of documents, newest first: after the one named.

    Args:
        day: The day (UTC) that the list has come to.
        received_at: When that document arrived; None at the beginning of the day.
        document_id: Its id; None at the beginning of the day.
    """

    day: str
    received_at: str | None = None
    document_id: str | None = None


def list_documents_of_day(
    table: LedgerTable, place: DocumentPlace, limit: int
) -> tuple[list[Document], DocumentPlace | None]:
    """Some documents that arrived on one day (UTC), newest first, from a place in their list on.

    Returns:
        The documents, and the place to go on from; None if there are no more on that day.
    """
    start_after = None
    if place.document_id is not None:
        pk, sk = document_row_key(place.document_id)
        start_after = {"pk": pk, "sk": sk, "day": place.day, "received_at": place.received_at}
    rows, has_more = table.query_index_part(DAY_INDEX, ("day", place.day), start_after, limit)
    documents = [to_document(row) for row in rows]
    if not documents or not has_more:
        return documents, None
    last = documents[-1]
    return documents, DocumentPlace(place.day, last.received_at, last.document_id)


def list_in_flight(table: LedgerTable, received_before: datetime) -> Iterator[Document]:
    """The documents that arrived before a time and are still in flight, oldest first."""
    before = received_before.astimezone(UTC).isoformat(timespec="milliseconds")
    rows = table.query_index(IN_FLIGHT_INDEX, "in_flight", IN_FLIGHT, newest_first=False)
    for row in rows:
        if row["received_at"] >= before:
            return
        document = find_document(table, row["pk"].removeprefix("DOC#"))
        if document is not None and not document.status.is_final:
            yield document


def move_document(
    table: LedgerTable,
    document: Document,
    target: DocumentStatus,
    now: Clock,
    *,
    step: str,
    changes: dict[str, Any] | None = None,
    details: Mapping[str, Any] | None = None,
    unchanged: Sequence[str] = (),
    with_rows: Sequence[Put] = (),
) -> None:
    """Move a document to a status, with changes of its attributes, in one guarded transaction.

    The guard lets only legal moves of the same run pass, so that a stale worker never overwrites a
    newer or finished state.

    Args:
        table: The ledger.
        document: The document as it was read.
        target: The status to move to.
        now: The clock.
        step: What the timeline calls this.
        changes: Attributes to set with the move.
        details: What the timeline says besides the status and its reason.
        unchanged: Attributes that must still be as they were read.
        with_rows: Further rows of the same transaction.

    Raises:
        LedgerConflictError: The document has moved on, or an attribute has changed.
    """
    at = now().astimezone(UTC)
    stamp = at.isoformat(timespec="milliseconds")
    condition = Attr("run").eq(document.run) & Attr("status").is_in(sorted(find_sources(target)))
    for name in unchanged:
        condition = condition & Attr(name).eq(getattr(document, name))
    assign: Row = {"status": target, "updated_at": stamp, **(changes or {})}
    assign["in_flight"] = None if target.is_final else IN_FLIGHT
    assign["finished_at"] = stamp if target.is_final else None
    table.transact(
        [
            Update(
                document_pk(document.document_id), DOCUMENT_SK, assign=assign, condition=condition
            ),
            build_event(
                document_pk(document.document_id),
                at,
                step,
                {
                    "status": target,
                    "reason": (changes or {}).get("reason"),
                    **(details or {}),
                },
            ),
            *with_rows,
        ]
    )


def record_checkpoint(
    table: LedgerTable, document: Document, extraction: Extraction, now: Clock
) -> None:
    """Note how far the reading of a document has come, so that it can go on from there.

    Raises:
        LedgerConflictError: The document has moved on, or another run has come elsewhere.
    """
    at = now().astimezone(UTC)
    reading = sorted({DocumentStatus.RECEIVED, DocumentStatus.FAILED})
    table.transact(
        [
            Update(
                document_pk(document.document_id),
                DOCUMENT_SK,
                assign={
                    **extraction.to_attributes(),
                    "updated_at": at.isoformat(timespec="milliseconds"),
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
        ]
    )


def record_extraction(
    table: LedgerTable,
    document: Document,
    extraction: Extraction,
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
    with_rows = []
    if reused_from is None and not extraction.failed_pages:
        with_rows = [
            Put(
                {
                    "pk": f"TEXT#{extraction.text_address}",
                    "sk": TEXT_SK,
                    "document_id": document.document_id,
                    **extraction.to_attributes(),
                }
            )
        ]
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
        },
        with_rows=with_rows,
    )


def find_text(table: LedgerTable, text_address: str) -> tuple[str, Extraction] | None:
    """The text that the same bytes have given before, with the document it was read for."""
    row = table.read_row(f"TEXT#{text_address}", TEXT_SK)
    if row is None:
        return None
    extraction = Extraction(
        text_address=text_address,
        next_page=row["next_page"],
        pages=row["pages"],
        empty_pages=row["empty_pages"],
        failed_pages=row["failed_pages"],
        chunk_plan=_read_plan(row),
    )
    return row["document_id"], extraction
