"""Sizes, skips and the tables of the chaos suite.

`make chaos` runs the same tests at full size (`--full`) and prints their figures.

Each test module has one function `run_scenario(folder, full)`, whose answer its tests look at as
`outcome`. The scenarios mostly wait for visibility timeouts, so several run at the same time; at
full size after those whose module says `RUNS_ALONE_AT_FULL_SIZE`.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from types import ModuleType
from typing import Any

import pytest

from infra.local.process import ensure_emulator
from infra.project_files import PROJECT
from shared.errors import BuildError, LocalStackError

Table = Callable[[str, Sequence[Sequence[str]]], None]

_AT_ONCE = 3
_AT_ONCE_AT_FULL_SIZE = 6
_TABLES = pytest.StashKey[list[tuple[str, Sequence[Sequence[str]]]]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="run the chaos suite at full size")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_TABLES] = []


def pytest_itemcollected(item: pytest.Item) -> None:
    """A scenario has limits of its own, and its test waits for others too."""
    is_full = item.config.getoption("--full", default=False)
    item.add_marker(pytest.mark.timeout(0 if is_full else 1_800))
    # The scenarios of a session run in one test process.
    item.add_marker(pytest.mark.xdist_group("chaos"))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    for title, rows in config.stash[_TABLES]:
        terminalreporter.section(title)
        widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
        for row in rows:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            terminalreporter.write_line("  ".join(cells).rstrip())


@pytest.fixture(scope="session")
def full(request: pytest.FixtureRequest) -> bool:
    """Whether to run at full size."""
    return bool(request.config.getoption("--full", default=False))


@pytest.fixture
def show_table(request: pytest.FixtureRequest, full: bool) -> Table:
    """Have a table printed after the full run: a title, and rows of cells."""

    def show(title: str, rows: Sequence[Sequence[str]]) -> None:
        if full:
            request.config.stash[_TABLES].append((title, rows))

    return show


@pytest.fixture(scope="session")
def _scenarios(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, full: bool
) -> Iterator[dict[ModuleType, "Future[Any]"]]:
    try:
        ensure_emulator(PROJECT / ".seashore" / "emulator", lambda line: None)
    except (LocalStackError, BuildError) as error:
        if "CI" in os.environ:
            raise
        pytest.skip(f"needs a package index: {error}")
    modules: dict[str, ModuleType] = {
        item.module.__name__: item.module
        for item in request.session.items
        if isinstance(item, pytest.Function) and hasattr(item.module, "run_scenario")
    }
    alone = [m for m in modules.values() if full and hasattr(m, "RUNS_ALONE_AT_FULL_SIZE")]
    together = [module for module in modules.values() if module not in alone]

    # Made here: several threads would make the folder that theirs are in.
    folders = {module: tmp_path_factory.mktemp("chaos") for module in modules.values()}

    def run(module: ModuleType) -> Any:
        return module.run_scenario(folders[module], full)

    # At small size other tests run beside them.
    at_once = _AT_ONCE_AT_FULL_SIZE if full else _AT_ONCE
    with ThreadPoolExecutor(1) as first, ThreadPoolExecutor(at_once) as pool:
        futures = {module: first.submit(run, module) for module in alone}
        wait(futures.values())
        yield futures | {module: pool.submit(run, module) for module in together}


@pytest.fixture(scope="module")
def outcome(request: pytest.FixtureRequest, _scenarios: dict[ModuleType, "Future[Any]"]) -> Any:
    """What the module's `run_scenario` has brought."""
    return _scenarios[request.module].result()
