"""Replay through the real handlers on moto: what was given up becomes DONE, and happens once."""

import json
import threading
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from pipeline.canary import watch_canaries
from pipeline.discard import discard
from pipeline.edited_replay import edit_letter, replay_edited
from pipeline.letter_waves import Ending
from pipeline.letter_work import find_finished
from pipeline.replay import plan_replay, replay, send_again
from pipeline.story import build_story
from shared.dead_letter_reading import ReadingPace, hold_letters, read_letters
from shared.dead_letters import LetterFilter, group_letters
from shared.delivery_state import DeliveryState
from shared.errors import (
    MessageDecodeError,
    ModelRequestError,
    ModelUnavailableError,
    OperatorError,
    ServiceError,
)
from shared.ledger.documents import document_pk
from shared.ledger.tasks import find_task, task_pk
from shared.ledger.timeline import read_timeline
from shared.lifecycle import DocumentStatus, TaskStatus
from shared.llm.extractive_model import ExtractiveModel
from shared.llm.model import Purpose
from shared.objects import ObjectStore
from shared.queues import Queues
from tests.fakes.aws_account import notification
from tests.fakes.dead_letter_boxes import (
    ACTOR,
    build_letter_services,
    chunk_body,
    comparable,
    look_at_all,
    make_state,
    put_letters,
    receive_all,
    to_attributes,
)
from tests.fakes.pdf_files import make_prose_pdf
from tests.fakes.running_pipeline import run_pipeline


class MoodyModel(ExtractiveModel):
    """Extractive, but raises what it is told to for sources that hold certain words."""

    def __init__(self):
        super().__init__()
        self.moods = {}
        self.calls = 0

    def answer(self, request, deadline):
        self.calls += 1
        text = " ".join(source.text for source in request.sources)
        for words, error in self.moods.items():
            if words in text or words == request.purpose:
                raise error
        return super().answer(request, deadline)


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


def run_until(pipeline, key, status):
    """Poll until a document has a status; what comes back with a delay is waited for."""
    until = time.monotonic() + 30
    pipeline.run()
    while pipeline.document(key).status is not status:
        assert time.monotonic() < until, pipeline.document(key)
        time.sleep(0.1)
        pipeline.run()
    return pipeline.document(key)


def list_steps(pipeline, document):
    return [e.step for e in read_timeline(pipeline.table, document_pk(document.document_id))]


def read(services):
    return read_letters(services.queues, services.dlqs, services.pace, services.stopwatch)


def replay_all(services, **options):
    letters = read(services)
    plan = plan_replay(letters, find_finished(services.table, letters), max_replays=3, **options)
    return plan, list(replay(plan.letters, services))


def count(account, name):
    return account.count_messages(getattr(account.settings, f"{name}_url"))


# ---- documents become DONE -----------------------------------------------------------------------


def test_a_partial_document_becomes_done_by_its_dead_chunk(pipeline, account, model, services):
    model.moods["Page 3"] = ModelRequestError("unknown model")
    account.upload("report.pdf", make_prose_pdf(4))
    document = run_until(pipeline, "report.pdf", DocumentStatus.PARTIAL)
    assert (document.chunks_total, document.chunks_failed) == (4, 1)
    (letter,) = read(services)
    assert (letter.error_type, letter.work.kind) == ("ModelRequestError", "summarize_chunk")

    model.moods.clear()
    _, (result,) = replay_all(services)
    assert result.ending is Ending.REPLAYED
    healed = run_until(pipeline, "report.pdf", DocumentStatus.DONE)
    assert (healed.chunks_done, healed.chunks_failed) == (4, 0)
    assert (healed.missing_pages or "", healed.reason) == ("", None)
    summary = ObjectStore(account.clients.s3).read_json(
        account.settings.artifacts_bucket, healed.result_key
    )
    assert summary["status"] == "DONE"
    assert summary["coverage"]["missing_pages"] == ""
    assert count(account, "work_dlq") == 0
    assert list_steps(pipeline, healed)[-4:] == ["finished", "replayed", "chunk_done", "finished"]


