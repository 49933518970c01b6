"""Documents in the ledger: their rows, and their moves from status to status."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from boto3.dynamodb.conditions import Attr
from pydantic import BaseModel, ConfigDict, Field

from shared.aws.dynamodb_items import Row
from shared.aws.dynamodb_table import LedgerTable, Operation, Update
from shared.document_formats import PAGE
from shared.errors import RejectionCode
from shared.ledger.timeline import count_steps, tell_step, write_time, write_told
from shared.lifecycle import DocumentStatus, find_sources
from shared.page_ranges import format_page_ranges, parse_page_ranges

Clock = Callable[[], datetime]

# The value of `in_flight` while a document is at work; a finished one has none and so leaves the
# index, but for what was given up and has left dead letters, which has a partition to itself.
IN_FLIGHT = "yes"
GIVEN_UP = "given_up"

# Why a document was given up that no queue knows any more: it has left no dead letter.
LOST_CODE = "lost"

DOCUMENT_SK = "DOC"

# A page whose words are surer on average, in percent, counts as read; others are named as unsure.
LEAST_CONFIDENCE = 60


class ChunkPages(BaseModel):
    """The pages of one chunk: first and last, 1-based.

    A chunk of recognised text holds none but the pages that it names; the others between its first
    and its last are in chunks of their own.
    """

    model_config = ConfigDict(frozen=True)

    first_page: int
    last_page: int
    recognised_pages: str = ""


class PageFailure(BaseModel):
    """Pages that could not be read for the same reason."""

    model_config = ConfigDict(frozen=True)

    pages: str
    code: str
    reason: str


class EmbeddedFile(BaseModel):
    """A file inside of a document: a document of its own, or why it is not read."""

    model_config = ConfigDict(frozen=True)

    name: str
    document_id: str | None = None
    reason: str | None = None


class StandBeforeRedo(BaseModel):
    """How a document stood before it was redone, to which it comes back if that is cancelled."""

    model_config = ConfigDict(frozen=True)

    status: DocumentStatus
    # Whether its text was all there; else it is read anew, and what it had of one is let go.
    is_read: bool = True
    finished_at: str | None = None
    reason_code: str | None = None
    reason: str | None = None

    # What people are told of its pages, and the files inside of it; by its text's address an
    # erasure finds what was read.
    text_address: str = ""
    unit: str = PAGE
    pages: int = 0
    empty_pages: str = ""
    picture_pages: str = ""
    failed_pages: str = ""
    page_failures: tuple[PageFailure, ...] = ()
    embedded_files: tuple[EmbeddedFile, ...] = ()

    def to_page_attributes(self) -> Row:
        """The attributes of a document's row that tell of its pages."""
        return {
            "text_address": self.text_address,
            "unit": self.unit,
            "pages": self.pages,
            "empty_pages": self.empty_pages,
            "picture_pages": self.picture_pages,
            "failed_pages": self.failed_pages,
            "page_failures": write_page_failures(self.page_failures),
            "embedded_files": write_embedded_files(self.embedded_files),
        }


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

    # Of a document that came out of another: which one, the one at the top, how many lie around it,
    # and what people call it.
    parent: str | None = None
    root: str | None = None
    depth: int = 0
    name: str = ""

    next_page: int = 1
    text_address: str = ""
    # What its pages are: pages, or sheets, slides, sections, parts of other formats.
    unit: str = PAGE
    pages: int = 0
    empty_pages: str = ""
    picture_pages: str = ""
    failed_pages: str = ""
    page_failures: tuple[PageFailure, ...] = ()
    embedded_files: tuple[EmbeddedFile, ...] = ()
    missing_pages: str = ""
    # Pages whose text is being recognised; then where their text is from, and how sure that is.
    recognising_pages: str = ""
    is_recognised: bool = False
    pages_settled: int = 0
    text_sources: dict[str, str] = {}
    confidences: dict[int, str] = {}
    chunk_plan: tuple[ChunkPages, ...] = ()
    reading_milliseconds: int = 0
    chunks_total: int = 0
    chunks_done: int = 0
    chunks_failed: int = 0
    # The run whose chunks have all been sent to be summarised.
    sent_run: int = 0

    # Of a document that an operator had redone: the order, on which terms, how it stood before.
    redo_order: str = ""
    redo_model: str | None = None
    redo_is_fresh: bool = False
    before_redo: StandBeforeRedo | None = None

    reason_code: str | None = None
    reason: str | None = None
    # The last wait for a cause that was not its own: over, if its time is past.
    deferred_until: str = ""
    deferred_reason: str = ""
    deferred_cause: str = ""

    title: str | None = None
    # The first sentences of its abstract, for lists.
    excerpt: str = ""
    model: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    cost_micro_usd: int = 0
    told_micro_usd: int = 0
    result_key: str | None = None

    # Of how many steps of its timeline its row tells.
    steps_on_row: int | None = Field(default=None, exclude=True)

    @property
    def called(self) -> str:
        """What people call it: its key, or where it came from and its name there."""
        return self.name or self.key

    @property
    def unsure_pages(self) -> str:
        """Ranges of the pages whose recognised text is in doubt."""
        ranges = (pages for sure, pages in self.confidences.items() if sure < LEAST_CONFIDENCE)
        return format_page_ranges({n for pages in ranges for n in parse_page_ranges(pages)})

    @property
    def is_being_recognised(self) -> bool:
        """Whether there is a summary of its text, and pages of it are still being recognised."""
        return bool(self.recognising_pages) and self.status is DocumentStatus.PARTIAL

    @property
    def is_final(self) -> bool:
        """Whether nothing more happens to it by itself."""
        return self.status.is_final and not self.is_being_recognised

    @property
    def is_read(self) -> bool:
        """Whether all of its text is there: to its last page, and of all pages to be recognised."""
        is_at_end = self.next_page > self.pages
        codes = {failure.code for failure in self.page_failures}
        is_recognised = not self.recognising_pages and RejectionCode.NOT_RECOGNISED not in codes
        return bool(self.chunk_plan) and is_at_end and is_recognised

    @property
    def may_lack_messages(self) -> bool:
        """Whether chunks may never have been sent to be summarised, and are not accounted for."""
        return self.sent_run != self.run and not self.has_all_parts

    @property
    def has_all_parts(self) -> bool:
        """Whether every chunk is summarised or given up."""
        return self.chunks_total > 0 and self.chunks_done + self.chunks_failed == self.chunks_total


