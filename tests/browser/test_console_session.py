"""A session as people have it: back and forth, links that lead nowhere, a network that is lost."""

from contextlib import contextmanager

import pytest

from shared.aws.dynamodb_table import Update
from tests.browser.console_server import serve_console
from tests.fakes.desks.api_desk import open_api_desk
from tests.fakes.desks.console_desk import OPERATOR, open_console_desk

KEY = "a-key-of-mine"
POLL = "document.dispatchEvent(new CustomEvent('seashore:changed'))"


@pytest.fixture
def session(chromium):
    """Somebody signed in to a stack with more documents than fit on a low screen."""
    with open_api_desk(with_model=False) as desk, serve_console(desk) as (address, _):
        for number in range(12):
            desk.enter_document(f"notes/{number:02}.pdf", "Text.")
        screen = {"width": 1200, "height": 300, "deviceScaleFactor": 1, "mobile": False}
        chromium.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        chromium.start(address)
        chromium.sign_in(KEY)
        chromium.wait_for_heading("Today")
        yield chromium


def cut_off(browser, is_offline):
    browser.driver.execute_cdp_cmd("Network.enable", {})
    conditions = {"offline": is_offline, "latency": 0, "downloadThroughput": -1}
    browser.driver.execute_cdp_cmd(
        "Network.emulateNetworkConditions", {**conditions, "uploadThroughput": -1}
    )


def test_going_back_leads_to_where_one_was_in_a_list(session):
    session.open("documents", "Documents")
    session.driver.execute_script("window.scrollTo(0, 200)")
    assert session.driver.execute_script("return scrollY") == 200
    # Not with the pointer, for which the driver would scroll.
    session.driver.execute_script("document.querySelectorAll('#rows a')[6].click()")
    session.wait_for_heading("notes/05.pdf")
    assert session.driver.execute_script("return scrollY") == 0
    session.driver.back()
    session.wait_for_heading("Documents")
    session.wait(
        lambda: session.driver.execute_script("return scrollY") == 200, "it begins at the top"
    )
    session.driver.refresh()
    session.wait_for_heading("Documents")


def test_a_link_that_leads_nowhere_shows_no_other_page(session):
    session.open("documents", "Documents")
    session.open("documents/d00000000000000000000", "This cannot be shown")
    session.wait_for_text("There is no such document.")
    assert "notes/06.pdf" not in session.read_text()
    session.driver.refresh()
    session.wait_for_heading("This cannot be shown")
    assert "This cannot be shown" in session.driver.title
    session.find("css selector", "#page a.quiet").click()
    session.wait_for_heading("Documents")


def test_a_network_that_is_lost_is_told_and_found_again(session):
    cut_off(session, True)
    session.open("tasks", "This cannot be shown")
    session.wait_for_text("The server cannot be reached.")
    cut_off(session, False)
    session.press("Try again")
    session.wait_for_heading("Tasks")

    cut_off(session, True)
    session.driver.execute_script(POLL)
    session.wait_for_text("The server cannot be reached.")
    assert session.read_heading() == "Tasks"
    cut_off(session, False)
    session.driver.execute_script(POLL)
    session.wait(lambda: "cannot be reached" not in session.read_text(), "it says so still")


HOLD = """
const [part] = arguments;
const real = window.fetch;
window.held = [];
window.answered = 0;
window.fetch = async (address, request) => {
  if (!String(address).includes(part)) return real(address, request);
  await new Promise((release) => window.held.push(release));
  const answer = await real(address, request);
  const text = answer.text.bind(answer);
  answer.text = async () => {
    const words = await text();
    setTimeout(() => (window.answered += 1));
    return words;
  };
  return answer;
};
"""


@pytest.mark.parametrize(
    ("script", "part"),
    [
        pytest.param("location.hash += '?anew=1'", "anew=1", id="the page itself"),
        pytest.param("htmx.trigger('#standing', 'poll')", "/standing", id="a poll"),
    ],
)
def test_what_was_asked_before_a_deletion_is_not_told_after_it(chromium, script, part):
    with (
        open_console_desk() as desk,
        serve_console(desk.api, desk.operator) as (address, _),
    ):
        document = desk.api.enter_document("waiting.pdf", "Text.")
        chromium.start(address)
        chromium.sign_in(OPERATOR)
        chromium.wait_for_heading("Today")
        chromium.open(f"documents/{document.document_id}", "waiting.pdf")
        chromium.driver.execute_script(HOLD, part)
        chromium.driver.execute_script(script)
        chromium.wait(lambda: run(chromium, "return held.length"), "nothing is asked")
        chromium.press("Delete…")
        chromium.wait_for_text("for good")
        chromium.press("Yes, do it")
        chromium.wait_for_text("Deleted")
        run(chromium, "held.forEach((release) => release())")
        chromium.wait(lambda: run(chromium, "return answered === held.length"), "no answer")
        assert chromium.read_heading() == "Deleted"
        assert "no such document" not in chromium.read_text()


def run(browser, script):
    return browser.driver.execute_script(script)


class CutOffOperator:
    """Answers as the operator function does, but for one round, which the gateway answers."""

    def __init__(self, operator, status=504, action="/bulk/do"):
        self.operator = operator
        self.status = status
        self.action = action
        self.rounds = 0

    def answer(self, event, context):
        self.rounds += event["path"].endswith(self.action)
        if self.rounds != 2:
            return self.operator.answer(event, context)
        self.rounds += 1
        headers = {"Content-Type": ["application/json"]}
        return {
            "statusCode": self.status,
            "multiValueHeaders": headers,
            "body": '{"message": "late"}',
        }


