"""The daily report end to end: ticks on the real queue, the real function, a mail by SMTP."""

from datetime import UTC, datetime, timedelta

from shared.aws.dynamodb_table import LedgerTable
from shared.ledger.document_versions import register_document
from shared.ledger.reports import ReportStatus, find_report
from shared.messages.uploads import Upload
from tests.fakes.aws.ledger_rows import force
from tests.fakes.waiting import wait_for
from tests.local_stack.probe_stack import read_artifact

TICK = '{"kind": "daily_report", "v": 1}'


def put_documents(table, at):
    """Thirteen documents in the ledger, as if they had come at a time; one has failed."""
    for number in range(13):
        name = f"report-{number}"
        upload = Upload("documents", f"{name}.pdf", name, name, 10, "0A".ljust(64, "0"))
        document = register_document(table, upload, lambda: at)
        attributes = {"status": "DONE", "in_flight": None}
        if number == 7:
            attributes |= {"status": "FAILED", "reason": "the <b>model</b> refuses"}
        force(table, document, **attributes)


def test_ten_ticks_become_one_mail_with_html_and_text(local_stack, smtp_server):
    table = LedgerTable(
        local_stack.client("dynamodb"), local_stack.output("LedgerTable"), lambda seconds: None
    )
    yesterday = datetime.now(UTC) - timedelta(days=1)
    day = f"{yesterday:%Y-%m-%d}"
    put_documents(table, yesterday)
    sqs, queue_url = local_stack.client("sqs"), local_stack.output("ReportsQueueUrl")
    sqs.send_message_batch(
        QueueUrl=queue_url,
        Entries=[{"Id": str(number), "MessageBody": TICK} for number in range(10)],
    )
    wait_for(lambda: smtp_server.find(day))
    wait_for(lambda: find_report(table, day).status is ReportStatus.SENT)
    # Ticks that met another one at work are hidden for a while and find everything done then.
    wait_for(lambda: count_visible(sqs, queue_url) == 0)
    ((recipients, mail),) = smtp_server.find(day)
    assert recipients == ["ada@example.com"]
    assert mail["From"] == "reports@example.com"
    assert mail["Subject"] == f"Seashore {day}: 12 done, 1 needs you"
    text = mail.get_body(("plain",)).get_content()
    html = mail.get_body(("html",)).get_content()
    assert "the <b>model</b> refuses" in text
    assert "<html" in html.lower()
    assert "the <b>model</b> refuses" not in html
    for name in ("report.html", "report.md", "report.json"):
        assert read_artifact(local_stack, f"reports/{day}/{name}")
    assert count_visible(sqs, local_stack.output("ReportsDlqUrl")) == 0


def count_visible(sqs, queue_url):
    name = "ApproximateNumberOfMessages"
    answer = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=[name])
    return int(answer["Attributes"][name])