def test_a_document_without_any_chunk_becomes_done_by_all_of_them(
    pipeline, account, model, services
):
    model.moods["Page "] = ModelRequestError("unknown model")
    account.upload("report.pdf", make_prose_pdf(3))
    run_until(pipeline, "report.pdf", DocumentStatus.FAILED)
    model.moods.clear()
    _, results = replay_all(services)
    assert [result.ending for result in results] == [Ending.REPLAYED] * 3
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
    assert result.ending is Ending.REPLAYED
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
    assert (task.status, task.attempts) == (TaskStatus.DONE, 2)
    steps = [event.step for event in read_timeline(services.table, task_pk(task.task_id))]
    assert "replayed" in steps


# ---- the fresh chance ----------------------------------------------------------------------------


def put_chunk_letters(account, count_, *, error="ModelRequestError", start=0, **state):
    put_letters(
        account.clients.sqs,
        account.settings.work_dlq_url,
        [
            (
                chunk_body(f"d{n}"),
                to_attributes(make_state(f"{error}-{n}", error, minutes=n, **state), mine=str(n)),
            )
            for n in range(start, start + count_)
        ],
    )


def test_a_replayed_message_keeps_who_it_is_and_gets_all_chances_anew(account, services):
    old = make_state("first-copy", replays=1).model_copy(
        update={"deferrals": 7, "not_before": datetime.now(UTC) + timedelta(days=1)}
    )
    put_letters(
        account.clients.sqs,
        account.settings.work_dlq_url,
        [("höchst {unreadable", to_attributes(old, mine="kept"))],
    )
    _, (result,) = replay_all(services)
    assert result.ending is Ending.REPLAYED
    (message,) = receive_all(account.clients.sqs, account.settings.work_queue_url)
    assert message["Body"] == "höchst {unreadable"
    assert message["MessageAttributes"]["mine"]["StringValue"] == "kept"
    state = DeliveryState.model_validate_json(
        message["MessageAttributes"]["seashore"]["StringValue"]
    )
    assert (state.message_id, state.first_enqueued_at) == ("first-copy", old.first_enqueued_at)
    assert (state.attempts, state.deferrals, state.not_before, state.failure) == (0, 0, None, None)
    assert state.replays == 2
    assert datetime.now(UTC) - state.replayed_at < timedelta(minutes=1)


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
        assert [result.ending for result in results] == [Ending.REPLAYED]
        pipeline.run()
        (letter,) = read(services)
        assert letter.state.replays == number
    plan, results = replay_all(services)
    assert results == []
    assert [one.letter_id for one in plan.over_cap] == [letter.letter_id]
    forced, results = replay_all(services, force=True)
    assert len(forced.letters) == len(results) == 1
    story = read_timeline(services.table, f"MESSAGE#{letter.letter_id}")
    assert [event.details["replays"] for event in story] == [0, 1, 2, 3]


def test_the_story_says_who_replayed_what_from_where_to_where(pipeline, account, model, services):
    model.moods["Page 1"] = ModelRequestError("unknown model")
    account.upload("report.pdf", make_prose_pdf(2))
    run_until(pipeline, "report.pdf", DocumentStatus.PARTIAL)
    replay_all(services)
    document = pipeline.document("report.pdf")
    story = read_timeline(services.table, document_pk(document.document_id))
    (event,) = [event for event in story if event.step == "replayed"]
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


# ---- many letters --------------------------------------------------------------------------------


