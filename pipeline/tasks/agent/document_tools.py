"""The agent's tools that list, find, search, read and question documents."""

from collections.abc import Iterable
from itertools import islice
from typing import Any

from pydantic import Field

from pipeline.documents.document_listing import has_text
from pipeline.documents.document_reader import DocumentReader
from pipeline.documents.page_search import rank_texts, score_texts
from pipeline.documents.passages import Passage
from pipeline.summaries.mention_markdown import list_dates, list_names
from pipeline.tasks.agent.tool_types import (
    Ask,
    BoundTool,
    ToolArguments,
    ToolRefusedError,
    ToolResult,
)
from shared.document_formats import cite_units, count_units
from shared.errors import ContextOverflowError, ModelRefusalError, TaskRefusedError
from shared.ledger.documents import Document
from shared.lifecycle import DocumentStatus
from shared.llm.extractive.sentences import split_sentences
from shared.page_ranges import parse_page_ranges
from shared.printable import fold_text

_MAX_LISTED = 50
_MAX_PAGES_AT_ONCE = 20
_MAX_DOCUMENTS_SEARCHED = 5
_MAX_PAGES_SEARCHED = 2_000
_MAX_HITS = 10
_SENTENCES_PER_HIT = 2


class ListDocuments(ToolArguments):
    """What `list_documents` takes."""

    days: int = Field(default=14, ge=1, le=90, description="How many days back.")
    status: DocumentStatus | None = Field(default=None, description="Only those in this status.")


class FindDocuments(ToolArguments):
    """What `find_documents` takes."""

    words: str = Field(min_length=1, max_length=200)
    days: int = Field(default=30, ge=1, le=90, description="How many days back.")


class GetSummary(ToolArguments):
    """What `get_summary` takes."""

    document: str = Field(min_length=1, max_length=1024, description="Its id or its file name.")


class ReadPages(ToolArguments):
    """What `read_pages` takes."""

    document: str = Field(min_length=1, max_length=1024, description="Its id or its file name.")
    first_page: int = Field(ge=1)
    last_page: int = Field(ge=1)


class _SeveralDocuments(ToolArguments):
    documents: list[str] = Field(
        min_length=1,
        max_length=_MAX_DOCUMENTS_SEARCHED,
        description="Ids or file names, at most five.",
    )


class SearchPages(_SeveralDocuments):
    """What `search_pages` takes."""

    words: str = Field(min_length=1, max_length=500)


class AskDocuments(_SeveralDocuments):
    """What `ask_documents` takes."""

    question: str = Field(min_length=1, max_length=1_000)


