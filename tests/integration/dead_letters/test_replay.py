"""Replay through the real handlers on moto: what was given up becomes DONE, and happens once."""

import json
import threading
from datetime import UTC, datetime, timedelta

import pytest

from pipeline.dead_letters.canary import watch_canaries
from pipeline.dead_letters.edited_replay import edit_letter, replay_edited
from pipeline.dead_letters.hold import LetterOutcome
from pipeline.dead_letters.replay import replay, send_again
from shared.aws.objects import ObjectStore
from shared.aws.queues import Queues
from shared.errors import ModelRequestError, ModelUnavailableError, OperatorError
from shared.ledger.documents import document_pk
from shared.ledger.tasks import find_task, task_pk
from shared.ledger.timeline import read_timeline
from shared.lifecycle import DocumentStatus, TaskStatus
from shared.llm.model import Purpose
from tests.fakes.dead_letter_boxes import (
    ACTOR,
    build_letter_services,
    put_letters,
    receive_all,
    to_attributes,
)
from tests.fakes.desks.running_pipeline import run_pipeline
from tests.fakes.pdf.pdf_files import make_prose_pdf
from tests.fakes.replays import MoodyModel, count, list_steps, read, replay_all, run_until


@pytest.fixture
def model():
    return MoodyModel()


@pytest.fixture
def services(account):
    return build_letter_services(account)


@pytest.fixture
def pipeline(account, model):
    # A chunk a page.
    account.settings = account.settings.model_copy(update={"context_window_tokens": 3_940})
    with run_pipeline(account, model=model) as pipeline:
        yield pipeline


def test_a_partial_document_becomes_done_by_its_dead_chunk(pipeline, account, model, services):
    model.moods["Page 3"] = ModelRequestError("unknown model")
    account.upload("report.pdf", make_prose_pdf(4))
    document = run_until(pipeline, "report.pdf", DocumentStatus.PARTIAL)
    assert (document.chunks_total, document.chunks_failed) == (4, 1)
    (letter,) = read(services)
    assert (letter.error_type, letter.work.kind) == ("ModelRequestError", "summarize_chunk")

    model.moods.clear()
    _, (result,) = replay_all(services)
    assert result.ending is LetterOutcome.REPLAYED
    healed = run_until(pipeline, "report.pdf", DocumentStatus.DONE)
    assert (healed.chunks_done, healed.chunks_failed) == (4, 0)
    assert (healed.missing_pages or "", healed.reason) == ("", None)
    summary = ObjectStore(account.clients.s3).read_json(
        account.settings.artifacts_bucket, healed.result_key
    )
    assert summary["status"] == "DONE"
    assert summary["coverage"]["missing_pages"] == ""
    assert count(account, "work_dlq") == 0
    steps = list_steps(pipeline, healed)
    assert steps[-4:] == ["finished", "replayed", "chunk_done", "finished"]


def test_a_document_without_any_chunk_becomes_done_by_all_of_them(
    pipeline, account, model, services
):
    model.moods["Page "] = ModelRequestError("unknown model")
    account.upload("report.pdf", make_prose_pdf(3))
    run_until(pipeline, "report.pdf", DocumentStatus.FAILED)
    model.moods.clear()
    _, results = replay_all(services)
    assert [result.ending for result in results] == [LetterOutcome.REPLAYED] * 3
    assert run_until(pipeline, "report.pdf", DocumentStatus.DONE).chunks_done == 3


def test_a_combination_that_failed_is_made_by_its_letter(pipeline, account, model, services):
    model.moods[Purpose.COMBINE] = ModelRequestError("too much")
    account.upload("report.pdf", make_prose_pdf(2))
    run_until(pipeline, "report.pdf", DocumentStatus.FAILED)
    model.moods.clear()
    calls = model.calls
    replay_all(services)
    run_until(pipeline, "report.pdf", DocumentStatus.DONE)
    assert model.calls == calls + 1


def test_an_upload_of_a_failed_document_goes_on(pipeline, account, services, monkeypatch):
    account.upload("report.pdf", make_prose_pdf(2))
    s3 = account.clients.s3
    bucket = account.settings.artifacts_bucket
    # The artifacts bucket refuses every object for good.
    original = s3.put_object

    def refuse(**arguments):
        if arguments["Bucket"] == bucket:
            arguments["Key"] = ""
        return original(**arguments)

    monkeypatch.setattr(s3, "put_object", refuse)
    run_until(pipeline, "report.pdf", DocumentStatus.FAILED)
    (letter,) = read(services)
    assert (letter.queue.name, letter.work.kind) == ("uploads", "upload")
    monkeypatch.setattr(s3, "put_object", original)
    _, (result,) = replay_all(services)
    assert result.ending is LetterOutcome.REPLAYED
    run_until(pipeline, "report.pdf", DocumentStatus.DONE)
    assert count(account, "uploads_dlq") == 0


