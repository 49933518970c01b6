"""Documents that arrive and are deleted: entered once, and which version of a key is the newest."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, timedelta
from unicodedata import normalize

from boto3.dynamodb.conditions import Attr

from shared.aws.dynamodb_items import Row
from shared.aws.dynamodb_table import Delete, LedgerTable, Put, RowCheck, Update
from shared.errors import LedgerConflictError
from shared.ledger.children import find_origin, list_children
from shared.ledger.documents import (
    DOCUMENT_SK,
    IN_FLIGHT,
    Clock,
    Document,
    document_pk,
    document_row_key,
    find_document,
    is_erased,
    move_document,
    to_document,
)
from shared.ledger.timeline import build_event, write_time
from shared.lifecycle import DocumentStatus
from shared.messages.uploads import Removal, Upload

CURRENT_SK = "CURRENT"
_VERSION_SK = "VERSION#"
_REMOVED_SK = "REMOVED"
# S3 tells of what happens within seconds as a rule, and a queue keeps it for two weeks at the most.
_REMOVAL_KEPT = timedelta(days=30)
_CURRENT_ATTEMPTS = 10
# Amazon DynamoDB Developer Guide, "BatchGetItem".
_KEYS_PER_READ = 100
DELETED_SENTENCE = "Its file was deleted from the documents bucket."


def _current_pk(bucket: str, key: str) -> str:
    return f"KEY#{bucket}/{key}"


def register_document(table: LedgerTable, upload: Upload, now: Clock) -> Document | None:
    """Enter a document that arrived, once, and settle which version of its key is the newest.

    None for one that was erased: word of its arrival that comes late or again brings nothing back.

    An event that arrives again finds its document; an event that arrives late finds a newer
    version and marks its own document as superseded. Events of one key are ordered by their
    sequencer (Amazon S3 User Guide, "Event message structure").
    """
    row = _build_row(table, upload, now)
    if _enter_first_of_key(table, upload, row):
        return _delete_if_removed(table, to_document(row), {}, now)
    document = _enter_document(table, upload, row)
    if document is None:
        return None
    for _ in range(_CURRENT_ATTEMPTS):
        pointer = table.read_row(_current_pk(upload.bucket, upload.key), CURRENT_SK) or {}
        other = pointer.get("document_id")
        if other is not None and (pointer["sequencer"], other) > _order(upload):
            _mark_superseded(table, upload.document_id, other, now)
            superseded = document.model_copy(update={"superseded_by": other})
            return _delete_if_removed(table, superseded, pointer, now)
        # The older one is marked first: should this process die in between, the next delivery of
        # the event still finds it under the key.
        if other is not None and other != upload.document_id:
            _mark_superseded(table, other, upload.document_id, now)
        if _point_to(table, upload, pointer):
            return _delete_if_removed(table, document, pointer, now)
        if "erased_at" in (table.read_row(*document_row_key(upload.document_id)) or {}):
            return None
    raise LedgerConflictError("other versions of the key keep arriving")


def _delete_if_removed(
    table: LedgerTable, document: Document, pointer: Row, now: Clock
) -> Document:
    """The document; deleted, if word of its deletion came before that of its arrival.

    So is one that came out of another that is deleted.
    """
    is_removed = document.sequencer < pointer.get("removed_sequencer", "")
    if not is_removed and document.parent is not None:
        parent = find_document(table, document.parent)
        is_removed = parent is None or parent.status is DocumentStatus.DELETED
    if not is_removed:
        return document
    delete_document(table, document, now, DELETED_SENTENCE)
    return document.model_copy(update={"status": DocumentStatus.DELETED})


def note_removal(table: LedgerTable, removal: Removal, now: Clock) -> None:
    """Mark the documents as deleted whose object, or whose version of it, is gone from the bucket.

    Of an object all versions are meant that came before; a file that is put later is new. Word of a
    deletion can come before that of the arrival, which then looks here.
    """
    if removal.document_id is not None:
        is_known = find_document(table, removal.document_id) is not None
        if is_known or not _keep_removal(table, removal.document_id, now):
            _delete_with_children(table, removal.document_id, removal.by, now)
        return
    pk = _current_pk(removal.bucket, removal.key)
    seen = Attr("removed_sequencer")
    # One that is known already may have broken off after its note.
    with suppress(LedgerConflictError):
        table.update_row(
            Update(
                pk,
                CURRENT_SK,
                assign={"removed_sequencer": removal.sequencer},
                condition=seen.not_exists() | seen.lt(removal.sequencer),
            )
        )
    for document_id, sequencer in list_versions(table, removal.bucket, removal.key):
        if sequencer < removal.sequencer:
            _delete_with_children(table, document_id, removal.by, now)


def _keep_removal(table: LedgerTable, document_id: str, now: Clock) -> bool:
    """Keep in mind that a version is gone whose arrival is not known yet.

    Returns:
        False where it is known by now, or was erased.
    """
    pk, sk = document_row_key(document_id)
    row = {"pk": pk, "sk": _REMOVED_SK, "expires_at": int((now() + _REMOVAL_KEPT).timestamp())}
    try:
        table.transact([RowCheck(pk, sk, condition=Attr("pk").not_exists()), Put(row)])
    except LedgerConflictError:
        return False
    return True


def delete_if_version_removed(table: LedgerTable, document: Document, now: Clock) -> bool:
    """Delete a document whose object is not there, if word of its deletion came before; whether."""
    if table.read_row(document_pk(document.document_id), _REMOVED_SK) is None:
        return False
    delete_document(table, document, now, DELETED_SENTENCE)
    return True


def list_versions(table: LedgerTable, bucket: str, key: str) -> Iterator[tuple[str, str]]:
    """The ids and sequencers of all documents of a key, in no order of note."""
    pk = _current_pk(bucket, key)
    known: set[str] = set()
    for row in table.query_rows(pk, CURRENT_SK, f"{_VERSION_SK}~"):
        document_id = row.get("document_id")
        # One that others have followed and that is the newest again stands there twice.
        if document_id is not None and document_id not in known:
            known.add(document_id)
            yield document_id, row.get("sequencer", "")


def forget_version(table: LedgerTable, document: Document) -> None:
    """Take a document off its key, whose newest is then the newest of the others, if there are any.

    Safe to repeat.
    """
    _hand_key_on(table, document)
    # Last: whoever follows the newest of a key gives that a row of its own.
    pk = _current_pk(document.bucket, document.key)
    table.transact([Delete(pk, f"{_VERSION_SK}{document.document_id}")])


def _hand_key_on(table: LedgerTable, document: Document) -> None:
    """Have a key point to the newest of the others, if it points to this document."""
    pk = _current_pk(document.bucket, document.key)
    pointer = table.read_row(pk, CURRENT_SK)
    if pointer is None or pointer.get("document_id") != document.document_id:
        return
    others = [
        (sequencer, other)
        for other, sequencer in list_versions(table, document.bucket, document.key)
        if other != document.document_id and find_document(table, other) is not None
    ]
    unchanged = Attr("document_id").eq(document.document_id)
    # Should one have arrived meanwhile, the key is its own.
    with suppress(LedgerConflictError):
        if not others:
            table.transact([Delete(pk, CURRENT_SK, condition=unchanged)])
            return
        sequencer, newest = max(others)
        assign = {"document_id": newest, "sequencer": sequencer}
        table.update_row(Update(pk, CURRENT_SK, assign=assign, condition=unchanged))
        there = Attr("superseded_by").eq(document.document_id)
        table.update_row(
            Update(
                document_pk(newest), DOCUMENT_SK, assign={"superseded_by": None}, condition=there
            )
        )


def _delete_with_children(table: LedgerTable, document_id: str, by: str, now: Clock) -> None:
    document = find_document(table, document_id)
    if document is None:
        return
    delete_document(table, document, now, DELETED_SENTENCE, by or None)
    for child in list_children(table, document_id):
        for child_id, _ in list_versions(table, document.bucket, child.key):
            _delete_with_children(table, child_id, by, now)


def delete_document(
    table: LedgerTable, document: Document, now: Clock, reason: str, by: str | None = None
) -> None:
    """Make a document DELETED: nothing is worked on any more, and nothing answers from it.

    Args:
        table: The ledger.
        document: The document as it was read.
        now: The clock.
        reason: Why, in a sentence.
        by: Who deleted it, if that is known.
    """
    for _ in range(_CURRENT_ATTEMPTS):
        if document.status is DocumentStatus.DELETED:
            return
        try:
            move_document(
                table,
                document,
                DocumentStatus.DELETED,
                now,
                step="deleted",
                changes={"reason_code": "deleted", "reason": reason},
                details={"by": by},
            )
            return
        except LedgerConflictError:
            # It moved on meanwhile, or is gone.
            again = find_document(table, document.document_id)
            if again is None:
                return
            document = again
    raise LedgerConflictError("the document keeps moving on")


def _order(upload: Upload) -> tuple[str, str]:
    """What orders the versions of a key, also where an event carries no sequencer."""
    return upload.sequencer, upload.document_id


def _point_to(table: LedgerTable, upload: Upload, seen: Row) -> bool:
    """Make a document its key's current one, unless another has become that or it was erased.

    The one that was the current one gets a row of its own under the key, if it has none.
    """
    pk, other = _current_pk(upload.bucket, upload.key), seen.get("document_id")
    unchanged = Attr("document_id").eq(other) if other else Attr("document_id").not_exists()
    not_erased = RowCheck(
        *document_row_key(upload.document_id), condition=Attr("erased_at").not_exists()
    )
    is_older = other is not None and other != upload.document_id
    try:
        table.transact(
            [
                not_erased,
                Update(
                    pk,
                    CURRENT_SK,
                    assign={"document_id": upload.document_id, "sequencer": upload.sequencer},
                    condition=unchanged,
                ),
                *([_build_version(pk, seen["document_id"], seen["sequencer"])] if is_older else []),
            ]
        )
    except LedgerConflictError:
        return False
    return True


def _build_version(current_pk: str, document_id: str, sequencer: str) -> Put:
    """The row of a document under its key, for one that is not the newest."""
    sk = f"{_VERSION_SK}{document_id}"
    return Put({"pk": current_pk, "sk": sk, "document_id": document_id, "sequencer": sequencer})


def _build_row(table: LedgerTable, upload: Upload, now: Clock) -> Row:
    """The row of a document that has arrived."""
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
    return row


def _enter_first_of_key(table: LedgerTable, upload: Upload, row: Row) -> bool:
    """Enter a document as the newest of its key, if neither it nor the key is known.

    That is how nearly all documents arrive, with one request.
    """
    pointer: Row = {
        "pk": _current_pk(upload.bucket, upload.key),
        "sk": CURRENT_SK,
        "document_id": upload.document_id,
        "sequencer": upload.sequencer,
    }
    try:
        table.transact([Put(one, condition=Attr("pk").not_exists()) for one in (row, pointer)])
    except LedgerConflictError:
        return False
    return True


def _enter_document(table: LedgerTable, upload: Upload, row: Row) -> Document | None:
    """Enter a document beside others of its key, if it is not known."""
    pk = _current_pk(upload.bucket, upload.key)
    try:
        table.transact(
            [
                Put(row, condition=Attr("pk").not_exists()),
                _build_version(pk, upload.document_id, upload.sequencer),
            ]
        )
    except LedgerConflictError as conflict:
        if conflict.row is None:
            raise
        return None if is_erased(conflict.row) else to_document(conflict.row)
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


def find_current_document_ids(
    table: LedgerTable, bucket: str, keys: Sequence[str]
) -> dict[str, str]:
    """The ids of the newest documents of object keys, as they are written, by key."""
    found: dict[str, str] = {}
    for start in range(0, len(keys), _KEYS_PER_READ):
        some = keys[start : start + _KEYS_PER_READ]
        rows = table.read_rows([(_current_pk(bucket, key), CURRENT_SK) for key in some])
        found |= {
            key: str(row["document_id"])
            for key, row in zip(some, rows, strict=True)
            if row is not None and "document_id" in row
        }
    return found


def find_current_document_id(table: LedgerTable, bucket: str, key: str) -> str | None:
    """The id of the newest document of an object key, or None.

    A key that is not there as it is written is looked for as other systems write it: macOS takes
    an é apart, a keyboard gives it as one (Unicode Standard Annex #15, NFD and NFC).
    """
    spellings = dict.fromkeys([key, normalize("NFC", key), normalize("NFD", key)])
    for spelling in spellings:
        row = table.read_row(_current_pk(bucket, spelling), CURRENT_SK)
        if row is not None and "document_id" in row:
            return str(row["document_id"])
    return None
