"""Answer a question from documents, with citations that are checked against their pages."""

import re
from collections.abc import Iterable, Mapping, Sequence

from pydantic import BaseModel, ConfigDict, Field

from pipeline.documents.document_reader import DocumentReader
from pipeline.documents.passage_choice import (
    FoundSentence,
    Reading,
    choose_passages,
    find_sentences,
)
from pipeline.documents.passages import Passage
from pipeline.metering.metered_calls import MeteredCalls
from pipeline.prompts import ASK
from pipeline.tasks.task_calls import TaskFacts
from pipeline.tasks.task_kind import TaskWork
from shared.deadline import Deadline
from shared.document_formats import PAGE
from shared.errors import TaskRefusedError
from shared.ledger.documents import Document
from shared.llm.extractive.sentences import INVISIBLE
from shared.llm.model import ModelRequest, Source
from shared.llm.model_window import ModelWindow
from shared.llm.prompt_rendering import estimate_source_tokens
from shared.llm.token_estimate import TOKENS_AROUND_SOURCES
from shared.messages.tasks import AskTask
from shared.page_ranges import format_page_ranges

_MAX_OUTPUT_TOKENS = 2_000
_MAX_CITATIONS = 20

# Without a language model the answer is made of this many sentences at the most.
_MAX_SENTENCES = 4
_SENTENCE_FLOOR = 0.4

_WHITE_SPACE = re.compile(r"\s+")


class CitedSource(BaseModel):
    """A source that supports an answer, as the model names it."""

    model_config = ConfigDict(frozen=True)

    source: int = Field(description="The number of the source.")
    quote: str = Field(description="A sentence or less of the source, word for word.")


class Answer(BaseModel):
    """What a model is asked for."""

    model_config = ConfigDict(frozen=True)

    answer: str = Field(min_length=1)
    answered: bool = Field(description="Whether the sources hold the answer.")
    citations: list[CitedSource]


class Citation(BaseModel):
    """A page, or what `unit` says, that supports an answer.

    The quote stands there word for word, or is left out.
    """

    document_id: str
    key: str
    unit: str = PAGE
    page: int
    quote: str | None


class PagesRead(BaseModel):
    """Which pages of a document were read for an answer; ranges look like `2-4,9`."""

    document_id: str
    key: str
    pages: str
    of: int
    unit: str = PAGE
    could_not_be_read: str


class AnsweredQuestion(BaseModel):
    """An answer from documents. `answered` is false unless a page supports it."""

    question: str
    answer: str
    answered: bool
    citations: list[Citation]
    pages_read: list[PagesRead]
    all_pages_read: bool


class AskResult(AnsweredQuestion, TaskFacts):
    """The result of a task that asks a question."""


def carry_out_ask(order: AskTask, work: TaskWork) -> AskResult:
    """Answer the question of a task.

    Raises:
        TaskRefusedError: The question alone fills the window.
        RetryableError, DeferredError, PermanentError: As the model, S3 and the ledger do.
    """
    services = work.services
    answered = answer_question(
        order.question,
        work.documents,
        services.reader,
        work.calls,
        services.window,
        work.deadline,
    )
    return AskResult(**work.calls.describe().model_dump(), **answered.model_dump())


def answer_question(
    question: str,
    documents: Sequence[Document],
    reader: DocumentReader,
    calls: MeteredCalls,
    window: ModelWindow,
    deadline: Deadline,
) -> AnsweredQuestion:
    """Answer a question from the text of documents.

    All of their text is read if it fits the model's window, else the pages that match the question
    best.

    Raises:
        TaskRefusedError: The question alone fills the window.
        RetryableError, DeferredError, PermanentError: As the model, S3 and the ledger do.
    """
    if calls.is_extractive:
        search = find_sentences(
            question, documents, reader, _MAX_SENTENCES, _SENTENCE_FLOOR, deadline
        )
        answer = _quote_sentences(search.sentences)
        reading = Reading([sentence.passage for sentence in search.sentences], True)
        pages = search.pages
    else:
        reading = _read_for_model(question, documents, reader, window, deadline)
        request = _build_request(question, reading, len(documents) > 1, window)
        answer = calls.ask(request, deadline).value
        pages = _find_pages(documents, reading.passages)
    citations = check_citations(answer.citations, reading.passages)
    return AnsweredQuestion(
        question=question,
        answer=answer.answer,
        answered=answer.answered and bool(citations),
        citations=citations,
        pages_read=[
            describe_reading(document, pages[document.document_id]) for document in documents
        ],
        all_pages_read=reading.is_all,
    )


