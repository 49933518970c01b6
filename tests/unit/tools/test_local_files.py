"""The files of a local stack: lock, record, port and scratch folder."""

import fcntl
import os
import signal
import socket
import subprocess
import sys
from dataclasses import replace

import pytest

from infra.file_lock import FileLockedError, hold_file_lock, is_file_locked
from infra.local.ports import choose_port
from infra.local.process import clear_scratch, launch, make_scratch, wait_for
from infra.local.record import (
    LocalFolder,
    LocalRecord,
    claim_deployment,
    claim_folder,
    ensure_key,
    is_running,
    note_holder,
    read_holder,
    read_live_record,
    read_record,
    write_record,
)
from infra.local.stack import delete_local_data, stop_local_stack
from infra.locked_environment import ensure_environment
from shared.errors import LocalStackError

RECORD = LocalRecord(1, 2, "http://127.0.0.1:2", "us-east-1", "s", "k", "s", {"Name": "value"})


@pytest.fixture
def folder(tmp_path) -> LocalFolder:
    return LocalFolder(tmp_path / "root")


def test_lock_is_held_by_one_at_a_time(tmp_path):
    lock = tmp_path / "lock"
    with hold_file_lock(lock, wait_seconds=0):
        assert is_file_locked(lock)
        with pytest.raises(FileLockedError), hold_file_lock(lock, wait_seconds=0.05):
            pass
    assert not is_file_locked(lock)


