"""The console by the keyboard alone: one walk through all that is done with it."""

import pytest
from selenium import webdriver
from selenium.webdriver.common.keys import Keys

from shared.ledger.documents import find_document
from shared.lifecycle import DocumentStatus
from tests.browser.console_server import serve_console
from tests.browser.console_story import tell_story
from tests.fakes.desks.console_desk import MODEL_SETTINGS, OPERATOR, open_console_desk

# No page has so many stops.
MOST_STOPS = 90

READ_STOP = """
const one = document.activeElement;
const style = getComputedStyle(one);
const box = one.getBoundingClientRect();
const label = one.labels?.length ? one.labels[0].innerText : '';
return {
  name: (one.getAttribute('aria-label') || label || one.innerText || '').trim(),
  tag: one.tagName,
  isSeen: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2
    && box.width > 0 && box.right > 0 && box.bottom > 0 && box.left < innerWidth
    && box.top < innerHeight,
  isAsked: one.closest('dialog') !== null,
};
"""


class Walker:
    """Somebody without a mouse."""

    def __init__(self, browser):
        self.browser = browser
        self.unseen = []

    def stand(self):
        return self.browser.driver.execute_script(READ_STOP)

    def press(self, *keys):
        webdriver.ActionChains(self.browser.driver).send_keys(*keys).perform()

    def step(self, backwards=False):
        chain = webdriver.ActionChains(self.browser.driver)
        if backwards:
            chain.key_down(Keys.SHIFT).send_keys(Keys.TAB).key_up(Keys.SHIFT).perform()
        else:
            chain.send_keys(Keys.TAB).perform()
        stop = self.stand()
        if not stop["isSeen"] and stop["tag"] not in ("BODY", "HTML"):
            self.unseen.append(stop)
        return stop

    def go_to(self, name, backwards=False):
        """Step until something of this name has the focus."""
        passed = []
        for _ in range(MOST_STOPS):
            stop = self.step(backwards)
            passed.append(stop["name"])
            if stop["name"] == name:
                return
        raise AssertionError(f"{name!r} is not reached; passed: {passed}")

    def choose(self, name):
        """Go to something of this name, and press it."""
        self.go_to(name)
        self.press(Keys.ENTER)

    def open_page(self, name):
        """Go back to the menu, and on to one of its pages."""
        self.go_to(name, backwards=True)
        self.press(Keys.ENTER)
        self.wait_for_page(name)

    def wait_to_stand_at(self, name):
        self.browser.wait(lambda: self.stand()["name"] == name, f"the focus is not at {name!r}")

    def wait_for_page(self, heading):
        """Wait for a page, at whose heading the focus is then."""
        wanted = ("H1", heading)
        self.browser.wait(
            lambda: (self.stand()["tag"], self.stand()["name"]) == wanted,
            f"the focus is not at the heading {heading!r}",
        )


@pytest.fixture
def walk(chromium):
    with (
        open_console_desk(**MODEL_SETTINGS) as desk,
        serve_console(desk.api, desk.operator) as (address, _),
    ):
        told = tell_story(desk)
        chromium.start(address)
        yield chromium, Walker(chromium), desk, told
        assert chromium.read_violations() == []


def test_all_that_is_done_is_done_by_the_keyboard_alone(walk):
    browser, walker, desk, told = walk

    # In, with the focus in the only field.
    walker.wait_to_stand_at("API key")
    walker.press(OPERATOR, Keys.ENTER)
    walker.wait_for_page("Today")
    walker.go_to("Skip to the page", backwards=True)
    walker.press(Keys.ENTER)
    walker.wait_for_page("Today")

    # A document is found, opened; the question about its deletion keeps the focus until it is left.
    walker.open_page("Documents")
    walker.go_to("Name, title or reason")
    walker.press("harbour office", Keys.ENTER)
    browser.wait_for_text("Show\nAll")
    walker.wait_to_stand_at("Name, title or reason")
    walker.choose("Upload")
    for field in ("Folder", "Drop files here, or choose some", "Or choose a whole folder"):
        walker.go_to(field)
    walker.choose("leases/harbour.pdf")
    walker.wait_for_page("Lease of the harbour office")
    walker.choose("The next page")
    browser.wait_for_text("Page 2\nof 2")
    walker.choose("Delete…")
    walker.wait_to_stand_at("Cancel")
    held = [walker.step() for _ in range(4)]
    assert all(stop["isAsked"] or stop["tag"] == "BODY" for stop in held)
    walker.press(Keys.ESCAPE)
    walker.wait_to_stand_at("Delete…")
    assert find_document(desk.table, told.document).status is DocumentStatus.DONE

    # A question is put to a document.
    walker.open_page("Ask")
    walker.go_to("leases/read.pdf")
    walker.press(Keys.SPACE)
    walker.go_to("Question")
    walker.press("What is the rent?")
    walker.choose("Ask them")
    browser.wait_for_text("ask, received")
    walker.go_to("Message")
    walker.press("How long is it let?")
    walker.choose("Send")
    walker.wait_to_stand_at("Turn 1")

    # A letter is opened, mended, sent; the other one is replayed.
    walker.open_page("Dead letters")
    walker.choose("What is the rent?")
    walker.wait_for_page("What is the rent?")
    walker.choose("Open")
    browser.wait_for_text("Sent first")
    walker.go_to("Body")
    webdriver.ActionChains(browser.driver).key_down(Keys.CONTROL).send_keys("a").key_up(
        Keys.CONTROL
    ).perform()
    walker.press('{"v": 1, "kind": "summarize", "id": "by-hand", "text": "It is short."}')
    walker.choose("Check the changed body")
    browser.wait_for_text("It can be sent")
    walker.choose("Send the changed body")
    browser.wait_for_text("1 replayed")
    walker.open_page("Dead letters")
    walker.choose("Replay or discard all…")
    browser.wait_for_text("1 letter would be replayed")
    walker.choose("Replay it")
    browser.wait_for_text("1 of 1 letter replayed.")
    assert walker.stand()["tag"] != "BODY"

    walker.go_to("Sign out", backwards=True)
    walker.press(Keys.ENTER)
    walker.wait_to_stand_at("API key")
    assert walker.unseen == []
