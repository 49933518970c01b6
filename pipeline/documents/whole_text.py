"""The text of a document as one object, made when somebody asks for it."""

import tempfile
from pathlib import PurePosixPath

from pipeline.documents.document_listing import has_text
from pipeline.documents.document_reader import DocumentReader
from pipeline.ingest.chunk_text import whole_text_key
from shared.errors import NothingFoundError
from shared.ledger.documents import Document


def provide_whole_text(document: Document, reader: DocumentReader) -> tuple[str, str]:
    """Write all pages of a document, each under its number, unless that is done already.

    It lies beside the text of its chunks and goes with it: what erases the one erases the other.

    Returns:
        The key of the object in the artifacts bucket, and a name for its file.

    Raises:
        NothingFoundError: It has no text, or is deleted.
        ObjectMissingError: Its text is gone from the artifacts bucket.
    """
    if not has_text(document):
        raise NothingFoundError(f"there is no text: the document is {document.status}")
    key = whole_text_key(document)
    bucket, objects = reader.artifacts_bucket, reader.objects
    if key not in objects.list_keys(bucket, key):
        with tempfile.TemporaryFile() as file:
            page = 0
            for passage in reader.read_passages(document):
                heading = f"[{document.unit} {passage.page}]\n" if passage.page != page else ""
                page = passage.page
                file.write(f"{heading}{passage.text.rstrip()}\n\n".encode())
            objects.write_file(bucket, key, file, "text/plain; charset=utf-8")
    return key, f"{PurePosixPath(document.called).name or 'document'}.txt"
