"""A document whose object was deleted from the bucket: DELETED, out of all answers, and listed."""

import itertools

import pytest

from functions.wiring import utc_now
from pipeline.chat.extractive_chat import choose_documents
from pipeline.documents.document_listing import has_text
from pipeline.documents.document_reader import DocumentReader
from shared.aws.objects import ObjectStore
from shared.ledger.document_versions import find_current_document_id
from shared.ledger.documents import document_pk, find_document
from shared.ledger.timeline import read_timeline
from shared.lifecycle import DocumentStatus
from tests.fakes.desks.running_pipeline import run_pipeline
from tests.fakes.pdf.nesting_pdf_files import make_portfolio
from tests.fakes.pdf.pdf_files import make_text_pdf

PIER = make_text_pdf("The pier at Ravnsund was opened in 1931.")
FERRY = make_text_pdf("The ferry leaves at noon.")


@pytest.fixture
def pipeline(account):
    with run_pipeline(account) as pipeline:
        yield pipeline


def put(pipeline, key, content=PIER, sequencer="0A"):
    account = pipeline.account
    stored = account.clients.s3.put_object(
        Bucket=account.settings.documents_bucket, Key=key, Body=content
    )
    account.announce(key, stored["VersionId"], stored["ETag"], len(content), sequencer)
    return stored["VersionId"]


def read(pipeline):
    account = pipeline.account
    return DocumentReader(
        pipeline.table,
        ObjectStore(account.clients.s3),
        account.settings.documents_bucket,
        account.settings.artifacts_bucket,
        utc_now,
    )


def test_a_deleted_object_is_out_of_answers_and_stays_listed(pipeline):
    put(pipeline, "a.pdf")
    pipeline.run()
    assert pipeline.document("a.pdf").status is DocumentStatus.DONE
    pipeline.account.announce_deletion("a.pdf", sequencer="0B")
    pipeline.run()
    document, reader = pipeline.document("a.pdf"), read(pipeline)
    assert (document.status, document.reason_code) == (DocumentStatus.DELETED, "deleted")
    assert not has_text(document)
    assert reader.read_summary(document) is None
    assert choose_documents(reader, "pier").documents == []
    assert [one.document_id for one in reader.list_recent(2)] == [document.document_id]
    last = read_timeline(pipeline.table, document_pk(document.document_id))[-1]
    assert (last.step, last.details["by"]) == ("deleted", "AWS:ADA")


def test_every_version_that_came_before_is_deleted_and_a_later_one_is_new(pipeline):
    for content, sequencer in ((PIER, "0A"), (FERRY, "0B")):
        put(pipeline, "a.pdf", content, sequencer)
    pipeline.run()
    put(pipeline, "a.pdf", PIER, "0D")
    pipeline.account.announce_deletion("a.pdf", sequencer="0C")
    pipeline.run()
    statuses = [document.status for document in read(pipeline).list_recent(2)]
    assert sorted(statuses) == ["DELETED", "DELETED", "DONE"]
    assert pipeline.document("a.pdf").status is DocumentStatus.DONE


def test_one_deleted_version_leaves_the_others(pipeline):
    old = put(pipeline, "a.pdf", PIER, "0A")
    put(pipeline, "a.pdf", FERRY, "0B")
    pipeline.run()
    pipeline.account.announce_deletion("a.pdf", old, sequencer="0C")
    pipeline.run()
    statuses = {one.superseded_by is None: one.status for one in read(pipeline).list_recent(2)}
    assert statuses == {True: DocumentStatus.DONE, False: DocumentStatus.DELETED}


