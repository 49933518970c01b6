"""The local stack's state on the disk: written while it runs too, so that a kill loses seconds.

The emulator writes what it holds in memory when it ends, and only then. Here a copy of its process
(a fork) writes it soon after a change. The copy is of one moment, so that rows and messages fit one
another, and requests wait for nothing but the fork. It writes into a draft, whose mark it makes
last; a draft with its mark is moved to its place, by the next start if need be, and any other is
dropped: what is there is of one moment too. Objects in buckets the emulator writes at once.

Only the standard library is imported here, as the emulator's Python loads this file too.
"""

import asyncio
import copy
import gc
import importlib
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

# The secret that holds the model's key, which is never written: the file would be readable.
MODEL_KEY_SECRET = "seashore/openai-api-key"  # noqa: S105 - a name, not a secret

_DRAFTS = "services-"
_MARK = "saved.json"
_DELAY_SECONDS = 2.0
# Of the time from one save to the next a processor works for them a tenth at the most.
_REST = 9
_MOST_SAVE_SECONDS = 120.0
# A deployment that is broken off may stay as it is for good.
_MOST_DEPLOYMENT_SECONDS = 900.0
# A notice of an upload is on its way for as long.
_NOTICE_SECONDS = 2

# What changes nothing: the methods of HTTP, and the actions that a header names.
_READ_METHODS = ("GET", "HEAD", "OPTIONS")
_READ_ACTION = re.compile(rb"[^.]+\.(Get|BatchGet|Query|Scan|List|Describe|Filter|TransactGet)")

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[Any, Receive, Send], Awaitable[None]]


@dataclass(frozen=True)
class SavedState:
    """When the state was written that the next start takes up.

    Args:
        at: The moment that it is of, in UTC.
        is_last: Whether the stack had been stopped, and knew no more than that.
    """

    at: datetime
    is_last: bool


def read_saved(services: Path) -> SavedState | None:
    """When the state in a folder was written; None if it was never, or by an earlier release."""
    return _find_newest(services)[1]


def was_cut_short(record: Path, services: Path) -> bool:
    """Whether a stack that has ended was killed, or its machine, before it could write all it knew.

    Args:
        record: Its record, which whoever stops it removes.
        services: The folder of its state.
    """
    saved = read_saved(services)
    return record.exists() and not (saved is not None and saved.is_last)


def take_up(services: Path) -> SavedState | None:
    """Put the newest whole state in its place, before the emulator reads it.

    From then on it counts as not the last one: what follows may be killed. Messages that somebody
    had received can be received again at once, since their functions have ended.

    Returns:
        When it was written; None if that is not known.
    """
    newest, saved = _find_newest(services)
    if newest != services:
        _put_in_place(newest, services)
    _drop_drafts(services)
    _free_messages(services / "sqs.json")
    if saved is not None:
        _write_mark(services, saved.at, is_last=False)
    return saved


