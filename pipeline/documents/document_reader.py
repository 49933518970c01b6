"""What tasks may read of documents: their rows, the text of their pages, their summaries.

It has no way to write, so whatever a tool is made to do by a document's text, nothing changes.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, timedelta
from pathlib import PurePosixPath
from typing import Any

from pipeline.documents.passages import PassageReader
from pipeline.summaries.results import DocumentSummary
from shared.errors import ObjectMissingError
from shared.ledger.document_lists import list_documents, list_in_flight
from shared.ledger.document_versions import find_current_document_id
from shared.ledger.documents import Clock, Document, find_document
from shared.ledger.tasks import Task, list_tasks
from shared.lifecycle import DocumentStatus

_ID = re.compile(r"d[0-9a-f]{20}")
_PARALLEL_READS = 8
_REPORT_DAYS = 8

# What lies beside the result of an extraction of which `not_borne_out` is more than 0.
REVIEW_FILE = "review.json"


@dataclass(frozen=True)
class DocumentReader(PassageReader):
    """Reads documents as the pipeline has kept them; a document's PDF is out of its reach.

    Args:
        table: The ledger.
        objects: S3.
        documents_bucket: The bucket that keys are of.
        artifacts_bucket: Where texts and summaries lie.
        now: The clock.
    """

    now: Clock

    def find(self, name: str) -> Document | None:
        """The document of an id, else the newest of a key, or None."""
        document = find_document(self.table, name) if _ID.fullmatch(name) else None
        if document is not None:
            return document
        return self.find_by_key(name)

    def find_by_key(self, key: str) -> Document | None:
        """The newest document of a key, or None."""
        current = find_current_document_id(self.table, self.documents_bucket, key)
        return None if current is None else find_document(self.table, current)

    def list_recent(self, days: int) -> Iterator[Document]:
        """The documents of the last days, the newest first."""
        return list_documents(self.table, self.now, days)

    def list_in_flight(self) -> Iterator[Document]:
        """The documents without a final status, oldest first."""
        return list_in_flight(self.table, self.now())

    def list_recent_tasks(self, days: int) -> Iterator[Task]:
        """The tasks of the last days, the newest first."""
        return list_tasks(self.table, self.now, days)

    def find_latest_report(self) -> dict[str, Any] | None:
        """The newest daily report of the last days, as JSON, or None."""
        today = self.now().astimezone(UTC).date()
        for age in range(_REPORT_DAYS):
            try:
                return self.read_report(f"{today - timedelta(days=age):%Y-%m-%d}")
            except ObjectMissingError:
                continue
        return None

    def read_report(self, day: str) -> dict[str, Any]:
        """The report of a day, as JSON.

        Raises:
            ObjectMissingError: There is none.
        """
        return self.read_json(report_key(day))

    def read_json(self, key: str) -> dict[str, Any]:
        """An object of the artifacts bucket, such as the result of a task.

        Raises:
            ObjectMissingError: There is none.
        """
        content: dict[str, Any] = self.objects.read_json(self.artifacts_bucket, key)
        return content

    def read_candidates(self, result_key: str, result: Mapping[str, Any]) -> list[dict[str, Any]]:
        """What a model has given for a task and no page bears out; it lies beside the result.

        Args:
            result_key: Where the result lies.
            result: The result.

        Raises:
            ObjectMissingError: It is gone.
        """
        if not result.get("not_borne_out"):
            return []
        candidates: list[dict[str, Any]] = self.read_json(
            str(PurePosixPath(result_key).with_name(REVIEW_FILE))
        )["candidates"]
        return candidates

    def read_summary(self, document: Document) -> DocumentSummary | None:
        """A document's summary, or None if there is none (yet), or none any more.

        Raises:
            ObjectMissingError: It is gone from the artifacts bucket.
        """
        if document.result_key is None or document.status is DocumentStatus.DELETED:
            return None
        return DocumentSummary.model_validate(
            self.objects.read_json(self.artifacts_bucket, document.result_key)
        )


def report_key(day: str) -> str:
    """Where the report of a day lies in the artifacts bucket, as JSON."""
    return f"reports/{day}/report.json"
