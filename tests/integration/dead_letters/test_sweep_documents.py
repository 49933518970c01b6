"""The sweep, on moto: documents whose processes died are settled, and no others."""

import json
from datetime import timedelta

import pytest

from functions.delivery.batch import process_batch
from functions.worker import build_worker
from shared.ledger.chunks import Chunk, ChunkStatus, read_parts, record_chunk
from shared.ledger.documents import document_pk, find_document
from shared.ledger.timeline import note_delay, read_timeline
from shared.lifecycle import DocumentStatus
from shared.llm.extractive.extractive_model import ExtractiveModel
from shared.messages.document_messages import Combine, SummarizeChunk
from shared.messages.message import encode_message
from shared.messages.work_items import Sweep
from tests.fakes.aws.aws_account import notification
from tests.fakes.aws.event_source import EventSource
from tests.fakes.aws.kept_account import open_account
from tests.fakes.aws.ledger_rows import (
    START,
    Clock,
    extract_document,
    force,
    make_upload,
    scan_rows,
)
from tests.fakes.desks.sweep_desk import LOST_AFTER, Desk, read_state


@pytest.fixture
def desk():
    with open_account() as account:
        yield Desk(account)


@pytest.mark.parametrize("status", DocumentStatus)
def test_letters_are_looked_at_whatever_is_in_flight(desk, status):
    """A task that is DONE may have died before its sender was told."""
    desk.now = START + timedelta(minutes=1)
    force(desk.table, desk.document, status=status, in_flight=None)
    desk.put_letter()
    assert desk.sweep().letters_settled == 1


@pytest.mark.parametrize(
    "status", [DocumentStatus.RECEIVED, DocumentStatus.EXTRACTED, DocumentStatus.SUMMARIZING]
)
def test_a_document_that_no_message_can_be_left_of_is_settled_as_lost(desk, status):
    force(desk.table, desk.document, status=status)
    desk.now = START + LOST_AFTER
    assert desk.sweep().documents_lost == 0
    assert desk.document.status is status
    desk.now += timedelta(minutes=1)
    assert desk.sweep().documents_lost == 1
    document = desk.document
    assert (document.status, document.reason_code) == (DocumentStatus.FAILED, "lost")
    assert document.reason.endswith("put the file into the bucket again.")
    assert desk.sweep().documents_lost == 0
    steps = [event.step for event in read_timeline(desk.table, document_pk(desk.document_id))]
    assert steps == ["received", "lost"]


def test_a_document_whose_scanned_pages_are_lost_keeps_the_summary_of_the_others(desk):
    force(desk.table, desk.document, status=DocumentStatus.PARTIAL, recognising_pages="2-3")
    desk.now = START + LOST_AFTER + timedelta(minutes=1)
    assert desk.sweep().documents_lost == 1
    document = desk.document
    assert (document.status, document.is_final) == (DocumentStatus.PARTIAL, True)
    assert document.reason.startswith("Pages 2-3 were not recognised: Its messages are gone")
    assert desk.sweep().documents_lost == 0


def test_a_document_that_goes_on_is_not_lost_however_old(desk):
    desk.now = START + 2 * LOST_AFTER
    recently = (desk.now - timedelta(days=1)).isoformat(timespec="milliseconds")
    force(desk.table, desk.document, updated_at=recently)
    assert desk.sweep().documents_lost == 0


def test_a_document_whose_message_was_put_off_lately_is_not_lost(desk):
    desk.now = START + 2 * LOST_AFTER
    at = desk.now - LOST_AFTER + timedelta(minutes=1)
    note_delay(desk.table, document_pk(desk.document_id), at, "deferred", {"reason": "over_budget"})
    assert desk.sweep().documents_lost == 0
    desk.now += timedelta(minutes=2)
    assert desk.sweep().documents_lost == 1


def test_a_document_that_goes_on_meanwhile_is_not_settled(desk, monkeypatch):
    desk.now = START + 2 * LOST_AFTER

    def go_on(table, pk):
        force(desk.table, desk.document, updated_at=desk.now.isoformat(timespec="milliseconds"))
        return []

    monkeypatch.setattr("pipeline.dead_letters.lost_items.read_timeline", go_on)
    assert desk.sweep().documents_lost == 0
    assert desk.document.status is DocumentStatus.RECEIVED


