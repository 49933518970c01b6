"""The report's mail on moto: it goes once, whatever dies in between."""

from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from unittest.mock import Mock

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)
from moto.backends import get_backend

from pipeline.report.page.text import render_text
from pipeline.report.report_delivery import find_due_days
from pipeline.report.report_types import DailyReport
from shared.aws.mail import Mailer
from shared.errors import (
    DeferredError,
    MailRefusedError,
    MailUnsureError,
    PermanentError,
    ReportMailError,
    ServiceError,
)
from shared.ledger.reports import ReportStatus
from tests.fakes.aws.kept_account import open_account
from tests.fakes.desks.report_desk import DAY, MAILED, MORNING, Desk


def make_refusal(code, status):
    """An error that SES answers with."""
    answer = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "SendEmail")


@pytest.fixture
def mailing():
    with open_account(**MAILED) as account:
        yield Desk(account)


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
    assert simple["Body"]["Text"]["Data"] == render_text(DailyReport(**mailing.report))
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
    assert find_due_days(MORNING, mailing.services) == [DAY]
    # A person's wish begins anew.
    mailing.ses.before_answer = lambda: None
    with pytest.raises(DeferredError, match="being made already"):
        mailing.order(resend=True, message_id="wish")
    mailing.give_up()
    mailing.order(resend=True, message_id="wish")
    assert (len(mailing.ses.mails), mailing.row.status) == (3, ReportStatus.SENT)


LOST_ON_THE_WAY = [
    (EndpointConnectionError(endpoint_url="ses"), ServiceError, ReportStatus.MADE, 0),
    (ConnectTimeoutError(endpoint_url="ses"), ServiceError, ReportStatus.MADE, 0),
    (NoCredentialsError(), ServiceError, ReportStatus.MADE, 0),
    (ParamValidationError(report="too many"), PermanentError, ReportStatus.MADE, 0),
    (ReadTimeoutError(endpoint_url="ses"), MailUnsureError, ReportStatus.SENDING, 1),
    (ConnectionClosedError(endpoint_url="ses"), MailUnsureError, ReportStatus.SENDING, 1),
    (make_refusal("MessageRejected", 400), MailRefusedError, ReportStatus.MADE, 0),
    (make_refusal("TooManyRequestsException", 429), ServiceError, ReportStatus.MADE, 0),
    (make_refusal("InternalFailure", 500), MailUnsureError, ReportStatus.SENDING, 1),
]


@pytest.mark.parametrize(
    ("error", "raised", "status", "mails"),
    LOST_ON_THE_WAY,
    ids=[type(case[0]).__name__ for case in LOST_ON_THE_WAY],
)
def test_a_mail_counts_only_if_it_may_have_gone(mailing, error, raised, status, mails):
    def fail():
        raise error

    mailing.ses.before_answer = fail
    with pytest.raises(raised):
        mailing.order()
    assert (mailing.row.status, mailing.row.mails) == (status, mails)


def test_a_report_that_cannot_be_made_again_uses_up_none_of_its_mails(mailing):
    def lose_the_answer():
        raise MailUnsureError("no answer")

    mailing.ses.before_answer = lose_the_answer
    with pytest.raises(MailUnsureError):
        mailing.order()
    mailing.at += timedelta(hours=1)
    events = mailing.account.clients.s3.meta.events
    unreachable = Mock(side_effect=EndpointConnectionError(endpoint_url="s3"))
    events.register("before-call.s3", unreachable)
    with pytest.raises(ServiceError):
        mailing.order()
    events.unregister("before-call.s3", unreachable)
    assert mailing.row.mails == 1
    mailing.ses.before_answer = lambda: None
    mailing.order()
    assert (mailing.row.status, len(mailing.ses.mails)) == (ReportStatus.SENT, 2)


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
    backend = get_backend("ses")["123456789012"]["eu-west-1"]
    return len(backend.sent_messages) > len(sent)


def test_a_day_that_is_not_over_is_not_reported_before_its_time(mailing):
    with pytest.raises(PermanentError, match="2026-03-02 is not over yet in UTC"):
        mailing.order("2026-03-02", resend=True)
    assert mailing.ses.mails == []
