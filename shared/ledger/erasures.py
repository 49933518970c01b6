"""Erasing documents in the ledger: the order, what hangs on a document, and what is left of it.

An erasure begins by making its document DELETED, so that nothing about it is written any more, and
ends by putting in the place of its row one that tells only that there was a document, who erased it
and when. Late word of the document finds that row. As long as `leftovers` are on it, a later look
is to come, for what a run that was going on has written after it was looked for.

| pk | sk | what |
|---|---|---|
| `DOC#<document id>` | `DOC` | who erased the document, and when |
| `DOC#<document id>` | `TASK#<task id>` | a task whose result is about the document |
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from boto3.dynamodb.conditions import Attr
from pydantic import BaseModel, ConfigDict

from shared.aws.dynamodb_items import Row
from shared.aws.dynamodb_table import (
    IN_FLIGHT_INDEX,
    Delete,
    LedgerTable,
    Operation,
    Put,
    RowCheck,
    Update,
)
from shared.errors import LedgerConflictError, TaskRefusedError
from shared.ledger.document_texts import USER_SK, text_row_key
from shared.ledger.documents import (
    DOCUMENT_SK,
    Document,
    document_pk,
    document_row_key,
    find_document,
    is_erased,
)
from shared.ledger.timeline import build_event, write_time
from shared.lifecycle import DocumentStatus

_TASK_SK = "TASK#"
_ERASURE_IN_FLIGHT = "erasure"
_LAST_SK = "~"
_ATTEMPTS = 10
# Each takes two of the 100 operations of a transaction (Amazon DynamoDB Developer Guide,
# "Amazon DynamoDB Transactions").
_DOCUMENTS_AT_ONCE = 40
_ROWS_AT_ONCE = 100
BEING_ERASED = "It is being deleted with all that was made of it."


class Leftovers(BaseModel):
    """Where a run that was going on may have written something about an erased document.

    Args:
        bucket: The documents bucket.
        content_sha256: The hash of its bytes; empty where they were gone before.
        day: The day of the report that lists it.
        task_ids: The tasks that were about it.
    """

    model_config = ConfigDict(frozen=True)

    bucket: str
    content_sha256: str
    day: str
    task_ids: tuple[str, ...] = ()


class Erasure(BaseModel):
    """What is left of an erased document. Times are ISO 8601 in UTC."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    document_id: str
    erased_at: str
    erased_by: str
    leftovers: Leftovers | None = None


def find_erasure(table: LedgerTable, document_id: str) -> Erasure | None:
    """What is left of a document that was erased; None if it was not, or not wholly."""
    row = table.read_row(*document_row_key(document_id))
    return None if row is None or not is_erased(row) else Erasure.model_validate(row)


def order_erasure(
    table: LedgerTable, document: Document, content_sha256: str, by: str, at: datetime
) -> None:
    """Make a document DELETED for good, and note that all that hangs on it is to go.

    Raises:
        LedgerConflictError: It is erased already.
    """
    pk, sk = document_row_key(document.document_id)
    changes: Row = {
        "status": DocumentStatus.DELETED,
        "reason_code": "erased",
        "reason": BEING_ERASED,
        "in_flight": _ERASURE_IN_FLIGHT,
        "updated_at": write_time(at),
        "finished_at": write_time(at),
        "erased_at": write_time(at),
        "erased_by": by,
        "erased_sha256": content_sha256,
    }
    not_ordered = Attr("status").exists() & Attr("erased_at").not_exists()
    try:
        table.transact(
            [
                Update(pk, sk, assign=changes, condition=not_ordered),
                build_event(pk, at, "erasing", {"by": by, "status": DocumentStatus.DELETED}),
            ]
        )
    except LedgerConflictError as conflict:
        if conflict.row is None or is_erased(conflict.row):
            raise


def read_order(table: LedgerTable, document_id: str) -> Row | None:
    """The row of a document that is being erased: `erased_at`, `erased_by`, `erased_sha256`."""
    row = table.read_row(*document_row_key(document_id))
    return None if row is None or is_erased(row) or "erased_at" not in row else row


def finish_erasure(table: LedgerTable, document_id: str, leftovers: Leftovers) -> None:
    """Delete all rows of a document but one, which tells that it was erased."""
    row = read_order(table, document_id)
    if row is None:
        return
    _put_tombstone(
        table,
        Erasure(
            document_id=document_id,
            erased_at=row["erased_at"],
            erased_by=row["erased_by"],
            leftovers=leftovers,
        ),
        condition=Attr("erased_at").exists(),
    )


def note_never_entered(
    table: LedgerTable, document_id: str, by: str, at: datetime, leftovers: Leftovers
) -> None:
    """Keep a document out that was put and whose arrival is not known yet."""
    erasure = Erasure(
        document_id=document_id, erased_at=write_time(at), erased_by=by, leftovers=leftovers
    )
    _put_tombstone(table, erasure, condition=Attr("pk").not_exists())