def save_while_running(app: App, state: Path) -> App:
    """An ASGI application before the emulator that has its state written while it runs.

    Args:
        app: The emulator.
        state: The folder of all that outlives a restart.
    """
    saver = _Saver(state / "services")

    async def answer(scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await saver.follow(app, scope, receive, send)
            return
        await app(scope, receive, send)
        if changes_state(scope):
            saver.changed.set()

    return answer


def changes_state(scope: Mapping[str, Any]) -> bool:
    """Whether a request may have changed what the emulator holds, by its method and action."""
    if scope["type"] != "http" or scope["method"] in _READ_METHODS:
        return False
    target = next((value for name, value in scope["headers"] if name == b"x-amz-target"), b"")
    return _READ_ACTION.match(target) is None


class _Saver:
    """Writes the state after changes, one save at a time."""

    def __init__(self, services: Path) -> None:
        self.changed = asyncio.Event()
        self._services = services
        self._copy: int | None = None

    async def follow(self, app: App, scope: Any, receive: Receive, send: Send) -> None:
        """Let the emulator live its life, and write its state in between and at its end."""
        saved = take_up(self._services)
        saving: list[asyncio.Task[None]] = []
        final: list[tuple[Path, datetime]] = []

        async def receive_message() -> dict[str, Any]:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                for task in saving:
                    task.cancel()
                self._end_copy()
                # Whoever shuts the machine down in order has not deleted it before.
                _forget_model_key()
                final.append((_make_draft(self._services), datetime.now(UTC)))
                persistence: Any = importlib.import_module("ministack.core.persistence")
                persistence.STATE_DIR = str(final[0][0])
            return message

        async def send_message(message: dict[str, Any]) -> None:
            if message["type"] == "lifespan.startup.complete":
                if saved is not None and not saved.is_last:
                    _announce_objects(saved.at - timedelta(seconds=_NOTICE_SECONDS))
                saving.append(asyncio.create_task(self._save_after_changes()))
            for draft, at in final:
                _write_mark(draft, at, is_last=True)
                _put_in_place(draft, self._services)
            await send(message)

        await app(scope, receive_message, send_message)

    async def _save_after_changes(self) -> None:
        while True:
            await self.changed.wait()
            await asyncio.sleep(_DELAY_SECONDS)
            latest = time.monotonic() + _MOST_DEPLOYMENT_SECONDS
            while _is_deploying() and time.monotonic() < latest:
                await asyncio.sleep(_DELAY_SECONDS)
            self.changed.clear()
            try:
                await asyncio.sleep(await self._save() * _REST)
            except OSError as error:  # a disk that is full, no memory for the copy
                self.changed.set()
                _log(f"State: not written, which is tried again: {error}")

    async def _save(self) -> float:
        """Save once; how many seconds of a processor that took.

        Raises:
            OSError: There is no room or no memory for it.
        """
        draft = _make_draft(self._services)
        try:
            self._copy = _fork_writer(draft, self._services)
            status, seconds = await self._follow_copy(self._copy)
        except OSError:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        finally:
            self._copy = None
        if status == 0:
            _put_in_place(draft, self._services)
        else:
            shutil.rmtree(draft, ignore_errors=True)
            self.changed.set()
            _log(f"State: not written, which is tried again (the copy ended with {status})")
        return seconds

    async def _follow_copy(self, pid: int) -> tuple[int, float]:
        """Wait until the copy has ended: how, and how many seconds of a processor it took."""
        deadline = time.monotonic() + _MOST_SAVE_SECONDS
        while True:
            await asyncio.sleep(0.05)
            ended, status, used = os.wait4(pid, os.WNOHANG)
            if ended:
                return status, used.ru_utime + used.ru_stime
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)

    def _end_copy(self) -> None:
        if self._copy is not None:
            os.kill(self._copy, signal.SIGKILL)
            os.waitpid(self._copy, 0)
            self._copy = None


def _is_deploying() -> bool:
    """Whether a stack is being made or changed: one of half of it could never go on.

    One that is only looked at beforehand has nothing yet, and may stay so for good.
    """
    module: Any = sys.modules.get("ministack.services.cloudformation")
    stacks = list(module._stacks._data.values()) if module else []  # threads change them
    statuses = [str(stack.get("StackStatus")) for stack in stacks]
    return any(one.endswith("_IN_PROGRESS") and one != "REVIEW_IN_PROGRESS" for one in statuses)


def _fork_writer(draft: Path, services: Path) -> int:
    """Copy the process; the copy writes the state into a draft, and ends."""
    queues: Any = importlib.import_module("ministack.services.sqs")
    at = datetime.now(UTC)
    with warnings.catch_warnings():
        # There are threads, and their locks stay as they are: the copy takes none of them.
        warnings.simplefilter("ignore", DeprecationWarning)
        # Threads receive and delete messages under this lock.
        with queues._queues_lock:
            pid = os.fork()
    if pid == 0:
        _write_and_end(draft, services, at)
    return pid


def _write_and_end(draft: Path, services: Path, at: datetime) -> NoReturn:
    """Write the state in the copy of the process, which nothing else is done in."""
    status = 1
    try:
        # The lock of the folder and the port are not the copy's: a killed stack is free at once.
        os.closerange(3, max(int(path.name) for path in Path("/dev/fd").iterdir()) + 1)
        os.nice(10)
        gc.disable()
        # Nothing changes any more, so that nothing has to be copied.
        vars(copy)["deepcopy"] = lambda value, memo=None: value
        _write_services(draft, services)
        _write_mark(draft, at, is_last=False)
        status = 0
    finally:
        if (error := sys.exception()) is not None:
            _log(f"State: {type(error).__name__}: {error}")
        os._exit(status)


def _write_services(draft: Path, services: Path) -> None:
    """Write those services into a draft of which something else is in its place."""
    emulator: Any = importlib.import_module("ministack.app")
    persistence: Any = importlib.import_module("ministack.core.persistence")
    lambdas: Any = importlib.import_module("ministack.services.lambda_svc")
    # Code that only the state before this one refers to is needed until this one is in its place.
    lambdas._prune_orphan_code_blobs = lambda referenced: None
    _forget_model_key()
    for name, get_state in emulator._build_persistence_save_dict().items():
        try:
            payload = get_state()
            if payload is None:
                continue
            version = persistence._state_format_version(name)
            state = {"__ministack_format__": version, "payload": payload}
            text = json.dumps(state, default=persistence._json_default)
        except (TypeError, ValueError) as error:  # as at its end: the others are written
            _log(f"State: {name} cannot be written: {error}")
            continue
        kept = services / f"{name}.json"
        if not kept.exists() or kept.read_text(encoding="utf-8") != text:
            _write_whole(draft / kept.name, text)


