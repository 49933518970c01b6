"""A server at fault, and a sign-in that ends: what a person is told, and what is lost of it."""

import pytest

from tests.browser.console_server import serve_console
from tests.fakes.desks.api_desk import open_api_desk

KEY = "a-key-of-mine"


def run(browser, script):
    return browser.driver.execute_script(script)


# Never answers, until it is given up.
HANG = """
htmx.config.defaultTimeout = 300;
const real = window.fetch;
window.fetch = (address, request) => new Promise((_, refuse) => {
  request.signal.addEventListener("abort", () => refuse(request.signal.reason));
});
window.answer_again = () => { window.fetch = real; htmx.config.defaultTimeout = 40000; };
"""


@pytest.mark.parametrize("is_first", [True, False])
def test_a_page_that_is_waited_for_too_long_says_so(chromium, is_first):
    with open_api_desk(with_model=False) as desk, serve_console(desk) as (address, _):
        chromium.start(address)
        if not is_first:
            chromium.sign_in(KEY)
            chromium.wait_for_heading("Today")
        run(chromium, HANG + "location.hash = 'tasks'")
        if is_first:
            chromium.sign_in(KEY)
        chromium.wait_for_heading("This cannot be shown")
        chromium.wait_for_text("The server does not answer.")
        run(chromium, "answer_again()")
        chromium.press("Try again")
        chromium.wait_for_heading("Tasks")


def test_an_action_that_is_waited_for_too_long_says_that_nothing_is_known_of_it(chromium):
    with open_api_desk(with_model=False) as desk, serve_console(desk) as (address, _):
        chromium.start(address)
        chromium.sign_in(KEY)
        chromium.wait_for_heading("Today")
        chromium.open("ask", "Ask")
        chromium.fill("Message", "What is the rent?")
        run(chromium, HANG)
        chromium.press("Send")
        chromium.wait_for_text("whether this was done is not known")
        run(chromium, "answer_again()")
        chromium.press("Send")
        chromium.wait_for_text("There are no documents with text yet")
        assert "not known" not in chromium.driver.find_element("id", "notice").text


def test_what_was_typed_when_the_sign_in_ends_waits_for_who_has_typed_it(chromium):
    refused = """
    window.real ??= window.fetch;
    window.fetch = async () => Response.json(
      {error: {code: "forbidden", message: "the key is not known"}}, {status: 403});
    """
    with open_api_desk(with_model=False) as desk, serve_console(desk) as (address, _):
        chromium.start(address)
        chromium.sign_in(KEY)
        chromium.wait_for_heading("Today")
        for key in (KEY, "another-key"):
            chromium.open("ask", "Ask")
            chromium.fill("Message", "What is the rent?")
            run(chromium, refused)
            chromium.press("Send")
            chromium.wait_for_text("Sign in again. What you have typed waits on its page.")
            run(chromium, MEND)
            chromium.sign_in(key)
            chromium.wait_for_heading("Ask")
            field = chromium.find_field("Message")
            if key == KEY:
                chromium.wait(lambda f=field: f.get_attribute("value") == "What is the rent?", "")
        chromium.wait(
            lambda: not run(chromium, "return 'seashore-unfinished' in sessionStorage"), ""
        )
        assert chromium.find_field("Message").get_attribute("value") == ""


# Answers as what stands before the API does where that is down, or is asked too often.
FAIL = """
window.real ??= window.fetch;
window.fetch = async () => new Response("<h1>Bad Gateway</h1>", {status: arguments[0]});
"""
MEND = "window.fetch = window.real"


@pytest.mark.parametrize("status", [502, 429])
def test_a_server_at_fault_is_told_with_what_to_do(chromium, status):
    with open_api_desk(with_model=False) as desk, serve_console(desk) as (address, _):
        chromium.start(address)
        chromium.sign_in(KEY)
        chromium.wait_for_heading("Today")
        chromium.driver.execute_script(FAIL, status)
        run(chromium, "location.hash = 'ask'")
        chromium.wait_for_heading("This cannot be shown")
        told = f"The server answered with status {status}. "
        chromium.wait_for_text(told + "Wait a moment, then try again.")
        run(chromium, MEND)
        chromium.press("Try again")
        chromium.wait_for_heading("Ask")
        chromium.fill("Message", "What is the rent?")
        chromium.driver.execute_script(FAIL, status)
        chromium.press("Send")
        chromium.wait_for_text(told + "Whether this was done is not known.")
        run(chromium, MEND)
        chromium.press("Send")
        chromium.wait_for_text("There are no documents with text yet")
        assert chromium.driver.find_element("id", "notice").text == ""


def test_a_page_that_cannot_go_on_says_so_until_it_can(chromium):
    refresh = "document.dispatchEvent(new CustomEvent('seashore:changed'))"
    with open_api_desk(with_model=False) as desk, serve_console(desk) as (address, _):
        chromium.start(address)
        chromium.sign_in(KEY)
        chromium.wait_for_heading("Today")
        for broken, words in (
            (FAIL.replace("arguments[0]", "503"), "answered with status 503. Wait a moment"),
            (HANG, "The server does not answer. Look at the network"),
        ):
            run(chromium, f"{broken}; {refresh}")
            chromium.wait_for_text(words)
            run(chromium, f"window.answer_again?.(); {MEND}; {refresh}")
            chromium.wait(
                lambda: chromium.driver.find_element("id", "notice").text == "", "it stays told"
            )
        assert chromium.read_heading() == "Today"


def test_a_file_whose_upload_has_no_answer_says_so_in_its_line(chromium, tmp_path):
    (tmp_path / "a.txt").write_text("A note.")
    with open_api_desk(with_model=False) as desk, serve_console(desk) as (address, _):
        chromium.start(address)
        chromium.sign_in(KEY)
        chromium.open("documents", "Documents")
        chromium.press("Upload")
        run(chromium, HANG)
        field = chromium.driver.find_element("css selector", "form[data-upload] input[type=file]")
        field.send_keys(str(tmp_path / "a.txt"))
        chromium.wait_for_text("a.txt: The server cannot be reached.")