class DocumentTools:
    """The tools on documents.

    Args:
        reader: Reads documents; the tools' only way to any.
    """

    def __init__(self, reader: DocumentReader) -> None:
        self._reader = reader

    def build(self) -> list[BoundTool[Any]]:
        """The tools."""
        return [
            BoundTool(
                "list_documents",
                "List the documents that arrived lately, the newest first.",
                ListDocuments,
                self._list_documents,
            ),
            BoundTool(
                "find_documents",
                "Find documents by words of their file name or title.",
                FindDocuments,
                self._find_documents,
            ),
            BoundTool(
                "get_summary",
                "Get the summary of a document: what it says, point by point, with page numbers.",
                GetSummary,
                self._get_summary,
            ),
            BoundTool(
                "read_pages",
                "Read pages of a document (or sheets, slides, sections), at most twenty at once.",
                ReadPages,
                self._read_pages,
            ),
            BoundTool(
                "search_pages",
                "Find the pages of documents that match a question or some words best.",
                SearchPages,
                self._search_pages,
            ),
            BoundTool(
                "ask_documents",
                "Ask documents a question; the answer comes with quotes and their pages.",
                AskDocuments,
                self._ask_documents,
            ),
        ]

    def _list_documents(self, wanted: ListDocuments, _: Ask) -> ToolResult:
        fitting = (
            document
            for document in self._reader.list_recent(wanted.days)
            if wanted.status in (None, document.status)
        )
        return _write_list(fitting)

    def _find_documents(self, wanted: FindDocuments, _: Ask) -> ToolResult:
        words = fold_text(wanted.words).split()
        fitting = (
            document
            for document in self._reader.list_recent(wanted.days)
            if all(
                word in fold_text(f"{document.called} {document.key} {document.title or ''}")
                for word in words
            )
        )
        return _write_list(fitting)

    def _get_summary(self, wanted: GetSummary, _: Ask) -> ToolResult:
        document = self._find(wanted.document)
        summary = self._reader.read_summary(document)
        if summary is None:
            return ToolResult(f"There is no summary (yet): {describe_document(document)}")
        points = [
            f"- {point.text} ({cite_units(document.unit, ', '.join(map(str, point.pages)))})"
            for point in summary.key_points
        ]
        names = [
            f"{title}: {names}" for title, names in list_names(summary.entities, document.unit)
        ]
        dates = list_dates(summary.dates, document.unit)
        gaps = summary.coverage.describe_gaps()
        text = [summary.title, summary.abstract, *points, *names, *dates]
        lines = [describe_document(document), *text, gaps]
        return ToolResult("\n".join(filter(None, lines)))

    def _read_pages(self, wanted: ReadPages, _: Ask) -> ToolResult:
        document = self._find_with_text(wanted.document)
        if wanted.first_page > document.pages:
            raise ToolRefusedError(f"It has {count_units(document.pages, document.unit)}.")
        last_page = min(wanted.last_page, wanted.first_page + _MAX_PAGES_AT_ONCE - 1)
        passages = self._reader.read_passages(document, wanted.first_page, last_page)
        if not passages:
            return ToolResult(f"There is no text on these {document.unit}s.")
        text = "\n\n".join(
            f"{document.unit.capitalize()} {passage.page}:\n{passage.text}" for passage in passages
        )
        pages = frozenset(passage.page for passage in passages)
        return ToolResult(f"{document.key}\n{text}", pages=((document, pages),))

    def _search_pages(self, wanted: SearchPages, _: Ask) -> ToolResult:
        documents = self._find_several(wanted.documents)
        passages = [p for document in documents for p in self._reader.read_passages(document)]
        texts = [passage.text for passage in passages]
        scores = score_texts(wanted.words, texts)
        best = [passages[i] for i in rank_texts(wanted.words, texts) if scores[i] > 0][:_MAX_HITS]
        if not best:
            return ToolResult("No page has any of these words.")
        hits = [_write_hit(wanted.words, passage) for passage in best]
        shown = [
            (
                document,
                frozenset(p.page for p in best if p.document.document_id == document.document_id),
            )
            for document in documents
        ]
        return ToolResult(
            "The pages that match best, with the sentences that do:\n" + "\n".join(hits),
            pages=tuple((document, pages) for document, pages in shown if pages),
        )

    def _ask_documents(self, wanted: AskDocuments, ask: Ask) -> ToolResult:
        documents = self._find_several(wanted.documents)
        try:
            answered = ask(wanted.question, documents)
        except (TaskRefusedError, ContextOverflowError, ModelRefusalError) as error:
            raise ToolRefusedError(f"It cannot be answered: {error}") from error
        cited = [
            f"- {citation.key}, {citation.unit} {citation.page}: "
            f"{citation.quote or '(no exact quote)'}"
            for citation in answered.citations
        ]
        gap = [] if answered.answered else ["No page supports this answer."]
        pages = {reading.document_id: reading.pages for reading in answered.pages_read}
        return ToolResult(
            "\n".join([answered.answer, *cited, *gap]),
            pages=tuple(
                (document, frozenset(parse_page_ranges(pages[document.document_id])))
                for document in documents
            ),
        )

    def _find(self, name: str) -> Document:
        document = self._reader.find(name)
        if document is None:
            raise ToolRefusedError(f"There is no document {name!r}; list or find some.")
        return document

    def _find_with_text(self, name: str) -> Document:
        document = self._find(name)
        if not has_text(document):
            raise ToolRefusedError(f"Its text cannot be read: {describe_document(document)}")
        return document

    def _find_several(self, names: list[str]) -> list[Document]:
        found = [self._find_with_text(name) for name in names]
        documents = list({document.document_id: document for document in found}.values())
        if sum(document.pages for document in documents) > _MAX_PAGES_SEARCHED:
            raise ToolRefusedError(f"They have more than {_MAX_PAGES_SEARCHED} pages: name fewer.")
        return documents


def describe_document(document: Document) -> str:
    """A document in one line, for a model."""
    facts = [
        document.document_id,
        document.key,
        document.status,
        count_units(document.pages, document.unit),
    ]
    inside = f"came out of {document.parent}" if document.parent else None
    return " | ".join([*facts, *filter(None, [document.title, inside])])


def _write_list(documents: Iterable[Document]) -> ToolResult:
    lines = [describe_document(document) for document in islice(documents, _MAX_LISTED + 1)]
    if not lines:
        return ToolResult("There are none.")
    if len(lines) > _MAX_LISTED:
        lines[_MAX_LISTED:] = ["and more"]
    return ToolResult("id | file | status | pages | title\n" + "\n".join(lines))


def _write_hit(words: str, passage: Passage) -> str:
    sentences = [sentence.text for sentence in split_sentences(passage.text)]
    best = sorted(rank_texts(words, sentences)[:_SENTENCES_PER_HIT])
    said = " … ".join(sentences[index] for index in best)
    return f"- {passage.document.key}, {passage.document.unit} {passage.page}: {said}"
