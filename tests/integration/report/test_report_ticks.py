"""Ticks of the schedule on moto: which days are due, and each day one report behind its queue."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from moto.backends import get_backend

from functions.delivery.batch import process_batch
from functions.report import build_report
from pipeline.report.report_delivery import find_due_days
from shared.aws.topics import Topic
from shared.errors import DeferredError
from shared.ledger.reports import ReportStatus, begin_report, find_report, report_pk
from shared.ledger.timeline import read_timeline
from tests.fakes.aws.event_source import EventSource
from tests.fakes.aws.kept_account import open_account
from tests.fakes.aws.ledger_rows import open_table
from tests.fakes.aws.moved_letters import put_moved_letter
from tests.fakes.desks.report_desk import DAY, MORNING, NOON, Desk
from tests.fakes.desks.running_pipeline import run_pipeline


@pytest.fixture
def desk(account):
    return Desk(account)


def test_a_tick_orders_the_day_before_and_the_days_that_were_missed(desk):
    assert find_due_days(MORNING, desk.services) == [DAY]
    desk.order()
    # The function did not run for some days; nothing arrived on one of them.
    desk.put_document("second", at=NOON + timedelta(days=1))
    desk.put_document("fourth", at=NOON + timedelta(days=3))
    desk.at = MORNING + timedelta(days=4)
    due = find_due_days(desk.at, desk.services)
    assert due == ["2026-03-02", "2026-03-04", "2026-03-05"]


def test_days_before_the_first_report_and_beyond_a_week_are_not_made_up_for(desk):
    desk.put_document("early", at=NOON - timedelta(days=1))
    assert find_due_days(MORNING, desk.services) == [DAY]
    desk.put_document("first")
    desk.at = MORNING + timedelta(days=7)
    assert find_due_days(desk.at, desk.services) == [DAY, "2026-03-08"]
    desk.at = MORNING + timedelta(days=8)
    assert find_due_days(desk.at, desk.services) == ["2026-03-09"]


def test_what_was_given_up_or_stands_still_is_due_again(desk):
    desk.put_summary("a", "Tides", "Tidal energy comes from the moon.")
    assert find_due_days(MORNING, desk.services) == [DAY]
    with pytest.raises(DeferredError):
        desk.order()
    desk.at += timedelta(hours=19)
    assert DAY not in find_due_days(desk.at + timedelta(hours=6), desk.services)
    desk.at = MORNING + timedelta(hours=24)
    assert find_due_days(desk.at, desk.services) == [DAY, "2026-03-02"]
    desk.give_up()
    assert desk.row.status is ReportStatus.FAILED
    assert find_due_days(desk.at, desk.services) == [DAY, "2026-03-02"]
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


def list_notices(account):
    """What the topic was told."""
    topics = get_backend("sns")["123456789012"]["eu-west-1"].topics
    return topics[account.settings.report_topic_arn].sent_notifications


def test_the_subject_of_a_notice_is_no_longer_than_the_topic_takes(running):
    account, _ = running
    Topic(account.clients.sns, account.settings.report_topic_arn).publish("s" * 150, "text")
    ((_, text, subject, *_),) = list_notices(account)
    assert (text, subject) == ("text", "s" * 99)


def test_ticks_become_one_report_behind_the_queue_and_the_topic_is_told_once(running):
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
    told = list_notices(account)
    assert len(told) == 1
    assert f"s3://seashore-artifacts/reports/{day}/" in told[0][1]
    assert told[0][2] == f"Seashore {day}: nothing arrived"
    assert account.count_messages(account.settings.reports_queue_url) == 0
    assert account.count_messages(account.settings.reports_dlq_url) == 0


def test_the_sweep_settles_a_report_whose_process_died(account):
    """SQS has moved its message to the DLQ, without a cause and without a word to the ledger."""
    table = open_table(account)
    begin_report(table, DAY, "", None, datetime.now(UTC) - timedelta(hours=1))
    put_moved_letter(
        account.clients.sqs,
        account.settings.reports_dlq_url,
        json.dumps({"kind": "daily_report", "day": DAY}),
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