@pytest.mark.parametrize("order", list(itertools.permutations(["old", "new", "deletion"])))
def test_in_whatever_order_s3_tells_of_it(pipeline, order):
    """Amazon S3 User Guide, "Event ordering and duplicate events": no order is promised."""
    say = {
        "old": lambda: put(pipeline, "a.pdf", PIER, "0A"),
        "deletion": lambda: pipeline.account.announce_deletion("a.pdf", sequencer="0B"),
        "new": lambda: put(pipeline, "a.pdf", FERRY, "0C"),
    }
    for event in order:
        say[event]()
        pipeline.run()
    statuses = {one.superseded_by is None: one.status for one in read(pipeline).list_recent(2)}
    assert statuses == {True: DocumentStatus.DONE, False: DocumentStatus.DELETED}


def test_a_document_that_is_deleted_while_it_is_read_or_summarised_stays_so(pipeline):
    put(pipeline, "a.pdf")
    pipeline.ingest.poll()
    pipeline.account.announce_deletion("a.pdf", sequencer="0B")
    pipeline.run()
    document = pipeline.document("a.pdf")
    assert (document.status, document.chunks_done) == (DocumentStatus.DELETED, 0)
    for queue in ("work_queue_url", "work_dlq_url", "uploads_dlq_url"):
        url = getattr(pipeline.account.settings, queue)
        assert pipeline.account.count_messages(url) == 0


def test_what_came_out_of_a_document_goes_with_it(pipeline):
    put(pipeline, "board.pdf", make_portfolio([("pier.pdf", PIER)]))
    pipeline.run()
    [file] = pipeline.document("board.pdf").embedded_files
    pipeline.account.announce_deletion("board.pdf", sequencer="0B")
    pipeline.run()
    assert find_document(pipeline.table, file.document_id).status is DocumentStatus.DELETED


def test_a_deletion_of_what_was_never_a_document_is_nothing(pipeline):
    pipeline.account.announce_deletion("a.pdf", sequencer="0B")
    pipeline.account.announce_deletion("b.pdf", "unknown", sequencer="0B")
    pipeline.run()
    bucket = pipeline.account.settings.documents_bucket
    assert find_current_document_id(pipeline.table, bucket, "a.pdf") is None
    assert pipeline.account.count_messages(pipeline.account.settings.uploads_dlq_url) == 0


@pytest.mark.parametrize("is_told_first", [True, False])
def test_a_version_that_goes_while_it_is_first_read_is_deleted(pipeline, is_told_first):
    """S3 may tell of it before the arrival is read, or after the reading has found nothing."""
    account = pipeline.account
    version_id = put(pipeline, "a.pdf")
    bucket = account.settings.documents_bucket
    s3 = account.clients.s3

    def remove(**_):
        s3.meta.events.unregister("before-call.s3.GetObject", remove)
        s3.delete_object(Bucket=bucket, Key="a.pdf", VersionId=version_id)
        if is_told_first:
            note_removal_of(pipeline, version_id)

    s3.meta.events.register("before-call.s3.GetObject", remove)
    pipeline.run()
    if not is_told_first:
        note_removal_of(pipeline, version_id)
    pipeline.run()
    document = pipeline.document("a.pdf")
    assert (document.status, document.reason_code) == (DocumentStatus.DELETED, "deleted")
    for name in ("uploads_dlq_url", "work_dlq_url"):
        assert account.count_messages(getattr(account.settings, name)) == 0


def test_a_version_whose_deletion_is_told_before_its_arrival_is_deleted(pipeline):
    account = pipeline.account
    version_id = put(pipeline, "a.pdf")
    bucket = account.settings.documents_bucket
    account.clients.s3.delete_object(Bucket=bucket, Key="a.pdf", VersionId=version_id)
    [arrival] = pipeline.ingest.receive()
    note_removal_of(pipeline, version_id)
    pipeline.run()
    account.clients.sqs.send_message(
        QueueUrl=account.settings.uploads_queue_url, MessageBody=arrival["body"]
    )
    pipeline.run()
    document = pipeline.document("a.pdf")
    assert (document.status, document.reason_code) == (DocumentStatus.DELETED, "deleted")


def note_removal_of(pipeline, version_id):
    pipeline.account.announce_deletion("a.pdf", version_id, sequencer="0B")
