"""The page of today without a browser: its figures are the ledger's and the queues' own."""

import re
from datetime import UTC, datetime

import pytest

from shared.aws.dynamodb_table import Put
from shared.aws.queues import Queues
from shared.prices import ModelPrice
from tests.fakes.desks.api_desk import open_api_desk


@pytest.fixture
def desk():
    with open_api_desk(with_model=False) as desk:
        yield desk


def read_stages(html):
    """The number in each stage of the flow, by its heading."""
    stages = re.findall(r'<li class="sheet">\s*<h3>(\w+)</h3>(.*?)</li>', html, re.DOTALL)
    return {name: re.search(r'"figure">([\d,]+)<', content)[1] for name, content in stages}


def test_the_flow_counts_what_each_queue_holds_and_names_the_oldest_on_its_way(desk):
    settings = desk.account.settings
    queues = Queues(desk.account.clients.sqs)
    queues.send(settings.work_queue_url, ["{}"] * 3)
    queues.send(settings.work_dlq_url, ["{}"] * 2)
    desk.enter_document("oldest.pdf", "Text.")
    desk.enter_document("newer.pdf", "Text.")
    page = desk.browse("/console/parts/today")
    assert page.status == 200
    assert list(read_stages(page.body)) == [
        "Uploads", "Conversions", "Recognition", "Work", "Reports"
    ]  # fmt: skip
    assert read_stages(page.body)["Work"] == "3"
    assert read_stages(page.body)["Uploads"] == "0"
    assert "2 dead letters" in page.body
    assert ">oldest.pdf</a>" in page.body
    assert ">newer.pdf</a>" not in page.body


def test_a_queue_that_cannot_be_asked_is_told_in_its_place(desk):
    url = desk.account.settings.reports_queue_url
    desk.account.clients.sqs.delete_queue(QueueUrl=url)
    page = desk.browse("/console/parts/today/flow")
    assert page.status == 200
    assert page.body.count("The queue cannot be asked.") == 1
    assert "Arrived today" in desk.browse("/console/parts/today/figures").body


def test_what_needs_a_person_is_named(desk):
    document = desk.enter_document("<b>lost</b>.pdf", "Text.")
    desk.account.clients.dynamodb.update_item(
        TableName=desk.account.settings.ledger_table,
        Key={"pk": {"S": f"DOC#{document.document_id}"}, "sk": {"S": "DOC"}},
        UpdateExpression="SET #status = :status",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":status": {"S": "FAILED"}},
    )
    page = desk.browse("/console/parts/today/figures").body
    assert f'href="#documents/{document.document_id}">&lt;b&gt;lost&lt;/b&gt;.pdf</a>' in page
    assert "<b>" not in page


def enter_spend(desk, model, account="pipeline", **counts):
    pk = f"SPEND#{datetime.now(UTC):%Y-%m-%d}"
    row = {"pk": pk, "sk": f"MODEL#{model}#{account}", "model": model, "account": account}
    desk.table.put_row(Put({**row, "calls": 1, "input_tokens": 9, **counts}))


def test_what_is_spent_is_named_by_the_limit_that_it_counts_against(desk):
    enter_spend(desk, "tiny", spent=21_000)
    enter_spend(desk, "tiny", "chat", spent=1_000)
    told = desk.browse("/console/parts/spend").body
    for words in ("documents, tasks from the queue", "chats, tasks over the API"):
        assert f"<td>{words}</td>" in told
    assert "Documents, and tasks from the queue, today: <strong>$0.0210</strong>" in told
    figures = desk.browse("/console/parts/today/figures").body
    assert "Documents, and tasks from the queue: <strong>$0.0210</strong>" in figures
    assert "Chats, and tasks over the API: <strong>$0.0010</strong>" in figures


def test_a_model_that_costs_nothing_is_not_one_without_a_price():
    prices = {"own": ModelPrice(input=0, output=0)}
    with open_api_desk(with_model=False, model_prices=prices) as desk:
        enter_spend(desk, "own")
        told = desk.browse("/console/parts/spend").body
        assert "$0.00</td></tr>" in told
        assert "no price" not in told
        assert "without a price" not in told
        enter_spend(desk, "unknown")
        told = desk.browse("/console/parts/spend").body
        assert "no price</td></tr>" in told
        assert "A model without a price is counted in tokens only" in told


@pytest.mark.parametrize(
    ("redo_order", "words"), [(None, "finished after "), ("a1", "finished anew <time ")]
)
def test_how_long_a_document_took_is_not_counted_to_the_end_of_a_redo(desk, redo_order, words):
    document = desk.enter_document("a.pdf", "Text.")
    changed = {"finished_at": document.received_at, "redo_order": redo_order}
    row = desk.table.read_row(f"DOC#{document.document_id}", "DOC")
    desk.table.put_row(Put({**row, **changed, "status": "DONE"}))
    told = desk.browse(f"/console/parts/documents/{document.document_id}").body
    assert words in told
