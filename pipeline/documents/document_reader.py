"""What tasks may read of documents: their rows, the text of their pages, their summaries.

It has no way to write, so whatever a tool is made to do by a document's text, nothing changes.
"""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, timedelta
from pathlib import PurePosixPath
from typing import Any

from pipeline.ingest.chunk_text import ChunkText, locate_chunk
from pipeline.summaries.results import DocumentSummary
from shared.aws.dynamodb_table import LedgerTable
from shared.aws.objects import ObjectStore
from shared.errors import ObjectMissingError
from shared.ledger.document_lists import list_documents, list_in_flight
from shared.ledger.document_versions import find_current_document_id
from shared.ledger.documents import Clock, Document, find_document
from shared.ledger.tasks import Task, list_tasks
from shared.lifecycle import DocumentStatus

_ID = re.compile(r"d[0-9a-f]{20}")
_PARALLEL_READS = 8
_REPORT_DAYS = 8

# What lies beside the result of an extraction of which `not_borne_out` is more than 0.
REVIEW_FILE = "review.json"


@dataclass(frozen=True)
class Passage:
    """A page of a document, or a part of a page that is too long for one chunk.

    Args:
        document: The document.
        page: The page's number, from 1.
        text: Its text.
    """

    document: Document
    page: int
    text: str


@dataclass(frozen=True)
class ChunkPlace:
    """Where a chunk of text is found: the document, and the chunk's number from 1."""

    document: Document
    number: int


@dataclass(frozen=True)
class DocumentReader:
    """Reads documents as the pipeline has kept them; a document's PDF is out of its reach.

    Args:
        table: The ledger.
        objects: S3.
        documents_bucket: The bucket that keys are of.
        artifacts_bucket: Where texts and summaries lie.
        now: The clock.
    """

    table: LedgerTable
    objects: ObjectStore
    documents_bucket: str
    artifacts_bucket: str
    now: Clock

    def find(self, name: str) -> Document | None:
        """The document of an id, else the newest of a key, or None."""
        document = find_document(self.table, name) if _ID.fullmatch(name) else None
        if document is not None:
            return document
        return self.find_by_key(name)

    def find_by_key(self, key: str) -> Document | None:
        """The newest document of a key, or None."""
        current = find_current_document_id(self.table, self.documents_bucket, key)
        return None if current is None else find_document(self.table, current)

    def list_recent(self, days: int) -> Iterator[Document]:
        """The documents of the last days, the newest first."""
        return list_documents(self.table, self.now, days)

    def list_in_flight(self) -> Iterator[Document]:
        """The documents without a final status, oldest first."""
        return list_in_flight(self.table, self.now())

    def list_recent_tasks(self, days: int) -> Iterator[Task]:
        """The tasks of the last days, the newest first."""
        return list_tasks(self.table, self.now, days)

    def find_latest_report(self) -> dict[str, Any] | None:
        """The newest daily report of the last days, as JSON, or None."""
        today = self.now().astimezone(UTC).date()
        for age in range(_REPORT_DAYS):
            try:
                return self.read_report(f"{today - timedelta(days=age):%Y-%m-%d}")
            except ObjectMissingError:
                continue
        return None

    def read_report(self, day: str) -> dict[str, Any]:
        """The report of a day, as JSON.

        Raises:
            ObjectMissingError: There is none.
        """
        return self.read_json(report_key(day))

    def read_json(self, key: str) -> dict[str, Any]:
        """An object of the artifacts bucket, such as the result of a task.

        Raises:
            ObjectMissingError: There is none.
        """
        content: dict[str, Any] = self.objects.read_json(self.artifacts_bucket, key)
        return content

    def read_candidates(self, result_key: str, result: Mapping[str, Any]) -> list[dict[str, Any]]:
        """What a model has given for a task and no page bears out; it lies beside the result.

        Args:
            result_key: Where the result lies.
            result: The result.

        Raises:
            ObjectMissingError: It is gone.
        """
        if not result.get("not_borne_out"):
            return []
        candidates: list[dict[str, Any]] = self.read_json(
            str(PurePosixPath(result_key).with_name(REVIEW_FILE))
        )["candidates"]
        return candidates

    def read_passages(
        self, document: Document, first_page: int = 1, last_page: int | None = None
    ) -> list[Passage]:
        """The text of a document's pages, in order; pages without text are left out.

        Raises:
            ObjectMissingError: Its text is gone from the artifacts bucket.
        """
        last_page = document.pages if last_page is None else last_page
        places = [
            ChunkPlace(document, number)
            for number, chunk in enumerate(document.chunk_plan, start=1)
            if chunk.first_page <= last_page and chunk.last_page >= first_page
        ]
        found = [
            passage
            for _, passages in self.stream_chunks(places)
            for passage in passages
            if first_page <= passage.page <= last_page
        ]
        # Pages that were recognised lie in chunks of their own, after the others.
        return sorted(found, key=lambda passage: passage.page)

    def stream_chunks(
        self, places: Iterable[ChunkPlace]
    ) -> Iterator[tuple[ChunkPlace, list[Passage]]]:
        """The passages of chunks, in order; no more than a few chunks are held at a time.

        Raises:
            ObjectMissingError: The text of one is gone from the artifacts bucket.
        """
        ahead: deque[tuple[ChunkPlace, Future[list[Passage]]]] = deque()
        with ThreadPoolExecutor(_PARALLEL_READS) as pool:
            for place in places:
                ahead.append((place, pool.submit(self._read_chunk, place)))
                if len(ahead) == _PARALLEL_READS:
                    oldest, passages = ahead.popleft()
                    yield oldest, passages.result()
            while ahead:
                oldest, passages = ahead.popleft()
                yield oldest, passages.result()

    def _read_chunk(self, place: ChunkPlace) -> list[Passage]:
        key = locate_chunk(place.document, place.number)
        try:
            content = self.objects.read_json(self.artifacts_bucket, key)
        except ObjectMissingError as error:
            raise ObjectMissingError(
                f"the text of {place.document.key!r} is gone: put the file into the bucket again "
                f"({error})"
            ) from error
        text = ChunkText.model_validate(content)
        return [Passage(place.document, page.number, page.text) for page in text.pages]

    def read_summary(self, document: Document) -> DocumentSummary | None:
        """A document's summary, or None if there is none (yet), or none any more.

        Raises:
            ObjectMissingError: It is gone from the artifacts bucket.
        """
        if document.result_key is None or document.status is DocumentStatus.DELETED:
            return None
        return DocumentSummary.model_validate(
            self.objects.read_json(self.artifacts_bucket, document.result_key)
        )


def list_chunks(documents: Iterable[Document]) -> Iterator[ChunkPlace]:
    """All chunks of documents, in order."""
    for document in documents:
        for number in range(1, len(document.chunk_plan) + 1):
            yield ChunkPlace(document, number)


def report_key(day: str) -> str:
    """Where the report of a day lies in the artifacts bucket, as JSON."""
    return f"reports/{day}/report.json"


def has_text(document: Document) -> bool:
    """Whether the text of a document is read, whatever has become of its summary.

    That of a deleted document is as good as none: nothing answers from it.
    """
    without = (DocumentStatus.RECEIVED, DocumentStatus.DELETED)
    return document.chunks_total > 0 and document.status not in without
