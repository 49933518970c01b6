"""Letters, questions, spend and reports in a browser, on the real stack."""

import json
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from selenium.webdriver.common.by import By

from infra.cli.command_context import open_ledger
from infra.project_files import PROJECT
from pipeline.documents.document_listing import has_text
from shared.ledger.document_versions import find_current_document_id
from shared.ledger.documents import find_document
from shared.ledger.reports import report_pk
from shared.ledger.tasks import fail_task, find_task, register_task, task_pk
from shared.ledger.timeline import read_timeline
from shared.lifecycle import TaskStatus
from shared.messages.tasks import TASK
from tests.fakes.dead_letter_boxes import make_state, put_letters, to_attributes
from tests.fakes.waiting import wait_for

NOTE = PROJECT / "infra" / "demo_documents" / "tidal-energy-report.pdf"
CAUSE = 'the <b>model</b> was away"><img src=x>'


@pytest.fixture
def ledger(local_stack):
    return open_ledger(local_stack)


def give_up(local_stack, ledger, task_id, text):
    """A task that was given up for a cause that is mended since, with its letter."""
    body = json.dumps({"v": 1, "kind": "summarize", "id": task_id, "text": text})
    order = TASK.validate_json(body)
    now = partial(datetime.now, UTC)
    register_task(
        ledger,
        task_id=task_id,
        kind="summarize",
        about=order.about,
        digest=order.digest,
        callback=None,
        now=now,
        name=task_id,
    )
    fail_task(ledger, find_task(ledger, task_id), CAUSE, now)
    attributes = to_attributes(make_state(f"letter-{task_id}", cause=CAUSE))
    url = local_stack.output("WorkDlqUrl")
    put_letters(local_stack.client("sqs"), url, [(body, attributes)])


def has_ended(ledger, task_id):
    task = find_task(ledger, task_id)
    return task is not None and task.status is TaskStatus.DONE


def test_letters_are_opened_mended_and_replayed_with_a_canary(
    browser, operator_key, local_stack, ledger
):
    local_stack.client("sqs").purge_queue(QueueUrl=local_stack.output("WorkDlqUrl"))
    for number in range(3):
        give_up(local_stack, ledger, f"mended-{number}", f"Pier {number} is long. It is old.")
    browser.sign_in(operator_key)
    browser.wait_for_heading("Today")
    browser.open("dead-letters?words=mended", "Dead letters")
    browser.wait_for_text("3 given up")
    assert browser.driver.find_elements(By.CSS_SELECTOR, "#page img, #page b") == []
    assert browser.find_barriers() == []

    browser.press("mended-0: a text of 26 characters")
    browser.wait_for_text("Its letters")
    browser.press("Open")
    browser.wait_for_text("after 5 attempts")
    assert browser.find_barriers() == []
    field = browser.find_field("Body")
    body = json.loads(field.get_attribute("value"))
    field.clear()
    field.send_keys(json.dumps({**body, "id": "mended-by-hand", "text": "It is short. It is new."}))
    browser.press("Check the changed body")
    browser.wait_for_text("It can be sent")
    browser.press("Send the changed body")
    browser.wait_for_text("1 replayed")
    wait_for(lambda: has_ended(ledger, "mended-by-hand"), 60)

    browser.open("dead-letters?words=mended", "Dead letters")
    browser.press("Replay or discard these…")
    browser.wait_for_text("2 letters would be replayed")
    assert browser.find_barriers() == []
    browser.press("Replay with a canary")
    browser.wait_for_text("2 of 2 letters replayed.")
    wait_for(lambda: has_ended(ledger, "mended-1") and has_ended(ledger, "mended-2"), 60)
    told = [one for one in read_timeline(ledger, task_pk("mended-1")) if one.step == "replayed"]
    assert [one.details["by"] for one in told] == ["key of the operators"]


def test_a_question_is_answered_with_a_citation_that_opens_its_page(
    browser, api_key, local_stack, ledger
):
    bucket = local_stack.output("DocumentsBucket")
    local_stack.client("s3").upload_file(str(NOTE), bucket, "asked/tidal.pdf")

    def is_read():
        document_id = find_current_document_id(ledger, bucket, "asked/tidal.pdf")
        return document_id is not None and has_text(find_document(ledger, document_id))

    wait_for(is_read, 60)
    browser.sign_in(api_key)
    browser.wait_for_heading("Today")

    browser.open("ask?prefix=asked/", "Ask")
    assert browser.find_barriers() == []
    browser.fill("Question", "When was the tidal barrage surveyed?")
    browser.press("Ask them")
    browser.wait_for_text("Where it stands")
    assert browser.find_barriers() == []
    browser.find(By.CSS_SELECTOR, "#answer .points a").click()
    browser.wait(lambda: "quote=" in browser.driver.current_url, "no quote in the address")
    browser.wait(
        lambda: browser.driver.find_elements(By.CSS_SELECTOR, "#leaf blockquote"), "no quote"
    )

    browser.open("ask", "Ask")
    browser.fill("Message", "What do the documents say of the tide?")
    browser.press("Send")
    browser.wait_for_text("Read for it")
    browser.open("tasks", "Tasks")
    browser.press("When was the tidal barrage surveyed?")
    browser.wait_for_text("Where it stands")
    assert browser.find_barriers() == []


def test_spend_is_shown_and_a_report_is_made(browser, operator_key, ledger):
    browser.sign_in(operator_key)
    browser.wait_for_heading("Today")
    browser.open("spend", "Spend")
    assert browser.find_barriers() == []
    # Not yesterday: other tests of the same stack have that one made.
    day = f"{datetime.now(UTC) - timedelta(days=2):%Y-%m-%d}"
    browser.open("reports", "Reports")
    assert browser.find_barriers() == []
    browser.press(day)
    browser.wait_for_heading(f"Report of {day}")
    browser.press("Make it now")
    browser.wait_for_text("Save it as a page")
    told = read_timeline(ledger, report_pk(day))
    assert "key of the operators" in [one.details.get("by") for one in told]
    assert browser.find_barriers() == []
