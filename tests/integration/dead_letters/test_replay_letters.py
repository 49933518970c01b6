"""Letters on their way out of the DLQs: held, shared, sent, mended, discarded; none is lost."""

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from pipeline.dead_letters.canary import watch_canaries
from pipeline.dead_letters.discard import discard
from pipeline.dead_letters.edited_replay import edit_letter, replay_edited
from pipeline.dead_letters.hold import LetterOutcome
from pipeline.dead_letters.replay import replay
from pipeline.dead_letters.restore import COPIES_PREFIX, read_discarded, restore
from pipeline.timeline import build_timeline
from shared.aws.objects import ObjectStore
from shared.aws.queues import Queues
from shared.dead_letters.letters import LetterFilter, group_letters
from shared.dead_letters.reading import ReadingPace, hold_letters, read_letters
from shared.errors import MessageDecodeError, OperatorError, ServiceError
from shared.ledger.timeline import read_timeline
from shared.messages.delivery_state import DeliveryState
from tests.fakes.aws.aws_account import notification
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
from tests.fakes.replays import count, put_chunk_letters, read, replay_all


@pytest.fixture
def services(account):
    return build_letter_services(account)


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
    assert result.ending is LetterOutcome.REPLAYED
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
    assert [result.ending for result in results] == [LetterOutcome.REPLAYED] * 30
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
        {result.letter.key for result in results if result.ending is LetterOutcome.REPLAYED}
        for results in (mine, theirs)
    ]
    assert all(len(keys) >= 20 for keys in replayed)
    assert replayed[0].isdisjoint(replayed[1])
    assert {result.ending for result in (*mine, *theirs)} == {
        LetterOutcome.REPLAYED,
        LetterOutcome.GONE,
    }
    assert count(account, "work_dlq") == 0
    sent = receive_all(account.clients.sqs, account.settings.work_queue_url, hide_seconds=30)
    marks = [message["MessageAttributes"]["mine"]["StringValue"] for message in sent]
    assert sorted(marks) == sorted(map(str, range(60)))


def test_an_interrupted_replay_releases_what_it_has_not_sent(account, services):
    put_chunk_letters(account, 40)
    letters = read(services)
    with closing(replay(letters, services)) as results:
        done = [next(results) for _ in range(11)]
    assert {result.ending for result in done} == {LetterOutcome.REPLAYED}
    # Whole batches were sent; all others are visible at once.
    left = receive_all(account.clients.sqs, account.settings.work_dlq_url)
    assert len(left) == 20
    assert count(account, "work_queue") == 20


class DyingSender(Queues):
    """The process dies before SQS has answered, whether or not it has accepted."""

    def send_copies(self, queue_url, copies):
        super().send_copies(queue_url, copies)
        raise KeyboardInterrupt


def test_nothing_is_sent_that_no_timeline_tells_of(account, services):
    put_chunk_letters(account, 3)
    dying = build_letter_services(account, queues=DyingSender(account.clients.sqs))
    with pytest.raises(KeyboardInterrupt):
        list(replay(read(services), dying))
    assert count(account, "work_queue") == count(account, "work_dlq") == 3
    for number in range(3):
        timeline = read_timeline(services.table, f"DOC#d{number}")
        assert [(event.step, event.details["by"]) for event in timeline] == [("replayed", ACTOR)]


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
    assert [result.ending for result in results] == [LetterOutcome.REPLAYED] * 6
    assert clock[0] == pytest.approx(50)
    renewals = [entry for entry in hidden if entry[2] > 0]
    assert [at for at, _, _ in renewals] == [10, 20, 30, 40, 50]


def test_a_letter_that_sqs_refuses_stays_and_the_others_go(account, services):
    put_letters(account.clients.sqs, account.settings.work_dlq_url, [(chunk_body("bad"), {})])
    put_chunk_letters(account, 3)
    refuse_document(account.clients.sqs, "bad")
    results = list(replay(read(services), services))
    endings = [result.ending for result in results]
    assert sorted(endings) == ["refused", "replayed", "replayed", "replayed"]
    (left,) = receive_all(account.clients.sqs, account.settings.work_dlq_url)
    assert left["Body"] == chunk_body("bad")
    timeline = build_timeline(read_timeline(services.table, "DOC#bad"))
    assert [step.step for step in timeline.steps] == ["replayed", "replay_refused"]
    assert timeline.replays == 0


