"""Documents to work on: their texts in S3, their plans in the ledger, their messages."""

import random
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from functions.wiring import build_table, utc_now
from pipeline.ingest.chunk_text import ChunkText, PageOfText, chunk_text_key
from shared.aws.objects import ObjectStore
from shared.aws.queues import Queues
from shared.ledger.document_texts import ExtractedText, record_extraction
from shared.ledger.document_versions import register_document
from shared.ledger.documents import ChunkPages
from shared.messages.document_messages import Combine, SummarizeChunk
from shared.messages.message import encode_message
from shared.messages.uploads import Upload
from tests.fakes.aws.aws_account import AwsAccount


@dataclass(frozen=True)
class SyntheticDocument:
    """A document whose text is known: chunks of one page each."""

    document_id: str
    text_address: str
    chunks: int

    @property
    def messages(self) -> list[SummarizeChunk]:
        return [
            SummarizeChunk(
                document_id=self.document_id,
                run=1,
                chunk_number=number,
                text_key=chunk_text_key(self.text_address, number),
                first_page=number,
                last_page=number,
            )
            for number in range(1, self.chunks + 1)
        ]

    @property
    def chunk_ids(self) -> list[str]:
        return [message.item_id for message in self.messages]

    @property
    def combine_id(self) -> str:
        return Combine(document_id=self.document_id, run=1, chunks_done=self.chunks).item_id


def seed_documents(
    account: AwsAccount,
    count: int,
    chunks: int,
    *,
    first_index: int = 0,
    special_texts: dict[tuple[int, int], str | None] | None = None,
    received_at: datetime | None = None,
) -> list[SyntheticDocument]:
    """Enter documents as ingest leaves them: EXTRACTED, with their texts in the artifacts bucket.

    Args:
        account: Where to.
        count: How many documents.
        chunks: How many chunks each has.
        first_index: The index of the first; documents of one index are the same.
        special_texts: The text of single chunks, by index of the document and chunk number; None
            for a chunk whose text is gone.
        received_at: When the documents arrived; now by default.
    """

    def seed(index: int) -> SyntheticDocument:
        return _seed_document(account, index, chunks, special_texts or {}, received_at)

    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(seed, range(first_index, first_index + count)))


def _seed_document(
    account: AwsAccount,
    index: int,
    chunks: int,
    special_texts: dict[tuple[int, int], str | None],
    received_at: datetime | None,
) -> SyntheticDocument:
    def now() -> datetime:
        return received_at or utc_now()

    table = build_table(account.settings, account.clients)
    upload = Upload(
        bucket=account.settings.documents_bucket,
        key=f"report-{index:05d}.pdf",
        version_id="v1",
        etag="e",
        size_bytes=1,
        sequencer="0A",
    )
    document = register_document(table, upload, now)
    synthetic = SyntheticDocument(document.document_id, f"synthetic-{index}", chunks)
    objects = ObjectStore(account.clients.s3)
    for number in range(1, chunks + 1):
        text = special_texts.get(
            (index, number),
            f"Report {index}, part {number}.\nThe heron of island {index} counts {number} tides.",
        )
        if text is None:
            continue
        objects.write_json(
            account.settings.artifacts_bucket,
            chunk_text_key(synthetic.text_address, number),
            ChunkText(pages=(PageOfText(number=number, text=text),)).model_dump(mode="json"),
        )
    extraction = ExtractedText(
        text_address=synthetic.text_address,
        next_page=chunks + 1,
        pages=chunks,
        empty_pages="",
        failed_pages="",
        chunk_plan=tuple(ChunkPages(first_page=n, last_page=n) for n in range(1, chunks + 1)),
    )
    record_extraction(table, document, extraction, now)
    return synthetic


def list_bodies(documents: Iterable[SyntheticDocument], copies: int, seed: int = 0) -> list[str]:
    """The messages of all chunks, each so many times, in a mixed order."""
    bodies = [
        encode_message(message) for document in documents for message in document.messages
    ] * copies
    random.Random(seed).shuffle(bodies)
    return bodies


def send_bodies(account: AwsAccount, bodies: list[str]) -> None:
    """Send messages to the work queue."""
    Queues(account.clients.sqs).send(account.settings.work_queue_url, bodies)
