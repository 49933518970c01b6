"""What other pages cannot do with an open console; polls that rest."""

import time

import pytest

from tests.browser.console_server import serve, serve_console
from tests.fakes.desks.api_desk import open_api_desk

KEY = "a-key-of-mine"


@pytest.fixture
def desk():
    with open_api_desk() as desk:
        yield desk


@pytest.fixture
def console(chromium, desk):
    """Somebody signed in to a console, and the requests for its parts."""
    with serve_console(desk) as (address, asked):
        chromium.start(address)
        chromium.sign_in(KEY)
        chromium.wait_for_heading("Today")
        yield chromium, address, asked


def test_a_request_of_another_page_carries_no_key_and_no_cookie(console):
    browser, address, asked = console
    assert asked[-1]["x-api-key"] == KEY
    page = """<!doctype html><iframe name="away"></iframe>
      <form target="away" method="post" enctype="text/plain" action="ADDRESS">
      <input name='{"key": "owned.pdf", "x": "' value='"}'></form>"""
    page = page.replace("ADDRESS", f"{address}/parts/documents/form")
    with serve(lambda *_: (200, {"Content-Type": "text/html"}, page)) as foreign:
        browser.driver.get(foreign)
        before = len(asked)
        browser.driver.execute_script("document.forms[0].submit()")
        browser.driver.execute_script(
            "fetch(arguments[0], {credentials: 'include', mode: 'no-cors'})",
            f"{address}/parts/documents",
        )
        browser.wait(lambda: len(asked) == before + 2, "its requests do not come")
    for headers in asked[before:]:
        assert not {"x-api-key", "authorization", "cookie"} & set(headers)


def test_no_page_frames_the_console_or_reaches_into_it(console):
    browser, address, _ = console
    page = f"<!doctype html><iframe src='{address}'></iframe>"
    with serve(lambda *_: (200, {"Content-Type": "text/html"}, page)) as foreign:
        browser.driver.get(foreign)
        browser.driver.switch_to.frame(0)
        assert "API key" not in browser.driver.page_source
        browser.driver.switch_to.default_content()


@pytest.mark.parametrize("outward", ["..", "%2E%2e"])
def test_no_link_has_the_page_take_json_of_the_api_for_html(console, desk, outward):
    browser, _, asked = console
    desk.enter_document("<form id=owned hx-get=console/parts/spend hx-trigger=load>.pdf", "text")
    place = f"today/{outward}/{outward}/{outward}/documents"
    before = len(asked)
    browser.driver.execute_script("location.hash = arguments[0]", place)
    browser.wait(lambda: len(asked) > before, "it shows no page")
    browser.wait_for_heading("Today")
    assert browser.driver.find_elements("id", "owned") == []


def test_a_second_click_does_nothing_once_more(console):
    browser, _, asked = console
    browser.open("tasks/new/agent", "New task: agent")
    browser.fill("Prompt", "Look")
    before = len(asked)
    browser.driver.execute_script("""
      const form = document.querySelector('#page form');
      form.requestSubmit();
      form.requestSubmit();
    """)
    browser.wait(lambda: read_begun(browser) != [""], "it is not begun")
    # It is sent once more where its answer was lost, under the same key; what is pressed after an
    # answer is meant anew.
    browser.driver.execute_script("""
      const ask = window.fetch;
      window.fetch = async (...given) => {
        window.fetch = ask;
        await ask(...given);
        throw new TypeError("the answer is lost");
      };
    """)
    begun = read_begun(browser)
    press = "document.querySelector('#page form').requestSubmit()"
    browser.driver.execute_script(press)
    browser.wait_for_text("The server cannot be reached.")
    for _ in range(2):
        browser.driver.execute_script(press)
        browser.wait(lambda known=begun[-1]: read_begun(browser)[-1] != known, "no answer")
        begun += read_begun(browser)
    keys = [one.get("idempotency-key") for one in asked[before:]]
    first, lost, again, anew = filter(None, keys)
    assert lost == again
    assert len({first, lost, anew}) == 3


@pytest.mark.parametrize("status", [409, 429, 504])
def test_what_may_be_at_work_is_pressed_again_under_the_same_key(console, status):
    browser, _, asked = console
    browser.open("tasks/new/agent", "New task: agent")
    browser.fill("Prompt", "Look")
    browser.driver.execute_script(
        """
        const ask = window.fetch;
        window.fetch = async (...given) => {
          window.fetch = ask;
          await ask(...given);
          const told = {error: {code: "busy", message: "it is busy"}};
          return Response.json(told, {status: arguments[0]});
        };
        """,
        status,
    )
    before = len(asked)
    press = "document.querySelector('#page form').requestSubmit()"
    browser.driver.execute_script(press)
    browser.wait(lambda: browser.driver.find_elements("css selector", "#notice:not([hidden])"), "-")
    browser.driver.execute_script(press)
    browser.wait(lambda: read_begun(browser) != [""], "it is not begun")
    keys = [one.get("idempotency-key") for one in asked[before:]]
    busy, again = filter(None, keys)
    assert busy == again


def test_polls_slow_down_rest_while_the_tab_is_hidden_and_go_on_at_once(console):
    browser, _, asked = console
    hurry = "for (const one of document.querySelectorAll('[data-poll]')) one.dataset.poll = 0.5"
    hide = """
      Object.defineProperty(document, 'hidden', {configurable: true, get: () => arguments[0]});
      document.dispatchEvent(new Event('visibilitychange'));
    """.replace("arguments[0]", "HIDDEN")
    browser.driver.execute_script(hurry)
    browser.driver.execute_script(hide.replace("HIDDEN", "false"))
    begun = len(asked)
    browser.wait(lambda: len(asked) >= begun + 3, "it does not ask by itself")
    browser.driver.execute_script(hide.replace("HIDDEN", "true"))
    browser.wait(lambda: is_at_rest(asked), "it asks though nobody looks")
    rested = len(asked)
    browser.driver.execute_script(hide.replace("HIDDEN", "false"))
    browser.wait(lambda: len(asked) > rested, "it does not go on")


def read_begun(browser):
    """The address of the task that was begun last, in a list."""
    found = browser.driver.find_elements("css selector", "#started h2 a")
    return [one.get_attribute("href") for one in found] or [""]


def is_at_rest(asked):
    """Whether nothing comes for longer than a poll takes; one that was under way may still."""
    before = len(asked)
    time.sleep(1.5)
    return len(asked) == before