def settle_erasure(table: LedgerTable, erasure: Erasure) -> None:
    """Note that nothing more can come of an erased document."""
    _put_tombstone(
        table,
        erasure.model_copy(update={"leftovers": None}),
        condition=Attr("status").not_exists(),
    )


def _put_tombstone(table: LedgerTable, erasure: Erasure, condition: Any) -> None:
    pk, sk = document_row_key(erasure.document_id)
    row: Row = {"pk": pk, "sk": sk, **erasure.model_dump(mode="json", exclude_none=True)}
    if erasure.leftovers is not None:
        row |= {"in_flight": _ERASURE_IN_FLIGHT, "received_at": erasure.erased_at}
    table.put_row(Put(row, condition=condition))


def list_open_erasures(table: LedgerTable) -> Iterator[str]:
    """The ids of the documents whose erasure is not settled."""
    rows = table.query_index(IN_FLIGHT_INDEX, "in_flight", _ERASURE_IN_FLIGHT, newest_first=False)
    return (row["pk"].removeprefix(document_pk("")) for row in rows)


def link_task(table: LedgerTable, task_id: str, document_ids: Sequence[str]) -> None:
    """Note which documents a task's result is about, so that it goes when one of them does.

    Raises:
        TaskRefusedError: One of them is deleted.
    """
    there = Attr("status").exists() & Attr("status").ne(DocumentStatus.DELETED)
    for start in range(0, len(document_ids), _DOCUMENTS_AT_ONCE):
        some = document_ids[start : start + _DOCUMENTS_AT_ONCE]
        checks = [RowCheck(*document_row_key(one), condition=there) for one in some]
        links = [Put({"pk": document_pk(one), "sk": f"{_TASK_SK}{task_id}"}) for one in some]
        try:
            table.transact([*checks, *links])
        except LedgerConflictError as error:
            raise TaskRefusedError("a document that the task is about was deleted") from error


def read_partition(table: LedgerTable, pk: str) -> list[Row]:
    """All rows of a partition."""
    return list(table.query_rows(pk, "!", _LAST_SK))


def name_linked_tasks(rows: Sequence[Row]) -> list[str]:
    """The tasks that are about a document, from the rows of its partition."""
    return [row["sk"].removeprefix(_TASK_SK) for row in rows if row["sk"].startswith(_TASK_SK)]


def delete_rows(table: LedgerTable, keys: Sequence[tuple[str, str]]) -> None:
    """Delete rows; those that are gone already are as good."""
    deletes: list[Operation] = [Delete(pk, sk) for pk, sk in dict.fromkeys(keys)]
    for start in range(0, len(deletes), _ROWS_AT_ONCE):
        table.transact(deletes[start : start + _ROWS_AT_ONCE])


def forget_rows(table: LedgerTable, document_id: str) -> None:
    """Delete what stands in a document's partition beside its own row."""
    rows = read_partition(table, document_pk(document_id))
    delete_rows(table, [(row["pk"], row["sk"]) for row in rows if row["sk"] != DOCUMENT_SK])


def release_text(table: LedgerTable, text_address: str, document_id: str) -> bool:
    """Take a document off those that share a text.

    Returns:
        Whether no other document shares it, so that it can be deleted; `forget_text_user` follows.
    """
    pk, sk = text_row_key(text_address)
    for _ in range(_ATTEMPTS):
        row = table.read_row(pk, sk)
        users = {
            one["document_id"] for one in table.query_rows(pk, USER_SK, f"{USER_SK}{_LAST_SK}")
        }
        if row is not None:
            users.add(row["document_id"])
        others = sorted(
            user for user in users - {document_id} if _has_text(table, user, text_address)
        )
        try:
            if others and row is not None and row["document_id"] == document_id:
                table.update_row(Update(pk, sk, assign={"document_id": others[0]}))
            if not others and row is not None:
                unchanged = (
                    Attr("uses").eq(row["uses"]) if "uses" in row else Attr("uses").not_exists()
                )
                table.transact([Delete(pk, sk, condition=unchanged)])
        except LedgerConflictError:
            # Another document has come to share it.
            continue
        if others:
            forget_text_user(table, text_address, document_id)
        return not others
    raise LedgerConflictError("documents of the same text keep arriving")


def _has_text(table: LedgerTable, document_id: str, text_address: str) -> bool:
    document = find_document(table, document_id)
    return document is not None and document.text_address == text_address


def forget_text_user(table: LedgerTable, text_address: str, document_id: str) -> None:
    """Delete the row that tells that a document has had a text."""
    pk, _ = text_row_key(text_address)
    delete_rows(table, [(pk, f"{USER_SK}{document_id}")])
