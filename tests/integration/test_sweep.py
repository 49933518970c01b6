"""The sweep, on moto: what processes that died have left behind is settled, and nothing else."""

import json
from datetime import timedelta

import pytest

from functions.batch import process_batch
from functions.worker import build_worker
from pipeline.sweep import SweepServices, SweptQueue, sweep
from shared.deadline import Deadline
from shared.errors import MessageDecodeError, ServiceError
from shared.ledger.chunks import read_parts
from shared.ledger.document_versions import register_document
from shared.ledger.documents import document_pk, find_document
from shared.ledger.timeline import note_delay, read_timeline
from shared.lifecycle import DocumentStatus
from shared.llm.extractive_model import ExtractiveModel
from shared.messages import Combine, SummarizeChunk, Sweep, encode_message
from shared.queues import Queues
from tests.fakes.event_source import EventSource
from tests.fakes.kept_account import open_account
from tests.fakes.ledger_rows import (
    START,
    Clock,
    extract_document,
    force,
    make_upload,
    open_table,
    scan_rows,
)

STALE_AFTER = timedelta(minutes=15)
LOST_AFTER = timedelta(days=8)
OWN = {
    "text": {"DataType": "String", "StringValue": "å"},
    "number": {"DataType": "Number", "StringValue": "7"},
    "bytes": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
}
BODY = '{"work": "å"}'


class Desk:
    """Two DLQs, a ledger with one stale document, and what the sweep told."""

    def __init__(self, account):
        self.account = account
        self.sqs = account.clients.sqs
        self.table = open_table(account)
        self.urls = {
            "ingest": account.settings.uploads_dlq_url,
            "worker": account.settings.work_dlq_url,
        }
        self.told = []
        self.error = None
        self.now = START + timedelta(hours=1)
        self.document_id = register_document(self.table, make_upload(), Clock()).document_id

    @property
    def document(self):
        return find_document(self.table, self.document_id)

    def put_letter(self, stage="worker", body=BODY, attributes=None):
        """Put a letter into a DLQ as SQS moves it there."""
        self.sqs.send_message(
            QueueUrl=self.urls[stage], MessageBody=body, MessageAttributes=attributes or {}
        )

    def sweep(self, seconds=60, queues=None):
        services = SweepServices(
            table=self.table,
            queues=queues or Queues(self.sqs),
            swept=tuple(
                SweptQueue(
                    stage=stage,
                    source_queue=f"{stage}-queue",
                    dlq_url=url,
                    give_up=self._give_up,
                )
                for stage, url in self.urls.items()
            ),
            stale_after=STALE_AFTER,
            lost_after=LOST_AFTER,
            now=lambda: self.now,
        )
        return sweep(services, "sweep:request", Deadline.after(seconds))

    def take_letters(self, stage="worker"):
        """The letters that can be received."""
        letters = []
        while True:
            answer = self.sqs.receive_message(
                QueueUrl=self.urls[stage],
                MaxNumberOfMessages=10,
                MessageAttributeNames=["All"],
                VisibilityTimeout=600,
            )
            if not answer.get("Messages"):
                return letters
            letters += answer["Messages"]

    def _give_up(self, body, message_id, cause):
        if self.error is not None:
            raise self.error
        self.told.append((body, cause))


def read_state(letter):
    return json.loads(letter["MessageAttributes"]["seashore"]["StringValue"])


def labelled_attributes(**state):
    failure = {
        "error_type": "PermanentError",
        "message": "the cause it has",
        "stage": "worker",
        "failed_at": START.isoformat(),
        "attempts": 1,
        "request_id": "r",
        "source_queue": "work",
    }
    content = {
        "message_id": "first",
        "first_enqueued_at": START.isoformat(),
        "attempts": 1,
        "failure": failure,
        **state,
    }
    return {"seashore": {"DataType": "String", "StringValue": json.dumps(content)}}


@pytest.fixture
def desk():
    with open_account() as account:
        yield Desk(account)


def test_a_letter_without_a_cause_gets_one(desk):
    desk.put_letter(attributes=OWN)
    report = desk.sweep()
    assert (report.stale_documents, report.letters_seen, report.letters_settled) == (1, 1, 1)
    (letter,) = desk.take_letters()
    assert letter["Body"] == BODY
    attributes = letter["MessageAttributes"]
    state = read_state(letter)
    assert {name: attributes[name] for name in OWN} == OWN
    failure = state["failure"]
    assert (failure["error_type"], failure["stage"]) == ("ProcessDied", "worker")
    assert (failure["request_id"], failure["source_queue"]) == ("sweep:request", "worker-queue")
    assert failure["message"].startswith("The function's process died")
    assert desk.told == [(BODY, failure["message"])]


def test_both_dlqs_are_swept(desk):
    desk.put_letter("ingest", "one")
    desk.put_letter("worker", "two")
    assert desk.sweep().letters_settled == 2
    assert [body for body, _ in desk.told] == ["one", "two"]
    assert [read_state(letter)["failure"]["stage"] for letter in desk.take_letters("ingest")] == [
        "ingest"
    ]


