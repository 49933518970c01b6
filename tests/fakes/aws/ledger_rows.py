"""Rows of the ledger's table on moto, seen from outside, and documents to begin with."""

from datetime import UTC, datetime, timedelta

from boto3.dynamodb.types import TypeDeserializer

from shared.aws.dynamodb_table import LedgerTable, Update
from shared.ledger.document_texts import ExtractedText, record_extraction
from shared.ledger.document_versions import register_document
from shared.ledger.documents import ChunkPages, find_document
from shared.messages.uploads import Upload

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Clock:
    """A clock that goes on by a second each time it is read."""

    def __init__(self, at=START):
        self.at = at

    def __call__(self):
        self.at += timedelta(seconds=1)
        return self.at


def open_table(account):
    """The ledger of an account, without waiting between tries."""
    return LedgerTable(account.clients.dynamodb, account.settings.ledger_table, lambda s: None)


def scan_rows(table):
    """Every row, by its two keys."""
    deserialize = TypeDeserializer().deserialize
    items = table.client.scan(TableName=table.name)["Items"]
    rows = [{name: deserialize(value) for name, value in item.items()} for item in items]
    return {(row["pk"], row["sk"]): row for row in rows}


def clear_table(table):
    """Delete every row."""
    for pk, sk in scan_rows(table):
        table.client.delete_item(TableName=table.name, Key={"pk": {"S": pk}, "sk": {"S": sk}})


def make_upload(version="v1", *, key="a.pdf", sequencer="0A", size_bytes=10):
    return Upload(
        "documents", key, version, f"etag-{version}", size_bytes, sequencer.ljust(64, "0")
    )


def make_extraction(chunks=2, *, pages=None, empty="", failed=""):
    """A text of one page a chunk."""
    return ExtractedText(
        text_address="address",
        next_page=(pages or chunks) + 1,
        pages=chunks if pages is None else pages,
        empty_pages=empty,
        failed_pages=failed,
        chunk_plan=tuple(ChunkPages(first_page=n, last_page=n) for n in range(1, chunks + 1)),
    )


def extract_document(table, now, chunks=2, upload=None, **extraction):
    """A document whose text has been read into chunks."""
    document = register_document(table, upload or make_upload(), now)
    record_extraction(table, document, make_extraction(chunks, **extraction), now)
    return find_document(table, document.document_id)


def force(table, document, **attributes):
    """Set attributes of a document's row, whatever the rules; the document as it is then."""
    table.update_row(Update(f"DOC#{document.document_id}", "DOC", assign=attributes))
    return find_document(table, document.document_id)
