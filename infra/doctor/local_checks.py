"""Whether this machine has what the command line and the local stack need, and the right time."""

import os
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from infra.doctor.check import Check, failed, passed, skipped, warned
from infra.local.ports import choose_port
from infra.local.process import EMULATOR_LOCK
from infra.local.record import LocalFolder, describe_absence, is_running
from infra.local.stack import find_local_stack
from infra.locked_environment import is_environment_ready
from infra.packaging.build import AWS_PYTHON
from infra.packaging.bytecode import find_interpreter
from infra.packaging.dependencies import find_uv
from shared.errors import BuildError, LocalStackError

_OLDEST_PYTHON = (3, 11)

# The emulator and the packages take about 400 MB; documents come on top.
_NEEDED_BYTES = 500 * 1024**2
_COMFORTABLE_BYTES = 2 * 1024**3

# AWS refuses requests that are signed with a time further off than this (AWS General Reference:
# "Troubleshooting Signature Version 4").
_REFUSED_SECONDS = 300.0
_SUSPICIOUS_SECONDS = 30.0
_CLOCK_ADVICE = "Set this machine's clock by NTP, for example with `timedatectl set-ntp true`."


def check_this_machine(root: Path) -> Iterator[Check]:
    """Look at Python, uv, the emulator, its port and the disk.

    Args:
        root: Folder of the local stack, which need not exist yet.
    """
    yield check_python(sys.version_info[:3])
    yield _check_uv()
    yield _check_aws_python()
    yield _check_emulator(root)
    yield _check_local_stack(root)
    yield check_disk(_free_bytes(root))


def check_python(version: tuple[int, ...]) -> Check:
    """Judge the version of the running Python."""
    words = ".".join(map(str, version))
    if version < _OLDEST_PYTHON:
        return failed("python", words, "Use Python 3.11 or newer: make PYTHON=python3.13")
    return passed("python", words)


def check_disk(free_bytes: int) -> Check:
    """Judge the space that is left for the local stack."""
    words = f"{free_bytes / 1e9:.1f} GB free"
    advice = "Free some space; `seashore local down --delete-data` removes what the stack keeps."
    if free_bytes < _NEEDED_BYTES:
        return failed("disk", words, advice)
    return (
        passed("disk", words) if free_bytes >= _COMFORTABLE_BYTES else warned("disk", words, advice)
    )


def check_clock(date_header: str | None, now: datetime) -> Check:
    """Compare the `Date` header of an answer that has just come in with this machine's clock.

    Args:
        date_header: The header; None if no server has answered.
        now: This machine's time.
    """
    if not date_header:
        return skipped("clock", "not compared: no server was asked, or none has answered")
    try:
        server_time = parsedate_to_datetime(date_header)
    except ValueError:
        return skipped("clock", "the server's answer has no readable date")
    if server_time.tzinfo is None:
        server_time = server_time.replace(tzinfo=UTC)
    off_seconds = (now - server_time).total_seconds()
    words = f"{abs(off_seconds):.0f} s {'ahead of' if off_seconds > 0 else 'behind'} the server's"
    if abs(off_seconds) >= _REFUSED_SECONDS:
        return failed("clock", f"{words}: AWS refuses what is signed with it", _CLOCK_ADVICE)
    if abs(off_seconds) >= _SUSPICIOUS_SECONDS:
        return warned("clock", words, _CLOCK_ADVICE)
    return passed("clock", "agrees with the server's")


def _check_uv() -> Check:
    try:
        return passed("uv", str(find_uv()))
    except BuildError as error:
        return failed("uv", str(error), "Run `make setup`.")


def _check_aws_python() -> Check:
    name = "python for aws"
    try:
        return passed(name, str(find_interpreter(AWS_PYTHON, find_uv())))
    except BuildError:
        return warned(
            name,
            f"there is no Python {AWS_PYTHON}, which compiles the packages for AWS",
            f"Only `seashore deploy` needs it: install one, for example with `uv python install "
            f"{AWS_PYTHON}`.",
        )


def _check_emulator(root: Path) -> Check:
    if is_environment_ready(root / "emulator", EMULATOR_LOCK):
        return passed("emulator", "installed")
    return warned(
        "emulator",
        "not installed, or of an older version",
        "`seashore local up` installs it, which takes a package index.",
    )


def _check_local_stack(root: Path) -> Check:
    name = "local stack"
    folder = LocalFolder(root)
    if root.exists() and not (root.is_dir() and os.access(root, os.W_OK | os.X_OK)):
        return failed(
            name,
            f"{root} cannot be used",
            "It has to be a folder that is yours to write: mend its rights, or move it away.",
        )
    record = find_local_stack(root)
    if record is not None:
        return passed(name, f"running at {record.endpoint_url}")
    if is_running(folder):
        return warned(name, "not ready", describe_absence(folder))
    try:
        port = choose_port(folder, None)
    except LocalStackError as error:
        return failed(name, "not running, and cannot start", str(error))
    return skipped(name, f"not running; port {port} is free for it")


def _free_bytes(root: Path) -> int:
    place = root.resolve()
    while not place.exists():
        place = place.parent
    return shutil.disk_usage(place).free
