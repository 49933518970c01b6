"""Documents that arrive: entered once, and which version of a key is the newest."""

from datetime import UTC
from unicodedata import normalize

from boto3.dynamodb.conditions import Attr

from shared.aws.dynamodb_items import Row
from shared.aws.dynamodb_table import LedgerTable, Put, Update
from shared.errors import LedgerConflictError
from shared.ledger.children import find_origin
from shared.ledger.documents import (
    DOCUMENT_SK,
    IN_FLIGHT,
    Clock,
    Document,
    document_pk,
    to_document,
)
from shared.ledger.timeline import build_event, write_time
from shared.lifecycle import DocumentStatus
from shared.messages.uploads import Upload

CURRENT_SK = "CURRENT"
_CURRENT_ATTEMPTS = 10


def _current_pk(bucket: str, key: str) -> str:
    return f"KEY#{bucket}/{key}"


def register_document(table: LedgerTable, upload: Upload, now: Clock) -> Document:
    """Enter a document that arrived, once, and settle which version of its key is the newest.

    An event that arrives again finds its document; an event that arrives late finds a newer
    version and marks its own document as superseded. Events of one key are ordered by their
    sequencer (Amazon S3 User Guide, "Event message structure").
    """
    document = _enter_document(table, upload, now)
    for _ in range(_CURRENT_ATTEMPTS):
        pointer = table.read_row(_current_pk(upload.bucket, upload.key), CURRENT_SK) or {}
        other = pointer.get("document_id")
        if other is not None and (pointer["sequencer"], other) > _order(upload):
            _mark_superseded(table, upload.document_id, other, now)
            return document.model_copy(update={"superseded_by": other})
        # The older one is marked first: should this process die in between, the next delivery of
        # the event still finds it under the key.
        if other is not None and other != upload.document_id:
            _mark_superseded(table, other, upload.document_id, now)
        if _point_to(table, upload, other):
            return document
    raise LedgerConflictError("other versions of the key keep arriving")


def _order(upload: Upload) -> tuple[str, str]:
    """What orders the versions of a key, also where an event carries no sequencer."""
    return upload.sequencer, upload.document_id


def _point_to(table: LedgerTable, upload: Upload, seen: str | None) -> bool:
    """Make a document its key's current one, unless another has become that meanwhile."""
    unchanged = Attr("document_id").eq(seen) if seen else Attr("document_id").not_exists()
    try:
        table.update_row(
            Update(
                _current_pk(upload.bucket, upload.key),
                CURRENT_SK,
                assign={"document_id": upload.document_id, "sequencer": upload.sequencer},
                condition=unchanged,
            )
        )
    except LedgerConflictError:
        return False
    return True


def _enter_document(table: LedgerTable, upload: Upload, now: Clock) -> Document:
    at = now().astimezone(UTC)
    row: Row = {
        "pk": document_pk(upload.document_id),
        "sk": DOCUMENT_SK,
        "document_id": upload.document_id,
        "bucket": upload.bucket,
        "key": upload.key,
        "version_id": upload.version_id,
        "etag": upload.etag,
        "size_bytes": upload.size_bytes,
        "sequencer": upload.sequencer,
        "status": DocumentStatus.RECEIVED,
        "run": 1,
        "next_page": 1,
        "in_flight": IN_FLIGHT,
        "day": f"{at:%Y-%m-%d}",
        "received_at": write_time(at),
        "updated_at": write_time(at),
    }
    origin = find_origin(table, upload.key)
    if origin is not None:
        row |= {
            "parent": origin.parent,
            "root": origin.root,
            "depth": origin.depth,
            "name": origin.name,
        }
    try:
        table.transact(
            [
                Put(row, condition=Attr("pk").not_exists()),
                build_event(
                    document_pk(upload.document_id),
                    at,
                    "received",
                    {"size_bytes": upload.size_bytes, "parent": row.get("parent")},
                ),
            ]
        )
    except LedgerConflictError as conflict:
        if conflict.row is None:
            raise
        return to_document(conflict.row)
    return to_document(row)


def _mark_superseded(table: LedgerTable, older: str, newer: str, now: Clock) -> None:
    at = now().astimezone(UTC)
    try:
        table.transact(
            [
                Update(
                    document_pk(older),
                    DOCUMENT_SK,
                    assign={"superseded_by": newer},
                    condition=Attr("pk").exists() & Attr("superseded_by").ne(newer),
                ),
                build_event(document_pk(older), at, "superseded", {"by": newer}),
            ]
        )
    except LedgerConflictError:
        # Marked already, by an earlier delivery of the same event.
        return


def find_current_document_id(table: LedgerTable, bucket: str, key: str) -> str | None:
    """The id of the newest document of an object key, or None.

    A key that is not there as it is written is looked for as other systems write it: macOS takes
    an é apart, a keyboard gives it as one (Unicode Standard Annex #15, NFD and NFC).
    """
    spellings = dict.fromkeys([key, normalize("NFC", key), normalize("NFD", key)])
    for spelling in spellings:
        row = table.read_row(_current_pk(bucket, spelling), CURRENT_SK)
        if row is not None:
            return str(row["document_id"])
    return None