def test_one_cause_of_four_is_replayed_and_the_others_stay_as_they_are(account, services):
    sqs, settings = account.clients.sqs, account.settings
    for number, error in enumerate(["ModelRequestError", "ObjectMissingError"]):
        put_chunk_letters(account, 30, error=error, start=100 * number)
    put_chunk_letters(account, 20, error="KeyError", start=500)
    notice = json.dumps(notification("documents", "a.pdf", "v", "e", 1))
    put_letters(
        sqs,
        settings.uploads_dlq_url,
        [
            (notice, to_attributes(make_state(f"u{n}", "ExtractorError", stage="ingest")))
            for n in range(20)
        ],
    )
    letters = read(services)
    assert {(g.error_type, g.stage): g.count for g in group_letters(letters)} == {
        ("ModelRequestError", "worker"): 30,
        ("ObjectMissingError", "worker"): 30,
        ("KeyError", "worker"): 20,
        ("ExtractorError", "ingest"): 20,
    }
    # What was looked at is there for others at once.
    before = {comparable(m) for m in look_at_all(sqs, settings.work_dlq_url)}
    assert len(before) == 80
    chosen = [one for one in letters if LetterFilter(errors=("objectmissingerror",)).fits(one)]
    results = list(replay(chosen, services))
    assert [result.ending for result in results] == [Ending.REPLAYED] * 30
    after = {comparable(m) for m in look_at_all(sqs, settings.work_dlq_url)}
    assert after == {entry for entry in before if "ObjectMissingError" not in entry[3]}
    assert len(receive_all(sqs, settings.uploads_dlq_url)) == 20
    moved = receive_all(sqs, settings.work_queue_url)
    assert sorted(m["MessageAttributes"]["mine"]["StringValue"] for m in moved) == sorted(
        str(n) for n in range(100, 130)
    )


def test_two_replays_at_the_same_time_share_the_letters(account):
    pace = ReadingPace(receivers=1, wait_seconds=0, hide_seconds=30, most_held=20)
    services = build_letter_services(account, pace=pace)
    put_chunk_letters(account, 60)
    letters = read(services)
    both = [replay(letters, services), replay(letters, services)]
    # Step by step in turn: each holds its own letters while the other one goes on.
    mine, theirs = zip(*zip(*both, strict=True), strict=True)
    replayed = [
        {result.letter.key for result in results if result.ending is Ending.REPLAYED}
        for results in (mine, theirs)
    ]
    assert all(len(keys) >= 20 for keys in replayed)
    assert replayed[0].isdisjoint(replayed[1])
    assert {result.ending for result in (*mine, *theirs)} == {Ending.REPLAYED, Ending.GONE}
    assert count(account, "work_dlq") == 0
    sent = receive_all(account.clients.sqs, account.settings.work_queue_url, hide_seconds=30)
    marks = [message["MessageAttributes"]["mine"]["StringValue"] for message in sent]
    assert sorted(marks) == sorted(map(str, range(60)))


def test_an_interrupted_replay_releases_what_it_has_not_sent(account, services):
    put_chunk_letters(account, 40)
    letters = read(services)
    with closing(replay(letters, services)) as results:
        done = [next(results) for _ in range(11)]
    assert {result.ending for result in done} == {Ending.REPLAYED}
    # Whole batches were sent; all others are visible at once.
    left = receive_all(account.clients.sqs, account.settings.work_dlq_url)
    assert len(left) == 20
    assert count(account, "work_queue") == 20


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


class DyingSender(Queues):
    """The process dies before SQS has answered, whether or not it has accepted."""

    def send_copies(self, queue_url, copies):
        super().send_copies(queue_url, copies)
        raise KeyboardInterrupt


def test_nothing_is_sent_that_no_story_tells_of(account, services):
    put_chunk_letters(account, 3)
    dying = build_letter_services(account, queues=DyingSender(account.clients.sqs))
    with pytest.raises(KeyboardInterrupt):
        list(replay(read(services), dying))
    assert count(account, "work_queue") == count(account, "work_dlq") == 3
    for number in range(3):
        story = read_timeline(services.table, f"DOC#d{number}")
        assert [(event.step, event.details["by"]) for event in story] == [("replayed", ACTOR)]


def test_a_reader_that_is_interrupted_releases_what_it_has_seen(account, services):
    put_chunk_letters(account, 25)

    def interrupt(seen):
        if seen >= 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_letters(
            services.queues, services.dlqs, services.pace, services.stopwatch, report=interrupt
        )
    assert len(receive_all(account.clients.sqs, account.settings.work_dlq_url)) == 25


