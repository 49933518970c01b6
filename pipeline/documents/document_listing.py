"""The list of documents in pages, with a cursor that says where the next one begins."""

import base64
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta

from shared.aws.dynamodb_table import LedgerTable
from shared.calendar import parse_day
from shared.errors import InvalidRequestError
from shared.ledger.document_lists import DocumentPlace, list_documents_of_day
from shared.ledger.documents import Clock, Document
from shared.lifecycle import DocumentStatus

# Without a day the list goes back so far; older documents are found by naming their day.
DAYS_BACK = 30

# The most rows that are looked through for one page, so that a rare status costs no long read.
_MAX_ROWS_READ = 500

_MAX_CURSOR_CHARACTERS = 300
_RECEIVED_AT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00")
_DOCUMENT_ID = re.compile(r"d[0-9a-f]{20}")


@dataclass(frozen=True)
class DocumentsWanted:
    """Which documents are asked for.

    Args:
        day: The day (UTC) of their arrival; None for the last `days`.
        status: Their status; None for any.
        prefix: What their keys begin with, of each key its newest document only; None for any.
        limit: The most that a page holds.
        cursor: Where the page begins, as the page before said; None for the first.
        days: How many days back the list goes without a day.
    """

    day: str | None
    status: DocumentStatus | None
    prefix: str | None
    limit: int
    cursor: str | None
    days: int = DAYS_BACK


def list_document_page(
    wanted: DocumentsWanted, table: LedgerTable, now: Clock
) -> tuple[list[Document], str | None]:
    """A page of documents, newest first, and the cursor of the next; None if there is none.

    A page may hold fewer than asked for, and even none, and still have a next one.

    Raises:
        InvalidRequestError: The cursor is none that this list has given.
        ServiceError: The ledger cannot be reached.
    """
    today = now().astimezone(UTC).date()
    first_day = parse_day(wanted.day) if wanted.day else today - timedelta(days=wanted.days - 1)
    newest = parse_day(wanted.day) if wanted.day else today
    place = _read_cursor(wanted.cursor) if wanted.cursor else DocumentPlace(f"{newest:%Y-%m-%d}")
    if wanted.cursor and not first_day <= parse_day(place.day) <= newest:
        raise InvalidRequestError("the cursor is of another list: it goes with the same day")
    return _collect(wanted, table, place, first_day)


def _collect(
    wanted: DocumentsWanted, table: LedgerTable, place: DocumentPlace, first_day: date
) -> tuple[list[Document], str | None]:
    found: list[Document] = []
    rows_left = _MAX_ROWS_READ
    while rows_left > 0 and len(found) < wanted.limit:
        # Never more rows than are wanted, so that the cursor passes over none.
        size = min(rows_left, wanted.limit - len(found))
        documents, next_place = list_documents_of_day(table, place, size)
        rows_left -= max(1, len(documents))
        found += _choose(documents, wanted)
        if next_place is None:
            day = parse_day(place.day) - timedelta(days=1)
            if day < first_day:
                return found, None
            next_place = DocumentPlace(f"{day:%Y-%m-%d}")
        place = next_place
    return found, _write_cursor(place)


def _choose(documents: Sequence[Document], wanted: DocumentsWanted) -> list[Document]:
    return [
        document
        for document in documents
        if wanted.status in (None, document.status)
        and (
            wanted.prefix is None
            or (document.key.startswith(wanted.prefix) and document.superseded_by is None)
        )
    ]


def _write_cursor(place: DocumentPlace) -> str:
    content = json.dumps([place.day, place.received_at, place.document_id])
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> DocumentPlace:
    try:
        if len(cursor) > _MAX_CURSOR_CHARACTERS:
            raise ValueError("too long")
        padded = cursor + "=" * (-len(cursor) % 4)
        day, received_at, document_id = json.loads(base64.urlsafe_b64decode(padded))
        parse_day(day)
        if received_at is None and document_id is None:
            return DocumentPlace(day)
        if not (_RECEIVED_AT.fullmatch(received_at) and _DOCUMENT_ID.fullmatch(document_id)):
            raise ValueError("not a place")
    except (ValueError, TypeError, RecursionError) as error:
        raise InvalidRequestError("the cursor is none that this list has given") from error
    return DocumentPlace(day, received_at, document_id)
