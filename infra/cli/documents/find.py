"""Which document an operator means: by id, by the beginning of one, or by object key."""

import re
from collections.abc import Sequence
from itertools import islice

from infra.cli.command_context import CommandContext
from shared.errors import UnknownItemError
from shared.ledger.document_lists import list_documents
from shared.ledger.document_versions import find_current_document_id
from shared.ledger.documents import Document, find_document

_ID = re.compile(r"d[0-9a-f]{20}")
_BEGINNING_OF_ID = re.compile(r"d[0-9a-f]{2,19}")
# Ids have no index of their own, so their beginnings are looked for day by day.
_DAYS_TO_SEARCH = 30
# Of several ids with the same beginning, so many are named.
MOST_NAMED = 4


def find_wanted_document(context: CommandContext, wanted: str) -> Document:
    """Find the document that an operator means.

    Args:
        context: What the command works with.
        wanted: An id, an object key (of which the newest version is meant), or the beginning of
            an id of the last days.

    Raises:
        UnknownItemError: There is none, or the beginning fits several.
    """
    table = context.table
    document_id: str | None = wanted
    if wanted and not _ID.fullmatch(wanted):
        bucket = context.stack.output("DocumentsBucket")
        document_id = find_current_document_id(table, bucket, wanted)
    document = find_document(table, document_id) if document_id else None
    if document is None:
        document = _find_by_beginning(context, wanted)
    if document is None:
        raise UnknownItemError(
            f"There is no document or task {wanted!r}: `seashore documents` and `seashore tasks` "
            "list them. What was just sent appears after a few seconds."
        )
    return document


def expand_document_id(context: CommandContext, wanted: str) -> str:
    """The whole id where the beginning of one is given; any other name as it is.

    Raises:
        UnknownItemError: The beginning fits several ids.
    """
    document = _find_by_beginning(context, wanted)
    return wanted if document is None else document.document_id


def choose_one(wanted: str, ids: Sequence[str]) -> str:
    """The one id that the beginning of an id means.

    Args:
        wanted: The beginning.
        ids: The ids that begin so, at least one.

    Raises:
        UnknownItemError: There are several.
    """
    if len(ids) > 1:
        more = " and more" if len(ids) > MOST_NAMED else ""
        raise UnknownItemError(
            f"{wanted!r} is the beginning of several ids: {', '.join(ids[:MOST_NAMED])}{more}. "
            "Give more of it."
        )
    return ids[0]


def _find_by_beginning(context: CommandContext, beginning: str) -> Document | None:
    if not _BEGINNING_OF_ID.fullmatch(beginning):
        return None
    documents = list_documents(context.table, context.now, _DAYS_TO_SEARCH)
    fitting = (one for one in documents if one.document_id.startswith(beginning))
    found = {one.document_id: one for one in islice(fitting, MOST_NAMED + 1)}
    return found[choose_one(beginning, list(found))] if found else None
