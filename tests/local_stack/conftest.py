"""One local stack for the whole test session: the real template, the real functions."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from infra.local.record import LocalFolder, is_running
from infra.local.stack import LocalSetup, start_local_stack, stop_local_stack
from infra.project_files import PROJECT
from infra.stacks import Stack, resolve_local_stack
from shared.errors import BuildError, LocalStackError
from tests.fakes.aws.smtp_server import SmtpServer

if TYPE_CHECKING:
    from tests.local_stack.probe_stack import ProbeStack

# The emulator's environment and the built package are kept between test sessions.
CACHE = PROJECT / ".seashore"

# Whose pages may call the session's local stack.
APP_ORIGIN = "https://app.example"

Start = Callable[[Path, LocalSetup], Stack]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--api-examples", type=int, default=0, help="Requests for each route, in all phases."
    )


# Before xdist looks at the groups.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.local_stack)
            # The session's stack lives in one test process.
            item.add_marker(pytest.mark.xdist_group("local_stack"))


@pytest.fixture(scope="session")
def start_stack() -> Iterator[Start]:
    """Starts local stacks that are stopped at the end of the test session at the latest."""
    roots: list[Path] = []

    def start(root: Path, setup: LocalSetup) -> Stack:
        roots.append(root)
        try:
            start_local_stack(root, lambda line: None, setup)
        except (LocalStackError, BuildError) as error:
            if "CI" in os.environ or "be installed" not in str(error):
                raise
            pytest.skip(f"needs a package index: {error}")
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
            "ReportFrom": "reports@example.com",
            "ReportTo": "ada@example.com",
            "ApiCorsOrigin": APP_ORIGIN,
        },
        cache=CACHE,
        smtp_server=smtp_server.address,
    )
    return start_stack(local_stack_root, setup)


@pytest.fixture(scope="session")
def probe(
    local_stack: Stack, tmp_path_factory: pytest.TempPathFactory, start_stack: Start
) -> "ProbeStack":
    """A stack with tiny functions, which tests may stop, kill and change."""
    # The other one first: it installs the emulator, which both share.
    from tests.local_stack.probe_stack import ProbeStack

    return ProbeStack(tmp_path_factory.mktemp("probe"), start_stack)
