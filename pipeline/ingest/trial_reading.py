"""Read a document and keep nothing of it: what `seashore tune` measures of ingest and convert.

All of a document's reading is done that depends on memory and processor: it is fetched, parsed in
its jail and grouped into chunks. Nothing is written, sent or noted, so a trial may be repeated.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from pipeline.ingest.chunking import group_pages
from pipeline.ingest.downloads import download_document
from pipeline.ingest.ingest_document import IngestServices
from shared.deadline import Deadline
from shared.errors import ObjectMissingError
from shared.ledger.documents import find_document


class ReadingTrial(BaseModel):
    """What an event with a trial asks for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    document_id: str = Field(min_length=1, max_length=64)


def try_reading(
    trial: ReadingTrial, services: IngestServices, deadline: Deadline
) -> dict[str, Any]:
    """Read a document that the ledger knows: how many pages and chunks came of it.

    Raises:
        ObjectMissingError: The ledger knows no such document.
        RejectedDocumentError, RetryableError, DeferredError: As reading it does.
    """
    document = find_document(services.table, trial.document_id)
    if document is None:
        raise ObjectMissingError(f"there is no document {trial.document_id}")
    with (
        download_document(document, services.objects, services.max_document_bytes) as path,
        services.extractor.open(path, deadline) as opened,
    ):
        chunks = list(group_pages(opened.pages(first_page=1), services.chunk_tokens))
    return {"pages": sum(len(chunk.pages) for chunk in chunks), "chunks": len(chunks)}
