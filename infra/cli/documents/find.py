"""Which document an operator means: by id, by the beginning of one, or by object key."""

import re
from collections.abc import Callable
from datetime import datetime
from itertools import islice

from shared.aws.dynamodb_table import LedgerTable
from shared.errors import UnknownItemError
from shared.ledger.document_lists import list_documents
from shared.ledger.document_versions import find_current_document_id
from shared.ledger.documents import Document, find_document

_ID = re.compile(r"d[0-9a-f]{20}")
_BEGINNING_OF_ID = re.compile(r"d[0-9a-f]{2,19}")
# Ids have no index of their own, so their beginnings are looked for day by day.
_DAYS_TO_SEARCH = 30
_MOST_NAMED = 4


def find_wanted_document(
    table: LedgerTable, bucket: str, wanted: str, now: Callable[[], datetime]
) -> Document:
    """Find the document that an operator means.

    Args:
        table: The ledger.
        bucket: The documents bucket, for keys.
        wanted: An id, an object key (of which the newest version is meant), or the beginning of
            an id of the last days.
        now: The clock.

    Raises:
        UnknownItemError: There is none, or the beginning fits several.
    """
    if _ID.fullmatch(wanted):
        document = find_document(table, wanted)
    else:
        document = _find_by_key(table, bucket, wanted)
    if document is None and _BEGINNING_OF_ID.fullmatch(wanted):
        document = _find_by_beginning(table, wanted, now)
    if document is None:
        raise UnknownItemError(
            f"There is no document or task {wanted!r}: `seashore documents` and `seashore tasks` "
            "list them. What was just sent appears after a few seconds."
        )
    return document


def expand_document_id(table: LedgerTable, wanted: str, now: Callable[[], datetime]) -> str:
    """The whole id where the beginning of one is given; any other name as it is.

    Raises:
        UnknownItemError: The beginning fits several ids.
    """
    if not _BEGINNING_OF_ID.fullmatch(wanted):
        return wanted
    document = _find_by_beginning(table, wanted, now)
    return wanted if document is None else document.document_id


def _find_by_key(table: LedgerTable, bucket: str, key: str) -> Document | None:
    document_id = find_current_document_id(table, bucket, key) if key else None
    return None if document_id is None else find_document(table, document_id)


def _find_by_beginning(
    table: LedgerTable, beginning: str, now: Callable[[], datetime]
) -> Document | None:
    fitting = (
        document
        for document in list_documents(table, now, _DAYS_TO_SEARCH)
        if document.document_id.startswith(beginning)
    )
    found = list(islice(fitting, _MOST_NAMED + 1))
    if len(found) > 1:
        named = ", ".join(document.document_id for document in found[:_MOST_NAMED])
        raise UnknownItemError(
            f"{beginning!r} is the beginning of several ids: {named}"
            f"{' and more' if len(found) > _MOST_NAMED else ''}. Give more of it."
        )
    return found[0] if found else None
