"""What the messages of the reports queue ask for: a report a day, made once and mailed once.

A tick of the schedule only finds out which days are due, and orders each by a message of its own:
the report of a day is one item, however many ticks there are. Between making and mailing stands a
claim in the ledger (`shared/ledger/reports.py`): of several runs one mails, and a run that dies
while it mails is followed by one more at the most.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline.report.causes import name_stack
from pipeline.report.daily_report import WrittenReport, choose_summaries, write_report
from pipeline.report.day_report import ReportServices
from pipeline.report.digest import collect_digest, order_digest
from pipeline.report.page.text import render_text
from pipeline.report.report_types import DailyReport, report_prefix
from shared.aws.mail import Mail, Mailer
from shared.aws.topics import Topic
from shared.calendar import find_day_before, find_window, list_days_before
from shared.deadline import Deadline
from shared.errors import DeferredError, PermanentError, ReportMailError
from shared.ledger.arrivals import has_arrivals
from shared.ledger.reports import (
    MOST_MAILS,
    ReportRow,
    ReportStatus,
    begin_report,
    claim_mail,
    find_first_day,
    find_report,
    find_reports,
    finish_report,
    note_digest_asked,
    note_made,
    note_topic_told,
    release_mail,
)
from shared.messages.reports import DailyReportOrder, ReportItem, encode_report_order

logger = logging.getLogger("seashore.report")

_MOST_CAUGHT_UP = 7
# A report that has stood still for so long has no message any more that would move it.
_ABANDONED_AFTER = timedelta(hours=20)
# A claim outlives its run by this: clocks differ a little.
_CLAIM_MARGIN = timedelta(seconds=10)
_CLAIMED_DELAY_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True)
class DeliveryServices(ReportServices):
    """What ordering and delivering reports works with besides.

    Args:
        reports_queue_url: Where a tick orders the reports that are due.
        mailer: Sends them; None if nobody is to be mailed.
        topic: Is told that a report is there; None if there is none.
    """

    reports_queue_url: str
    mailer: Mailer | None
    topic: Topic | None


def handle_report_item(item: ReportItem, services: DeliveryServices, deadline: Deadline) -> None:
    """Do what a message of the reports queue asks for.

    Raises:
        DeferredError: The digest is not there yet, another run is mailing the report, or an AWS
            service asks for patience.
        RetryableError, PermanentError: As the mail's service and the ledger do.
    """
    if item.order.day is None:
        _order_due_reports(item, services)
    else:
        _deliver(item.order.day, item.request, services, deadline)


def _order_due_reports(item: ReportItem, services: DeliveryServices) -> None:
    days = find_due_days(item.sent_at, services)
    bodies = [encode_report_order(DailyReportOrder(day=day)) for day in days]
    services.queues.send(services.reports_queue_url, bodies)
    logger.info("reports_ordered", extra={"action": "reports_ordered", "days": days})


def find_due_days(ticked_at: datetime, services: ReportServices) -> list[str]:
    """The days whose reports are due at a tick, oldest first.

    That is the day before the tick's, in the configured zone; and of the seven days before that
    those whose report was missed, if anything arrived on them. Days before the stack's first report
    are not made up for.

    Args:
        ticked_at: When the tick was sent.
        services: What is needed.
    """
    day = find_day_before(ticked_at, services.zone)
    first = find_first_day(services.table, day)
    before = list_days_before(day, _MOST_CAUGHT_UP)
    reports = find_reports(services.table, [*before, day])
    now = services.now()
    missed = [
        earlier
        for earlier in before
        if earlier >= first
        and _is_due(reports.get(earlier), now)
        and has_arrivals(services.table, find_window(earlier, services.zone))
    ]
    known = reports.get(day)
    return missed if known is not None and known.status.is_final else [*missed, day]


def _is_due(report: ReportRow | None, now: datetime) -> bool:
    if report is None:
        return True
    if report.status.is_final or report.mails >= MOST_MAILS:
        return False
    age = now - datetime.fromisoformat(report.updated_at)
    return report.status is ReportStatus.FAILED or age > _ABANDONED_AFTER


def _deliver(day: str, request: str, services: DeliveryServices, deadline: Deadline) -> None:
    _, ends = find_window(day, services.zone)
    if ends > services.now():
        raise PermanentError(f"{day} is not over yet in {services.zone.key}")
    row = _begin(day, request, services)
    if row.status is ReportStatus.SENDING or row.status.is_final:
        written = None
    else:
        written = _make(row, services)
        row = _note_made(row, written, services)
    if not row.status.is_final:
        row, written = _mail(row, written, services, deadline)
    if services.topic is not None and not row.is_topic_told:
        subject, text = _write_notice(day, written, services)
        services.topic.publish(subject, text)
        note_topic_told(services.table, row, services.now())


def _begin(day: str, request: str, services: DeliveryServices) -> ReportRow:
    """The report's row, new where it was not begun, was given up, or is to be sent again."""
    table = services.table
    known = find_report(table, day)
    if known is not None and known.request != request and request:
        if not known.status.is_final and known.status is not ReportStatus.FAILED:
            raise DeferredError(
                f"the report of {day} is being made already",
                delay_seconds=_CLAIMED_DELAY_SECONDS,
                reason="report_in_progress",
            )
        return begin_report(table, day, request, known, services.now())
    if known is None or known.status is ReportStatus.FAILED:
        return begin_report(table, day, request, known, services.now())
    return known


