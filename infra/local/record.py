"""What is known of a local stack: its files, and the record that a running one leaves.

A running emulator holds the lock of its folder until its process ends, however it ends. So the
lock says whether a record is true, and a process id that was given out again is never trusted. The
lock's own file names the process too, for when the record cannot be read.
"""

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from infra.file_lock import FileLockedError, hold_file_lock, is_file_locked
from shared.errors import LocalStackError

NOT_RUNNING = "The local stack is not running: start it with `seashore local up`."
_NOT_READY = "The local stack is starting or stopping right now: wait a moment and try again."
_LEFT_BEHIND = (
    "The local stack was left behind half started, or its record cannot be read: `seashore local "
    "up` makes it ready, `seashore local down` stops it."
)
_MOST_PID_BYTES = 20


@dataclass(frozen=True)
class LocalRecord:
    """How to reach a running local stack.

    Args:
        pid: Process id of the emulator, which leads its own process group.
        port: The port that it listens on, on 127.0.0.1.
        endpoint_url: The address that boto3 takes as `endpoint_url`.
        region: Region of the stack.
        stack_name: Name of the CloudFormation stack in the emulator.
        access_key_id: Key of the emulator's root user.
        secret_access_key: Secret of the emulator's root user.
        outputs: The outputs of the template by name; empty until it is deployed.
    """

    pid: int
    port: int
    endpoint_url: str
    region: str
    stack_name: str
    access_key_id: str
    secret_access_key: str
    outputs: dict[str, str]


class LocalFolder:
    """The files of a local stack, all under one folder (`.seashore` of a project).

    Attributes:
        root: The folder.
        record: The record of the running stack.
        lock: Locked for as long as an emulator uses this folder; its process id is in it.
        deploying: Locked for as long as a command starts the stack or deploys to it.
        log: What the emulator and the functions print.
        scratch: Temporary files of the emulator and the functions; gone after the stop.
        state: All that outlives a restart.
        objects: Of that, the objects in the buckets.
        services: Of that, everything else.
        port: The port, which is part of the state: saved queue addresses hold it.
        parameters: The template parameters that were given to it.
        key: The secret of the emulator's root user, which goes with the state.
        mails: The mails that it has sent.
        mail_port: The port on which they are taken.
        mail_log: What the program says that takes them.
        origin: The origin whose web pages may call the local stack, as the deployment names it.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.record = self.root / "local.json"
        self.lock = self.root / "local.lock"
        self.deploying = self.root / "deploying.lock"
        self.log = self.root / "local.log"
        self.scratch = self.root / "scratch"
        self.state = self.root / "state"
        self.objects = self.state / "objects"
        self.services = self.state / "services"
        self.port = self.state / "port"
        self.parameters = self.state / "parameters.json"
        self.key = self.state / "key"
        self.mails = self.state / "mails"
        self.mail_port = self.state / "mail-port"
        self.mail_log = self.root / "mail.log"
        self.origin = self.state / "origin"


def read_live_record(folder: LocalFolder) -> LocalRecord:
    """Read the record of the local stack that is ready in a folder.

    Raises:
        LocalStackError: No stack runs there, or it is not ready.
    """
    record = read_record(folder)
    if not record.outputs:
        raise LocalStackError(describe_absence(folder))
    return record


def read_record(folder: LocalFolder) -> LocalRecord:
    """Read the record of the emulator that runs in a folder, ready or not.

    Raises:
        LocalStackError: None runs there, or its record is not there or cannot be read.
    """
    if not is_running(folder):
        raise LocalStackError(NOT_RUNNING)
    try:
        return LocalRecord(**json.loads(folder.record.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        raise LocalStackError(describe_absence(folder)) from None


def describe_absence(folder: LocalFolder) -> str:
    """Why no local stack is ready in a folder, and what to do."""
    if not is_running(folder):
        return NOT_RUNNING
    is_at_work = folder.deploying.exists() and is_file_locked(folder.deploying)
    # Without an emulator, whoever has claimed the folder is about to start one.
    return _NOT_READY if is_at_work or read_holder(folder) is None else _LEFT_BEHIND


def note_holder(lock: int, pid: int) -> None:
    """Note in the file of a folder's lock which process is to go on holding it."""
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(pid).encode(), 0)


def read_holder(folder: LocalFolder) -> int | None:
    """The process that holds a folder's lock; None if it has not noted itself.

    Only to be believed while the lock is held.
    """
    try:
        with folder.lock.open("rb") as file:
            return int(file.read(_MOST_PID_BYTES))
    except (OSError, ValueError):
        return None


def write_record(folder: LocalFolder, record: LocalRecord) -> None:
    """Write the record so that a reader sees the old one or the new one, never half of it."""
    write_private_file(folder.record, json.dumps(asdict(record), indent=1))


def ensure_key(folder: LocalFolder) -> str:
    """The key of the folder's state, made at random if there is none: with it one owns the stack.

    The folder of the state becomes its owner's alone, since the documents lie there too.
    """
    folder.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.state.chmod(0o700)
    if not folder.key.exists():
        write_private_file(folder.key, secrets.token_hex(32))
    return folder.key.read_text(encoding="utf-8")


def write_private_file(path: Path, text: str) -> None:
    """Write a file for its owner alone, in one step."""
    draft = path.with_suffix(".draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)


def is_running(folder: LocalFolder) -> bool:
    """Whether an emulator uses the folder."""
    return folder.lock.exists() and is_file_locked(folder.lock)


@contextmanager
def claim_folder(folder: LocalFolder) -> Iterator[int]:
    """Claim the folder for an emulator that is to inherit the descriptor handed out.

    Raises:
        LocalStackError: An emulator uses the folder already.
    """
    try:
        with hold_file_lock(folder.lock, wait_seconds=0.5) as descriptor:
            os.ftruncate(descriptor, 0)  # its last holder is gone
            yield descriptor
    except FileLockedError:
        raise LocalStackError(
            f"A local stack is already running in {folder.root}: use it, or stop it with "
            "`seashore local down`."
        ) from None


@contextmanager
def claim_deployment(folder: LocalFolder) -> Iterator[None]:
    """Hold the folder while the stack is started or deployed to.

    Raises:
        LocalStackError: Another command does that just now.
    """
    try:
        with hold_file_lock(folder.deploying, wait_seconds=0.5):
            yield
    except FileLockedError:
        raise LocalStackError(
            "Another command starts the local stack or deploys to it just now: wait for its end."
        ) from None
