"""The console as its tests see it: what is shown, what is pressed, what the policy refused."""

import importlib.util
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from selenium import webdriver
from selenium.common.exceptions import JavascriptException, StaleElementReferenceException
from selenium.webdriver.common.by import By

from tests.fakes.waiting import wait_for

if TYPE_CHECKING:
    # They take a quarter of a second to load, in each process that collects the tests.
    from selenium.webdriver.remote.webdriver import WebDriver
    from selenium.webdriver.remote.webelement import WebElement

# A machine under load is no reason to fail.
PATIENCE_SECONDS = 60

# Runs before any script of a page. The browser itself adds it, so no policy has to allow it.
_LISTEN = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`);
});
window.addEventListener("error", (event) => window.violations.push(`error ${event.message}`));
"""

_CHANGED_UNDER_IT = (JavascriptException, StaleElementReferenceException)

_AXE_LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def start_chromium(chromium: str, chromedriver: str, profile: Path) -> "WebDriver":
    """Start a browser without a window and with a profile of its own."""
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in (
        "--headless=new",
        "--no-sandbox",  # which the user root cannot have
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--no-first-run",
        f"--user-data-dir={profile}",
        "--window-size=1200,900",
    ):
        options.add_argument(argument)
    service = webdriver.ChromeService(chromedriver)
    return webdriver.Chrome(options=options, service=service)


def open_tab(driver: "WebDriver") -> None:
    """Go on in a new tab, whose session storage and scripts are its own, and close the others."""
    others = driver.window_handles
    driver.switch_to.new_window("tab")
    opened = driver.current_window_handle
    for other in others:
        driver.switch_to.window(other)
        driver.close()
    driver.switch_to.window(opened)
    add_script(driver, _LISTEN)


def add_script(driver: "WebDriver", source: str) -> None:
    """Have a script run before those of each page that the tab loads from now on."""
    driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": source})


class ConsoleBrowser:
    """A browser on the console."""

    def __init__(self, driver: "WebDriver") -> None:
        self.driver = driver

    def start(self, address: str) -> None:
        """Come to the console, in a tab that has never been there."""
        self.driver.get(address)

    def sign_in(self, key: str) -> None:
        """Type the key in, and wait for the first page."""
        self.fill("API key", key)
        self.press("Sign in")

    def open(self, place: str, heading: str) -> None:
        """Go to a place such as `documents?status=DONE`, and wait for its heading."""
        self.driver.execute_script("location.hash = arguments[0]", place)
        self.wait_for_heading(heading)

    def wait_for_heading(self, heading: str) -> None:
        """Wait until a page with this heading is there, whole."""
        self.wait(lambda: self.read_heading() == heading, f"no heading {heading!r}")

    def read_heading(self) -> str:
        """The heading of what is shown; empty while it comes."""
        script = """
            const shown = document.querySelector('main:not([hidden]):not([aria-busy]) h1');
            return shown === null ? '' : shown.innerText.trim();
        """
        return str(self.driver.execute_script(script))

    def fill(self, label: str, text: str) -> None:
        """Put a text into the field with this label."""
        field = self.find_field(label)
        field.clear()
        field.send_keys(text)

    def find_field(self, label: str) -> "WebElement":
        """The field with this label, once it is there."""
        path = f"//label[normalize-space()={_quote(label)}]"
        name = self.find(By.XPATH, path).get_attribute("for")
        return self.find(By.ID, str(name))

    def press(self, words: str) -> None:
        """Press the button or follow the link with these words."""
        quoted = _quote(words)
        path = f"//*[self::button or self::a or self::summary][normalize-space()={quoted}]"

        def click() -> bool:
            shown = self._find_shown(By.XPATH, path)
            if shown is None:
                return False
            # What was exchanged since was not pressed, and what came in its place is.
            shown.click()
            return True

        self.wait(click, f"nothing is shown for {path}")

    def find(self, by: str, what: str) -> "WebElement":
        """The first one that is shown, once it is there."""

        return self.wait(lambda: self._find_shown(by, what), f"nothing is shown for {what}")

    def _find_shown(self, by: str, what: str) -> "WebElement | None":
        found = self.driver.find_elements(by, what)
        return next((one for one in found if one.is_displayed()), None)

    def wait_for_text(self, text: str) -> None:
        """Wait until the page says something."""
        self.wait(lambda: text in self.read_text(), f"the page does not say {text!r}")

    def read_text(self) -> str:
        """All that is shown."""
        return str(self.driver.execute_script("return document.body.innerText"))

    def wait(self, condition, words: str):
        """Wait for the first true value of a condition; pages may change under it."""

        def look():
            with suppress(*_CHANGED_UNDER_IT):
                return condition()

        return wait_for(look, PATIENCE_SECONDS, lambda: f"{words}; it says: {self.read_text()}")

    def read_violations(self) -> list[str]:
        """What the policy of the page has refused, and errors of its scripts."""
        return list(self.driver.execute_script("return window.violations || []"))

    def wear(self, scheme: str) -> None:
        """Show pages as to somebody who prefers `light` or `dark`."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def find_barriers(self, rules: Sequence[str] = ()) -> list[str]:
        """What axe finds on the page that keeps somebody out (WCAG 2.2, levels A and AA).

        Args:
            rules: The only rules to look at; all of these levels if there are none.
        """
        if not self.driver.execute_script("return 'axe' in window"):
            # By the browser's own hand, since the policy lets in no script but the console's.
            source = {"expression": _read_axe()}
            self.driver.execute_cdp_cmd("Runtime.evaluate", source)
        script = """
            const [type, values, done] = arguments;
            const options = {runOnly: {type, values}, resultTypes: ['violations']};
            axe.run(document, options).then(
              (found) => done(found.violations.flatMap((one) =>
                one.nodes.map((node) => `${one.id}: ${node.html} ${node.failureSummary}`))),
              (error) => done([String(error)]));
        """
        chosen = ("rule", list(rules)) if rules else ("tag", _AXE_LEVELS)
        return list(self.driver.execute_async_script(script, *chosen))


def _read_axe() -> str:
    spec = importlib.util.find_spec("axe_playwright_python")
    (folder,) = spec.submodule_search_locations
    return Path(folder, "axe.min.js").read_text(encoding="utf-8")


def _quote(words: str) -> str:
    """A text as XPath 1.0 writes it, which has no escape."""
    if '"' not in words:
        return f'"{words}"'
    parts = ", '\"', ".join(f'"{part}"' for part in words.split('"'))
    return f"concat({parts})"
