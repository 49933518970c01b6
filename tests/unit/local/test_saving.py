"""The local stack's state is written while it runs, whatever comes in between."""

import asyncio
import errno
import json
import os
import signal
import sys
import tempfile
import threading
import time
from types import SimpleNamespace

import pytest

from infra.local.saved_state import (
    MODEL_KEY_SECRET,
    read_saved,
    save_while_running,
    take_up,
)

CHANGE = {"type": "http", "method": "PUT", "headers": []}


class Emulator:
    """What the emulator's modules hold, and an application that saves it at its end."""

    def __init__(self, services):
        self.services = services
        self.rows = ["first"]
        self.secrets = {("1", "eu", MODEL_KEY_SECRET): "sk-canary", ("1", "eu", "other"): "kept"}
        self.get_more = dict
        self.persistence = SimpleNamespace(
            STATE_DIR="", _state_format_version=lambda name: 2, _json_default=None
        )

    def get_state(self):
        return {"rows": self.rows, "secrets": list(self.secrets.values()), **self.get_more()}

    async def __call__(self, scope, receive, send):
        if scope["type"] != "lifespan":
            return
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        text = json.dumps({"payload": self.get_state()})
        (self.services.parent / self.persistence.STATE_DIR / "dynamodb.json").write_text(text)
        await send({"type": "lifespan.shutdown.complete"})


@pytest.fixture
def emulator(tmp_path, monkeypatch):
    services = tmp_path / "services"
    services.mkdir()
    fake = Emulator(services)
    modules = {
        "app": SimpleNamespace(_build_persistence_save_dict=lambda: {"dynamodb": fake.get_state}),
        "core.persistence": fake.persistence,
        "services.lambda_svc": SimpleNamespace(),
        "services.secretsmanager": SimpleNamespace(_secrets=SimpleNamespace(_data=fake.secrets)),
        "services.sqs": SimpleNamespace(_queues_lock=threading.Lock()),
    }
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, f"ministack.{name}", module)
    monkeypatch.setattr("infra.local.saved_state._DELAY_SECONDS", 0.01)
    return fake


def read_payload(emulator):
    path = emulator.services / "dynamodb.json"
    return json.loads(path.read_text())["payload"] if path.exists() else {}


def run(emulator, is_so, timeout_seconds=5.0):
    """Run the emulator from a change until something is so, and stop it; whether it was so."""

    async def live():
        messages = asyncio.Queue()
        is_ready = asyncio.Event()

        async def send(message):
            is_ready.set()

        app = save_while_running(emulator, emulator.services.parent)
        life = asyncio.create_task(app({"type": "lifespan"}, messages.get, send))
        await messages.put({"type": "lifespan.startup"})
        await is_ready.wait()
        await app(CHANGE, None, None)
        deadline = time.monotonic() + timeout_seconds
        while not (was_so := bool(is_so())) and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        await messages.put({"type": "lifespan.shutdown"})
        await life
        return was_so

    return asyncio.run(live())


def list_left(emulator):
    return [path.name for path in emulator.services.parent.iterdir()]


def test_a_change_is_written_while_the_stack_runs_and_the_last_at_its_end(emulator):
    def change_once_written():
        written = read_payload(emulator) == {"rows": ["first"], "secrets": ["kept"]}
        if written:
            assert not read_saved(emulator.services).is_last
            emulator.rows.append("second")
        return written

    assert run(emulator, change_once_written)
    assert read_payload(emulator)["rows"] == ["first", "second"]
    assert read_saved(emulator.services).is_last


def test_the_models_key_is_not_written_by_whoever_ends_the_emulator_alone(emulator):
    run(emulator, lambda: True)
    assert read_payload(emulator)["secrets"] == ["kept"]


def test_a_stop_while_the_state_is_being_written_leaves_the_last_and_nothing_else(emulator):
    first = os.getpid()
    emulator.get_more = lambda: {} if os.getpid() == first else signal.pause()
    assert run(emulator, lambda: len(list_left(emulator)) > 1)
    assert read_payload(emulator)["rows"] == ["first"]
    assert list_left(emulator) == ["services"]


def test_a_stop_just_when_the_state_is_written_leaves_the_last(emulator):
    """The copy has made its draft whole, and nobody has looked yet."""

    def is_whole():
        drafts = emulator.services.parent.glob("services-*/saved.json")
        if any(drafts):
            emulator.rows.append("second")
            return True
        return False

    assert run(emulator, is_whole)
    take_up(emulator.services)
    assert read_payload(emulator)["rows"] == ["first", "second"]


@pytest.mark.parametrize("function", ["tempfile.mkdtemp", "os.fork"])
def test_the_state_is_written_once_there_is_room_for_it_again(
    emulator, monkeypatch, capfd, function
):
    real, calls = {"tempfile.mkdtemp": tempfile.mkdtemp, "os.fork": os.fork}[function], []

    def fail_twice(**arguments):
        calls.append(arguments)
        if len(calls) < 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(**arguments)

    monkeypatch.setattr(function, fail_twice)
    assert run(emulator, lambda: read_payload(emulator))
    assert "State: not written, which is tried again" in capfd.readouterr().err
    assert list_left(emulator) == ["services"]


def test_a_copy_that_fails_says_why_and_is_made_again(emulator, capfd, tmp_path):
    first, failed = os.getpid(), tmp_path / "services" / "failed"

    def fail_once():
        if os.getpid() != first and not failed.exists():
            failed.touch()
            raise RuntimeError("not what it was")
        return {}

    emulator.get_more = fail_once
    assert run(emulator, lambda: read_payload(emulator))
    assert "State: RuntimeError: not what it was" in capfd.readouterr().err


def test_a_copy_that_hangs_is_ended_and_made_again(emulator, monkeypatch, tmp_path):
    first, hung = os.getpid(), tmp_path / "services" / "hung"

    def hang_once():
        if os.getpid() != first and not hung.exists():
            hung.touch()
            signal.pause()
        return {}

    emulator.get_more = hang_once
    monkeypatch.setattr("infra.local.saved_state._MOST_SAVE_SECONDS", 0.2)
    assert run(emulator, lambda: read_payload(emulator))
    assert hung.exists()
    assert list_left(emulator) == ["services"]