def _forget_model_key() -> None:
    secrets: Any = importlib.import_module("ministack.services.secretsmanager")
    for key in [key for key in secrets._secrets._data if key[-1] == MODEL_KEY_SECRET]:
        del secrets._secrets._data[key]


def _free_messages(queues: Path) -> None:
    """Let messages be received at once whose visibility timeout runs: up to half an hour.

    One that was sent with a delay has not been received yet, and waits on. So does what a client
    has received of a DLQ, as it may live on: what functions receive of has a DLQ behind it.
    """
    try:
        state = json.loads(queues.read_text(encoding="utf-8"))
        kept = state["payload"]["queues"]["data"].values()
    except (OSError, ValueError, KeyError):  # none yet, or of an earlier release
        return
    read_by_functions = (queue for queue in kept if queue["attributes"].get("RedrivePolicy"))
    for message in (message for queue in read_by_functions for message in queue["messages"]):
        if message.get("receive_count"):
            message["visible_at"] = 0
    _write_whole(queues, json.dumps(state))


def _announce_objects(since: datetime) -> None:
    """Have S3 tell anew of the newest versions since a moment: their notices may be lost."""
    s3: Any = importlib.import_module("ministack.services.s3")
    responses: Any = importlib.import_module("ministack.core.responses")
    first = since.strftime("%Y-%m-%dT%H:%M:%S")
    newest = [(owner, key, kept[-1]) for (owner, key), kept in s3._object_versions._data.items()]
    late = [entry for entry in newest if entry[2].get("last_modified", "") >= first]
    for owner, (bucket, key), version in sorted(late, key=lambda entry: entry[2]["last_modified"]):
        responses.set_request_account_id(owner)
        is_gone = version.get("is_delete_marker")
        s3._fire_s3_event_async(
            bucket,
            key,
            "s3:ObjectRemoved:DeleteMarkerCreated" if is_gone else "s3:ObjectCreated:Put",
            size=version.get("size", 0),
            etag=version.get("etag", ""),
            deletion_type="Delete Marker Created" if is_gone else None,
            version_id=version["version_id"],
        )
    responses.set_request_account_id("")


def _find_newest(services: Path) -> tuple[Path, SavedState | None]:
    """The folder of the newest whole state, and when it was written.

    A draft is not always newer than what is in its place: a stack that was stopped while one was
    being made knew more, and the copy of one that was killed may end it at any time.
    """
    newest, saved = services, _read_mark(services)
    for draft in _find_drafts(services):
        mark = _read_mark(draft)
        if mark is not None and (saved is None or mark.at > saved.at):
            newest, saved = draft, mark
    return newest, saved


def _read_mark(folder: Path) -> SavedState | None:
    try:
        mark = json.loads((folder / _MARK).read_text(encoding="utf-8"))
        return SavedState(datetime.fromisoformat(mark["at"]), mark["is_last"])
    except (OSError, ValueError, KeyError):
        return None


def _find_drafts(services: Path) -> list[Path]:
    return list(services.parent.glob(f"{_DRAFTS}*"))


def _drop_drafts(services: Path) -> None:
    for draft in _find_drafts(services):
        shutil.rmtree(draft, ignore_errors=True)


def _make_draft(services: Path) -> Path:
    return Path(tempfile.mkdtemp(prefix=_DRAFTS, dir=services.parent))


def _put_in_place(draft: Path, services: Path) -> None:
    """Move a whole draft; the mark goes last, so that what breaks off is done again."""
    for path in sorted(draft.iterdir(), key=lambda path: path.name == _MARK):
        path.replace(services / path.name)
    _drop_drafts(services)


def _write_mark(folder: Path, at: datetime, *, is_last: bool) -> None:
    _write_whole(folder / _MARK, json.dumps({"at": at.isoformat(), "is_last": is_last}))


def _write_whole(path: Path, text: str) -> None:
    beside = path.with_suffix(".new")
    with beside.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def _log(line: str) -> None:
    # Past the standard streams: in the copy another thread's lock on them would be held for good.
    with suppress(OSError):  # its disk is full
        os.write(2, f"{line}\n".encode())