@contextmanager
def retry_three(chromium, monkeypatch, status):
    """A bulk action in rounds, of which the second is answered with this status."""
    monkeypatch.setattr("functions.console.bulk_actions._MOST_LETTERS_A_ROUND", 1)
    with open_console_desk() as desk:
        for number in range(3):
            desk.give_up_document(f"{number}.pdf")
        operator = CutOffOperator(desk.operator, status)
        with serve_console(desk.api, operator) as (address, _):
            chromium.start(address)
            chromium.sign_in(OPERATOR)
            chromium.wait_for_heading("Today")
            chromium.open("documents", "Documents")
            chromium.press("Redo, retry or delete all")
            chromium.driver.execute_script("document.getElementById('what').value = 'retry'")
            chromium.press("See what that would be")
            chromium.wait_for_text("3 documents would be tried again.")
            chromium.press("Retry 3 documents")
            chromium.wait(lambda: operator.rounds == 3, "no round has failed")
            yield


def test_a_round_that_failed_goes_on_by_hand(chromium, monkeypatch):
    with retry_three(chromium, monkeypatch, 504):
        chromium.press("Go on")
        chromium.wait_for_text("3 of 3 documents tried again.")
        assert run(chromium, "return document.activeElement.id") == "bulk-work"


def test_where_the_sign_in_ends_between_rounds_the_rest_waits(chromium, monkeypatch):
    with retry_three(chromium, monkeypatch, 401):
        chromium.wait_for_heading("Sign in")
        chromium.wait_for_text("What is left of the action waits on its page; nothing is lost.")
        chromium.sign_in(OPERATOR)
        chromium.wait_for_heading("Documents")
        chromium.wait_for_text("The sign-in ended before all was done. Nothing is lost")
        assert "1 of 3 documents tried again." in chromium.read_text()
        chromium.press("Go on")
        chromium.wait_for_text("3 of 3 documents tried again.")
        chromium.open("documents", "Documents")
        chromium.driver.refresh()
        chromium.wait_for_heading("Documents")
        assert "The sign-in ended" not in chromium.read_text()


def test_what_is_left_is_offered_to_nobody_else(chromium, monkeypatch):
    with retry_three(chromium, monkeypatch, 401):
        chromium.wait_for_heading("Sign in")
        chromium.sign_in(KEY)
        chromium.wait_for_heading("Documents")
        chromium.wait(
            lambda: run(chromium, "return Object.keys(sessionStorage)") == ["seashore-key"],
            "it is kept",
        )
        assert "The sign-in ended" not in chromium.read_text()


def test_what_is_left_is_offered_for_an_hour(chromium, monkeypatch):
    with retry_three(chromium, monkeypatch, 401):
        chromium.wait_for_heading("Sign in")
        run(chromium, "const now = Date.now; Date.now = () => now() + 3_600_000")
        chromium.sign_in(OPERATOR)
        chromium.wait_for_heading("Documents")
        chromium.wait(
            lambda: run(chromium, "return Object.keys(sessionStorage)") == ["seashore-key"],
            "it is kept",
        )
        assert "The sign-in ended" not in chromium.read_text()


def test_where_the_sign_in_ends_while_canaries_are_waited_for_the_rest_waits(chromium):
    with open_console_desk() as desk:
        for number in range(3):
            desk.give_up_task(f"t{number}")
        operator = CutOffOperator(desk.operator, 401, "/letters/watch")
        with serve_console(desk.api, operator) as (address, _):
            chromium.start(address)
            chromium.sign_in(OPERATOR)
            chromium.wait_for_heading("Today")
            chromium.open("dead-letters", "Dead letters")
            chromium.press("Replay or discard all…")
            chromium.wait_for_text("3 letters would be replayed")
            chromium.press("Replay with a canary")
            chromium.wait_for_heading("Sign in")
            chromium.wait_for_text("What is left of the action waits on its page")
            (canary,) = desk.api.queued()
            desk.table.update_row(Update(f"TASK#{canary['id']}", "TASK", assign={"status": "DONE"}))
            chromium.sign_in(OPERATOR)
            chromium.wait_for_heading("Dead letters")
            chromium.wait_for_text("The sign-in ended before all was done. Nothing is lost")
            assert "0 of 1 canaries succeeded." in chromium.read_text()
            chromium.press("Go on")
            chromium.wait_for_text("3 of 3 letters replayed")


def test_who_signs_out_leaves_nothing_to_whoever_comes_after(chromium, monkeypatch):
    with retry_three(chromium, monkeypatch, 401):
        chromium.wait_for_heading("Sign in")
        # To a page that does not show at once what is left.
        run(chromium, "location.hash = 'tasks'")
        chromium.sign_in(OPERATOR)
        chromium.wait_for_heading("Tasks")
        assert run(chromium, "return 'seashore-unfinished' in sessionStorage")
        chromium.press("Sign out")
        chromium.wait_for_heading("Sign in")
        assert run(chromium, "return Object.keys(sessionStorage)") == []


def test_a_slow_first_page_says_that_it_loads_and_what_is_left_is_no_error(chromium):
    with open_api_desk(with_model=False) as desk, serve_console(desk) as (address, _):
        chromium.start(address)
        run(chromium, "window.told = []; console.error = (...words) => window.told.push(words[0])")
        chromium.driver.execute_cdp_cmd("Network.enable", {})
        slow = {"offline": False, "latency": 1500, "downloadThroughput": -1}
        chromium.driver.execute_cdp_cmd(
            "Network.emulateNetworkConditions", {**slow, "uploadThroughput": -1}
        )
        chromium.sign_in(KEY)
        chromium.wait_for_text("Loading…")
        for place in ("documents", "tasks"):
            run(chromium, f"location.hash = '{place}'")
        chromium.wait_for_heading("Tasks")
        assert run(chromium, "return window.told") == []
        cut_off(chromium, False)