def _build_request(
    question: str, reading: Reading, several: bool, window: ModelWindow
) -> ModelRequest[Answer]:
    notes = [] if reading.is_all else ["The sources are the pages that match the question best."]
    return ModelRequest(
        purpose="ask",
        instructions=ASK,
        sources=tuple(
            Source(
                *(passage.page, passage.page),
                *(_write_source(passage, several), passage.document.unit),
            )
            for passage in reading.passages
        ),
        answer_type=Answer,
        max_output_tokens=window.limit_answer(_MAX_OUTPUT_TOKENS),
        question="\n".join([*notes, f"The question:\n{question}"]),
    )


def _write_source(passage: Passage, several: bool) -> str:
    """The text of a source, with its file's name where there are several files."""
    return f"File: {passage.document.key}\n{passage.text}" if several else passage.text


def _read_for_model(
    question: str,
    documents: Sequence[Document],
    reader: DocumentReader,
    window: ModelWindow,
    deadline: Deadline,
) -> Reading:
    several = len(documents) > 1
    answer_tokens = window.limit_answer(_MAX_OUTPUT_TOKENS)
    reading = choose_passages(
        question,
        documents,
        reader,
        write=lambda passage: _write_source(passage, several),
        weigh=estimate_source_tokens,
        room=window.find_room(answer_tokens, ASK + question) - TOKENS_AROUND_SOURCES,
        deadline=deadline,
    )
    if not reading.passages and not reading.is_all:
        raise TaskRefusedError(
            f"the model's window of {window.tokens} tokens has no room for a page beside "
            "the question; shorten the question or raise ContextWindowTokens"
        )
    return reading


def _quote_sentences(sentences: Sequence[FoundSentence]) -> Answer:
    """The sentences that match the question best, as an answer of the offline model."""
    if not sentences:
        return Answer(
            answer="No sentence of the pages has a word in common with the question, but for small "
            "ones that any text has.",
            answered=False,
            citations=[],
        )
    return Answer(
        answer=" ".join(sentence.text for sentence in sentences),
        answered=True,
        citations=[
            CitedSource(source=number, quote=sentence.text)
            for number, sentence in enumerate(sentences, start=1)
        ],
    )


def check_citations(cited: Sequence[CitedSource], passages: Sequence[Passage]) -> list[Citation]:
    """Keep the citations of sources that were given, and the quotes that stand on their pages.

    Args:
        cited: What the model cites; sources are numbered from 1.
        passages: The sources.

    Returns:
        One citation for each page and quote.
    """
    citations: dict[tuple[str, int, str | None], Citation] = {}
    for one in cited:
        if not 1 <= one.source <= len(passages):
            continue
        passage = passages[one.source - 1]
        page = [p.text for p in passages if _is_same_page(p, passage)]
        quote = one.quote.strip() if stands_in(one.quote, "".join(page)) else None
        key = (passage.document.document_id, passage.page, quote)
        citations.setdefault(
            key,
            Citation(
                document_id=passage.document.document_id,
                key=passage.document.key,
                unit=passage.document.unit,
                page=passage.page,
                quote=quote,
            ),
        )
    return list(citations.values())[:_MAX_CITATIONS]


def _is_same_page(one: Passage, other: Passage) -> bool:
    return one.page == other.page and one.document.document_id == other.document.document_id


def stands_in(quote: str, text: str) -> bool:
    """Whether a quote stands in a text word for word, white space aside."""
    wanted = _squeeze(quote)
    return bool(wanted) and wanted in _squeeze(text)


def _squeeze(text: str) -> str:
    return _WHITE_SPACE.sub("", INVISIBLE.sub("", text))


def _find_pages(
    documents: Sequence[Document], passages: Sequence[Passage]
) -> Mapping[str, set[int]]:
    pages: dict[str, set[int]] = {document.document_id: set() for document in documents}
    for passage in passages:
        pages[passage.document.document_id].add(passage.page)
    return pages


def describe_reading(document: Document, pages: Iterable[int]) -> PagesRead:
    """Which pages of a document were read."""
    return PagesRead(
        document_id=document.document_id,
        key=document.key,
        pages=format_page_ranges(pages),
        of=document.pages,
        unit=document.unit,
        could_not_be_read=document.failed_pages,
    )
