"""Text that is gone from the artifacts bucket is read anew, as long as the file is there."""

import pytest

from shared.aws.dynamodb_table import Update
from shared.ledger.chunks import ChunkStatus, chunk_row_key
from shared.ledger.documents import document_pk
from shared.ledger.timeline import read_timeline
from shared.lifecycle import DocumentStatus
from shared.messages.document_messages import SummarizeChunk
from shared.messages.message import encode_message
from shared.messages.reading_messages import ContinueIngest
from tests.fakes.aws.ledger_rows import force
from tests.fakes.desks.task_desk import open_task_desk
from tests.fakes.pdf.pdf_files import make_text_pdf

KEY = "harbour.pdf"
PDF = make_text_pdf("The harbour opened in 1907.", "The pier was built of granite.")


@pytest.fixture
def desk():
    with open_task_desk(with_model=False) as desk:
        yield desk


def ingest(desk, key=KEY):
    """Put a document of which no chunk is summarised yet."""
    desk.account.upload(key, PDF)
    while desk.pipeline.ingest.poll():
        pass
    return desk.pipeline.document(key)


def lose(desk, bucket, prefix):
    """Delete all versions of what a bucket holds."""
    s3 = desk.account.clients.s3
    versions = s3.list_object_versions(Bucket=bucket, Prefix=prefix)
    for one in [*versions.get("Versions", []), *versions.get("DeleteMarkers", [])]:
        s3.delete_object(Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"])


def lose_texts(desk):
    lose(desk, desk.account.settings.artifacts_bucket, "text/")


def send_chunk(desk, document, number=1):
    chunk = document.chunk_plan[number - 1]
    message = SummarizeChunk(
        document_id=document.document_id,
        run=document.run,
        chunk_number=number,
        text_key=f"text/{document.text_address}/{number:06d}.json",
        first_page=chunk.first_page,
        last_page=chunk.last_page,
    )
    desk.account.clients.sqs.send_message(
        QueueUrl=desk.account.settings.work_queue_url, MessageBody=encode_message(message)
    )
    desk.pipeline.run()
    return desk.pipeline.document(KEY)


def forget_deliveries(desk):
    """Let time pass, until nobody remembers which messages were handled."""
    dynamodb, name = desk.account.clients.dynamodb, desk.account.settings.idempotency_table
    for item in dynamodb.scan(TableName=name)["Items"]:
        dynamodb.delete_item(TableName=name, Key={"id": item["id"]})


def steps(desk, document):
    return [event.step for event in read_timeline(desk.table, document_pk(document.document_id))]


def test_a_document_whose_text_is_gone_is_read_anew(desk):
    waiting = ingest(desk)
    assert waiting.status is DocumentStatus.SUMMARIZING
    lose_texts(desk)
    desk.pipeline.run()
    document = desk.pipeline.document(KEY)
    assert (document.status, document.run) == (DocumentStatus.DONE, 2)
    assert document.pages == 2
    assert steps(desk, document).count("begun anew") == 1
    assert desk.letters() == []
    # What comes late of the first run does nothing.
    rest = ContinueIngest(document_id=document.document_id, run=1, next_page=1)
    desk.account.clients.sqs.send_message(
        QueueUrl=desk.account.settings.uploads_queue_url, MessageBody=encode_message(rest)
    )
    assert send_chunk(desk, waiting) == document


def test_text_that_is_gone_is_not_taken_over_for_the_same_bytes(desk):
    first = desk.put(KEY, PDF)
    lose_texts(desk)
    asked = desk.do("ask", id="before", question="When did it open?", documents=[KEY])
    assert "put the file into the bucket again" in asked.reason
    second = desk.put("copy.pdf", PDF)
    assert second.status is DocumentStatus.DONE
    assert second.text_address == first.text_address
    third = desk.put("third.pdf", PDF)
    taken_over = [
        event.details.get("reused_from")
        for one in (second, third)
        for event in read_timeline(desk.table, document_pk(one.document_id))
        if event.step == "extracted"
    ]
    assert taken_over == [None, second.document_id]
    # Its text serves the first document again.
    assert desk.do("ask", id="q", question="When did it open?", documents=[KEY]).result_key


def test_where_the_file_is_gone_too_the_document_is_refused(desk):
    ingest(desk)
    lose_texts(desk)
    lose(desk, desk.account.settings.documents_bucket, KEY)
    desk.pipeline.run()
    document = desk.pipeline.document(KEY)
    assert (document.status, document.reason_code) == (DocumentStatus.REJECTED, "object_gone")
    assert desk.letters() == []


def test_text_that_is_always_gone_again_ends_as_a_dead_letter(desk):
    events = desk.account.clients.s3.meta.events

    def lose_at_once(**others):
        lose_texts(desk)

    events.register("after-call.s3.PutObject", lose_at_once)
    try:
        ingest(desk)
        desk.pipeline.run()
    finally:
        events.unregister("after-call.s3.PutObject", lose_at_once)
    document = desk.pipeline.document(KEY)
    assert (document.status, document.run) == (DocumentStatus.FAILED, 5)
    ((body, failure),) = desk.letters()
    assert body["kind"] == "summarize_chunk"
    assert "NoSuchKey" in str(failure)


@pytest.mark.parametrize("with_file", [True, False])
def test_a_replayed_chunk_of_a_partial_document(desk, with_file):
    document = desk.put(KEY, PDF)
    force(desk.table, document, status="PARTIAL", chunks_done=0, chunks_failed=1)
    pk, sk = chunk_row_key(document.document_id, document.run, 1)
    desk.table.update_row(Update(pk, sk, assign={"status": ChunkStatus.FAILED}))
    lose_texts(desk)
    forget_deliveries(desk)
    if not with_file:
        lose(desk, desk.account.settings.documents_bucket, KEY)
    after = send_chunk(desk, document)
    if with_file:
        assert (after.status, after.run) == (DocumentStatus.DONE, 2)
    else:
        assert (after.status, after.run) == (DocumentStatus.PARTIAL, 1)
        assert after.result_key == document.result_key


@pytest.mark.parametrize("run", [1, 5])
def test_the_text_of_a_chunk_that_is_summarised_is_not_missed(desk, run):
    document = desk.put(KEY, PDF)
    document = force(desk.table, document, status="PARTIAL", chunks_failed=1, run=run)
    pk, sk = chunk_row_key(document.document_id, run, 1)
    done = {"status": ChunkStatus.DONE, "run": run}
    desk.table.update_row(Update(pk, sk, assign=done))
    lose_texts(desk)
    forget_deliveries(desk)
    after = send_chunk(desk, document)
    assert (after.status, after.run) == (DocumentStatus.PARTIAL, run)
    assert desk.letters() == []


def test_a_document_that_failed_is_read_anew_when_its_upload_is_replayed(desk):
    document = desk.put(KEY, PDF)
    force(desk.table, document, status="FAILED", chunks_done=0, chunks_failed=1)
    lose_texts(desk)
    forget_deliveries(desk)
    desk.account.announce(KEY, document.version_id, document.etag, document.size_bytes)
    desk.pipeline.run()
    after = desk.pipeline.document(KEY)
    assert (after.status, after.run) == (DocumentStatus.DONE, 2)
