"""A real browser on a local stack: Debian's Chromium, without a window."""

import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from infra.cli.chat.api_client import open_api
from infra.stacks import Stack
from tests.browser.console_browser import ConsoleBrowser, open_tab, start_chromium

if TYPE_CHECKING:
    from selenium.webdriver.remote.webdriver import WebDriver

_INSTALL = "apt-get install -y chromium chromium-driver"


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark a test of this folder: pytest asks a conftest about no others."""
    item.add_marker(pytest.mark.browser)
    # One browser, and a stack of their own: behind tests/local_stack they would end last of all.
    item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="package")
def driver(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[WebDriver]":
    """The browser, started once a test process, and ended after the last test of this folder."""
    programs = [shutil.which(name) for name in ("chromium", "chromedriver")]
    if None in programs:
        words = f"no chromium and chromedriver on the PATH: {_INSTALL}"
        if "CI" in os.environ:
            pytest.fail(words)
        pytest.skip(words)
    driver = start_chromium(*programs, tmp_path_factory.mktemp("chromium"))
    try:
        yield driver
    finally:
        driver.quit()


@pytest.fixture
def chromium(driver: "WebDriver") -> ConsoleBrowser:
    """A new tab, which knows nothing of those before it; they are closed."""
    open_tab(driver)
    return ConsoleBrowser(driver)


@pytest.fixture
def browser(chromium: ConsoleBrowser, local_stack: Stack) -> Iterator[ConsoleBrowser]:
    """The browser on the console, signed out; a test that breaks the page's policy fails."""
    chromium.start(f"{local_stack.output('ApiUrl')}/console")
    yield chromium
    assert chromium.read_violations() == []


@pytest.fixture(scope="session")
def api_key(local_stack: Stack) -> str:
    """The key that may read."""
    return open_api(local_stack, {}).key


@pytest.fixture(scope="session")
def operator_key(local_stack: Stack) -> str:
    """The key that may also act."""
    return open_api(local_stack, {}, key_output="OperatorApiKeyId").key
