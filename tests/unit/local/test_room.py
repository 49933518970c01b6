"""What the local stack takes and keeps on a disk that is full."""

import asyncio
import shutil
import sys
from collections import namedtuple

import pytest

from infra.local import room
from infra.local.process import launch
from infra.local.record import LocalFolder, claim_folder, is_running, note_holder
from infra.local.stack import stop_local_stack
from shared.errors import LocalStackError

FORM = (b"content-type", b"multipart/form-data; boundary=x")
OBJECT = (b"x-amz-content-sha256", b"e3b0")


@pytest.fixture
def disk(monkeypatch):
    """A disk of which a test says how much of it is free."""
    usage = namedtuple("usage", "total used free")
    free = [room.ROOM_BYTES]
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(0, 0, free[0]))
    return free


def ask(folder, method, *headers):
    """Send a request; the status of the refusal and its body, or None if it was passed on."""
    sent, passed = [], []

    async def emulator(scope, receive, send):
        passed.append(scope)

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": method, "headers": list(headers)}
    asyncio.run(room.refuse_without_room(emulator, folder)(scope, None, send))
    assert bool(sent) != bool(passed)
    return (sent[0]["status"], sent[1]["body"].decode()) if sent else None


def test_uploads_to_a_full_disk_are_refused_with_what_to_do(tmp_path, disk):
    for header in (FORM, OBJECT):
        assert ask(tmp_path, "PUT", header) is None
        status, told = ask(tmp_path, "PUT", header, (b"content-length", b"1"))
        # As a service that is out of order answers: who sends it from a queue tries again.
        assert status == 507
        assert f"the disk of {tmp_path} is full: free some space" in told


def test_what_is_read_or_no_upload_is_passed_on(tmp_path, disk):
    disk[0] = 0
    assert ask(tmp_path, "GET", OBJECT) is None
    assert ask(tmp_path, "POST", (b"content-length", b"9"), (b"content-type", b"json")) is None


@pytest.fixture
def running(tmp_path):
    """A folder with a stand-in for the emulator, which ends when it is told to."""
    folder = LocalFolder(tmp_path / "local")
    hold = "import time; time.sleep(60)"
    with (
        claim_folder(folder) as lock,
        launch([sys.executable, "-c", hold], folder.log, pass_fds=[lock]) as pid,
    ):
        note_holder(lock, pid)
    yield folder
    if is_running(folder):
        stop_local_stack(folder.root, lambda line: None, is_kept=False)


def test_a_stack_that_cannot_be_saved_runs_on(running, disk):
    disk[0] -= 1
    with pytest.raises(LocalStackError, match=r"runs on: the disk of .* is full.*--delete-data"):
        stop_local_stack(running.root, lambda line: None)
    assert is_running(running)
    stop_local_stack(running.root, lambda line: None, is_kept=False)
    assert not is_running(running)


def test_what_was_not_saved_all_the_same_is_told(running):
    running.log.write_text("Ready\nERROR Persistence: failed to save dynamodb: No space left\n")
    with pytest.raises(LocalStackError, match="failed to save dynamodb: No space left"):
        stop_local_stack(running.root, lambda line: None)
    assert not is_running(running)
