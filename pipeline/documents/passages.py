"""The text of documents' pages, as it lies in the artifacts bucket.

Apart from what else is read of documents, since whoever shows a page packs no more than this.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from pipeline.ingest.chunk_text import ChunkText, locate_chunk
from shared.aws.dynamodb_table import LedgerTable
from shared.aws.objects import ObjectStore
from shared.errors import ObjectMissingError
from shared.ledger.documents import Document

_PARALLEL_READS = 8


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
class PassageReader:
    """Reads the text of documents.

    Args:
        table: The ledger.
        objects: S3.
        documents_bucket: The bucket that keys are of.
        artifacts_bucket: Where texts and summaries lie.
    """

    table: LedgerTable
    objects: ObjectStore
    documents_bucket: str
    artifacts_bucket: str

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


def list_chunks(documents: Iterable[Document]) -> Iterator[ChunkPlace]:
    """All chunks of documents, in order."""
    for document in documents:
        for number in range(1, len(document.chunk_plan) + 1):
            yield ChunkPlace(document, number)