def test_what_is_held_stays_hidden_while_a_rate_is_kept(account):
    clock = [0.0]

    def sleep(seconds):
        clock[0] += seconds

    services = build_letter_services(
        account,
        stopwatch=lambda: clock[0],
        sleep=sleep,
        pace=ReadingPace(receivers=1, wait_seconds=0, hide_seconds=30),
    )
    put_chunk_letters(account, 6)
    letters = read(services)
    hidden = []
    original = services.queues.change_visibility_batch

    class Watching(type(services.queues)):
        def change_visibility_batch(self, url, handles, seconds):
            hidden.append((clock[0], len(handles), seconds))
            return original(url, handles, seconds)

    watching = build_letter_services(
        account,
        stopwatch=lambda: clock[0],
        sleep=sleep,
        queues=Watching(account.clients.sqs),
        pace=services.pace,
    )
    results = list(replay(letters, watching, rate=0.1))
    assert [result.ending for result in results] == [Ending.REPLAYED] * 6
    assert clock[0] == pytest.approx(50)
    renewals = [entry for entry in hidden if entry[2] > 0]
    assert [at for at, _, _ in renewals] == [10, 20, 30, 40, 50]


def test_a_letter_without_room_for_its_past_stays_and_the_others_go(account, services):
    full = {f"own{n}": {"DataType": "String", "StringValue": "x"} for n in range(10)}
    put_letters(account.clients.sqs, account.settings.work_dlq_url, [(chunk_body("full"), full)])
    put_chunk_letters(account, 3)
    refuse_more_than_ten_attributes(account.clients.sqs)
    results = list(replay(read(services), services))
    endings = [result.ending for result in results]
    assert sorted(endings) == ["refused", "replayed", "replayed", "replayed"]
    (left,) = receive_all(account.clients.sqs, account.settings.work_dlq_url)
    assert left["Body"] == chunk_body("full")
    story = build_story(read_timeline(services.table, "DOC#full"))
    assert [step.step for step in story.steps] == ["replayed", "replay_refused"]
    assert story.replays == 0


def refuse_more_than_ten_attributes(sqs):
    """As SQS does, and moto does not (Amazon SQS Developer Guide, "Message metadata")."""

    def check(params, **_):
        if any(len(e.get("MessageAttributes", {})) > 10 for e in params["Entries"]):
            raise ClientError(
                {"Error": {"Code": "InvalidParameterValue", "Message": "11 attributes"}},
                "SendMessageBatch",
            )

    sqs.meta.events.register("provide-client-params.sqs.SendMessageBatch", check)


def test_what_aws_did_not_take_is_not_deleted(account, services):
    put_chunk_letters(account, 15)
    letters = read(services)
    calls = []

    def fail_second(**_):
        calls.append(1)
        if len(calls) == 2:
            raise EndpointConnectionError(endpoint_url="x")

    account.clients.sqs.meta.events.register(
        "provide-client-params.sqs.SendMessageBatch", fail_second
    )
    with pytest.raises(ServiceError):
        list(replay(letters, services))
    assert count(account, "work_queue") == 10
    assert len(receive_all(account.clients.sqs, account.settings.work_dlq_url)) == 5


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
    assert result.ending is Ending.FINISHED
    assert count(account, "work_dlq") == 1


# ---- canaries, editing, discarding ---------------------------------------------------------------


def test_canaries_tell_whether_the_cause_is_mended(pipeline, account, model):
    services = build_letter_services(account, sleep=lambda seconds: pipeline.run())
    model.moods["Page "] = ModelRequestError("unknown model")
    account.upload("report.pdf", make_prose_pdf(3))
    run_until(pipeline, "report.pdf", DocumentStatus.FAILED)
    letters = read(services)

    def watch(some):
        for result in replay(some, services):
            assert result.ending is Ending.REPLAYED
        first, *_, last = watch_canaries(some, services, timeout_seconds=60)
        assert [one.key for one in first.waiting] == [one.key for one in some]
        return last

    died = watch(letters[:1])
    assert [one.error_type for one in died.died_again] == ["ModelRequestError"]
    model.moods.clear()
    good = watch(letters[1:])
    assert (len(good.succeeded), good.died_again, good.waiting) == (2, (), ())
    assert good.is_settled


