"""What a document came out of and what came out of it, for `seashore show` and `explain`."""

from infra.cli.documents.table import shorten_id
from shared.aws.dynamodb_table import LedgerTable
from shared.ledger.documents import (
    Document,
    document_row_key,
    find_document,
    is_erased,
    to_document,
)


def read_children(table: LedgerTable, document: Document) -> dict[str, Document]:
    """The documents that came out of one, by their ids, as far as they have arrived."""
    ids = dict.fromkeys(file.document_id for file in document.embedded_files if file.document_id)
    rows = table.read_rows([document_row_key(document_id) for document_id in ids]) if ids else []
    there = [row for row in rows if row is not None and not is_erased(row)]
    return {row["document_id"]: to_document(row) for row in there}


def list_relatives(table: LedgerTable, document: Document) -> list[tuple[str, str]]:
    """The document that one came out of, and the files inside of it, as labels and values."""
    facts = []
    if document.parent is not None:
        parent = find_document(table, document.parent)
        called = parent.called if parent is not None else "a document that is gone"
        facts.append(("Parent", f"{called} ({document.parent})"))
        if parent is not None and parent.superseded_by is not None:
            facts.append(("", f"replaced by {parent.superseded_by}, a newer version of the file"))
    children = read_children(table, document)
    for number, file in enumerate(document.embedded_files):
        label = "" if number else "Inside"
        if file.document_id is None:
            facts.append((label, f"{file.name}: not read ({file.reason})"))
            continue
        child = children.get(file.document_id)
        status = "on its way" if child is None else child.status
        facts.append((label, f"{file.name}: {status} ({shorten_id(file.document_id)})"))
    return facts
