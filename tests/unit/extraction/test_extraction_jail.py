"""The jail of a reader: what it cannot reach of its parent, and what it cannot begin."""

import ctypes
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from pipeline.extraction.extractor import Extractor
from tests.fakes.pdf.pdf_files import make_marker_pdf
from tests.fakes.pdf.pdf_readers import find_reader
from tests.project_files import PROJECT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the jail is made by Linux")

# Root may look at anyone: a process that is to stand for a user's goes without all such rights.
PR_CAPBSET_DROP, CAPABILITIES = 24, range(41)

LOOK_AT_PARENT = """
import os
for name in ("environ", "mem", "maps"):
    try:
        with open(f"/proc/{os.getppid()}/{name}", "rb") as file:
            if name == "environ":
                assert b"canary" in file.read()
        print(name, "seen")
    except PermissionError:
        print(name, "refused")
"""


def run_as_a_user(program, *arguments, **environment):
    """Run a program of this project as a process that may do no more than a user's."""
    libc = ctypes.CDLL(None)
    return subprocess.run(  # noqa: S603 - this very interpreter
        [sys.executable, "-c", textwrap.dedent(program), *map(str, arguments)],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"], **environment},
        preexec_fn=lambda: [libc.prctl(PR_CAPBSET_DROP, right, 0, 0, 0) for right in CAPABILITIES],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=60,
    ).stdout.splitlines()


def test_a_parent_of_readers_shows_them_neither_its_environment_nor_its_memory(tmp_path):
    path = tmp_path / "short.pdf"
    path.write_bytes(make_marker_pdf(1))
    told = run_as_a_user(
        """
        import subprocess, sys
        from pathlib import Path
        from pipeline.extraction.extractor import Extractor
        from shared.deadline import Deadline

        look = [sys.executable, "-c", sys.argv[2]]
        subprocess.run(look, check=True)
        with Extractor() as extractor, extractor.open(Path(sys.argv[1]), Deadline.after(60)):
            subprocess.run(look, check=True)
        """,
        path,
        LOOK_AT_PARENT,
        AWS_SECRET_ACCESS_KEY="canary",
    )
    assert told[0] == "environ seen"
    assert told[3:] == ["environ refused", "mem refused", "maps refused"]


def test_whoever_is_in_the_jail_opens_no_socket_and_starts_no_program(tmp_path):
    path = tmp_path / "file"
    path.write_text("read")
    [can_hold, *told] = run_as_a_user(
        """
        import os, socket, subprocess, sys, threading
        from pathlib import Path
        from pipeline.extraction.confinement.jail import enter_jail

        print(enter_jail(), flush=True)
        for attempt in (
            lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM),
            lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
            lambda: socket.socket(socket.AF_UNIX),
            lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
            socket.socketpair,
            lambda: os.execv("/bin/true", ["true"]),
            lambda: subprocess.run(["/bin/true"]),
            lambda: os.pidfd_open(os.getppid()),
        ):
            try:
                print("open", attempt())
            except PermissionError:
                print("refused")
        thread = threading.Thread(target=lambda: print(Path(sys.argv[1]).read_text()))
        thread.start()
        thread.join()
        """,
        path,
    )
    if can_hold == "False":
        pytest.skip("this kernel knows no seccomp")
    assert told == ["refused"] * 8 + ["read"]


def test_a_running_reader_is_in_the_jail(tmp_path):
    path = tmp_path / "short.pdf"
    path.write_bytes(make_marker_pdf(1))
    with Extractor() as extractor:
        status = Path(f"/proc/{find_reader(extractor, path)}/status").read_text()
    lines = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert (lines["NoNewPrivs"], lines.get("Seccomp", "2")) == ("1", "2")