def test_a_task_that_was_given_up_becomes_done_and_keeps_its_id(pipeline, account, model, services):
    model.moods["harbour"] = ModelRequestError("unknown model")
    sent = account.clients.sqs.send_message(
        QueueUrl=account.settings.work_queue_url,
        MessageBody=json.dumps({"kind": "summarize", "text": "The harbour is open. It is wide."}),
        MessageAttributes={"mine": {"DataType": "String", "StringValue": "kept"}},
    )
    pipeline.run()
    (letter,) = read(services)
    assert letter.letter_id == sent["MessageId"]
    assert find_task(services.table, sent["MessageId"]).status is TaskStatus.FAILED
    model.moods.clear()
    replay_all(services)
    pipeline.run()
    task = find_task(services.table, sent["MessageId"])
    # Of the first attempt it was not in the ledger yet.
    assert (task.status, task.attempts) == (TaskStatus.DONE, 1)
    steps = [event.step for event in read_timeline(services.table, task_pk(task.task_id))]
    assert "replayed" in steps


def test_after_ten_days_a_replayed_message_may_wait_as_long_as_a_new_one(
    pipeline, account, model, services
):
    model.moods["Page 1"] = ModelRequestError("unknown model")
    account.upload("report.pdf", make_prose_pdf(2))
    run_until(pipeline, "report.pdf", DocumentStatus.PARTIAL)
    (letter,) = read(services)
    # Ten days pass: the same letter, as it would lie there then.
    held_state = letter.state.model_copy(
        update={"first_enqueued_at": datetime.now(UTC) - timedelta(days=10)}
    )
    sqs, dlq_url = account.clients.sqs, account.settings.work_dlq_url
    sqs.purge_queue(QueueUrl=dlq_url)
    put_letters(sqs, dlq_url, [(letter.message.body, to_attributes(held_state))])

    model.moods["Page 1"] = ModelUnavailableError("down", delay_seconds=3600, reason="down")
    replay_all(services)
    pipeline.run()
    # It waits on its queue, as a new message would.
    assert count(account, "work_dlq") == 0
    document = pipeline.document("report.pdf")
    assert list_steps(pipeline, document)[-1] == "deferred"


def test_a_letter_that_sqs_moved_back_by_itself_gets_a_fresh_chance_too(
    pipeline, account, model, services
):
    model.moods["Page 1"] = ModelRequestError("unknown model")
    account.upload("report.pdf", make_prose_pdf(2))
    run_until(pipeline, "report.pdf", DocumentStatus.PARTIAL)
    (letter,) = read(services)
    # As StartMessageMoveTask does: a new message with all its attributes.
    account.clients.sqs.purge_queue(QueueUrl=account.settings.work_dlq_url)
    put_letters(
        account.clients.sqs,
        account.settings.work_queue_url,
        [(letter.message.body, to_attributes(letter.state))],
    )
    model.moods["Page 1"] = ModelUnavailableError("down", delay_seconds=0.001, reason="down")
    pipeline.worker.poll()
    (waiting,) = receive_all_soon(account)
    state = json.loads(waiting["MessageAttributes"]["seashore"]["StringValue"])
    assert (state["attempts"], state["replays"]) == (0, 1)
    assert "failure" not in state


def receive_all_soon(account):
    found = []
    for _ in range(50):
        found = receive_all(account.clients.sqs, account.settings.work_queue_url)
        if found:
            break
        threading.Event().wait(0.1)
    return found


def test_a_poison_message_stops_at_the_cap(pipeline, account, services):
    account.clients.sqs.send_message(QueueUrl=account.settings.work_queue_url, MessageBody="poison")
    pipeline.run()
    for number in range(1, 4):
        plan, results = replay_all(services)
        assert [result.ending for result in results] == [LetterOutcome.REPLAYED]
        pipeline.run()
        (letter,) = read(services)
        assert letter.state.replays == number
    plan, results = replay_all(services)
    assert results == []
    assert [one.letter_id for one in plan.over_cap] == [letter.letter_id]
    forced, results = replay_all(services, force=True)
    assert len(forced.letters) == len(results) == 1
    timeline = read_timeline(services.table, f"MESSAGE#{letter.letter_id}")
    assert [event.details["replays"] for event in timeline] == [0, 1, 2, 3]


