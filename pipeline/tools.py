"""The tools of the agent: they list, find, search and read documents, and can do nothing else.

What they return is text for a model. Arguments are checked; what is wrong with them is returned to
the model as well, so that it can call again.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.chunking import divide_text
from pipeline.document_reader import DocumentReader, Passage, has_text
from pipeline.page_search import rank_texts, score_texts
from shared.errors import ObjectMissingError
from shared.ledger.documents import Document
from shared.lifecycle import DocumentStatus
from shared.llm.sentences import split_sentences
from shared.llm.token_estimate import estimate_tokens
from shared.llm.turns import Tool

_MAX_LISTED = 50
_MAX_PAGES_AT_ONCE = 20
_MAX_DOCUMENTS_SEARCHED = 5
_MAX_PAGES_SEARCHED = 2_000
_MAX_HITS = 10
_SENTENCES_PER_HIT = 2
_CUT = "\n[cut here: ask for fewer pages, or search]"


class _Arguments(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ListDocuments(_Arguments):
    """List the documents that arrived lately, the newest first."""

    days: int = Field(default=14, ge=1, le=90, description="How many days back.")
    status: DocumentStatus | None = Field(default=None, description="Only those in this status.")


class FindDocuments(_Arguments):
    """Find documents by words of their file name or title."""

    words: str = Field(min_length=1, max_length=200)
    days: int = Field(default=30, ge=1, le=90, description="How many days back.")


class GetSummary(_Arguments):
    """Get the summary of a document: what it says, point by point, with page numbers."""

    document: str = Field(min_length=1, max_length=1024, description="Its id or its file name.")


class ReadPages(_Arguments):
    """Read pages of a document, at most twenty at once."""

    document: str = Field(min_length=1, max_length=1024, description="Its id or its file name.")
    first_page: int = Field(ge=1)
    last_page: int = Field(ge=1)


class SearchPages(_Arguments):
    """Find the pages of documents that match a question or some words best."""

    words: str = Field(min_length=1, max_length=500)
    documents: list[str] = Field(
        min_length=1,
        max_length=_MAX_DOCUMENTS_SEARCHED,
        description="Ids or file names, at most five.",
    )


@dataclass(frozen=True)
class ToolResult:
    """What a tool returned.

    Args:
        text: For the model.
        is_error: Whether the call was refused.
        pages: The pages whose text is in it, by document.
    """

    text: str
    is_error: bool = False
    pages: tuple[tuple[Document, frozenset[int]], ...] = ()


ArgumentsT = TypeVar("ArgumentsT", bound=_Arguments)


class _ToolRefusal(Exception):
    """What was asked for cannot be given; the message is for the model."""


@dataclass(frozen=True)
class _BoundTool(Generic[ArgumentsT]):
    name: str
    arguments: type[ArgumentsT]
    run: Callable[[ArgumentsT], ToolResult]

    def call(self, content: Any) -> ToolResult:
        return self.run(self.arguments.model_validate(content))


class Toolbox:
    """The tools, bound to what they read.

    Args:
        reader: Reads documents; the tools' only way to anything.
    """

    def __init__(self, reader: DocumentReader) -> None:
        self._reader = reader
        tools: list[_BoundTool[Any]] = [
            _BoundTool("list_documents", ListDocuments, self._list_documents),
            _BoundTool("find_documents", FindDocuments, self._find_documents),
            _BoundTool("get_summary", GetSummary, self._get_summary),
            _BoundTool("read_pages", ReadPages, self._read_pages),
            _BoundTool("search_pages", SearchPages, self._search_pages),
        ]
        self._tools = {tool.name: tool for tool in tools}

    def describe(self) -> tuple[Tool, ...]:
        """The tools as a model is told of them."""
        return tuple(
            Tool(
                name=tool.name,
                description=(tool.arguments.__doc__ or "").strip(),
                parameters=_write_parameters(tool.arguments),
            )
            for tool in self._tools.values()
        )

    def call(self, name: str, arguments: str, max_tokens: int) -> ToolResult:
        """Call a tool as a model asks for it.

        Args:
            name: The tool's name, as the model wrote it.
            arguments: Its arguments, as the model wrote them.
            max_tokens: The most that the result may have; what is more is cut.

        Returns:
            The result; a call that cannot be carried out is a result too.
        """
        tool = self._tools.get(name)
        if tool is None:
            return _refuse(f"There is no tool of that name; there are {', '.join(self._tools)}.")
        try:
            result = tool.call(json.loads(arguments or "{}"))
        except ValidationError as error:
            return _refuse(f"The arguments do not fit: {_name_problems(error)}")
        except (ValueError, RecursionError):
            return _refuse("The arguments are not JSON.")
        except _ToolRefusal as refusal:
            return _refuse(str(refusal))
        except ObjectMissingError:
            return _refuse("The text of that document is gone.")
        return _cut(result, max_tokens)

    def _list_documents(self, wanted: ListDocuments) -> ToolResult:
        fitting = (
            document
            for document in self._reader.list_recent(wanted.days)
            if wanted.status in (None, document.status)
        )
        return _write_list(fitting)

    def _find_documents(self, wanted: FindDocuments) -> ToolResult:
        words = wanted.words.casefold().split()
        fitting = (
            document
            for document in self._reader.list_recent(wanted.days)
            if all(word in f"{document.key} {document.title or ''}".casefold() for word in words)
        )
        return _write_list(fitting)

    def _get_summary(self, wanted: GetSummary) -> ToolResult:
        document = self._find(wanted.document)
        summary = self._reader.read_summary(document)
        if summary is None:
            return ToolResult(f"There is no summary (yet): {_describe(document)}")
        points = [
            f"- {point.text} (p. {', '.join(map(str, point.pages))})"
            for point in summary.key_points
        ]
        gaps = summary.coverage.describe_gaps()
        lines = [_describe(document), summary.title, summary.abstract, *points, gaps]
        return ToolResult("\n".join(filter(None, lines)))

    def _read_pages(self, wanted: ReadPages) -> ToolResult:
        document = self._find_with_text(wanted.document)
        if wanted.first_page > document.pages:
            raise _ToolRefusal(f"It has {document.pages} pages.")
        last_page = min(wanted.last_page, wanted.first_page + _MAX_PAGES_AT_ONCE - 1)
        passages = self._reader.read_passages(document, wanted.first_page, last_page)
        if not passages:
            return ToolResult("There is no text on these pages.")
        text = "\n\n".join(f"Page {passage.page}:\n{passage.text}" for passage in passages)
        pages = frozenset(passage.page for passage in passages)
        return ToolResult(f"{document.key}\n{text}", pages=((document, pages),))

    def _search_pages(self, wanted: SearchPages) -> ToolResult:
        documents = [self._find_with_text(name) for name in wanted.documents]
        if sum(document.pages for document in documents) > _MAX_PAGES_SEARCHED:
            raise _ToolRefusal(f"They have more than {_MAX_PAGES_SEARCHED} pages: name fewer.")
        passages = [p for document in documents for p in self._reader.read_passages(document)]
        texts = [passage.text for passage in passages]
        scores = score_texts(wanted.words, texts)
        best = [passages[i] for i in rank_texts(wanted.words, texts) if scores[i] > 0][:_MAX_HITS]
        if not best:
            return ToolResult("No page has any of these words.")
        hits = [_write_hit(wanted.words, passage) for passage in best]
        return ToolResult(
            "The pages that match best, with the sentences that do:\n" + "\n".join(hits)
        )

    def _find(self, name: str) -> Document:
        document = self._reader.find(name)
        if document is None:
            raise _ToolRefusal(f"There is no document {name!r}; list or find some.")
        return document

    def _find_with_text(self, name: str) -> Document:
        document = self._find(name)
        if not has_text(document):
            raise _ToolRefusal(f"Its text cannot be read: {_describe(document)}")
        return document


def _write_parameters(arguments: type[BaseModel]) -> dict[str, Any]:
    schema = arguments.model_json_schema()
    definitions = schema.pop("$defs", {})
    return dict(_inline(schema, definitions))


def _inline(node: Any, definitions: dict[str, Any]) -> Any:
    """The schema without references and titles, which some servers do not take."""
    if isinstance(node, list):
        return [_inline(part, definitions) for part in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _inline(definitions[node["$ref"].removeprefix("#/$defs/")], definitions)
    return {
        name: _inline(part, definitions)
        for name, part in node.items()
        if name != "title" or not isinstance(part, str)
    }


def _refuse(problem: str) -> ToolResult:
    return ToolResult(f"Error: {problem}", is_error=True)


def _name_problems(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, problem['loc'])) or 'arguments'}: {problem['msg']}"
        for problem in error.errors(include_input=False, include_url=False)[:5]
    )


def _cut(result: ToolResult, max_tokens: int) -> ToolResult:
    if estimate_tokens(result.text) <= max_tokens:
        return result
    kept = divide_text(result.text, max(2, max_tokens - estimate_tokens(_CUT)))[0]
    return ToolResult(kept + _CUT, result.is_error, result.pages)


def _describe(document: Document) -> str:
    facts = [document.document_id, document.key, document.status, f"{document.pages} pages"]
    return " | ".join([*facts, *([document.title] if document.title else [])])


def _write_list(documents: Iterable[Document]) -> ToolResult:
    lines = [_describe(document) for document in islice(documents, _MAX_LISTED + 1)]
    if not lines:
        return ToolResult("There are none.")
    if len(lines) > _MAX_LISTED:
        lines[_MAX_LISTED:] = ["and more"]
    return ToolResult("id | file | status | pages | title\n" + "\n".join(lines))


def _write_hit(words: str, passage: Passage) -> str:
    sentences = [sentence.text for sentence in split_sentences(passage.text)]
    best = sorted(rank_texts(words, sentences)[:_SENTENCES_PER_HIT])
    said = " … ".join(sentences[index] for index in best)
    return f"- {passage.document.key}, page {passage.page}: {said}"
