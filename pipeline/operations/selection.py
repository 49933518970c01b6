"""Which documents an operator means, and what working on them needs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pipeline.dead_letters.hold import LetterServices
from pipeline.documents.document_listing import has_words
from shared.aws.dynamodb_table import LedgerTable
from shared.aws.objects import ObjectStore
from shared.aws.queues import Queues
from shared.calendar import parse_day
from shared.errors import InvalidRequestError, NothingFoundError
from shared.ledger.document_lists import list_documents
from shared.ledger.document_versions import find_current_document_id
from shared.ledger.documents import Clock, Document, find_document
from shared.lifecycle import DocumentStatus
from shared.prices import ModelPrice


@dataclass(frozen=True, kw_only=True)
class OperationServices:
    """What redo, retry and cancel work with.

    Args:
        table: The ledger.
        objects: S3.
        queues: SQS.
        documents_bucket: Where documents lie.
        artifacts_bucket: Where texts lie.
        uploads_queue_url: Where ingest takes its messages.
        work_queue_url: Where the worker takes its messages.
        models: The models of the settings with their prices, that which all are asked first.
        letters: What dead letters are worked on with.
        by: Who wants it: the ARN of an identity, a user or a key.
        now: The clock.
    """

    table: LedgerTable
    objects: ObjectStore
    queues: Queues
    documents_bucket: str
    artifacts_bucket: str
    uploads_queue_url: str
    work_queue_url: str
    models: Mapping[str, ModelPrice | None]
    letters: LetterServices
    by: str
    now: Clock


@dataclass(frozen=True)
class Selection:
    """Which documents are meant: those that are named, and those that fit all of the rest.

    Args:
        names: Ids, or object keys, of which the newest version is meant.
        prefix: What keys begin with.
        statuses: Where they stand.
        is_all: Whether all are meant, where nothing of this is given.
        days: How many days back documents are looked for that are not named.
        day: The day (UTC) on which they arrived.
        words: What stands in their names, titles or reasons, in any case.
        has_versions: Whether of a key older versions are meant too.
    """

    names: tuple[str, ...] = ()
    prefix: str | None = None
    statuses: frozenset[DocumentStatus] = frozenset()
    is_all: bool = False
    days: int = 366
    day: str | None = None
    words: str | None = None
    has_versions: bool = False

    @property
    def is_filter(self) -> bool:
        """Whether documents are meant that are not named."""
        return bool(self.prefix or self.statuses or self.day or self.words or self.is_all)

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing of any document."""
        return not self.names and not self.is_filter

    def check(self) -> None:
        """Pass if it says which documents are meant.

        Raises:
            InvalidRequestError: It does not.
        """
        if self.is_empty:
            raise InvalidRequestError(
                "say which are meant: by id or key, by a prefix, by a status, or all"
            )

    def fits(self, document: Document) -> bool:
        """Whether a document that is not named is meant; of a key mostly the newest alone is."""
        return (
            (self.has_versions or document.superseded_by is None)
            and document.key.startswith(self.prefix or "")
            and (not self.statuses or document.status in self.statuses)
            and document.received_at.startswith(self.day or "")
            and has_words(document, self.words or "")
        )


def find_selected(selection: Selection, services: OperationServices) -> Iterator[Document]:
    """The documents that are meant, each once: the named ones first, then the newest first.

    Raises:
        InvalidRequestError: It does not say which are meant.
        NothingFoundError: There is none of a name.
    """
    selection.check()
    seen: set[str] = set()
    for name in selection.names:
        document = find_by_name(name, services)
        if document is None:
            raise NothingFoundError(f"there is no document {name!r}")
        if document.document_id not in seen:
            seen.add(document.document_id)
            yield document
    if not selection.is_filter:
        return
    now, days = services.now, selection.days
    if selection.day is not None:
        last = parse_day(selection.day)
        now, days = (lambda: datetime(last.year, last.month, last.day, tzinfo=UTC)), 1
    for document in list_documents(services.table, now, days):
        if document.document_id not in seen and selection.fits(document):
            yield document


def find_by_name(name: str, services: OperationServices) -> Document | None:
    """The document of an id, or the newest one of an object key; None if there is neither."""
    document = find_document(services.table, name)
    if document is not None:
        return document
    current = find_current_document_id(services.table, services.documents_bucket, name)
    return None if current is None else find_document(services.table, current)