def refuse_document(sqs, document_id):
    """Have SQS refuse each request with a message about a document."""

    def check(params, **_):
        if any(f'"{document_id}"' in entry["MessageBody"] for entry in params["Entries"]):
            raise ClientError(
                {"Error": {"Code": "InvalidParameterValue", "Message": "no"}}, "SendMessageBatch"
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
    assert result.ending is LetterOutcome.REPLAYED
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


def test_a_discarded_letter_is_kept_whole(account, services):
    put_chunk_letters(account, 12)
    letters = read(services)
    bucket = account.settings.artifacts_bucket
    objects = ObjectStore(account.clients.s3)
    results = list(discard(letters, services, objects, bucket))
    assert [result.ending for result in results] == [LetterOutcome.DISCARDED] * 12
    assert count(account, "work_dlq") == 0
    key = f"dead-letters/{datetime.now(UTC):%Y-%m-%d}/ModelRequestError-3.json"
    kept = objects.read_json(bucket, key)
    assert kept["body"] == chunk_body("d3")
    assert kept["attributes"]["mine"]["stringValue"] == "3"
    assert kept["state"]["failure"]["error_type"] == "ModelRequestError"
    timeline = read_timeline(services.table, "DOC#d3")
    assert [(event.step, event.details["by"]) for event in timeline] == [("discarded", ACTOR)]


def discard_all(account, services):
    """Discard what lies in the DLQs; the letters as they lay, and where their copies lie."""
    letters = read(services)
    bucket, objects = account.settings.artifacts_bucket, ObjectStore(account.clients.s3)
    list(discard(letters, services, objects, bucket))
    keys = objects.list_keys(bucket, COPIES_PREFIX)
    copies = [(key, read_discarded(objects, bucket, key, services.dlqs)) for key in keys]
    return letters, copies, objects, bucket


def test_a_restored_letter_lies_in_its_dlq_as_it_lay_before(account, services):
    put_chunk_letters(account, 12)
    binary = {"DataType": "Binary", "BinaryValue": b"\x00\x01\xff"}
    put_letters(
        account.clients.sqs,
        account.settings.uploads_dlq_url,
        [("höchst {unreadable", {**to_attributes(make_state("u", replays=2)), "mine": binary})],
    )
    letters, copies, objects, bucket = discard_all(account, services)
    results = list(restore(copies, services, objects, bucket))
    assert [result.ending for result in results] == [LetterOutcome.RESTORED] * 13
    assert objects.list_keys(bucket, COPIES_PREFIX) == []
    restored = read(services)
    lying = [
        [(one.queue, one.message.body, one.message.attributes["mine"], one.state) for one in some]
        for some in (letters, restored)
    ]
    assert lying[0] == lying[1]
    timeline = read_timeline(services.table, "DOC#d3")
    assert [event.step for event in timeline] == ["discarded", "restored"]
    assert timeline[-1].details["from"] == f"s3://{bucket}/{COPIES_PREFIX}"


def test_a_copy_stays_until_its_letter_is_back(account, services):
    put_chunk_letters(account, 2)
    _, copies, objects, bucket = discard_all(account, services)
    account.clients.sqs.delete_queue(QueueUrl=account.settings.work_dlq_url)
    with pytest.raises(ServiceError):
        list(restore(copies, services, objects, bucket))
    assert objects.list_keys(bucket, COPIES_PREFIX) == [key for key, _ in copies]


def test_what_is_no_copy_of_a_letter_is_named(account, services):
    bucket, objects = account.settings.artifacts_bucket, ObjectStore(account.clients.s3)
    objects.write_text(bucket, "dead-letters/2026-01-01/x.json", "{}", "application/json")
    with pytest.raises(OperatorError, match=r"x\.json is no copy of a dead letter"):
        read_discarded(objects, bucket, "dead-letters/2026-01-01/x.json", services.dlqs)


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


def test_a_letter_that_comes_by_twice_is_one_of_as_many_as_are_wanted(account, services):
    put_chunk_letters(account, 3)
    (work,) = [dlq for dlq in services.dlqs if dlq.name == "work"]
    first, second, third = Queues(account.clients.sqs).receive(work.dlq_url, 30)
    receives = iter([[first], [first, second], [third]])

    class Repeating(Queues):
        def receive(self, queue_url, visibility_seconds, *, wait_seconds=0):
            return next(receives, [])

    queues = Repeating(account.clients.sqs)
    with hold_letters(queues, [work], services.pace, services.stopwatch, enough=3) as held:
        assert len(held.letters) == 3