def test_the_past_of_a_letter_is_kept(desk):
    past = labelled_attributes(deferrals=3, attempts=4)
    content = json.loads(past["seashore"]["StringValue"])
    del content["failure"]
    past["seashore"]["StringValue"] = json.dumps(content)
    desk.put_letter(attributes=past)
    desk.sweep()
    state = read_state(desk.take_letters()[0])
    assert (state["message_id"], state["deferrals"]) == ("first", 3)
    assert state["first_enqueued_at"].startswith("2026-03-01T12:00:00")
    assert state["attempts"] == state["failure"]["attempts"] == 5


def test_a_letter_with_a_cause_is_left_as_it_is_and_visible(desk):
    attributes = labelled_attributes()
    desk.put_letter(attributes=attributes)
    report = desk.sweep()
    assert (report.letters_seen, report.letters_settled) == (1, 0)
    (letter,) = desk.take_letters()
    assert (
        letter["MessageAttributes"]["seashore"]["StringValue"]
        == (attributes["seashore"]["StringValue"])
    )
    assert desk.told == []


def test_a_letter_that_is_no_message_is_labelled_as_such(desk):
    desk.error = MessageDecodeError("not a work message: kind \ufffe")
    desk.put_letter(body="rubbish")
    assert desk.sweep().letters_settled == 1
    (letter,) = desk.take_letters()
    failure = read_state(letter)["failure"]
    assert letter["Body"] == "rubbish"
    assert failure["error_type"] == "MessageDecodeError"
    assert failure["message"] == "not a work message: kind \ufffe"


def test_many_letters_are_settled_in_one_sweep(desk):
    for number in range(23):
        desk.put_letter(body=f"letter {number}")
        if number % 2:
            desk.put_letter(body=f"known {number}", attributes=labelled_attributes())
    report = desk.sweep()
    assert report.letters_settled == 23
    assert sorted(body for body, _ in desk.told) == sorted(f"letter {n}" for n in range(23))
    letters = desk.take_letters()
    assert len(letters) == 34
    assert all("failure" in read_state(letter) for letter in letters)


def test_sweeping_again_changes_nothing(desk):
    desk.put_letter()
    desk.sweep()
    rows = scan_rows(desk.table)
    report = desk.sweep()
    assert (report.letters_seen, report.letters_settled) == (1, 0)
    assert len(desk.told) == 1
    assert len(desk.take_letters()) == 1
    assert scan_rows(desk.table) == rows


def test_a_ledger_that_cannot_be_told_keeps_the_letter(desk):
    desk.put_letter()
    desk.error = ServiceError("down", delay_seconds=1, reason="x")
    with pytest.raises(ServiceError):
        desk.sweep()
    assert desk.account.count_messages(desk.urls["worker"]) == 1


class DyingQueues(Queues):
    """Queues over which the process dies before it deletes a letter."""

    def delete(self, queue_url, receipt_handle):
        raise ServiceError("died", delay_seconds=1, reason="x")


def test_a_sweep_that_dies_loses_no_letter(desk):
    desk.put_letter()
    with pytest.raises(ServiceError):
        desk.sweep(queues=DyingQueues(desk.sqs))
    # The letter and its copy; the letter is seen again when its look is over, and labelled then.
    assert desk.account.count_messages(desk.urls["worker"]) == 2


def test_a_letter_without_room_for_a_cause_does_not_keep_the_others_from_theirs(desk):
    body = "x" * 1_048_576
    desk.put_letter(body=body)
    desk.put_letter(body="small")
    report = desk.sweep(queues=Queues(StrictSqs(desk.sqs)))
    assert (report.letters_seen, report.letters_settled) == (2, 1)
    large, small = sorted(desk.take_letters(), key=lambda letter: -len(letter["Body"]))
    assert large["Body"] == body
    assert "MessageAttributes" not in large
    assert read_state(small)["failure"]["error_type"] == "ProcessDied"


class StrictSqs:
    """Counts attributes into the size of a message, as SQS does and moto does not."""

    def __init__(self, sqs):
        self._sqs = sqs

    def __getattr__(self, name):
        return getattr(self._sqs, name)

    def send_message(self, **arguments):
        attributes = arguments["MessageAttributes"].values()
        size = len(arguments["MessageBody"]) + sum(len(a["StringValue"]) for a in attributes)
        if size > 1_048_576:
            raise self._sqs.exceptions.InvalidMessageContents(
                {"Error": {"Code": "InvalidParameterValue", "Message": "too long"}}, "SendMessage"
            )
        return self._sqs.send_message(**arguments)


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


def test_a_sweep_without_time_leaves_the_rest_to_the_next(desk):
    desk.put_letter()
    report = desk.sweep(seconds=4)
    assert (report.stale_documents, report.letters_seen) == (1, 0)
    assert len(desk.take_letters()) == 1


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
