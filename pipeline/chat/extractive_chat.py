"""What a chat answers where no language model is configured: sentences of the documents."""

import json
from dataclasses import dataclass
from itertools import accumulate, islice

from pipeline.documents.document_listing import has_text
from pipeline.documents.document_reader import DocumentReader
from pipeline.documents.page_search import TextRanking, rank_scores, split_terms
from pipeline.documents.telling_words import choose_telling_terms
from pipeline.metering.metered_calls import MeteredCalls
from pipeline.tasks.agent.agent import AgentRun, StepTaken, StoppedBy
from pipeline.tasks.ask import AnsweredQuestion, answer_question
from shared.deadline import Deadline
from shared.document_formats import ANY_ONE, cite_units, count_units
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
        documents: Those that are looked through; of one that is too long, its first chunks.
        is_all: Whether no other of the last days has text.
        cut: The one that is too long, if it is looked through.
    """

    documents: list[Document]
    is_all: bool
    cut: Document | None = None


def choose_documents(reader: DocumentReader, message: str) -> DocumentChoice:
    """As many documents with text as can be read within a request.

    Those whose name or title has words of the message come before all others, then the newest. One
    that is longer than all that can be read is cut, if it is named or there is no other.
    """
    listed = list(islice(reader.list_recent(_DAYS), _MAX_LISTED + 1))
    with_text = [
        document
        for document in listed[:_MAX_LISTED]
        if has_text(document) and document.superseded_by is None
    ]
    names = [f"{one.called} {one.key} {one.title or ''}" for one in with_text]
    ranking = TextRanking(choose_telling_terms(split_terms(message)))
    matches = [ranking.add(name) for name in names]
    scores = [ranking.score(match) for match in matches]
    # Most files inside came on the same days as what they lie in: few are left to be read.
    roots: dict[str, Document | None] = {one.document_id: one for one in listed}
    is_all = len(listed) <= _MAX_LISTED
    chosen: list[int] = []
    left_out: list[int] = []
    pages = 0
    for index in rank_scores(scores):
        fits = len(chosen) < _MAX_DOCUMENTS and pages + with_text[index].pages <= _MAX_PAGES
        # A long one does not keep out the short ones behind it, unless it is the one that is named.
        if not fits and (chosen or not scores[index]):
            left_out.append(index)
        elif not _is_in_replaced(with_text[index], reader, roots):
            pages += with_text[index].pages
            chosen.append(index)
    if not chosen:
        current = (one for one in left_out if not _is_in_replaced(with_text[one], reader, roots))
        chosen = list(islice(current, 1))
    documents = [with_text[index] for index in sorted(chosen)]
    cut = next((one for one in documents if one.pages > _MAX_PAGES), None)
    return DocumentChoice(
        [_cut_document(one) for one in documents],
        is_all and cut is None and set(left_out) <= set(chosen),
        cut,
    )


def _is_in_replaced(
    document: Document, reader: DocumentReader, roots: dict[str, Document | None]
) -> bool:
    """Whether there is a newer version of the document that one came out of."""
    if document.root is None:
        return False
    if document.root not in roots:
        roots[document.root] = reader.find(document.root)
    root = roots[document.root]
    return root is not None and root.superseded_by is not None


def _cut_document(document: Document) -> Document:
    """A document with no more of its chunks than a request has time to read."""
    ends = accumulate(one.last_page - one.first_page + 1 for one in document.chunk_plan)
    kept = sum(end <= _MAX_PAGES for end in ends)
    return document.model_copy(update={"chunk_plan": document.chunk_plan[: max(1, kept)]})


def _quote(answered: AnsweredQuestion) -> str:
    return "\n".join(
        f"- {' '.join((citation.quote or '').split())} "
        f"({citation.key}, {cite_units(citation.unit, str(citation.page))})"
        for citation in answered.citations
        if citation.quote
    )


def _describe_bound(choice: DocumentChoice) -> str:
    if choice.is_all or not choice.documents:
        return ""
    if choice.cut:
        read = f"{count_units(_MAX_PAGES, choice.cut.unit)} of {choice.cut.key}"
        bound = f"No more than {read} were looked through, and no other document. Ask it"
    else:
        bound = (
            f"Not all documents were looked through, but {len(choice.documents)}: the newest of "
            f"the last {_DAYS} days, and those whose names have words of yours. Ask another one"
        )
    return f"{bound} by its name with a task: `seashore enqueue ask QUESTION --document KEY`."


def _name_documents(choice: DocumentChoice) -> str:
    documents = choice.documents
    if not documents and choice.is_all:
        return f"There are no documents with text yet: put {ANY_ONE} into the documents bucket."
    if not documents:
        return f"None of the newest {_MAX_LISTED} documents has text that can be looked through."
    names = "\n".join(
        f"- {document.key}{f': {document.title}' if document.title else ''}"
        for document in documents[:_MAX_DOCUMENTS_NAMED]
    )
    return (
        "No sentence of the documents has a word in common with that, but for small ones that any "
        f"text has. The newest are:\n{names}"
    )
