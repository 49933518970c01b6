"""The list of documents in pages: which are wanted, by status and by what their keys begin with."""

from dataclasses import dataclass
from functools import partial

from pipeline.day_listing import PageWanted, list_page
from shared.aws.dynamodb_table import LedgerTable
from shared.ledger.document_lists import list_documents_of_day
from shared.ledger.documents import Clock, Document
from shared.lifecycle import DocumentStatus
from shared.printable import fold_text

_DOCUMENT_ID = r"d[0-9a-f]{20}"


@dataclass(frozen=True)
class DocumentsWanted:
    """Which documents are asked for.

    Args:
        page: The page of their list.
        status: Their status; None for any.
        prefix: What their keys begin with, of each key its newest document only; None for any.
        words: What stands in their names, titles or reasons, in any case; None for any.
        with_text: Whether only those are whose text is read.
    """

    page: PageWanted
    status: DocumentStatus | None = None
    prefix: str | None = None
    words: str | None = None
    with_text: bool = False

    def fits(self, document: Document) -> bool:
        """Whether a document is asked for."""
        return (
            self.status in (None, document.status)
            and (has_text(document) or not self.with_text)
            and (
                self.prefix is None
                or (document.key.startswith(self.prefix) and document.superseded_by is None)
            )
            and (self.words is None or has_words(document, self.words))
        )


def tell_document(document: Document) -> str:
    """What is searched for words: all by which people know a document, on lines."""
    told = (document.called, document.key, document.title, document.reason)
    return "\n".join(filter(None, told))


def has_words(document: Document, words: str) -> bool:
    """Whether some words stand in what a document is known by, one after the other."""
    return fold_text(words) in fold_text(tell_document(document))


def list_document_page(
    wanted: DocumentsWanted, table: LedgerTable, now: Clock
) -> tuple[list[Document], str | None]:
    """A page of documents, and the cursor of the next, as `list_page` gives and raises it."""
    list_day = partial(list_documents_of_day, table)
    return list_page(wanted.page, list_day, wanted.fits, _find_place, _DOCUMENT_ID, now)


def _find_place(document: Document) -> tuple[str, str]:
    return document.received_at, document.document_id


def has_text(document: Document) -> bool:
    """Whether the text of a document is read, whatever has become of its summary.

    That of a deleted document is as good as none: nothing answers from it.
    """
    without = (DocumentStatus.RECEIVED, DocumentStatus.DELETED)
    return document.chunks_total > 0 and document.status not in without
