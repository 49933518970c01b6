"""Spend and reports on their pages: figures, a chart without styles, reports read and ordered."""

import json
import re
from collections import Counter
from datetime import timedelta

import pytest

from shared.aws.dynamodb_table import Put
from shared.ledger.reports import ReportStatus, begin_report, finish_report
from shared.ledger.spend import Account
from shared.ledger.timeline import read_timeline
from shared.messages.reports import decode_report_item
from tests.fakes.aws.ledger_rows import open_table
from tests.fakes.daily_reports import make_bad_day
from tests.fakes.dead_letter_boxes import look_at_all
from tests.fakes.desks.console_desk import HOSTILE, OPERATOR, assert_harmless, open_console_desk


@pytest.fixture
def desk():
    with open_console_desk(daily_cap_usd=2.0) as desk:
        yield desk


def tell_day(desk, days=0):
    return f"{desk.api.now() - timedelta(days=days):%Y-%m-%d}"


def spend(desk, day, micro_usd, model="tiny", account=Account.PIPELINE):
    sk = f"MODEL#{model}" if account is Account.PIPELINE else f"MODEL#{model}#{account}"
    counts = {"calls": 3, "input_tokens": 1_000, "output_tokens": 50, "spent": micro_usd}
    row = {"pk": f"SPEND#{day}", "sk": sk, "model": model, "account": account, **counts}
    desk.table.put_row(Put(row))


def keep_report(desk, day, **changes):
    report = make_bad_day(day=day, **changes)
    key = f"reports/{day}/report.json"
    desk.api.write_artifact(key, report.model_dump(mode="json"))
    return report


def test_without_calls_the_page_says_so(desk):
    page = desk.read("spend")
    assert page.status == 200
    assert "No model was called" in page.body
    assert "<svg" not in page.body


def test_days_are_drawn_and_told_by_model(desk):
    spend(desk, tell_day(desk), 500_000)
    spend(desk, tell_day(desk), 250_000, account=Account.CHAT)
    spend(desk, tell_day(desk, 2), 1_500_000, model=HOSTILE)
    page = desk.read("spend")
    assert_harmless(page)
    assert "style=" not in page.body
    assert "$0.50</strong> of $2.00" in page.body
    heights = re.findall(r'class="bar-(\w+)"[^>]* height="([\d.]+)"', page.body)
    drawn = [(name, height) for name, height in heights if name != "day" and float(height)]
    assert drawn == [("pipeline", "100.0"), ("pipeline", "33.33"), ("chat", "16.67")]
    assert page.body.count("<tr>") == 4
    week = desk.read("spend", days="7").body
    assert week.count("<rect") == 21
    assert desk.read("spend", days="8").status == 400


def test_a_report_is_listed_and_read_as_text(desk):
    day = tell_day(desk, 1)
    assert "No report was made" in desk.read("reports").body
    assert "There is no report" in desk.read(f"reports/{day}").body
    report = keep_report(desk, day, stack=HOSTILE)
    listed = desk.read("reports").body
    assert "No report was made" not in listed
    assert listed.count("written, not sent") == 1
    page = desk.read(f"reports/{day}")
    assert "written, not sent" in page.body
    assert "not made" not in page.body
    assert_harmless(page)
    assert report.verdict in page.body
    assert f"report-{day}.html" in page.body
    for wrong in ("2026-02-30", "nope", "2026-1-1"):
        assert desk.read(f"reports/{wrong}").status in (400, 404)


@pytest.mark.parametrize(("action", "resend"), [("make", False), ("send", True)])
def test_a_report_is_ordered_by_an_operator_who_is_named(desk, action, resend):
    day = tell_day(desk, 1)
    refused = desk.act(f"reports/{day}/{action}", key_id="key-1")
    assert refused.status == 403
    done = desk.act(f"reports/{day}/{action}")
    assert done.status == 200
    assert done.headers["HX-Trigger"] == "seashore:changed"
    (message,) = look_at_all(desk.sqs, desk.account.settings.reports_queue_url)
    assert json.loads(message["Body"]).items() >= {"day": day, "resend": resend}.items()
    (event,) = read_timeline(open_table(desk.account), f"REPORT#{day}")
    assert event.details["by"] == f"key {OPERATOR}"
    today = desk.act(f"reports/{tell_day(desk)}/{action}")
    assert today.status == 400
    assert "not over yet" in today.body


def test_a_report_is_sent_again_once_for_one_press_of_its_button(desk):
    day = tell_day(desk, 1)
    for press in ("a", "a", "b"):
        assert desk.act(f"reports/{day}/send", key=press).status == 200
    messages = look_at_all(desk.sqs, desk.account.settings.reports_queue_url)
    items = [decode_report_item(one["Body"], one["MessageId"], desk.api.now()) for one in messages]
    assert sorted(Counter(one.item_id for one in items).values()) == [1, 2]
    assert {one.request for one in items} == {"a", "b"}


def test_a_report_that_is_made_is_not_said_to_be_made_once_more(desk):
    day = tell_day(desk, 1)
    begun = begin_report(desk.table, day, "", None, desk.api.now())
    assert "Make it now" in desk.read(f"reports/{day}").body
    finish_report(desk.table, begun, ReportStatus.KEPT, None, desk.api.now())
    page = desk.read(f"reports/{day}").body
    assert "Make it now" not in page
    assert "Make and send it again" in page
    refused = desk.act(f"reports/{day}/make")
    assert refused.status == 400
    assert "is made already" in refused.body
    assert desk.count("reports_queue") == 0
