"""Every state that a page can be in keeps nobody out (WCAG 2.2 AA), in light and in dark."""

import pytest
from selenium.webdriver.common.by import By

from tests.browser.console_server import serve_console
from tests.browser.console_story import tell_story
from tests.fakes.desks.console_desk import MODEL_SETTINGS, OPERATOR, open_console_desk


@pytest.fixture
def story(chromium):
    """An operator on the console of a stack that has something of each kind."""
    with (
        open_console_desk(daily_cap_usd=2.0, **MODEL_SETTINGS) as desk,
        serve_console(desk.api, desk.operator) as (address, _),
    ):
        story = tell_story(desk)
        chromium.start(address)
        chromium.sign_in(OPERATOR)
        chromium.wait_for_heading("Today")
        yield chromium, story
        assert chromium.read_violations() == []


def find_barriers(browser):
    """What keeps somebody out of what is shown, in both of its colours."""
    light = browser.find_barriers()
    browser.wear("dark")
    dark = browser.find_barriers(["color-contrast"])
    browser.wear("light")
    return light + dark


def test_no_page_keeps_somebody_out(story):
    browser, told = story
    found = {}
    for place, heading in told.list_places():
        browser.open(place, heading)
        found[place] = find_barriers(browser)
    assert {place: barriers for place, barriers in found.items() if barriers} == {}


def test_nothing_that_is_pressed_keeps_somebody_out(story):
    browser, told = story
    barriers = []

    browser.open(f"documents/{told.document}", "Lease of the harbour office")
    # What is pressed stays where it is from here on.
    browser.wait_for_text("There is no picture")
    for summary in browser.driver.find_elements(By.CSS_SELECTOR, "#page summary"):
        summary.click()
    browser.press("Get the file and its text")
    browser.wait_for_text("the addresses hold for five minutes")
    browser.press("Redo…")
    browser.wait_for_text("would read")
    barriers += find_barriers(browser)
    browser.press("Delete…")
    browser.wait_for_text("for good")
    barriers += find_barriers(browser)
    browser.press("Cancel")

    browser.open("documents?day=2026-02-30", "This cannot be shown")
    browser.wait_for_text("There is no such day.")
    barriers += find_barriers(browser)

    browser.open("documents?prefix=leases/", "Documents")
    # No window of a desktop is as narrow.
    phone = {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    browser.press("Redo, retry or delete all that fit")
    browser.press("See what that would be")
    browser.wait_for_text("1 document would be redone.")
    barriers += find_barriers(browser)
    script = "return document.documentElement.scrollWidth <= window.innerWidth"
    assert browser.driver.execute_script(script)
    browser.press("Redo 1 document")
    browser.wait_for_text("1 of 1 document ordered.")
    barriers += find_barriers(browser)
    browser.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

    browser.open("documents?status=PARTIAL", "Documents")
    browser.press("Redo, retry or delete all that fit")
    browser.press("See what that would be")
    browser.wait_for_text("1 document would be redone.")
    barriers += find_barriers(browser)

    browser.open("dead-letters", "Dead letters")
    for words, shown in (
        ("Replay or discard all…", "would be replayed"),
        ("Look into the queues", "in the queues"),
        ("What was discarded today", "No letter was discarded"),
    ):
        browser.press(words)
        browser.wait_for_text(shown)
        barriers += find_barriers(browser)
    assert barriers == []