def _make(row: ReportRow, services: DeliveryServices) -> WrittenReport:
    if row.status is ReportStatus.WAITING and row.digest_asked_at is None:
        keys, of = choose_summaries(row.day, services)
        order = order_digest(row.day, keys, of, services)
        task_id = order.task.task_id if order.task else None
        row = note_digest_asked(
            services.table, row, task_id, read=order.read, of=order.of, at=services.now()
        )
    digest = collect_digest(row, services, services.now())
    return write_report(row.day, digest, services)


def _note_made(row: ReportRow, written: WrittenReport, services: DeliveryServices) -> ReportRow:
    report = written.report
    figures = {
        "documents": report.documents.received,
        "tasks": report.tasks.received,
        "pages": report.pages,
    }
    return note_made(services.table, row, figures, services.now())


def _mail(
    row: ReportRow,
    written: WrittenReport | None,
    services: DeliveryServices,
    deadline: Deadline,
) -> tuple[ReportRow, WrittenReport | None]:
    table, now = services.table, services.now
    if services.mailer is None:
        return finish_report(table, row, ReportStatus.KEPT, None, now()), written
    if _is_claimed(row, now()):
        raise _wait_for_another_run(row.day)
    if row.mails >= MOST_MAILS:
        raise ReportMailError(
            f"the mail of {row.day} was tried {row.mails} times, and each time the run died or "
            "heard nothing from SES: look whether it has come, and if not, send it by "
            f"`seashore report --date {row.day} --send{name_stack(services.stack)}`"
        )
    # Before the claim: a report that cannot be made uses up none of the mails.
    written = written or _make(row, services)
    until = now() + timedelta(seconds=deadline.remaining_seconds) + _CLAIM_MARGIN
    claimed = claim_mail(table, row, now(), until)
    if claimed is None:
        raise _wait_for_another_run(row.day)
    try:
        mail_id = services.mailer.send(write_mail(written))
    except (DeferredError, PermanentError):
        # Surely not gone. After any other end it may be: the claim stays, and counts as a mail.
        release_mail(table, claimed, now())
        raise
    logger.info("report_mailed", extra={"action": "report_mailed", "day": row.day})
    return finish_report(table, claimed, ReportStatus.SENT, mail_id, now()), written


def _is_claimed(row: ReportRow, now: datetime) -> bool:
    """Whether another run may be mailing a report at this moment."""
    if row.status is not ReportStatus.SENDING or row.sending_until is None:
        return False
    return now <= datetime.fromisoformat(row.sending_until)


def _wait_for_another_run(day: str) -> DeferredError:
    return DeferredError(
        f"another run may be mailing the report of {day}",
        delay_seconds=_CLAIMED_DELAY_SECONDS,
        reason="report_in_progress",
    )


def write_subject(report: DailyReport) -> str:
    """The line that says how the day was: `Seashore 2026-11-21: 12 done, 1 needs you`."""
    return f"Seashore {report.day}: {report.verdict}"


def write_mail(written: WrittenReport) -> Mail:
    """The mail that brings a report."""
    forms = {file.name: file.content for file in written.files}
    return Mail(
        subject=write_subject(written.report),
        html=forms["report.html"],
        text=render_text(written.report),
    )


def _write_notice(
    day: str, written: WrittenReport | None, services: ReportServices
) -> tuple[str, str]:
    """The notice of a report: where it lies, and how to open it.

    There is no link that opens it by itself: a presigned one dies with the credentials of the
    function that signed it, within hours.
    """
    subject = write_subject(written.report) if written else f"Seashore {day}"
    address = f"s3://{services.artifacts_bucket}/{report_prefix(day)}"
    text = (
        f"{subject}\n\n"
        f"The report lies in {address} as report.html, .md and .json.\n"
        f"To read it: seashore report --date {day} --open{name_stack(services.stack)}\n"
    )
    return subject, text
