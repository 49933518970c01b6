"""Which documents are meant to be erased: by the key of their object, or by how it begins.

S3 knows the versions that are there, the ledger those that have expired or were deleted.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from unicodedata import normalize

from pipeline.erasure.erasure_types import ErasureServices
from shared.ledger.children import list_children
from shared.ledger.document_lists import list_documents
from shared.ledger.document_versions import list_versions
from shared.ledger.documents import find_document
from shared.messages.uploads import make_document_id


@dataclass(frozen=True)
class WantedDocument:
    """A document that is to be erased; its status is empty where it has not arrived."""

    document_id: str
    key: str
    status: str


def find_versions_of_key(key: str, services: ErasureServices) -> Iterator[WantedDocument]:
    """Every document of an object key, however the key is spelt (NFC, NFD); none of another."""
    bucket = services.documents_bucket
    for spelling in dict.fromkeys([key, normalize("NFC", key), normalize("NFD", key)]):
        for document_id, _ in list_versions(services.table, bucket, spelling):
            document = find_document(services.table, document_id)
            if document is not None:
                yield WantedDocument(document_id, document.key, document.status)


def find_inside(document_id: str, services: ErasureServices) -> Iterator[WantedDocument]:
    """Every document that came out of one, and out of those in turn: they are erased with it."""
    for child in list_children(services.table, document_id):
        for inside in find_versions_of_key(child.key, services):
            yield inside
            yield from find_inside(inside.document_id, services)


def find_under_prefix(
    prefix: str, days: int, services: ErasureServices
) -> Iterator[WantedDocument]:
    """Every document whose key begins so: of the bucket, and of the ledger's last `days` days."""
    bucket = services.documents_bucket
    in_bucket = (
        make_document_id(bucket, one.key, one.version_id, one.etag)
        for one in services.objects.list_versions(bucket, prefix)
        if not one.is_marker
    )
    in_ledger = (
        document.document_id
        for document in list_documents(services.table, services.now, days)
        if document.key.startswith(prefix)
    )
    for document_id in dict.fromkeys(chain(in_bucket, in_ledger)):
        document = find_document(services.table, document_id)
        if document is not None:
            yield WantedDocument(document_id, document.key, document.status)
