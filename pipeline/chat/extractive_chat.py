"""What a chat answers where no language model is configured: sentences of the documents."""

import json
from dataclasses import dataclass
from itertools import islice

from pipeline.documents.document_reader import DocumentReader, has_text
from pipeline.documents.page_search import TextRanking, rank_scores, split_terms
from pipeline.documents.telling_words import choose_telling_terms
from pipeline.metering.metered_calls import MeteredCalls
from pipeline.tasks.agent.agent import AgentRun, StepTaken, StoppedBy
from pipeline.tasks.ask import AnsweredQuestion, answer_question
from shared.deadline import Deadline
from shared.document_formats import ANY_ONE, cite_units
from shared.ledger.documents import Document
from shared.llm.model_window import ModelWindow

_DAYS = 31
# What a request has time to list and to read.
_MAX_LISTED = 2_000
_MAX_DOCUMENTS = 1_000
_MAX_PAGES = 1_000
_MAX_DOCUMENTS_NAMED = 10

_HOW_TO_CONFIGURE = (
    "No language model is configured, so sentences of the documents are all there is. "
    "docs/models.md says how to name one: then answers come in words."
)


def answer_without_model(
    message: str,
    reader: DocumentReader,
    calls: MeteredCalls,
    window: ModelWindow,
    deadline: Deadline,
) -> AgentRun:
    """Answer with the sentences of documents that match a message best.

    Where not all documents were looked through, the answer says so.

    Raises:
        RetryableError, DeferredError, PermanentError: As S3 and the ledger do.
    """
    choice = choose_documents(reader, message)
    documents = choice.documents
    answered = answer_question(message, documents, reader, calls, window, deadline)
    cited = {citation.document_id for citation in answered.citations}
    said = _quote(answered) if answered.answered else _name_documents(choice)
    return AgentRun(
        prompt=message,
        answer="\n\n".join(filter(None, [said, _describe_bound(choice), _HOW_TO_CONFIGURE])),
        stopped_by=StoppedBy.ANSWER,
        steps=[
            StepTaken(
                tool="search_pages",
                arguments=json.dumps({"words": message}, ensure_ascii=False),
                is_error=False,
            )
        ],
        pages_read=[read for read in answered.pages_read if read.document_id in cited],
    )


@dataclass(frozen=True)
class DocumentChoice:
    """The documents that a message is answered from, the newest first.

    Attributes:
        documents: Those that are looked through.
        is_all: Whether no other of the last days has text.
    """

    documents: list[Document]
    is_all: bool


def choose_documents(reader: DocumentReader, message: str) -> DocumentChoice:
    """As many documents with text as can be read within a request.

    Those whose name or title has words of the message come before all others, then the newest.
    """
    listed = list(islice(reader.list_recent(_DAYS), _MAX_LISTED + 1))
    with_text = [document for document in listed[:_MAX_LISTED] if has_text(document)]
    names = [f"{one.called} {one.key} {one.title or ''}" for one in with_text]
    ranking = TextRanking(choose_telling_terms(split_terms(message)))
    matches = [ranking.add(name) for name in names]
    is_all = len(listed) <= _MAX_LISTED
    chosen: list[int] = []
    pages = 0
    for index in rank_scores([ranking.score(match) for match in matches]):
        if _is_replaced(reader, with_text[index]):
            continue
        # A long one does not keep out the short ones behind it.
        if len(chosen) == _MAX_DOCUMENTS or pages + with_text[index].pages > _MAX_PAGES:
            is_all = False
            continue
        pages += with_text[index].pages
        chosen.append(index)
    return DocumentChoice([with_text[index] for index in sorted(chosen)], is_all)


def _is_replaced(reader: DocumentReader, document: Document) -> bool:
    """Whether there is a newer version of a document, or of the one that it came out of."""
    root = reader.find(document.root) if document.root else None
    return any(one is not None and one.superseded_by is not None for one in (document, root))


def _quote(answered: AnsweredQuestion) -> str:
    return "\n".join(
        f"- {' '.join((citation.quote or '').split())} "
        f"({citation.key}, {cite_units(citation.unit, str(citation.page))})"
        for citation in answered.citations
        if citation.quote
    )


def _describe_bound(choice: DocumentChoice) -> str:
    if choice.is_all:
        return ""
    return (
        f"Not all documents were looked through, but {len(choice.documents)}: the newest of the "
        f"last {_DAYS} days, and those whose names have words of yours. Ask another one by its "
        "name with a task: `seashore enqueue ask QUESTION --document KEY`."
    )


def _name_documents(choice: DocumentChoice) -> str:
    documents = choice.documents
    if not documents and choice.is_all:
        return f"There are no documents with text yet: put {ANY_ONE} into the documents bucket."
    names = "\n".join(
        f"- {document.key}{f': {document.title}' if document.title else ''}"
        for document in documents[:_MAX_DOCUMENTS_NAMED]
    )
    return (
        "No sentence of the documents has a word in common with that, but for small ones that any "
        f"text has. The newest are:\n{names}"
    )
