"""The daily report on moto: written, and mailed once, whatever dies in between."""

import json
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from functions.batch import process_batch
from functions.report import build_delivery, build_report
from pipeline.report_delivery import find_due_days, handle_report_item
from pipeline.report_digest import LOOK_AGAIN_SECONDS, PATIENCE
from shared.deadline import Deadline
from shared.errors import (
    DeferredError,
    MailRefusedError,
    MailUnsureError,
    PermanentError,
    ReportMailError,
)
from shared.ledger.document_versions import register_document
from shared.ledger.reports import ReportStatus, begin_report, find_report, report_pk
from shared.ledger.spend import Lease, close_lease, find_lease, open_lease, record_call
from shared.ledger.tasks import fail_task, find_task, register_task
from shared.ledger.timeline import read_timeline
from shared.ledger.waiting import note_wait
from shared.llm.model import Usage
from shared.mail import Mailer
from shared.report_messages import DailyReportOrder, ReportItem
from shared.uploads import Upload
from tests.fakes.event_source import EventSource
from tests.fakes.kept_account import open_account
from tests.fakes.ledger_rows import Clock, force, open_table
from tests.fakes.running_pipeline import run_pipeline

DAY = "2026-03-01"
MORNING = datetime(2026, 3, 2, 9, tzinfo=UTC)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DEADLINE = Deadline.after(600)
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
        reports = replace(built.reports, now=lambda: self.at, **changes)
        mailer = built.mailer and Mailer(self.ses, built.mailer.sender, built.mailer.recipients)
        self.services = replace(built, reports=reports, mailer=mailer)

    def put_document(self, name, status="DONE", at=NOON, **attributes):
        upload = Upload("documents", f"{name}.pdf", name, f"etag-{name}", 10, "0A".ljust(64, "0"))
        document = register_document(self.table, upload, Clock(at))
        return force(
            self.table, document, status=status, in_flight=attributes.pop("in_flight", None),
            **attributes,
        )  # fmt: skip

    def put_summary(self, name, title, abstract):
        key = f"results/{name}/summary.json"
        self.services.reports.objects.write_json(
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
        return self.services.reports.objects.read_text(
            self.account.settings.artifacts_bucket, f"reports/{day}/{name}"
        )

    @property
    def report(self):
        return json.loads(self.read())

    @property
    def row(self):
        return find_report(self.table, DAY)


@pytest.fixture
def desk(account):
    return Desk(account)


@pytest.fixture
def mailing():
    with open_account(**MAILED) as account:
        yield Desk(account)


def test_a_day_without_mail_is_written_in_four_forms_and_kept(desk):
    desk.put_document("a")
    desk.put_document("b", "REJECTED", reason_code="encrypted", reason="It has a password.")
    desk.put_document("c", "RECEIVED", in_flight="yes")
    desk.put_document("the-day-before", at=NOON - timedelta(days=1))
    desk.put_document("the-day-after", at=NOON + timedelta(days=1))
    register_task(
        desk.table, task_id="t", kind="ask", about="Why?", digest="d", callback=None,
        now=Clock(NOON),
    )  # fmt: skip
    fail_task(desk.table, find_task(desk.table, "t"), "it cannot be done", Clock(NOON))
    desk.order()
    report = desk.report
    assert report["documents"]["received"] == 3
    assert (report["documents"]["done"], report["documents"]["rejected"]) == (1, 1)
    assert report["documents"]["in_flight"] == report["tasks"]["failed"] == 1
    assert report["rejected"][0]["sentence"] == "It has a password."
    assert report["dead_letters"]["groups"][0]["examples"] == ["t"]
    assert [depth["queue"] for depth in report["dead_letters"]["depths"]] == [
        "uploads", "work", "reports",
    ]  # fmt: skip
    for name in ("report.html", "report.txt", "report.md"):
        assert "It has a password." in desk.read(name)
    assert desk.row.status is ReportStatus.KEPT
    assert (desk.row.documents, desk.row.tasks) == (3, 1)


def test_a_day_of_another_zone_lies_in_two_partitions(account):
    desk = Desk(account, zone=ZoneInfo("Pacific/Auckland"))
    # 1 March in Auckland lasts from 11:00 on 28 February to 11:00 on 1 March in UTC.
    begins = datetime(2026, 2, 28, 11, tzinfo=UTC)
    # The clock of `register_document` goes on by a second before it is read.
    for name, at in {
        "before": begins - timedelta(seconds=2),
        "first": begins - timedelta(seconds=1),
        "last": begins + timedelta(hours=24, seconds=-2),
        "after": begins + timedelta(hours=24, seconds=-1),
    }.items():
        desk.put_document(name, at=at)
    desk.order()
    assert [line["key"] for line in desk.report["lines"]] == ["first.pdf", "last.pdf"]


def test_what_waits_is_deferred_and_says_for_what(desk):
    document = desk.put_document("a", "RECEIVED", in_flight="yes")
    key = (f"DOC#{document.document_id}", "DOC")
    hour = {"reason": "over_budget", "delay_seconds": 3600}
    note_wait(desk.table, key, MORNING, "deferred", hour)
    # A shorter wait of another part, and the same wait taken up again, change nothing.
    note_wait(
        desk.table, key, MORNING, "deferred", {"reason": "model_throttled", "delay_seconds": 60}
    )
    note_wait(desk.table, key, MORNING, "deferred", {"reason": "waiting", "delay_seconds": 9999})
    desk.order()
    assert desk.report["documents"]["deferred"] == 1
    assert desk.report["lines"][0]["note"] == "waits: over budget"


def test_a_wait_of_what_is_final_or_unknown_only_stands_in_the_story(desk):
    document = desk.put_document("a")
    for pk in (f"DOC#{document.document_id}", "DOC#unknown"):
        note_wait(
            desk.table, (pk, "DOC"), MORNING, "deferred", {"reason": "x", "delay_seconds": 3600}
        )
        assert read_timeline(desk.table, pk)[-1].step == "deferred"
    assert desk.table.read_row("DOC#unknown", "DOC") is None
    assert "deferred_until" not in desk.table.read_row(f"DOC#{document.document_id}", "DOC")


def spend(table, day, cost, tokens=1000):
    lease = Lease(
        day=day, lease_id=f"lease-{day}-{cost}", model="gpt", amount=cost or 1, expires_at=""
    )
    open_lease(table, lease, None)
    record_call(table, lease, cost, Usage(calls=1, input_tokens=tokens, output_tokens=10))
    close_lease(table, find_lease(table, lease))


def test_costs_stand_beside_the_limit_and_the_seven_days_before(desk):
    spend(desk.table, DAY, 40_000)
    spend(desk.table, "2026-02-27", 10_000)
    desk.put_document("old", at=NOON - timedelta(days=2))
    desk.order("2026-02-27")
    desk.order()
    told = desk.report["spend"]
    assert told["models"][0]["cost_micro_usd"] == 40_000
    assert told["cap_micro_usd"] == 10_000_000
    before = {day["day"]: day for day in told["days_before"]}
    assert list(before) == [f"2026-02-{n}" for n in range(22, 29)]
    assert (before["2026-02-27"]["documents"], before["2026-02-27"]["cost_micro_usd"]) == (1, 10000)
    assert before["2026-02-26"]["documents"] is None


def test_a_model_without_a_price_is_said_to_have_none(desk):
    spend(desk.table, DAY, 0)
    desk.order()
    assert desk.report["spend"]["models"][0]["cost_micro_usd"] is None


def test_a_large_day_is_listed_in_a_file_of_its_own(desk, monkeypatch):
    monkeypatch.setattr("pipeline.report_figures.MOST_LINES", 2)
    for name in ("=cmd", "b", "c"):
        desk.put_document(name)
    desk.order()
    assert desk.report["lines_more"] == 1
    assert desk.report["all_documents_key"] == f"reports/{DAY}/documents.csv"
    lines = desk.read("documents.csv").splitlines()
    assert len(lines) == 4
    assert any(",'=cmd.pdf," in line for line in lines)


# ---- The digest


def test_the_worker_writes_the_digest_and_the_report_says_who(desk):
    desk.put_summary("a", "Tides", "Tidal energy comes from the moon. It is predictable.")
    desk.put_summary("b", "Harbour", "The harbour opened in 1901. It is deep.")
    with pytest.raises(DeferredError) as waiting:
        desk.order()
    assert waiting.value.delay_seconds == LOOK_AGAIN_SECONDS
    with run_pipeline(desk.account) as pipeline:
        pipeline.run()
    desk.order()
    digest = desk.report["digest"]
    assert digest["origin"] == digest["model"] == "extractive"
    assert "harbour" in digest["text"].lower() or "tidal" in digest["text"].lower()
    assert (digest["documents_read"], digest["documents_with_summary"]) == (2, 2)
    assert desk.report["tasks"]["received"] == 0
    # Time from drop to summary.
    assert desk.report["durations"]["median_seconds"] == pytest.approx(89, abs=2)


@pytest.mark.parametrize("end", ["failed", "late"])
def test_without_a_digest_the_report_goes_with_a_note(desk, end):
    desk.put_summary("a", "Tides", "Tidal energy comes from the moon.")
    with pytest.raises(DeferredError):
        desk.order()
    if end == "failed":
        task_id = desk.row.digest_task_id
        register_task(
            desk.table, task_id=task_id, kind="summarize", about="", digest="d", callback=None,
            now=Clock(),
        )  # fmt: skip
        fail_task(desk.table, find_task(desk.table, task_id), "the model refuses", Clock())
    else:
        desk.at += PATIENCE
    desk.order()
    digest = desk.report["digest"]
    assert (digest["origin"], digest["text"]) == ("none", "")
    assert ("the model refuses" if end == "failed" else "15 minutes") in digest["note"]
    assert desk.row.status is ReportStatus.KEPT


def test_the_digest_is_asked_for_once_though_documents_finish_meanwhile(desk):
    desk.put_summary("a", "Tides", "Tidal energy comes from the moon.")
    for name in "bc":
        with pytest.raises(DeferredError):
            desk.order()
        desk.put_summary(name, "More", "More is known now.")
    assert desk.account.count_messages(desk.account.settings.work_queue_url) == 1


# ---- Once


def test_a_report_is_mailed_once_however_often_it_is_ordered(mailing):
    mailing.put_document("a")
    for number in range(10):
        mailing.order(message_id=f"m-{number}")
    (mail,) = mailing.ses.mails
    assert mail["FromEmailAddress"] == "reports@example.com"
    assert mail["Destination"] == {"ToAddresses": ["ada@example.com"]}
    simple = mail["Content"]["Simple"]
    assert simple["Subject"]["Data"] == f"Seashore {DAY}: 1 done"
    assert simple["Body"]["Html"]["Data"] == mailing.read("report.html")
    assert simple["Body"]["Text"]["Data"] == mailing.read("report.txt")
    assert (mailing.row.status, mailing.row.mail_id) == (ReportStatus.SENT, "mail-1")


def test_a_run_that_comes_while_another_one_mails_leaves_it_alone(mailing):
    refused = []

    def come_meanwhile():
        mailing.ses.before_answer = lambda: None
        with pytest.raises(DeferredError, match="another run may be mailing") as error:
            mailing.order(message_id="m-2")
        refused.append(error.value.reason)

    mailing.ses.before_answer = come_meanwhile
    mailing.order()
    assert refused == ["report_in_progress"]
    assert len(mailing.ses.mails) == 1


def test_a_mail_that_ses_refuses_waits_and_goes_later(mailing):
    def refuse():
        raise MailRefusedError("not verified", delay_seconds=900, reason="mail_refused")

    mailing.ses.before_answer = refuse
    for _ in range(3):
        with pytest.raises(MailRefusedError):
            mailing.order()
    assert mailing.row.status is ReportStatus.MADE
    mailing.ses.before_answer = lambda: None
    mailing.order()
    assert mailing.row.status is ReportStatus.SENT


def test_a_mail_without_an_answer_is_tried_once_more_and_then_left_to_a_person(mailing):
    def lose_the_answer():
        raise MailUnsureError("no answer")

    mailing.ses.before_answer = lose_the_answer
    for _ in range(2):
        with pytest.raises(MailUnsureError):
            mailing.order()
        with pytest.raises(DeferredError):
            mailing.order()
        mailing.at += timedelta(hours=1)
    with pytest.raises(ReportMailError, match=f"seashore report --date {DAY} --send"):
        mailing.order()
    assert len(mailing.ses.mails) == 2
    assert find_due_days(MORNING, mailing.services.reports) == [DAY]
    # A person's wish begins anew.
    mailing.ses.before_answer = lambda: None
    with pytest.raises(DeferredError, match="being made already"):
        mailing.order(resend=True, message_id="wish")
    force_failed(mailing)
    mailing.order(resend=True, message_id="wish")
    assert (len(mailing.ses.mails), mailing.row.status) == (3, ReportStatus.SENT)


def force_failed(desk):
    from pipeline.report_failures import give_up_report

    order = DailyReportOrder(day=DAY)
    item = ReportItem(f"report#{DAY}", order, "m-1", desk.at)
    give_up_report(item, "tried twice", desk.table, lambda: desk.at)


def test_a_wish_to_have_it_again_sends_it_again_and_once(mailing):
    mailing.put_document("a")
    mailing.order()
    mailing.put_document("b")
    for _ in range(3):
        mailing.order(resend=True, message_id="wish")
    subjects = [mail["Content"]["Simple"]["Subject"]["Data"] for mail in mailing.ses.mails]
    assert subjects == [f"Seashore {DAY}: 1 done", f"Seashore {DAY}: 2 done"]


class Killed(BaseException):
    """The process is gone."""


# What is written to S3 is written over by whoever comes next.
WRITES = frozenset({"PutItem", "UpdateItem", "TransactWriteItems", "SendMessageBatch", "SendEmail"})


@contextmanager
def killing(desk, number, moment):
    """Kill the run right before or after its n-th write; yields the writes that were begun."""
    begun = []

    def note(model, **_):
        if model.name in WRITES:
            begun.append(model.name)
            if moment == "before" and len(begun) == number:
                raise Killed

    def end(model, **_):
        if moment == "after" and model.name in WRITES and len(begun) == number:
            raise Killed

    clients = [getattr(desk.account.clients, name) for name in ("dynamodb", "s3", "sqs", "sesv2")]
    for client in clients:
        client.meta.events.register("before-call", note, unique_id="note")
        client.meta.events.register("after-call", end, unique_id="end")
    try:
        yield begun
    finally:
        for client in clients:
            client.meta.events.unregister("before-call", unique_id="note")
            client.meta.events.unregister("after-call", unique_id="end")


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_run_that_is_killed_at_any_write_costs_no_mail_and_at_most_one_more(moment):
    """The only window for a second mail: after SES has taken it, before the ledger is told."""
    mails_by_point = {}
    number = 0
    while True:
        number += 1
        with open_account(**MAILED) as account:
            desk = Desk(account)
            account.clients.sesv2.create_email_identity(EmailIdentity="reports@example.com")
            sent = watch_mails(desk)
            with killing(desk, number, moment) as begun:
                try:
                    desk.order()
                    break
                except Killed:
                    point = begun[-1]
            # Nobody was there to tell; the message comes back after its visibility timeout.
            desk.at += timedelta(hours=1)
            desk.order()
            assert desk.row.status is ReportStatus.SENT
            mails_by_point[f"{number} {point}"] = len(sent)
    assert len(mails_by_point) == 6
    twice = [point for point, count in mails_by_point.items() if count > 1]
    assert set(mails_by_point.values()) <= {1, 2}
    # After the mail has gone: the end of its call, and the beginning of the write that notes it.
    assert len(twice) == 1
    assert twice[0].endswith("SendEmail" if moment == "after" else "TransactWriteItems")


def watch_mails(desk):
    """The mails that moto's SES takes, through the real client."""
    sent = []
    client = desk.account.clients.sesv2

    class Watched:
        def send_email(self, **mail):
            try:
                answer = client.send_email(**mail)
            except Killed:
                if has_taken(desk.account, sent):
                    sent.append(mail)
                raise
            sent.append(mail)
            return answer

    mailer = desk.services.mailer
    desk.services = replace(
        desk.services, mailer=Mailer(Watched(), mailer.sender, mailer.recipients)
    )
    return sent


def has_taken(account, sent):
    from moto.backends import get_backend

    backend = get_backend("ses")["123456789012"]["eu-west-1"]
    return len(backend.sent_messages) > len(sent)


def test_a_day_that_is_not_over_is_not_reported_before_its_time(mailing):
    with pytest.raises(PermanentError, match="2026-03-02 is not over yet in UTC"):
        mailing.order("2026-03-02", resend=True)
    assert mailing.ses.mails == []


# ---- Ticks


def test_a_tick_orders_the_day_before_and_the_days_that_were_missed(desk):
    assert find_due_days(MORNING, desk.services.reports) == [DAY]
    desk.order()
    # The function did not run for some days; nothing arrived on one of them.
    desk.put_document("second", at=NOON + timedelta(days=1))
    desk.put_document("fourth", at=NOON + timedelta(days=3))
    desk.at = MORNING + timedelta(days=4)
    due = find_due_days(desk.at, desk.services.reports)
    assert due == ["2026-03-02", "2026-03-04", "2026-03-05"]


def test_days_before_the_first_report_and_beyond_a_week_are_not_made_up_for(desk):
    desk.put_document("early", at=NOON - timedelta(days=1))
    assert find_due_days(MORNING, desk.services.reports) == [DAY]
    desk.put_document("first")
    desk.at = MORNING + timedelta(days=7)
    assert find_due_days(desk.at, desk.services.reports) == [DAY, "2026-03-08"]
    desk.at = MORNING + timedelta(days=8)
    assert find_due_days(desk.at, desk.services.reports) == ["2026-03-09"]


def test_what_was_given_up_or_stands_still_is_due_again(desk):
    desk.put_summary("a", "Tides", "Tidal energy comes from the moon.")
    assert find_due_days(MORNING, desk.services.reports) == [DAY]
    with pytest.raises(DeferredError):
        desk.order()
    desk.at += timedelta(hours=19)
    assert DAY not in find_due_days(desk.at + timedelta(hours=6), desk.services.reports)
    desk.at = MORNING + timedelta(hours=24)
    assert find_due_days(desk.at, desk.services.reports) == [DAY, "2026-03-02"]
    force_failed(desk)
    assert desk.row.status is ReportStatus.FAILED
    assert find_due_days(desk.at, desk.services.reports) == [DAY, "2026-03-02"]
    with pytest.raises(DeferredError):
        desk.order()
    assert desk.row.status is ReportStatus.WAITING


@pytest.fixture
def running():
    """The function behind its queue, with the time as it is."""
    with open_account(report_topic_arn="arn:aws:sns:eu-west-1:123456789012:reports") as account:
        account.clients.sns.create_topic(Name="reports")
        consumer, runtime = build_report(account.settings, account.clients)
        yield (
            account,
            EventSource(
                account.clients.sqs,
                account.settings.reports_queue_url,
                lambda event, context: process_batch(event, context, consumer, runtime),
                batch_size=1,
            ),
        )


def send(account, body, queue="reports_queue_url"):
    account.clients.sqs.send_message(QueueUrl=getattr(account.settings, queue), MessageBody=body)


def test_ticks_become_one_report_behind_the_queue_and_the_topic_is_told_once(running):
    from moto.backends import get_backend

    account, source = running
    for _ in range(10):
        send(account, '{"kind": "daily_report", "v": 1}')
    while source.poll():
        pass
    day = f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%d}"
    row = find_report(open_table(account), day)
    assert (row.status, row.is_topic_told) == (ReportStatus.KEPT, True)
    steps = [event.step for event in read_timeline(open_table(account), report_pk(day))]
    assert steps == ["begun", "digest_asked", "made", "kept", "topic_told"]
    told = (
        get_backend("sns")["123456789012"]["eu-west-1"]
        .topics[account.settings.report_topic_arn]
        .sent_notifications
    )
    assert len(told) == 1
    assert f"s3://seashore-artifacts/reports/{day}/" in told[0][1]
    assert account.count_messages(account.settings.reports_queue_url) == 0
    assert account.count_messages(account.settings.reports_dlq_url) == 0


def test_the_sweep_settles_a_report_whose_process_died(account):
    """SQS has moved its message to the DLQ, without a cause and without a word to the ledger."""
    table = open_table(account)
    begin_report(table, DAY, "", None, datetime.now(UTC) - timedelta(hours=1))
    account.clients.sqs.send_message(
        QueueUrl=account.settings.reports_dlq_url,
        MessageBody=json.dumps({"kind": "daily_report", "day": DAY}),
    )
    send(account, '{"kind": "sweep", "v": 1}', "work_queue_url")
    with run_pipeline(account) as pipeline:
        pipeline.run()
    row = find_report(table, DAY)
    assert row.status is ReportStatus.FAILED
    assert "died at every receive" in row.reason


def test_a_message_that_is_no_order_dies_with_its_cause(running):
    account, source = running
    send(account, "not an order")
    source.poll()
    assert account.count_messages(account.settings.reports_dlq_url) == 1
