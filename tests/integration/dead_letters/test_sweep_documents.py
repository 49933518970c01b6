"""The sweep, on moto: documents whose processes died are settled, and no others."""

from datetime import timedelta

import pytest

from functions.delivery.batch import process_batch
from functions.worker import build_worker
from shared.ledger.chunks import read_parts
from shared.ledger.documents import document_pk, find_document
from shared.ledger.timeline import note_delay, read_timeline
from shared.lifecycle import DocumentStatus
from shared.llm.extractive.extractive_model import ExtractiveModel
from shared.messages.work_items import Combine, SummarizeChunk, Sweep, encode_message
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
from tests.fakes.desks.sweep_desk import LOST_AFTER, STALE_AFTER, Desk, read_state


@pytest.fixture
def desk():
    with open_account() as account:
        yield Desk(account)


@pytest.mark.parametrize("status", [None, *(s for s in DocumentStatus if s.is_final)])
def test_nothing_is_done_when_nothing_is_stale(desk, status):
    if status is None:
        desk.now = START + STALE_AFTER - timedelta(minutes=1)
    else:
        force(desk.table, desk.document, status=status, in_flight=None)
    desk.put_letter()
    report = desk.sweep()
    assert (report.stale_documents, report.letters_seen) == (0, 0)
    (letter,) = desk.take_letters()
    assert "MessageAttributes" not in letter


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
    report = desk.sweep()
    assert (report.stale_documents, report.documents_lost) == (0, 0)
    steps = [event.step for event in read_timeline(desk.table, document_pk(desk.document_id))]
    assert steps == ["received", "lost"]


def test_a_document_that_goes_on_is_not_lost_however_old(desk):
    desk.now = START + 2 * LOST_AFTER
    recently = (desk.now - timedelta(days=1)).isoformat(timespec="milliseconds")
    force(desk.table, desk.document, updated_at=recently)
    report = desk.sweep()
    assert (report.stale_documents, report.documents_lost) == (1, 0)


def test_a_document_whose_message_was_put_off_lately_is_not_lost(desk):
    desk.now = START + 2 * LOST_AFTER
    at = desk.now - LOST_AFTER + timedelta(minutes=1)
    note_delay(desk.table, document_pk(desk.document_id), at, "deferred", {"reason": "over_budget"})
    assert desk.sweep().documents_lost == 0
    desk.now += timedelta(minutes=2)
    assert desk.sweep().documents_lost == 1


def test_a_document_that_goes_on_meanwhile_is_not_settled(desk, monkeypatch):
    desk.now = START + 2 * LOST_AFTER
    desk.put_letter()

    def go_on(body, message_id, cause):
        force(desk.table, desk.document, updated_at=desk.now.isoformat(timespec="milliseconds"))

    monkeypatch.setattr(desk, "_give_up", go_on)
    desk.sweep()
    assert desk.document.status is DocumentStatus.RECEIVED


class TestTheWorker:
    """The sweep as the worker carries it out, for a message from the schedule."""

    @pytest.fixture
    def sweep_once(self, desk):
        settings, clients = desk.account.settings, desk.account.clients
        consumer, runtime = build_worker(settings, clients, ExtractiveModel())
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