def test_waiting_for_a_canary_ends(account):
    clock = [0.0]

    def sleep(seconds):
        clock[0] += seconds

    services = build_letter_services(account, stopwatch=lambda: clock[0], sleep=sleep)
    put_chunk_letters(account, 1)
    letters = read(services)
    list(replay(letters, services))
    last = list(watch_canaries(letters, services, timeout_seconds=30))[-1]
    assert not last.is_settled
    assert 30 <= clock[0] < 40


def test_an_edited_letter_is_replayed_as_the_same_message(account, services):
    put_letters(
        account.clients.sqs,
        account.settings.work_dlq_url,
        [('{"kind": "agnet", "prompt": "tides"}', to_attributes(make_state("first"), mine="kept"))],
    )
    (letter,) = read(services)
    with pytest.raises(MessageDecodeError, match="not a work message"):
        edit_letter(letter, '{"kind": "agent"', services.table)
    edited = edit_letter(letter, '{"kind": "agent", "prompt": "tides"}', services.table)
    result = replay_edited(letter, edited, services)
    assert result.ending is Ending.REPLAYED
    assert count(account, "work_dlq") == 0
    (message,) = receive_all(account.clients.sqs, account.settings.work_queue_url)
    assert json.loads(message["Body"]) == {"kind": "agent", "prompt": "tides"}
    assert message["MessageAttributes"]["mine"]["StringValue"] == "kept"
    state = json.loads(message["MessageAttributes"]["seashore"]["StringValue"])
    assert (state["message_id"], state["replays"]) == ("first", 1)
    told = read_timeline(services.table, "TASK#first") + read_timeline(
        services.table, "MESSAGE#first"
    )
    assert {event.step for event in told} == {"replayed_edited"}


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


def test_a_discarded_letter_is_kept_whole(account, services):
    put_chunk_letters(account, 12)
    letters = read(services)
    bucket = account.settings.artifacts_bucket
    objects = ObjectStore(account.clients.s3)
    results = list(discard(letters, services, objects, bucket))
    assert [result.ending for result in results] == [Ending.DISCARDED] * 12
    assert count(account, "work_dlq") == 0
    key = f"dead-letters/{datetime.now(UTC):%Y-%m-%d}/ModelRequestError-3.json"
    kept = objects.read_json(bucket, key)
    assert kept["body"] == chunk_body("d3")
    assert kept["attributes"]["mine"]["stringValue"] == "3"
    assert kept["state"]["failure"]["error_type"] == "ModelRequestError"
    story = read_timeline(services.table, "DOC#d3")
    assert [(event.step, event.details["by"]) for event in story] == [("discarded", ACTOR)]


def test_a_letter_is_kept_if_its_copy_cannot_be(account, services):
    put_chunk_letters(account, 2)
    letters = read(services)
    objects = ObjectStore(account.clients.s3)
    with pytest.raises(ServiceError):
        list(discard(letters, services, objects, "no-such-bucket-anywhere"))
    assert len(receive_all(account.clients.sqs, account.settings.work_dlq_url)) == 2


def test_held_letters_are_hidden_and_all_come_back(account, services):
    put_chunk_letters(account, 5)
    with hold_letters(
        services.queues,
        services.dlqs,
        services.pace,
        services.stopwatch,
        is_wanted=lambda letter: letter.letter_id.endswith(("1", "2")),
    ) as held:
        assert len(held.letters) == 2
        assert len(look_at_all(account.clients.sqs, account.settings.work_dlq_url)) == 3
    assert len(receive_all(account.clients.sqs, account.settings.work_dlq_url)) == 5
