"""The page of today without a browser: its figures are the ledger's and the queues' own."""

import re

import pytest

from shared.aws.queues import Queues
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
