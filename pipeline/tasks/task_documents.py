"""The documents that a task names: found, waited for, or refused with a sentence."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from pipeline.documents.document_listing import has_text
from pipeline.documents.document_reader import DocumentReader
from shared.errors import DeferredError, TaskRefusedError
from shared.ledger.documents import Document
from shared.lifecycle import DocumentStatus

# A file that was just put takes a few seconds to get into the ledger.
_ARRIVAL_TIME = timedelta(minutes=1)
_ARRIVAL_DELAY_SECONDS = 5.0

# A young task waits for what takes seconds, an old one for what takes hours.
_SHORTEST_WAIT_SECONDS = 3.0
_LONGEST_WAIT_SECONDS = 300.0
_WAIT_SHARE_OF_AGE = 0.25

# All their text is looked through for one task, within the time of one invocation.
MAX_PAGES = 5_000


def find_named_documents(
    names: Sequence[str], waiting_since: datetime, reader: DocumentReader
) -> list[Document]:
    """The documents of ids or keys, each once.

    Args:
        names: Ids or keys.
        waiting_since: When the task arrived.
        reader: Reads documents.

    Raises:
        DeferredError: One has not arrived yet, as far as one can tell.
        TaskRefusedError: There is no such document.
    """
    found: dict[str, Document] = {}
    for name in names:
        document = reader.find(name)
        if document is None:
            if reader.now() - waiting_since < _ARRIVAL_TIME:
                raise DeferredError(
                    f"there is no document {name!r} yet",
                    delay_seconds=_ARRIVAL_DELAY_SECONDS,
                    reason="waiting_for_document",
                )
            raise TaskRefusedError(f"there is no document {name!r}: name it by its id or key")
        found[document.document_id] = document
    return list(found.values())


def wait_for_text(
    documents: Sequence[Document], waiting_since: datetime, reader: DocumentReader
) -> None:
    """Pass if the text of all documents is read.

    Raises:
        DeferredError: The text of one is still being read.
        TaskRefusedError: One has no text, or they have too many pages for one task.
    """
    for document in documents:
        if has_text(document) and not document.recognising_pages:
            continue
        if not document.is_final:
            raise _wait(document, waiting_since, reader)
        raise _refuse(document)
    pages = sum(document.pages for document in documents)
    if pages > MAX_PAGES:
        raise TaskRefusedError(
            f"the documents have {pages} pages and one task looks through {MAX_PAGES} at the most; "
            "name fewer documents"
        )


def wait_for_summary(
    documents: Sequence[Document], waiting_since: datetime, reader: DocumentReader
) -> None:
    """Pass if the summaries of all documents are final.

    Raises:
        DeferredError: One is still being made.
        TaskRefusedError: There will be none.
    """
    for document in documents:
        if not document.is_final:
            raise _wait(document, waiting_since, reader)
        if document.status not in (DocumentStatus.DONE, DocumentStatus.PARTIAL):
            raise _refuse(document)


def _wait(document: Document, waiting_since: datetime, reader: DocumentReader) -> DeferredError:
    age_seconds = (reader.now() - waiting_since).total_seconds()
    delay_seconds = min(
        _LONGEST_WAIT_SECONDS, max(_SHORTEST_WAIT_SECONDS, age_seconds * _WAIT_SHARE_OF_AGE)
    )
    return DeferredError(
        f"the document {document.key!r} is {document.status}",
        delay_seconds=delay_seconds,
        reason="waiting_for_document",
    )


def _refuse(document: Document) -> TaskRefusedError:
    if document.status is DocumentStatus.NO_TEXT:
        return TaskRefusedError(
            f"the document {document.key!r} holds no text; if it is a scan, run OCR on it first"
        )
    return TaskRefusedError(
        f"the document {document.key!r} is {document.status}: "
        f"{document.reason or 'the reason is not known'}"
    )
