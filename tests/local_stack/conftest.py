"""What the tests on the local stack have in common: their groups, and a stack to be broken."""

from typing import TYPE_CHECKING

import pytest

from infra.local.process import ensure_emulator
from tests.local_stack.stack_fixtures import CACHE, STACKS, Start, skip_without_index

if TYPE_CHECKING:
    from tests.local_stack.probe_stack import ProbeStack


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--api-examples", type=int, default=0, help="Requests for each route, in all phases."
    )


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark a test of this folder: pytest asks a conftest about no others."""
    item.add_marker(pytest.mark.local_stack)
    # A stack lives in one test process.
    used = [name for name in STACKS if name in getattr(item, "fixturenames", ())]
    item.add_marker(pytest.mark.xdist_group(used[0] if used else item.path.stem))


@pytest.fixture(scope="session")
def probe(tmp_path_factory: pytest.TempPathFactory, start_stack: Start) -> "ProbeStack":
    """A stack with tiny functions, which tests may stop, kill and change."""
    from tests.local_stack.probe_stack import ProbeStack

    # It is used by way of a link, and would be locked by the link's name.
    with skip_without_index():
        ensure_emulator(CACHE / "emulator", lambda line: None)
    return ProbeStack(tmp_path_factory.mktemp("probe"), start_stack)
