"""The emulator as a process: its environment, temporary files, start, readiness and end."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from http import HTTPStatus
from pathlib import Path

from infra.local.ports import HOST
from infra.local.record import LocalFolder, is_running, note_holder
from infra.locked_environment import ensure_environment
from infra.project_files import LOCKS, PROJECT
from shared.errors import LocalStackError, OperatorError

REGION = "us-east-1"

# What the emulator's own environment is made from. It holds nothing but the emulator, since
# functions run in its interpreter: what their packages lack must be missing here too.
EMULATOR_LOCK = LOCKS / "emulator.txt"
_GATE = PROJECT / "infra" / "local" / "gate.py"

# The emulator unpacks a package, thousands of small files, for every copy of a function that it
# starts: on a disk that takes seconds, in memory a fraction of one.
_MEMORY = Path("/dev/shm")  # noqa: S108 - Linux: a file system in memory, with its own limit
_ROOM_BYTES = 2 * 1024**3

# A program that is to outlive this process and to be no child of it: a launcher forks it and ends.
# It begins only when it is told to. If this process ends before that, however it ends, stdin ends.
_LAUNCH = """
import os, sys
child = os.fork()
if child:
    print(child)
else:
    os.setsid()
    os.umask(0o077)
    os.dup2(2, 1)
    if os.read(0, 1):
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.execv(sys.argv[1], sys.argv[1:])
"""

# What functions may see of the caller's environment: the way out of a company network.
_PASSED_ON = (
    "PATH", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE",
    "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy",
)  # fmt: skip
# What is on this machine is never behind a proxy: the emulator, and a model's server perhaps.
_NEVER_BY_PROXY = (HOST, "localhost")


def ensure_emulator(folder: Path, report: Callable[[str], None]) -> Path:
    """Make the emulator's environment, unless it is there and its lock file is unchanged.

    Args:
        folder: Where the environment is, or is to be.
        report: Called with one line if something has to be done.

    Returns:
        The environment's Python.

    Raises:
        LocalStackError: The environment cannot be made.
    """
    try:
        return ensure_environment(folder, EMULATOR_LOCK, "the emulator", report)
    except OperatorError as error:
        raise LocalStackError(str(error)) from error


@contextmanager
def launch(
    program: Sequence[str],
    log: Path,
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    pass_fds: Sequence[int] = (),
) -> Iterator[int]:
    """Launch a program that outlives this process, in a session of its own.

    It begins at the end of the block. If the block is left otherwise it never does.

    Args:
        program: The program and its arguments.
        log: The file of all that it prints, made anew.
        cwd: Its working directory; None for this process's.
        env: Its whole environment; None for this process's.
        pass_fds: Descriptors that it goes on holding.

    Yields:
        Its process id, which is its process group's id too.
    """
    waiting_end, telling_end = os.pipe()
    with os.fdopen(telling_end, "wb", buffering=0) as begin:
        with os.fdopen(waiting_end, "rb") as waiting, log.open("wb") as output:
            launched = subprocess.run(  # noqa: S603 - a fixed command
                [sys.executable, "-IS", "-c", _LAUNCH, *program],
                cwd=cwd,
                env=env,
                stdin=waiting,
                stdout=subprocess.PIPE,
                stderr=output,
                pass_fds=pass_fds,
                check=True,
            )
        yield int(launched.stdout)
        begin.write(b"!")


@contextmanager
def launch_emulator(
    python: Path, folder: LocalFolder, port: int, lock: int, smtp_server: str | None = None
) -> Iterator[int]:
    """Launch the emulator behind its gate, as `launch` does.

    Args:
        python: Python of the emulator's environment.
        folder: Where it keeps its state; the key is there already.
        port: The port to listen on.
        lock: Descriptor of the folder's lock, which the emulator goes on holding.
        smtp_server: Address and port that mails are handed on to; None for nowhere.

    Yields:
        Its process id, which is its process group's id too.
    """
    make_scratch(folder)
    for path in (folder.services, folder.objects):
        path.mkdir(parents=True, exist_ok=True)
    folder.port.write_text(str(port), encoding="utf-8")
    folder.log.touch(mode=0o600)
    folder.log.chmod(0o600)
    gate = (str(python), "-P", str(_GATE), str(folder.key), str(folder.origin))
    env = _compose_environment(os.environ, folder, port)
    if smtp_server is not None:
        env["SMTP_HOST"] = smtp_server
    with launch(gate, folder.log, cwd=folder.scratch, env=env, pass_fds=[lock]) as pid:
        note_holder(lock, pid)
        yield pid


def wait_until_ready(folder: LocalFolder, port: int, timeout_seconds: float = 180.0) -> None:
    """Wait until the emulator answers.

    Raises:
        LocalStackError: It has ended, or does not answer in time.
    """
    if not wait_for(lambda: _is_ready(port) or not is_running(folder), timeout_seconds):
        raise LocalStackError(f"The emulator does not answer: see {folder.log}.")
    if not is_running(folder):
        raise LocalStackError(f"The emulator ended at its start: see {folder.log}.")


def end_emulator(folder: LocalFolder, pid: int, timeout_seconds: float = 60.0) -> bool:
    """End the emulator after it has saved its state, and then every process it has started.

    Args:
        folder: The folder that it uses; its temporary files and its record are removed.
        pid: Its process id, which is its process group's id too.
        timeout_seconds: How long it may take to save its state.

    Returns:
        Whether it ended by itself. If not it was killed, and its state is what was saved last.
    """
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    has_ended = wait_for(lambda: not is_running(folder), timeout_seconds)
    with suppress(ProcessLookupError, PermissionError):  # macOS: EPERM for a group of zombies
        os.killpg(pid, signal.SIGKILL)
    folder.record.unlink(missing_ok=True)
    clear_scratch(folder)
    return has_ended


def wait_for(is_so: Callable[[], bool], timeout_seconds: float) -> bool:
    """Wait until something about a process is so.

    Returns:
        Whether it became so in time.
    """
    deadline = time.monotonic() + timeout_seconds
    while not is_so():
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.05)
    return True


def make_scratch(folder: LocalFolder, memory: Path = _MEMORY) -> None:
    """Make an empty folder for temporary files, or a link to one in memory.

    Args:
        folder: The files of the local stack.
        memory: Where a file system in memory is mounted, if there is one.
    """
    clear_scratch(folder)
    if memory.is_dir() and shutil.disk_usage(memory).free >= _ROOM_BYTES:
        folder.scratch.symlink_to(tempfile.mkdtemp(prefix="seashore-", dir=memory))
    else:
        folder.scratch.mkdir(mode=0o700)


def clear_scratch(folder: LocalFolder) -> None:
    """Remove the folder for temporary files, wherever it is."""
    if folder.scratch.is_symlink():
        shutil.rmtree(folder.scratch.readlink(), ignore_errors=True)
        folder.scratch.unlink()
    else:
        shutil.rmtree(folder.scratch, ignore_errors=True)


def _compose_environment(own: Mapping[str, str], folder: LocalFolder, port: int) -> dict[str, str]:
    """Compose the whole environment of the emulator, which the functions inherit.

    Nothing of the caller's AWS and model configuration is in it: a function has what the template
    gives it.
    """
    return {
        **{name: own[name] for name in _PASSED_ON if name in own},
        **except_from_proxies(own),
        "HOME": str(folder.scratch),
        "TMPDIR": str(folder.scratch),
        "PYTHONUTF8": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "BIND_HOST": HOST,
        "MINISTACK_HOST": HOST,
        "MINISTACK_REGION": REGION,
        "GATEWAY_PORT": str(port),
        "AUTH": "true",
        "LAMBDA_EXECUTOR": "local",
        # A socket that is not there: the containers on this machine are none of its business.
        "DOCKER_HOST": f"unix://{folder.scratch}/no-docker.sock",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(folder.services),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(folder.objects),
    }


def except_from_proxies(own: Mapping[str, str]) -> dict[str, str]:
    """The variables by which nothing on this machine is asked through a proxy.

    Args:
        own: The environment to begin with; its own exceptions stay.
    """
    excepted = own.get("no_proxy") or own.get("NO_PROXY") or ""
    no_proxy = ",".join((*_NEVER_BY_PROXY, *filter(None, [excepted])))
    return {"NO_PROXY": no_proxy, "no_proxy": no_proxy}


def _is_ready(port: int) -> bool:
    """Whether the gate stands there, which refuses a request that is not signed."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(f"http://{HOST}:{port}/", timeout=2).close()
    except urllib.error.HTTPError as error:
        error.close()
        return error.code == HTTPStatus.FORBIDDEN
    except OSError:
        pass
    return False
