"""Which document an operator means: by id, by the beginning of one, or by object key."""

import re
from collections.abc import Sequence
from itertools import islice

from infra.aws import aws_errors_as
from infra.cli.command_context import CommandContext
from infra.cli.progress.follow_documents import read_documents
from infra.cli.times import describe_time
from shared.errors import OperatorError, UnknownItemError
from shared.ledger.children import INSIDE
from shared.ledger.document_lists import list_documents
from shared.ledger.document_versions import find_current_document_id, find_current_document_ids
from shared.ledger.documents import Document, find_document
from shared.ledger.erasures import find_erasure
from shared.ledger.tasks import Task, find_task
from shared.printable import to_printable

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
        wanted: An id, an object key (of which the newest version is meant), the beginning of an id
            of the last days, or what a file inside of a document is called where it is shown.

    Raises:
        UnknownItemError: There is none, or the beginning fits several; one that was erased is told
            with when and by whom.
    """
    table = context.table
    document_id: str | None = wanted
    if wanted and not _ID.fullmatch(wanted):
        bucket = context.stack.output("DocumentsBucket")
        document_id = find_current_document_id(table, bucket, wanted)
    document = find_document(table, document_id) if document_id else None
    if document is None:
        document = _find_by_beginning(context, wanted) or _find_by_name(context, wanted)
    if document is None:
        erasure = find_erasure(table, wanted) if wanted else None
        if erasure is not None:
            raise UnknownItemError(
                f"The document {wanted} was erased on {describe_time(erasure.erased_at)} by "
                f"{erasure.erased_by}: nothing of it is kept."
            )
        raise UnknownItemError(
            f"There is no document or task {wanted!r}: `seashore documents` and `seashore tasks` "
            "list them. A key is named with its folders (`seashore documents --grep` finds it by a "
            "part), a task by its whole id. What was just sent appears after a few seconds."
        )
    return document


def find_wanted_items(
    context: CommandContext, names: Sequence[str]
) -> tuple[list[Document], list[Task]]:
    """The documents that are named, as `find_wanted_document` finds them, and the tasks.

    Raises:
        UnknownItemError: There is neither of a name.
    """
    documents: list[Document] = []
    tasks: list[Task] = []
    for name in names:
        task = find_task(context.table, name)
        if task is not None:
            tasks.append(task)
        else:
            documents.append(find_wanted_document(context, name))
    return documents, tasks


def find_documents_under(context: CommandContext, prefix: str) -> list[Document]:
    """The newest document of each key that begins so, in the order of their keys."""
    bucket = context.stack.output("DocumentsBucket")
    keys = context.objects.list_keys(bucket, prefix)
    ids = find_current_document_ids(context.table, bucket, keys)
    found = read_documents(context.table, list(ids.values()))
    return sorted(found.values(), key=lambda document: document.key)


def find_document_name(context: CommandContext, wanted: str) -> str:
    """What a message calls a document: its id, or its key.

    A whole id is taken as it is, and so is the key of an object that the ledger does not know yet:
    what was put a moment ago is waited for by whoever gets the message.

    Raises:
        UnknownItemError: There is no such document, or the beginning fits several ids.
    """
    if not wanted or _ID.fullmatch(wanted):
        return wanted
    bucket = context.stack.output("DocumentsBucket")
    if find_current_document_id(context.table, bucket, wanted) is not None:
        return wanted
    try:
        return find_wanted_document(context, wanted).document_id
    except UnknownItemError:
        if _is_in_bucket(context, bucket, wanted):
            return wanted
        raise


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


def _find_by_name(context: CommandContext, name: str) -> Document | None:
    """The newest file inside of a document that is shown by this name."""
    shown = name.replace(" > ", INSIDE)
    if INSIDE not in shown:
        return None
    documents = list_documents(context.table, context.now, _DAYS_TO_SEARCH)
    return next((one for one in documents if one.name and to_printable(one.name) == shown), None)


def _is_in_bucket(context: CommandContext, bucket: str, key: str) -> bool:
    # Of all keys that begin so, the key itself is the first.
    with aws_errors_as(OperatorError):
        page = context.stack.client("s3").list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1)
    return any(entry["Key"] == key for entry in page.get("Contents", []))
