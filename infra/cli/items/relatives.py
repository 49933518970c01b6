"""What a document came out of and what came out of it, for `seashore show` and `explain`."""

from infra.cli.documents.table import shorten_id
from shared.aws.dynamodb_table import LedgerTable
from shared.ledger.document_lists import read_children
from shared.ledger.documents import Document, find_document


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
