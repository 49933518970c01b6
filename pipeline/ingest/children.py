"""Documents inside of a document, put into its bucket as documents of their own.

What is here holds for any format that has documents inside: an open document hands out their bytes,
and the rest is the same. A child then goes the way of all documents, from the
notification of its bucket on: it has a status, a bill and a place in the report of its own.
"""

import hashlib
from io import BufferedRandom
from pathlib import Path

from pipeline.extraction.document import OpenDocument
from pipeline.services import Services
from shared.document_formats import PDF, find_format
from shared.ledger.children import enter_child, plan_child
from shared.ledger.documents import Document, EmbeddedFile
from shared.messages.uploads import make_document_id

# How many documents a document may lie in, and how many may come out of one that is uploaded: a
# file that holds files that hold files would have no end.
MAX_DEPTH = 3
MAX_DESCENDANTS = 100
TOO_DEEP = f"it would lie in more than {MAX_DEPTH} others"
TOO_MANY = f"{MAX_DESCENDANTS} documents have come out of the same file"
ERASED = "it was deleted"


def put_children(
    document: Document, opened: OpenDocument, target: Path, services: Services
) -> tuple[EmbeddedFile, ...]:
    """Put the documents inside of a document beside it; say of each file what became of it.

    The key of a child comes from its parent's id and its own bytes, and nothing is put where
    something is: a repeated delivery puts nothing a second time.

    Args:
        document: The document.
        opened: The same, open.
        target: A file for the bytes of one child at a time.
        services: The ledger and S3.

    Raises:
        DeadlineError: The time is up.
        RetryableError, DeferredError: As the ledger, S3 and the reader do.
    """
    if document.depth >= MAX_DEPTH:
        return tuple(EmbeddedFile(name=name, reason=TOO_DEEP) for name in opened.embedded_files)
    found: list[EmbeddedFile] = []
    with target.open("w+b") as bytes_inside:
        for file in opened.take_files(bytes_inside):
            if file.reason is not None:
                found.append(EmbeddedFile(name=file.name, reason=file.reason))
                continue
            child = _put_child(document, file.name, bytes_inside, services)
            # The same file under the same name twice is one.
            if child.document_id is None or child not in found:
                found.append(child)
    return tuple(found)


def _put_child(
    document: Document, name: str, file: BufferedRandom, services: Services
) -> EmbeddedFile:
    file.seek(0)
    content_sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    planned = plan_child(document, name, content_sha256)
    child = enter_child(services.table, planned, MAX_DESCENDANTS, services.now)
    if child is None:
        return EmbeddedFile(name=name, reason=TOO_MANY)
    if child.is_erased:
        return EmbeddedFile(name=name, reason=ERASED)
    media_type = (find_format(name) or PDF).media_type
    version_id, etag = services.objects.create(document.bucket, child.key, file, media_type)
    child_id = make_document_id(document.bucket, child.key, version_id, etag)
    return EmbeddedFile(name=name, document_id=child_id)
