"""Daily reports on moto, at a desk with a clock of its own and mails that can be watched."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from functions.report import build_delivery
from pipeline.report.report_delivery import handle_report_item
from pipeline.report.report_failures import give_up_report
from shared.aws.mail import Mailer
from shared.ledger.document_versions import register_document
from shared.ledger.reports import find_report
from shared.messages.reports import DailyReportOrder, ReportItem
from shared.messages.uploads import Upload
from tests.fakes.aws.ledger_rows import Clock, force, open_table
from tests.fakes.lasting_deadline import DEADLINE

DAY = "2026-03-01"
MORNING = datetime(2026, 3, 2, 9, tzinfo=UTC)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MAILED = {"report_from": "reports@example.com", "report_to": ("ada@example.com",)}


class Ses:
    """An SES client that keeps what it is sent."""

    def __init__(self):
        self.mails = []
        self.before_answer = lambda: None

    def send_email(self, **mail):
        self.mails.append(mail)
        self.before_answer()
        return {"MessageId": f"mail-{len(self.mails)}"}


class Desk:
    """Reports on moto with a clock of their own, and an SES client that can be watched."""

    def __init__(self, account, **changes):
        self.account = account
        self.at = MORNING
        self.table = open_table(account)
        self.ses = Ses()
        built = build_delivery(account.settings, account.clients)
        mailer = built.mailer and Mailer(self.ses, built.mailer.sender, built.mailer.recipients)
        self.services = replace(built, now=lambda: self.at, mailer=mailer, **changes)

    def put_document(self, name, status="DONE", at=NOON, **attributes):
        upload = Upload("documents", f"{name}.pdf", name, f"etag-{name}", 10, "0A".ljust(64, "0"))
        document = register_document(self.table, upload, Clock(at))
        return force(
            self.table, document, status=status, in_flight=attributes.pop("in_flight", None),
            **attributes,
        )  # fmt: skip

    def put_summary(self, name, title, abstract):
        key = f"results/{name}/summary.json"
        self.services.objects.write_json(
            self.account.settings.artifacts_bucket, key, {"title": title, "abstract": abstract}
        )
        finished = (NOON + timedelta(seconds=90)).isoformat(timespec="milliseconds")
        return self.put_document(
            name, title=title, result_key=key, pages=3, finished_at=finished, chunks_total=1
        )

    def order(self, day=DAY, *, resend=False, message_id="m-1"):
        order = DailyReportOrder(day=day, resend=resend)
        item = ReportItem(f"report#{day}", order, message_id, self.at)
        handle_report_item(item, self.services, DEADLINE)

    def read(self, name="report.json", day=DAY):
        return self.services.objects.read_text(
            self.account.settings.artifacts_bucket, f"reports/{day}/{name}"
        )

    @property
    def report(self):
        return json.loads(self.read())

    @property
    def row(self):
        return find_report(self.table, DAY)

    def give_up(self):
        """The day's report is given up, as it is when its message is dead-lettered."""
        item = ReportItem(f"report#{DAY}", DailyReportOrder(day=DAY), "m-1", self.at)
        give_up_report(item, "tried twice", self.table, lambda: self.at)
