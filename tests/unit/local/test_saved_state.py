"""The local stack's state on the disk: whole or not at all, and of the newest moment."""

import asyncio
import json
import sys
from types import SimpleNamespace

import pytest

from infra.local import saved_state
from infra.local.saved_state import changes_state, read_saved, take_up, was_cut_short

EARLIER, LATER = "2026-03-01T14:30:05+00:00", "2026-03-01T14:30:09+00:00"


@pytest.fixture
def services(tmp_path):
    folder = tmp_path / "services"
    folder.mkdir()
    return folder


def write(folder, at="", *, is_last=False, **files):
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.json").write_text(text)
    if at:
        (folder / "saved.json").write_text(json.dumps({"at": at, "is_last": is_last}))


def read(folder):
    return {path.stem: path.read_text() for path in folder.iterdir() if path.stem != "saved"}


def test_a_draft_without_its_mark_is_dropped(services):
    write(services, EARLIER, sqs="old", s3="old")
    write(services.parent / "services-x1", sqs="half of it")
    assert take_up(services).at.isoformat() == EARLIER
    assert read(services) == {"sqs": "old", "s3": "old"}
    assert [path.name for path in services.parent.iterdir()] == ["services"]


@pytest.mark.parametrize("moved", [(), ("sqs",), ("sqs", "dynamodb")])
def test_a_whole_draft_is_taken_up_wherever_its_move_broke_off(services, moved):
    write(services, EARLIER, sqs="old", s3="old")
    draft = services.parent / "services-x1"
    write(draft, LATER, sqs="new", dynamodb="new")
    for name in moved:
        (draft / f"{name}.json").replace(services / f"{name}.json")
    assert take_up(services).at.isoformat() == LATER
    assert read(services) == {"sqs": "new", "dynamodb": "new", "s3": "old"}
    assert read_saved(services).at.isoformat() == LATER
    assert not draft.exists()


def test_what_a_stack_was_stopped_with_is_the_last_only_until_it_is_taken_up(services):
    record = services.parent / "local.json"
    assert take_up(services) is None
    assert not was_cut_short(record, services)
    record.write_text("{}")
    assert was_cut_short(record, services)
    # Whoever shuts the machine down in order lets it write, and removes no record.
    write(services, LATER, is_last=True)
    assert not was_cut_short(record, services)
    assert take_up(services).is_last
    assert was_cut_short(record, services)
    assert read_saved(services).at.isoformat() == LATER


@pytest.mark.parametrize(
    ("method", "target", "changes"),
    [
        ("GET", "", False),
        ("HEAD", "", False),
        ("PUT", "", True),
        ("DELETE", "", True),
        ("POST", "", True),
        ("POST", "DynamoDB_20120810.Query", False),
        ("POST", "DynamoDB_20120810.BatchGetItem", False),
        ("POST", "DynamoDB_20120810.PutItem", True),
        ("POST", "DynamoDB_20120810.TransactWriteItems", True),
        ("POST", "AmazonSQS.GetQueueAttributes", False),
        ("POST", "AmazonSQS.ReceiveMessage", True),
        ("POST", "Logs_20140328.FilterLogEvents", False),
    ],
)
def test_what_only_reads_has_nothing_written(method, target, changes):
    headers = [(b"host", b"127.0.0.1"), *([(b"x-amz-target", target.encode())] if target else [])]
    assert changes_state({"type": "http", "method": method, "headers": headers}) is changes


def test_a_draft_that_is_older_than_what_is_in_its_place_is_dropped(services):
    # Its stack was stopped, or ended by another's start, just when it was whole.
    write(services, LATER, is_last=True, sqs="new")
    write(services.parent / "services-x1", EARLIER, sqs="old")
    write(services.parent / "services-x2", EARLIER, sqs="old")
    assert read_saved(services).is_last
    assert take_up(services).at.isoformat() == LATER
    assert read(services) == {"sqs": "new"}
    assert [path.name for path in services.parent.iterdir()] == ["services"]


def test_what_functions_had_received_when_the_stack_ended_can_be_received_at_once(services):
    sent, received, delayed = (
        {"id": "sent", "visible_at": 5.0, "receive_count": 0},
        {"id": "received", "visible_at": 5e9, "receive_count": 2},
        {"id": "delayed", "visible_at": 5e9, "receive_count": 0},
    )
    work = {
        "attributes": {"RedrivePolicy": '{"maxReceiveCount": 5}'},
        "messages": [sent, received, delayed],
    }
    # Whoever has received a message of a DLQ is no function, and may go on with it.
    dlq = {"attributes": {}, "messages": [received]}
    queues = {"data": {"1\x00eu\x00'work'": work, "1\x00eu\x00'dlq'": dlq}}
    write(services, EARLIER, sqs=json.dumps({"payload": {"queues": queues}}))
    take_up(services)
    kept = json.loads(read(services)["sqs"])["payload"]["queues"]["data"]
    assert kept["1\x00eu\x00'work'"]["messages"] == [sent, {**received, "visible_at": 0}, delayed]
    assert kept["1\x00eu\x00'dlq'"] == dlq


@pytest.fixture
def deployed(monkeypatch):
    """The statuses of the emulator's stacks, which a test sets."""
    stacks = SimpleNamespace(_data={})
    module = SimpleNamespace(_stacks=stacks)
    monkeypatch.setitem(sys.modules, "ministack.services.cloudformation", module)
    monkeypatch.setattr(saved_state, "_DELAY_SECONDS", 0.01)
    return stacks._data


def count_saves(monkeypatch, services, *, most_seconds=60.0, failures=0):
    """How often the state is written within some time, after one change."""
    monkeypatch.setattr(saved_state, "_MOST_DEPLOYMENT_SECONDS", most_seconds)
    begun = []

    async def save(self):
        begun.append(self)
        if len(begun) <= failures:
            raise OSError(28, "No space left on device")
        return 0.0

    monkeypatch.setattr(saved_state._Saver, "_save", save)

    async def run():
        saver = saved_state._Saver(services)
        saver.changed.set()
        task = asyncio.create_task(saver._save_after_changes())
        await asyncio.sleep(0.3)
        task.cancel()

    asyncio.run(run())
    return len(begun)


@pytest.mark.parametrize(
    ("status", "saves"),
    [("UPDATE_COMPLETE", 1), ("REVIEW_IN_PROGRESS", 1), ("UPDATE_IN_PROGRESS", 0)],
)
def test_half_a_deployment_is_not_written(services, deployed, monkeypatch, status, saves):
    deployed["prod"] = {"StackStatus": status}
    assert count_saves(monkeypatch, services) == saves


def test_a_deployment_that_never_ends_holds_it_up_for_a_while_only(services, deployed, monkeypatch):
    deployed["prod"] = {"StackStatus": "UPDATE_IN_PROGRESS"}
    assert count_saves(monkeypatch, services, most_seconds=0.05) == 1


def test_what_could_not_be_written_is_tried_again(services, deployed, monkeypatch, capfd):
    assert count_saves(monkeypatch, services, failures=2) == 3
    assert capfd.readouterr().err.count("not written, which is tried again: [Errno 28]") == 2
