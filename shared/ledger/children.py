"""Documents that came out of others: the children of a document, and whence a child is.

A child is an object of the documents bucket like any other, so that it goes the way of all
documents. A row in its parent's partition is written before the object: a child knows its parent
however soon it arrives, and all children of a document are found in one place, those of a reading
that broke off too.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import PurePosixPath
from typing import Any

from boto3.dynamodb.conditions import Attr

from shared.aws.dynamodb_table import LedgerTable, Put, Update
from shared.errors import LedgerConflictError
from shared.ledger.documents import DOCUMENT_SK, Clock, Document, document_pk
from shared.ledger.timeline import write_time

# Where the children of all documents lie; those of one under its id.
CHILDREN_PREFIX = "children/"
_CHILD_SK = "CHILD#"
# Stands between a document and a file inside of it where the file is shown.
INSIDE = " \u203a "
_DIGITS_OF_HASH = 20
_CHILD_KEY = re.compile(rf"{CHILDREN_PREFIX}(d[0-9a-f]{{20}})/([0-9a-f]{{{_DIGITS_OF_HASH}}})/.+")

# Some file systems, the local stack's among them, take no name of more than 255 bytes.
_MAX_NAME_BYTES = 180
_MAX_SUFFIX_CHARACTERS = 10
_PLAIN = frozenset(" ._-()+,&")


@dataclass(frozen=True)
class Child:
    """A document that came out of another, before it has arrived itself.

    Args:
        parent: The id of the document that it came out of.
        root: The id of the one at the top, which was uploaded.
        depth: How many documents it lies in; 1 if its parent was uploaded.
        name: What people call it: the names of all that it lies in, and its own.
        key: Its key in the documents bucket.
        content_sha256: The hash of its bytes.
        is_erased: Whether somebody erased it, so that it is not to come back.
    """

    parent: str
    root: str
    depth: int
    name: str
    key: str
    content_sha256: str
    is_erased: bool = False


def plan_child(parent: Document, file_name: str, content_sha256: str) -> Child:
    """The child that a file inside of a document becomes; the same for the same bytes."""
    folder = f"{CHILDREN_PREFIX}{parent.document_id}/{content_sha256[:_DIGITS_OF_HASH]}"
    return Child(
        parent=parent.document_id,
        root=parent.root or parent.document_id,
        depth=parent.depth + 1,
        name=f"{parent.called}{INSIDE}{file_name}",
        key=f"{folder}/{to_key_name(file_name)}",
        content_sha256=content_sha256,
    )


def to_key_name(file_name: str) -> str:
    """A name from inside of a document as the last part of a key: no path, no control characters.

    Letters, digits and marks of all scripts stay, so that a person knows it again.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", file_name))[-1]
    kept = "".join(
        character if character in _PLAIN or unicodedata.category(character)[0] in "LMN" else "_"
        for character in last
    )
    path = PurePosixPath(kept.strip(" .") or "file")
    suffix = path.suffix if len(path.suffix) <= _MAX_SUFFIX_CHARACTERS else ""
    room = _MAX_NAME_BYTES - len(suffix.encode())
    stem = path.name.removesuffix(suffix).encode()[:room].decode(errors="ignore")
    return f"{stem}{suffix}"


def enter_child(table: LedgerTable, child: Child, most_of_root: int, now: Clock) -> Child | None:
    """Note a child, once, and count it among all that came out of the document at the top.

    Returns:
        The child as it is noted, under another name if the same bytes had one before; None where
        as many have come out of that document as may.
    """
    pk, sk = _child_row_key(child.parent, child.content_sha256)
    row = {"pk": pk, "sk": sk, **vars(child), "entered_at": write_time(now())}
    has_room = Attr("descendants").not_exists() | Attr("descendants").lt(most_of_root)
    try:
        table.transact(
            [
                Put(row, condition=Attr("pk").not_exists()),
                Update(
                    document_pk(child.root),
                    DOCUMENT_SK,
                    add={"descendants": 1},
                    condition=Attr("status").exists() & has_room,
                ),
            ]
        )
    except LedgerConflictError as conflict:
        # Either it is noted already, by a delivery that broke off, or there is no room.
        if conflict.row is None or conflict.row["sk"] == DOCUMENT_SK:
            return None
        return _to_child(conflict.row)
    return child


def find_origin(table: LedgerTable, key: str) -> Child | None:
    """Whence the object of a key came, if the pipeline took it out of a document, or None."""
    row_key = _find_row_key(key)
    row = None if row_key is None else table.read_row(*row_key)
    return _to_child(row) if row is not None and row["key"] == key else None


def note_child_erased(table: LedgerTable, key: str) -> None:
    """Note that a child was erased, so that no later reading of its parent puts it again."""
    row_key = _find_row_key(key)
    if row_key is None:
        return
    with suppress(LedgerConflictError):
        there = Attr("pk").exists()
        table.update_row(Update(*row_key, assign={"is_erased": True}, condition=there))


def list_children(table: LedgerTable, document_id: str) -> Iterator[Child]:
    """All children of a document: those of a reading that broke off, and of a refused one, too."""
    rows = table.query_rows(document_pk(document_id), _CHILD_SK, f"{_CHILD_SK}~")
    return map(_to_child, rows)


def _find_row_key(key: str) -> tuple[str, str] | None:
    """The row of the child whose object has a key; None where that is no child's."""
    match = _CHILD_KEY.fullmatch(key)
    return None if match is None else _child_row_key(match[1], match[2])


def _child_row_key(parent: str, content_sha256: str) -> tuple[str, str]:
    return document_pk(parent), f"{_CHILD_SK}{content_sha256[:_DIGITS_OF_HASH]}"


def _to_child(row: Mapping[str, Any]) -> Child:
    return Child(**{one.name: row[one.name] for one in fields(Child) if one.name in row})
