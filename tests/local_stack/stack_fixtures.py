"""One local stack for a whole test process: its fixtures, for every folder of tests.

They are named in `tests/conftest.py`, so that all folders share one stack. Where tests run side by
side, those in a browser are in another process than those of this folder, and have another stack.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from infra.local.process import REGION
from infra.local.record import LocalFolder, is_running
from infra.local.stack import LocalSetup, start_local_stack, stop_local_stack
from infra.project_files import PROJECT
from infra.stacks import Stack, resolve_local_stack
from shared.errors import BuildError, LocalStackError
from tests.fakes.aws.smtp_server import SmtpServer

# The emulator's environment and the built package are kept between test sessions.
CACHE = PROJECT / ".seashore"

# Whose pages may call the session's local stack.
APP_ORIGIN = "https://app.example"
# Where it takes mails, and from whom its reports are.
MAIL_ADDRESS, REPORT_SENDER = "documents@in.example.com", "reports@example.com"
# The only queue of theirs that its tasks may tell.
TOLD_QUEUE = "told"

# The fixtures of stacks that the tests of several files share.
STACKS = ("probe", "local_stack")

Start = Callable[[Path, LocalSetup], Stack]


@contextmanager
def skip_without_index() -> Iterator[None]:
    """Skip what cannot be installed here; CI has to be able to."""
    try:
        yield
    except (LocalStackError, BuildError) as error:
        if "CI" in os.environ or "be installed" not in str(error):
            raise
        pytest.skip(f"needs a package index: {error}")


@pytest.fixture(scope="session")
def start_stack() -> Iterator[Start]:
    """Starts local stacks that are stopped at the end of the test session at the latest."""
    roots: list[Path] = []

    def start(root: Path, setup: LocalSetup) -> Stack:
        roots.append(root)
        with skip_without_index():
            start_local_stack(root, lambda line: None, setup)
        return resolve_local_stack(root)

    yield start
    for root in roots:
        if is_running(LocalFolder(root.resolve())):
            stop_local_stack(root, lambda line: None)


@pytest.fixture(scope="session")
def local_stack_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the session's local stack."""
    return tmp_path_factory.mktemp("local-stack")


@pytest.fixture(scope="session")
def smtp_server() -> Iterator[SmtpServer]:
    """Takes the mails of the session's local stack."""
    with SmtpServer() as server:
        yield server


@pytest.fixture(scope="session")
def local_stack(local_stack_root: Path, start_stack: Start, smtp_server: SmtpServer) -> Stack:
    """The session's local stack, shared by all tests: each uses documents and keys of its own."""
    setup = LocalSetup(
        parameters={
            "ReportFrom": REPORT_SENDER,
            "InboundMail": MAIL_ADDRESS,
            "InboundMailSenders": "ada@example.com",
            "ReportTo": "ada@example.com",
            "ApiCorsOrigin": APP_ORIGIN,
            "CallbackArns": f"arn:aws:sqs:{REGION}:000000000000:{TOLD_QUEUE}",
        },
        cache=CACHE,
        smtp_server=smtp_server.address,
    )
    return start_stack(local_stack_root, setup)