def document_pk(document_id: str) -> str:
    """The partition that holds all that belongs to a document."""
    return f"DOC#{document_id}"


def document_row_key(document_id: str) -> tuple[str, str]:
    """The row of a document itself."""
    return document_pk(document_id), DOCUMENT_SK


def is_erased(row: Mapping[str, Any]) -> bool:
    """Whether the row of a document says only that there was one (`shared/ledger/erasures.py`)."""
    return "status" not in row


def to_document(row: Mapping[str, Any]) -> Document:
    """Read a document from its row."""
    return Document.model_validate(
        {
            **row,
            "chunk_plan": read_chunk_plan(row),
            "page_failures": read_page_failures(row),
            "embedded_files": read_embedded_files(row),
            "text_sources": json.loads(row.get("text_sources") or "{}"),
            "confidences": json.loads(row.get("confidences") or "{}"),
            "steps_on_row": count_steps(row),
        }
    )


def read_chunk_plan(row: Mapping[str, Any]) -> tuple[ChunkPages, ...]:
    """The pages of each chunk, as a row has them."""
    plan = json.loads(row.get("chunk_plan") or "[]")
    return tuple(
        ChunkPages(first_page=first, last_page=last, recognised_pages="".join(recognised))
        for first, last, *recognised in plan
    )


def write_chunk_plan(plan: Iterable[ChunkPages]) -> str:
    """The pages of each chunk, as a row has them."""
    rows = (
        [one.first_page, one.last_page, *([one.recognised_pages] if one.recognised_pages else [])]
        for one in plan
    )
    return json.dumps(list(rows), separators=(",", ":"))


def read_page_failures(row: Mapping[str, Any]) -> tuple[PageFailure, ...]:
    """Why pages could not be read, as a row has it."""
    failures = json.loads(row.get("page_failures") or "[]")
    return tuple(
        PageFailure(pages=pages, code=code, reason=reason) for pages, code, reason in failures
    )


def write_page_failures(failures: Iterable[PageFailure]) -> str:
    """Why pages could not be read, as a row has it."""
    return json.dumps([[one.pages, one.code, one.reason] for one in failures])


def read_embedded_files(row: Mapping[str, Any]) -> tuple[EmbeddedFile, ...]:
    """The files inside of a document, as a row has them."""
    files = json.loads(row.get("embedded_files") or "[]")
    return tuple(
        EmbeddedFile(name=name, document_id=document_id, reason=reason)
        for name, document_id, reason in files
    )


def write_embedded_files(files: Iterable[EmbeddedFile]) -> str:
    """The files inside of a document, as its row has them."""
    return json.dumps([[file.name, file.document_id, file.reason] for file in files])


def find_document(table: LedgerTable, document_id: str) -> Document | None:
    """Read a document, or None if there is none of that id."""
    row = table.read_row(document_pk(document_id), DOCUMENT_SK)
    return None if row is None or is_erased(row) else to_document(row)


def leaves_letters(status: str, reason_code: str | None, chunks_failed: int) -> bool:
    """Whether a document that stands so has left dead letters: it was given up, or parts of it."""
    if status == DocumentStatus.PARTIAL:
        return chunks_failed > 0
    return status == DocumentStatus.FAILED and reason_code != LOST_CODE


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
    with_rows: Sequence[Operation] = (),
    may_stay: bool = False,
) -> None:
    """Move a document to a status, with changes of its attributes, in one guarded write.

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
        may_stay: Whether it may have the target's status already.

    Raises:
        LedgerConflictError: The document has moved on, or an attribute has changed.
    """
    at = now()
    stamp = write_time(at)
    sources = find_sources(target) | ({target} if may_stay else set())
    condition = Attr("run").eq(document.run) & Attr("status").is_in(sorted(sources))
    for name in unchanged:
        condition = condition & Attr(name).eq(getattr(document, name))
    assign: Row = {"status": target, "updated_at": stamp, **(changes or {})}
    recognising = assign.get("recognising_pages", document.recognising_pages)
    is_final = target.is_final and not (recognising and target is DocumentStatus.PARTIAL)
    code = assign.get("reason_code", document.reason_code)
    chunks_failed = assign.get("chunks_failed", document.chunks_failed)
    end = GIVEN_UP if leaves_letters(target, code, chunks_failed) else None
    assign["in_flight"] = end if is_final else IN_FLIGHT
    assign["finished_at"] = stamp if is_final else None
    change = Update(
        document_pk(document.document_id), DOCUMENT_SK, assign=assign, condition=condition
    )
    told = {"status": target, "reason": (changes or {}).get("reason"), **(details or {})}
    write_told(table, [*tell_step(change, document.steps_on_row, at, step, told), *with_rows])
