"""Messages that use up what SQS allows: they wait, die with their cause and are replayed."""

import json

import pytest

from pipeline.dead_letters.discard import discard
from pipeline.dead_letters.hold import LetterOutcome
from pipeline.dead_letters.restore import COPIES_PREFIX, read_discarded, restore
from shared.aws.objects import ObjectStore
from shared.lifecycle import TaskStatus
from tests.fakes.aws.strict_sqs import hold_quotas
from tests.fakes.dead_letter_boxes import build_letter_services
from tests.fakes.desks.task_desk import HARBOUR_PAGES, open_task_desk
from tests.fakes.pdf.pdf_files import make_text_pdf
from tests.fakes.replays import read, replay_all

TEN = {f"own{n}": {"DataType": "String", "StringValue": f"value {n}"} for n in range(10)}
MOST_BYTES = 1_048_576
FULL = {
    "ten attributes": (TEN, 0),
    "1 MiB": ({}, MOST_BYTES),
}


@pytest.fixture
def desk():
    with open_task_desk(with_model=False) as desk:
        hold_quotas(desk.account.clients.sqs)
        yield desk


def send(desk, body, attributes, size):
    """Send a message with all attributes and bytes that it may have; its id."""
    sent = desk.account.clients.sqs.send_message(
        QueueUrl=desk.account.settings.work_queue_url,
        MessageBody=body + " " * (size - len(body)),
        MessageAttributes=attributes,
    )
    return sent["MessageId"]


@pytest.mark.parametrize(("attributes", "size"), FULL.values(), ids=FULL)
def test_a_task_of_the_greatest_size_waits_for_its_document(desk, attributes, size):
    order = {"kind": "ask", "question": "When does the auction begin?", "documents": ["a.pdf"]}
    task_id = send(desk, json.dumps(order), attributes, size)
    desk.pipeline.run()
    assert desk.task(task_id).status is not TaskStatus.FAILED
    assert desk.steps(task_id)[-1] == "deferred"
    desk.put("a.pdf", make_text_pdf(*HARBOUR_PAGES))
    desk.make_waits_end()
    desk.pipeline.run()
    assert desk.task(task_id).status is TaskStatus.DONE
    assert read(build_letter_services(desk.account)) == []


@pytest.mark.parametrize(("attributes", "size"), FULL.values(), ids=FULL)
def test_it_dies_with_its_cause_is_replayed_discarded_and_restored_whole(desk, attributes, size):
    body = "no message of ours"
    message_id = send(desk, body, attributes, size)
    desk.pipeline.run()
    services = build_letter_services(desk.account)

    def check_letter(replays):
        (letter,) = read(services)
        assert (letter.letter_id, letter.state.replays) == (message_id, replays)
        assert letter.error_type == "MessageDecodeError"
        assert letter.message.body == body + " " * (size - len(body))
        own = {name: value["stringValue"] for name, value in letter.message.attributes.items()}
        own.pop("seashore")
        assert own == {name: value["StringValue"] for name, value in attributes.items()}
        return letter

    check_letter(0)
    _, results = replay_all(services)
    assert [result.ending for result in results] == [LetterOutcome.REPLAYED]
    desk.pipeline.run()
    letter = check_letter(1)
    objects, bucket = ObjectStore(desk.account.clients.s3), desk.account.settings.artifacts_bucket
    list(discard([letter], services, objects, bucket))
    assert read(services) == []
    (key,) = objects.list_keys(bucket, COPIES_PREFIX)
    copy = read_discarded(objects, bucket, key, services.dlqs)
    list(restore([(key, copy)], services, objects, bucket))
    check_letter(1)
