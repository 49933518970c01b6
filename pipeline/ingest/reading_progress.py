"""How far the reading of a document has come, chunk by chunk."""

from dataclasses import replace

from pipeline.extraction.document import OpenDocument
from pipeline.extraction.page_text import PageStatus
from pipeline.ingest.chunk_text import ChunkText, PageOfText
from pipeline.ingest.chunking import PlannedChunk
from pipeline.ingest.failed_pages import FailedPages
from shared.ledger.document_texts import ExtractedText
from shared.ledger.documents import ChunkPages, Document
from shared.page_ranges import format_page_ranges, parse_page_ranges


class ReadingProgress:
    """How far the reading of a document has come.

    Attributes:
        safe: The state at the last place from which it can go on.
    """

    def __init__(self, document: Document, opened: OpenDocument, address: str) -> None:
        self.safe = ExtractedText(
            text_address=address,
            next_page=document.next_page,
            pages=opened.page_count,
            empty_pages=document.empty_pages,
            failed_pages=document.failed_pages,
            chunk_plan=document.chunk_plan,
            picture_pages=document.picture_pages,
            page_failures=document.page_failures,
            unit=opened.unit,
        )
        self._plan = list(document.chunk_plan)
        self._empty = parse_page_ranges(document.empty_pages)
        self._pictures = parse_page_ranges(document.picture_pages)
        self._failed = FailedPages(document.page_failures, document.failed_pages)

    @property
    def next_chunk_number(self) -> int:
        """The number of the next chunk that has text."""
        return len(self._plan) + 1

    def add(self, chunk: PlannedChunk) -> None:
        """Account for the pages of a chunk whose text is stored."""
        for page in chunk.pages:
            if page.status is PageStatus.EMPTY:
                self._empty.add(page.number)
            elif page.status is PageStatus.PICTURE:
                self._pictures.add(page.number)
            elif page.status is PageStatus.FAILED:
                self._failed.add(page.number, page.code, page.error or "")
        with_text = [page.number for page in chunk.pages if page.status is PageStatus.TEXT]
        if with_text:
            self._plan.append(ChunkPages(first_page=with_text[0], last_page=with_text[-1]))
        last = chunk.pages[-1]
        if last.part == last.parts:
            self.safe = replace(
                self.safe,
                next_page=last.number + 1,
                empty_pages=format_page_ranges(self._empty),
                picture_pages=format_page_ranges(self._pictures),
                failed_pages=self._failed.ranges,
                page_failures=self._failed.by_reason,
                chunk_plan=tuple(self._plan),
            )


def to_chunk_text(chunk: PlannedChunk, unit: str) -> ChunkText:
    """The text of a chunk as it is stored: its pages that have any; `unit` is what they are."""
    return ChunkText(
        pages=tuple(
            PageOfText(number=page.number, text=page.text)
            for page in chunk.pages
            if page.status is PageStatus.TEXT
        ),
        unit=unit,
    )