def test_child_that_inherits_the_lock_goes_on_holding_it(tmp_path):
    lock = tmp_path / "lock"
    with hold_file_lock(lock, wait_seconds=0) as descriptor:
        child = subprocess.Popen(
            [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=[descriptor]
        )
    assert is_file_locked(lock)
    child.communicate(b"\n")
    assert not is_file_locked(lock)


def test_key_is_made_once_for_its_owner_alone_and_goes_with_the_state(folder):
    folder.state.mkdir(parents=True)  # of an older version, which anyone could read
    key = ensure_key(folder)
    assert len(key) == 64
    assert ensure_key(folder) == key
    assert folder.key.stat().st_mode & 0o777 == 0o600
    assert folder.state.stat().st_mode & 0o777 == 0o700
    delete_local_data(folder.root)
    assert ensure_key(folder) != key


def test_record_is_believed_only_while_the_folder_is_in_use(folder):
    with claim_folder(folder):
        write_record(folder, RECORD)
        assert read_live_record(folder) == RECORD
    with pytest.raises(LocalStackError, match="not running"):
        read_live_record(folder)


def test_record_without_outputs_is_of_a_stack_that_starts(folder):
    with claim_folder(folder):
        with pytest.raises(LocalStackError, match="starting or stopping right now"):
            read_record(folder)
        write_record(folder, replace(RECORD, outputs={}))
        assert read_record(folder).pid == RECORD.pid
        with pytest.raises(LocalStackError, match="starting or stopping right now"):
            read_live_record(folder)


def test_damaged_record_is_no_crash(folder):
    with claim_folder(folder):
        folder.record.write_text('{"pid": 1}')
        with pytest.raises(LocalStackError, match="starting or stopping"):
            read_record(folder)


def test_what_was_left_behind_is_told_with_what_to_do(folder):
    """Whoever started it is gone, and the emulator is there: it will never be ready by itself."""
    with claim_folder(folder) as lock:
        note_holder(lock, 123)
        for left in ("{", None):
            if left is None:
                write_record(folder, replace(RECORD, outputs={}))
            else:
                folder.record.write_text(left)
            with pytest.raises(LocalStackError, match=r"left behind .*`seashore local down` stops"):
                read_live_record(folder)
            with claim_deployment(folder), pytest.raises(LocalStackError, match="starting or"):
                read_live_record(folder)
        assert read_holder(folder) == 123
    with claim_folder(folder):
        assert read_holder(folder) is None


def test_one_command_at_a_time_deploys(folder):
    with (
        claim_deployment(folder),
        pytest.raises(LocalStackError, match="wait for its end"),
        claim_deployment(folder),
    ):
        pass


def launch_holder(folder, lock):
    """A stand-in for the emulator: it holds the lock until its process is ended."""
    hold = "import sys, time; print('began', flush=True); time.sleep(60)"
    return launch([sys.executable, "-c", hold], folder.log, pass_fds=[lock])


def test_program_begins_once_its_record_is_written_and_holds_the_lock(folder):
    with claim_folder(folder) as lock, launch_holder(folder, lock) as pid:
        assert folder.log.read_bytes() == b""
        write_record(folder, replace(RECORD, pid=pid))
    try:
        assert wait_for(lambda: folder.log.read_text() == "began\n", timeout_seconds=30)
        assert read_record(folder).pid == pid
    finally:
        os.killpg(pid, signal.SIGKILL)
    assert wait_for(lambda: not is_running(folder), timeout_seconds=30)


@pytest.mark.parametrize("record", [None, "{", '{"pid": 1}'])
def test_one_whose_record_cannot_be_read_is_stopped_all_the_same(folder, record):
    with claim_folder(folder) as lock, launch_holder(folder, lock) as pid:
        note_holder(lock, pid)
    if record is not None:
        folder.record.write_text(record)
    stop_local_stack(folder.root, lambda line: None)
    assert not is_running(folder)
    assert not folder.record.exists()


def test_program_whose_launch_is_broken_off_leaves_nobody_with_the_lock(folder):
    with (
        pytest.raises(KeyboardInterrupt),
        claim_folder(folder) as lock,
        launch_holder(folder, lock),
    ):
        raise KeyboardInterrupt
    assert wait_for(lambda: not is_running(folder), timeout_seconds=30)
    assert folder.log.read_bytes() == b""


def test_program_whose_launcher_is_killed_leaves_nobody_with_the_lock(folder):
    killed = f"""
import os, signal, sys
from pathlib import Path
from infra.local.process import launch
from infra.local.record import LocalFolder, claim_folder
folder = LocalFolder(Path({str(folder.root)!r}))
program = [sys.executable, "-c", "print('began')"]
with claim_folder(folder) as lock, launch(program, folder.log, pass_fds=[lock]):
    os.kill(os.getpid(), signal.SIGKILL)
"""
    ended = subprocess.run([sys.executable, "-c", killed], check=False)  # noqa: S603 - fixed
    assert ended.returncode == -signal.SIGKILL
    assert wait_for(lambda: not is_running(folder), timeout_seconds=30)
    assert folder.log.read_bytes() == b""


def test_record_holds_credentials_and_is_for_its_owner_only(folder):
    with claim_folder(folder):
        write_record(folder, RECORD)
    assert folder.record.stat().st_mode & 0o777 == 0o600


def test_looking_does_not_make_a_folder(folder):
    assert not is_running(folder)
    assert not folder.root.exists()


def test_looking_lets_the_folder_be_claimed(folder):
    with claim_folder(folder):
        pass
    with folder.lock.open() as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert is_running(folder)
    with claim_folder(folder):
        pass


def test_free_port_is_chosen_and_the_saved_one_is_kept(folder):
    port = choose_port(folder, None)
    folder.state.mkdir(parents=True)
    folder.port.write_text(str(port))
    assert choose_port(folder, None) == port
    assert choose_port(folder, port) == port
    with pytest.raises(LocalStackError, match=f"saved state belongs to port {port}"):
        choose_port(folder, port + 1)


def test_wanted_port_that_is_taken_is_refused(folder):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(LocalStackError, match=f"Port {port} is taken .* choose another one"):
            choose_port(folder, port)


@pytest.mark.parametrize("damage", ["", "x"])
def test_damaged_port_file_is_as_none(folder, damage):
    folder.state.mkdir(parents=True)
    folder.port.write_text(damage)
    assert choose_port(folder, None) > 0


def test_scratch_is_in_memory_where_there_is_room(folder, tmp_path):
    memory = tmp_path / "memory"
    memory.mkdir()
    folder.root.mkdir()
    make_scratch(folder, memory)
    (folder.scratch / "file").write_text("x")
    assert len(list(memory.iterdir())) == 1
    make_scratch(folder, memory)
    assert not list(folder.scratch.iterdir())
    assert len(list(memory.iterdir())) == 1
    clear_scratch(folder)
    assert not list(memory.iterdir())
    assert not folder.scratch.is_symlink()


def test_scratch_is_a_plain_folder_elsewhere(folder, tmp_path):
    folder.root.mkdir()
    make_scratch(folder, tmp_path / "nowhere")
    assert folder.scratch.is_dir()
    assert not folder.scratch.is_symlink()
    clear_scratch(folder)
    assert not folder.scratch.exists()


def test_an_environment_that_was_cut_short_is_made_anew(tmp_path):
    """As by a full disk: uv itself clears no folder that is no environment."""
    folder, lock = tmp_path / "emulator", tmp_path / "lock.txt"
    folder.mkdir()
    (folder / "CACHEDIR.TAG").touch()
    lock.write_text("# nothing is installed\n")
    said = []
    assert ensure_environment(folder, lock, "the emulator", said.append).exists()
    ensure_environment(folder, lock, "the emulator", said.append)
    assert said == ["Installing the emulator (once)"]