def test_the_timeline_says_who_replayed_what_from_where_to_where(
    pipeline, account, model, services
):
    model.moods["Page 1"] = ModelRequestError("unknown model")
    account.upload("report.pdf", make_prose_pdf(2))
    run_until(pipeline, "report.pdf", DocumentStatus.PARTIAL)
    replay_all(services)
    document = pipeline.document("report.pdf")
    timeline = read_timeline(services.table, document_pk(document.document_id))
    (event,) = [event for event in timeline if event.step == "replayed"]
    assert event.details == {
        "by": ACTOR,
        "from": "seashore-work-dlq",
        "to": "seashore-work",
        "message_id": event.details["message_id"],
        "item": f"{document.document_id}:1:chunk:1",
        "kind": "summarize_chunk",
        "error_type": "ModelRequestError",
        "replays": 0,
    }


class DyingQueues(Queues):
    """The process dies before it deletes what it has sent."""

    def delete_batch(self, queue_url, receipt_handles):
        raise KeyboardInterrupt


def test_a_death_between_sending_and_deleting_repeats_no_effect(pipeline, account, model, services):
    model.moods["harbour"] = ModelRequestError("unknown model")
    account.clients.sqs.send_message(
        QueueUrl=account.settings.work_queue_url,
        MessageBody='{"kind": "summarize", "id": "t", "text": "The harbour is open. It is wide."}',
    )
    pipeline.run()
    letters = read(services)
    model.moods.clear()
    dying = build_letter_services(account, queues=DyingQueues(account.clients.sqs))
    with pytest.raises(KeyboardInterrupt):
        list(replay(letters, dying))
    # The letter is there, and its message is sent: both are replayed and worked on.
    assert count(account, "work_queue") == count(account, "work_dlq") == 1
    sent = send_again(read(services), services)
    assert sent == [None]
    pipeline.run()
    steps = [event.step for event in read_timeline(services.table, task_pk("t"))]
    assert steps.count("finished") == 1
    plan, results = replay_all(services)
    assert ([reason for _, reason in plan.finished], results) == (["the task is DONE"], [])


def test_a_letter_whose_work_is_done_meanwhile_is_left_alone(pipeline, account, model, services):
    model.moods["Page 1"] = ModelRequestError("unknown model")
    account.upload("report.pdf", make_prose_pdf(2))
    run_until(pipeline, "report.pdf", DocumentStatus.PARTIAL)
    (letter,) = read(services)
    model.moods.clear()
    # Somebody sends the same work by another way.
    account.clients.sqs.send_message(
        QueueUrl=account.settings.work_queue_url, MessageBody=letter.message.body
    )
    run_until(pipeline, "report.pdf", DocumentStatus.DONE)
    plan, results = replay_all(services)
    assert (plan.letters, results) == ((), [])
    assert [reason for _, reason in plan.finished] == ["the document is DONE"]
    (result,) = list(replay([letter], services))
    assert result.ending is LetterOutcome.FINISHED
    assert count(account, "work_dlq") == 1


def test_canaries_tell_whether_the_cause_is_mended(pipeline, account, model):
    services = build_letter_services(account, sleep=lambda seconds: pipeline.run())
    model.moods["Page "] = ModelRequestError("unknown model")
    account.upload("report.pdf", make_prose_pdf(3))
    run_until(pipeline, "report.pdf", DocumentStatus.FAILED)
    letters = read(services)

    def watch(some):
        for result in replay(some, services):
            assert result.ending is LetterOutcome.REPLAYED
        first, *_, last = watch_canaries(some, services, timeout_seconds=60)
        assert [one.key for one in first.waiting] == [one.key for one in some]
        return last

    died = watch(letters[:1])
    assert [one.error_type for one in died.died_again] == ["ModelRequestError"]
    model.moods.clear()
    good = watch(letters[1:])
    assert (len(good.succeeded), good.died_again, good.waiting) == (2, (), ())
    assert good.is_settled


def test_an_edited_task_gets_an_id_of_its_own_where_the_ledger_knows_the_old_one(
    pipeline, account, model, services
):
    model.moods["harbour"] = ModelRequestError("unknown model")
    body = {"kind": "summarize", "text": "The harbour is open. It is wide."}
    for own in ({}, {"id": "my-task"}):
        account.clients.sqs.send_message(
            QueueUrl=account.settings.work_queue_url, MessageBody=json.dumps(body | own)
        )
    pipeline.run()
    letters = {"id" in json.loads(one.message.body): one for one in read(services)}
    better = {"kind": "summarize", "text": "The pier is open. It is wide."}
    edited = edit_letter(letters[False], json.dumps(better), services.table)
    assert edited.letter_id == f"{letters[False].letter_id}.edit1"
    with pytest.raises(OperatorError, match="an id of its own"):
        edit_letter(letters[True], json.dumps(better | {"id": "my-task"}), services.table)
    replay_edited(letters[False], edited, services)
    pipeline.run()
    assert find_task(services.table, edited.letter_id).status is TaskStatus.DONE
