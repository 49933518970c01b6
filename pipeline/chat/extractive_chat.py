"""What a chat answers where no language model is configured: sentences of the documents."""

import json
from itertools import islice

from pipeline.documents.document_reader import DocumentReader, has_text
from pipeline.metering.metered_calls import MeteredCalls
from pipeline.tasks.agent.agent import AgentRun, StepTaken, StoppedBy
from pipeline.tasks.ask import AnsweredQuestion, answer_question
from shared.deadline import Deadline
from shared.document_formats import ANY_ONE, cite_units
from shared.ledger.documents import Document
from shared.llm.model_window import ModelWindow

_DAYS = 31
_MAX_DOCUMENTS = 20
_MAX_PAGES = 1_000
_MAX_DOCUMENTS_NAMED = 10

_HOW_TO_CONFIGURE = (
    "*No language model is configured, so sentences of the documents are all there is. "
    "docs/models.md says how to name one: then answers come in words.*"
)


def answer_without_model(
    message: str,
    reader: DocumentReader,
    calls: MeteredCalls,
    window: ModelWindow,
    deadline: Deadline,
) -> AgentRun:
    """Answer with the sentences of the newest documents that match a message best.

    Raises:
        RetryableError, DeferredError, PermanentError: As S3 and the ledger do.
    """
    documents = choose_documents(reader)
    answered = answer_question(message, documents, reader, calls, window, deadline)
    cited = {citation.document_id for citation in answered.citations}
    said = _quote(answered) if answered.answered else _name_documents(documents)
    return AgentRun(
        prompt=message,
        answer=f"{said}\n\n{_HOW_TO_CONFIGURE}",
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


def choose_documents(reader: DocumentReader) -> list[Document]:
    """The newest documents that have text, as many as can be read within a request."""
    chosen: list[Document] = []
    pages = 0
    for document in islice(reader.list_recent(_DAYS), _MAX_DOCUMENTS * 5):
        if not has_text(document) or _is_replaced(reader, document):
            continue
        pages += document.pages
        if len(chosen) == _MAX_DOCUMENTS or pages > _MAX_PAGES:
            break
        chosen.append(document)
    return chosen


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


def _name_documents(documents: list[Document]) -> str:
    if not documents:
        return f"There are no documents with text yet: put {ANY_ONE} into the documents bucket."
    names = "\n".join(
        f"- {document.key}{f': {document.title}' if document.title else ''}"
        for document in documents[:_MAX_DOCUMENTS_NAMED]
    )
    return f"No sentence of the documents has a word in common with that. The newest are:\n{names}"