class TestTheWorker:
    """The sweep as the worker carries it out, for a message from the schedule."""

    @pytest.fixture
    def sweep_once(self, desk):
        settings, clients = desk.account.settings, desk.account.clients
        consumer, runtime = build_worker(settings, clients, ExtractiveModel(), now=lambda: desk.now)
        source = EventSource(
            desk.sqs,
            settings.work_queue_url,
            lambda event, context: process_batch(event, context, consumer, runtime),
        )

        def send_and_poll():
            desk.sqs.send_message(
                QueueUrl=settings.work_queue_url, MessageBody=encode_message(Sweep())
            )
            while source.poll():
                pass

        return send_and_poll

    def test_chunks_whose_process_died_leave_a_failed_document(self, desk, sweep_once):
        upload = make_upload("v2", key="b.pdf")
        document = extract_document(desk.table, Clock(), 2, upload=upload)
        for number in (1, 2):
            message = SummarizeChunk(
                document_id=document.document_id,
                run=1,
                chunk_number=number,
                text_key="text/x.json",
                first_page=number,
                last_page=number,
            )
            desk.put_letter(body=encode_message(message))
        sweep_once()
        chunks = read_parts(desk.table, document.document_id, 1).chunks
        assert [chunk.status for chunk in chunks] == ["FAILED", "FAILED"]
        assert all("process died" in chunk.reason for chunk in chunks)
        # The last of them has the document combined, which finds nothing to combine.
        after = find_document(desk.table, document.document_id)
        assert (after.status, after.reason_code) == (DocumentStatus.FAILED, "not_summarised")

    def test_an_upload_whose_process_died_leaves_a_failed_document(self, desk, sweep_once):
        desk.account.announce("c.pdf", "v3", "e", 10)
        answer = desk.sqs.receive_message(QueueUrl=desk.account.settings.uploads_queue_url)
        desk.put_letter("ingest", answer["Messages"][0]["Body"])
        sweep_once()
        failed = [
            row
            for row in scan_rows(desk.table).values()
            if row.get("key") == "c.pdf" and row["sk"] == "DOC"
        ]
        assert [(row["status"], row["reason_code"]) for row in failed] == [
            ("FAILED", "ingest_failed")
        ]

    def test_an_ingest_that_died_between_two_batches_of_chunks_leaves_a_failed_document(
        self, desk, sweep_once
    ):
        document = extract_document(desk.table, Clock(), 3, upload=make_upload("v2", key="b.pdf"))

        def bring_in(number):
            chunk = Chunk(
                document_id=document.document_id,
                run=1,
                chunk_number=number,
                first_page=number,
                last_page=number,
                status=ChunkStatus.DONE,
            )
            record_chunk(desk.table, chunk, Clock())
            return find_document(desk.table, document.document_id)

        assert bring_in(1).status is DocumentStatus.SUMMARIZING
        upload = notification("documents", "b.pdf", "v2", "etag-v2", 10)
        desk.put_letter("ingest", json.dumps(upload))
        sweep_once()
        after = find_document(desk.table, document.document_id)
        assert (after.status, after.reason_code) == (DocumentStatus.FAILED, "ingest_failed")
        assert "process died" in after.reason
        # A chunk that was sent and waited does not open it for good: the third may be nowhere.
        assert bring_in(2).status is DocumentStatus.FAILED
        assert bring_in(3).status is DocumentStatus.SUMMARIZING

    def test_an_ingest_that_died_after_its_last_chunk_was_sent_leaves_its_document_alone(
        self, desk, sweep_once
    ):
        document = extract_document(desk.table, Clock(), 2, upload=make_upload("v2", key="b.pdf"))
        force(desk.table, document, status=DocumentStatus.SUMMARIZING, sent_run=1)
        upload = notification("documents", "b.pdf", "v2", "etag-v2", 10)
        desk.put_letter("ingest", json.dumps(upload))
        sweep_once()
        after = find_document(desk.table, document.document_id)
        assert after.status is DocumentStatus.SUMMARIZING
        (letter,) = desk.take_letters("ingest")
        assert read_state(letter)["failure"]["error_type"] == "ProcessDied"

    def test_letters_of_unknown_documents_and_rubbish_stop_nothing(self, desk, sweep_once):
        for body in (
            "rubbish",
            encode_message(Combine(document_id="unknown", run=1, chunks_done=1)),
            encode_message(
                SummarizeChunk(
                    document_id="unknown",
                    run=1,
                    chunk_number=1,
                    text_key="x",
                    first_page=1,
                    last_page=1,
                )
            ),
        ):
            desk.put_letter(body=body)
        sweep_once()
        types = sorted(
            read_state(letter)["failure"]["error_type"] for letter in desk.take_letters()
        )
        assert types == ["MessageDecodeError", "ProcessDied", "ProcessDied"]
        assert desk.account.count_messages(desk.account.settings.work_queue_url) == 0
