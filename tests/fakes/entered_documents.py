"""Documents in the ledger, entered and moved as the functions do."""

from datetime import UTC, datetime, timedelta

from pipeline.summaries.coverage import Coverage
from pipeline.summaries.results import DocumentSummary
from shared.aws.dynamodb_table import LedgerTable
from shared.ledger.document_versions import register_document
from shared.ledger.documents import move_document
from shared.lifecycle import DocumentStatus
from shared.messages.uploads import Upload


class Ledger:
    """Enters documents as the functions do."""

    def __init__(self, account):
        self.account = account
        self.table = LedgerTable(
            account.clients.dynamodb, account.settings.ledger_table, lambda seconds: None
        )
        self.now = datetime.now(UTC)

    def enter(self, key, version="v1", age=timedelta(0)):
        self.now = datetime.now(UTC) - age
        upload = Upload(self.account.settings.documents_bucket, key, version, "e", 1, version)
        return register_document(self.table, upload, lambda: self.now)

    def move(self, document, status, **changes):
        move_document(self.table, document, status, lambda: self.now, step="test", changes=changes)

    def finish(self, document, title="A report", points=(), coverage=None):
        """Make a document DONE, with its summary in the artifacts bucket."""
        key = f"results/{document.document_id}/1.1/summary.json"
        summary = DocumentSummary(
            document_id=document.document_id,
            key=document.key,
            status=DocumentStatus.DONE,
            title=title,
            abstract="It says this and that.",
            key_points=list(points),
            language="en",
            coverage=coverage
            or Coverage(
                pages=2, summarised_pages="1-2", empty_pages="", failed_pages="", missing_pages=""
            ),
            model="tiny",
            input_tokens=1200,
            output_tokens=80,
            cost_usd=0.0123,
        )
        self.account.clients.s3.put_object(
            Bucket=self.account.settings.artifacts_bucket,
            Key=key,
            Body=summary.model_dump_json().encode(),
        )
        self.move(document, DocumentStatus.EXTRACTED, pages=2, chunks_total=1)
        self.move(document, DocumentStatus.SUMMARIZING)
        self.move(
            document,
            DocumentStatus.DONE,
            title=title,
            model="tiny",
            input_tokens=1200,
            output_tokens=80,
            cost_micro_usd=12_300,
            result_key=key,
        )
