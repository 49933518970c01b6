"""An extract task for each document whose key begins alike."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.day_listing import PageWanted
from pipeline.documents.document_listing import DocumentsWanted, has_text, list_document_page
from pipeline.tasks.extract.field_schema import read_field_schema
from pipeline.tasks.intake import IntakeServices, check_model_is_there, take_up_task
from shared.deadline import Deadline
from shared.ledger.documents import Document
from shared.ledger.tasks import Task
from shared.lifecycle import DocumentStatus
from shared.messages.message_groups import group_of_bulk
from shared.messages.tasks import ExtractTask

# Of a document that ended so there is no text to read.
_WITHOUT_TEXT = frozenset(
    {DocumentStatus.NO_TEXT, DocumentStatus.REJECTED, DocumentStatus.FAILED, DocumentStatus.DELETED}
)

# So many tasks are taken up at a time, and then so much time has to be left for more of them.
_PAGE_SIZE = 25
_PAGE_SECONDS = 6.0
_MOST_TASKS = 500

_MAX_NAME_CHARACTERS = 100


@dataclass(frozen=True, kw_only=True)
class ExtractionsWanted:
    """The tasks that are asked for.

    Args:
        prefix: What the keys of the documents begin with.
        schema: The fields.
        id: What the ids of the tasks begin with; None for what is made of the schema.
        name: What they are called; None for the prefix.
        callback: Where to send word of each.
        days: How many days back the documents arrived.
        cursor: Where to go on, as the call before said; None for the beginning.
        sender: Who asks.
    """

    prefix: str
    schema: Mapping[str, Any]
    id: str | None
    name: str | None
    callback: str | None
    days: int
    cursor: str | None
    sender: str

    def build_task(self, document: Document) -> ExtractTask:
        """The task of a document."""
        return ExtractTask(
            id=name_extraction(self.schema, document, self.id),
            name=self.name or name_after_prefix(self.prefix),
            callback=self.callback,
            document=document.document_id,
            schema=dict(self.schema),
        )


@dataclass(frozen=True)
class TakenUpExtractions:
    """Tasks with their documents, and the documents that have none.

    Args:
        tasks: The tasks as they stand, each with its document.
        without_text: How many documents were left out as they have no text.
        next_cursor: Where to go on; None if these are all.
    """

    tasks: list[tuple[Task, Document]]
    without_text: int
    next_cursor: str | None


def ends_without_text(document: Document) -> bool:
    """Whether there is no text of a document to read, and by itself there will be none.

    One that was cancelled may have been read before.
    """
    is_unread = document.status is DocumentStatus.CANCELLED and not has_text(document)
    return is_unread or document.status in _WITHOUT_TEXT


def name_extraction(schema: Mapping[str, Any], document: Document, beginning: str | None) -> str:
    """The id of a document's task: the same for the same schema, whenever it is asked for."""
    if beginning is None:
        canonical = json.dumps(schema, sort_keys=True)
        beginning = f"extract-{hashlib.sha256(canonical.encode()).hexdigest()[:10]}"
    return f"{beginning}-{document.document_id}"


def name_after_prefix(prefix: str) -> str:
    """What tasks are called that have no other name."""
    return prefix[:_MAX_NAME_CHARACTERS]


def take_up_extractions(
    wanted: ExtractionsWanted, services: IntakeServices, deadline: Deadline
) -> TakenUpExtractions:
    """Take up a task for the newest document of each key that begins so, as far as time allows.

    A task that was taken up before is the same task, so a call that was cut off may be repeated.

    Raises:
        InvalidRequestError: The cursor is none that this list has given.
        TaskConflictError: A task has the id of one of them and asks for something else.
        TaskRefusedError: The callback is not allowed, the schema cannot be used, or no language
            model is configured.
        ServiceError: Some may be entered; sending the same again is safe.
    """
    read_field_schema(wanted.schema)
    check_model_is_there("extract", services)
    group = group_of_bulk(wanted.sender)
    tasks: list[tuple[Task, Document]] = []
    without_text = 0
    cursor = wanted.cursor
    while True:
        page = PageWanted(None, _PAGE_SIZE, cursor, wanted.days)
        documents, cursor = list_document_page(
            DocumentsWanted(page, prefix=wanted.prefix), services.table, services.now
        )
        # Files inside of others have keys of the pipeline's own.
        for document in (one for one in documents if one.parent is None):
            if ends_without_text(document):
                without_text += 1
            else:
                order = wanted.build_task(document)
                about = order.tell_of(document.called)
                task = take_up_task(order, services, group, about)
                tasks.append((task, document))
        is_full = len(tasks) > _MOST_TASKS - _PAGE_SIZE
        if cursor is None or is_full or deadline.remaining_seconds < _PAGE_SECONDS:
            return TakenUpExtractions(tasks, without_text, cursor)
