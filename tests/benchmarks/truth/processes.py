"""Readers as their caller sees them: processes that are asked, and killed if they are late."""

import hashlib
import json
import os
import select
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.checkouts import CHECKOUT

# Where PDFium looks for fonts on Linux, as its library has them.
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "/usr/share/X11/fonts")


@dataclass(frozen=True)
class Reading:
    """What a reader has given for a document.

    Args:
        pages: Texts by page.
        failed: Reasons by page.
        refused: Why the whole document was not read; None if it was.
        facts: What the reader tells of each page besides.
        is_killed: Whether it took too long or crashed.
    """

    pages: dict[int, str]
    failed: dict[int, str]
    refused: str | None = None
    facts: dict[int, dict[str, Any]] | None = None
    is_killed: bool = False


@dataclass(frozen=True)
class ReaderCommand:
    """How a reader is started.

    Args:
        name: Its name in `readers`.
        python: The interpreter of its environment.
        search_path: Where it finds this package and, before it, the product if it needs that.
        version: What its answers depend on; None if they are not to be kept.
        wrapper: What it is started by, as `find_font_wrapper` gives it.
    """

    name: str
    python: Path
    search_path: Sequence[Path] = (CHECKOUT,)
    version: str | None = None
    wrapper: Sequence[str] = ()


class ReadingProcess:
    """A reader that is started when it is first asked, and again after it was killed.

    Args:
        command: How it is started.
        limit_seconds: The longest that a document may take.
        kept: The folder of answers that were given before.
    """

    def __init__(self, command: ReaderCommand, limit_seconds: float, kept: Path) -> None:
        self._command = command
        self._limit_seconds = limit_seconds
        self._kept = kept
        self._process: subprocess.Popen[bytes] | None = None

    def read(self, path: Path, most_pages: int) -> Reading:
        """A document as this reader has it; of a long one so many pages."""
        kept = self._find_kept(path, most_pages)
        if kept is not None and kept.exists():
            return decode_reading(kept.read_text())
        answer = self._ask(path, most_pages)
        if answer is None:
            why = "crashed" if self._reap() else f"took more than {self._limit_seconds:g} s"
            return Reading({}, {}, f"the reader {why}", is_killed=True)
        if kept is not None:
            kept.parent.mkdir(parents=True, exist_ok=True)
            # Another thread may read the same document, which lies there twice.
            partial = kept.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
            partial.write_text(answer)
            partial.replace(kept)
        return decode_reading(answer)

    def close(self) -> None:
        """End the process."""
        self._reap()

    def _find_kept(self, path: Path, most_pages: int) -> Path | None:
        if self._command.version is None:
            return None
        key = hashlib.sha256(path.read_bytes())
        key.update(f"{self._command.name} {self._command.version} {most_pages}".encode())
        return self._kept / f"{key.hexdigest()}.json"

    def _ask(self, path: Path, most_pages: int) -> str | None:
        if self._process is None:
            self._process = self._start()
        requests, answers = self._process.stdin, self._process.stdout
        assert requests is not None and answers is not None
        try:
            requests.write(json.dumps([str(path.absolute()), most_pages]).encode() + b"\n")
        except BrokenPipeError:
            return None
        end, received = time.monotonic() + self._limit_seconds, bytearray()
        while not received.endswith(b"\n"):
            if not select.select([answers], [], [], max(0.0, end - time.monotonic()))[0]:
                return None
            part = os.read(answers.fileno(), 1 << 20)
            if not part:
                return None
            received += part
        return received.decode()

    def _start(self) -> subprocess.Popen[bytes]:
        paths = os.pathsep.join(str(path) for path in self._command.search_path)
        return subprocess.Popen(  # noqa: S603 - every argument is our own
            [
                *self._command.wrapper,
                *(str(self._command.python), "-P", "-m", "tests.benchmarks.truth.readers"),
                self._command.name,
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env=build_environment(os.environ, paths),
            start_new_session=True,
        )

    def _reap(self) -> bool:
        """End the process with all that it has started. Returns whether it had ended by itself."""
        process, self._process = self._process, None
        if process is None:
            return False
        try:
            # A reader that has crashed gets a moment to be known as such.
            process.wait(0.1)
            has_crashed = True
        except subprocess.TimeoutExpired:
            has_crashed = False
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        return has_crashed


def find_font_wrapper() -> list[str]:
    """Starts a program so that it sees no fonts of this machine; empty where that is not allowed.

    PDFium takes fonts that a document names without embedding from these folders, and reads less of
    a page without them. AWS Lambda has none, so with them figures are of this machine only.
    """
    hide = "; ".join(
        f"[ ! -d {folder} ] || mount -t tmpfs none {folder}" for folder in FONT_FOLDERS
    )
    unshare = shutil.which("unshare")
    if unshare is None:
        return []
    wrapper = [unshare, "--map-root-user", "--mount", "sh", "-ec", f'{hide}; exec "$@"', "sh"]
    tried = subprocess.run([*wrapper, "true"], capture_output=True, check=False)  # noqa: S603 - fixed
    return [] if tried.returncode else wrapper


def build_environment(environment: Mapping[str, str], search_path: str) -> dict[str, str]:
    """What a reader sees of this process' environment."""
    passed = {name: environment[name] for name in ("PATH", "HOME") if name in environment}
    return passed | {"PYTHONPATH": search_path, "PYTHONUTF8": "1", "PYTHONHASHSEED": "0"}


def decode_reading(answer: str) -> Reading:
    """The answer of a reader."""
    fields = json.loads(answer)
    by_number = {
        name: {int(number): value for number, value in fields.get(name, {}).items()}
        for name in ("pages", "failed", "facts")
    }
    return Reading(refused=fields["refused"], **by_number)
