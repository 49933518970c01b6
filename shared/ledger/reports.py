"""Daily reports in the ledger: made once, and mailed once.

`WAITING → MADE → SENDING → SENT`, or `KEPT` where nobody is to be sent it; `FAILED` if it was
given up. Who wants to mail a report claims it first, for no longer than its own run can last. A
claim that has run out was that of a process that died, perhaps after the mail had gone: it may be
taken over once, so that a report is mailed twice at the most.

| pk | sk | what |
|---|---|---|
| `REPORT#<day>` | `REPORT` | the report of a day |
| `REPORT#<day>` | `EVENT#<time>#<step>` | one step of its timeline |
| `REPORTS` | `FIRST` | the day of the first report that this stack made |
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from boto3.dynamodb.conditions import Attr, ConditionBase
from pydantic import BaseModel, ConfigDict

from shared.aws.dynamodb_items import Row
from shared.aws.dynamodb_table import LedgerTable, Put, Update
from shared.errors import LedgerConflictError
from shared.ledger.timeline import build_event, write_time

REPORT_SK = "REPORT"
_PK_PREFIX = "REPORT#"
_FIRST_KEY = ("REPORTS", "FIRST")

# The value of `in_flight` for reports; documents and tasks have others.
REPORT_IN_FLIGHT = "report"

MOST_MAILS = 2


class ReportStatus(StrEnum):
    """Where a report stands."""

    WAITING = "WAITING"
    MADE = "MADE"
    SENDING = "SENDING"
    SENT = "SENT"
    KEPT = "KEPT"
    FAILED = "FAILED"

    @property
    def is_final(self) -> bool:
        """Whether it has reached whom it is for."""
        return self in (ReportStatus.SENT, ReportStatus.KEPT)


class ReportRow(BaseModel):
    """The report of a day. Times are ISO 8601 in UTC.

    Args:
        day: The day.
        status: Where it stands.
        request: Whose wish to have it sent again is being met; empty for the schedule's own.
        updated_at: When the row was last written.
        digest_task_id: The task that writes its digest.
        digest_asked_at: When that was sent.
        digest_read: How many documents' summaries the digest is made from.
        digest_of: How many there were.
        mails: How often it was claimed to be mailed.
        sending_until: When the last claim runs out.
        mail_id: What the mail's service calls it.
        is_topic_told: Whether the topic was told.
        documents: How many documents arrived that day; None as long as it is not made.
        tasks: How many tasks.
        pages: How many pages.
        reason: Why it was given up.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    day: str
    status: ReportStatus
    request: str = ""
    updated_at: str
    digest_task_id: str | None = None
    digest_asked_at: str | None = None
    digest_read: int = 0
    digest_of: int = 0
    mails: int = 0
    sending_until: str | None = None
    mail_id: str | None = None
    is_topic_told: bool = False
    documents: int | None = None
    tasks: int | None = None
    pages: int | None = None
    reason: str | None = None


def report_pk(day: str) -> str:
    """The partition that holds all that belongs to a report."""
    return f"{_PK_PREFIX}{day}"


def report_row_key(day: str) -> tuple[str, str]:
    """The row of a report itself."""
    return report_pk(day), REPORT_SK


def find_report(table: LedgerTable, day: str) -> ReportRow | None:
    """Read the report of a day, or None if there is none."""
    row = table.read_row(*report_row_key(day))
    return None if row is None else _to_report(row)


def find_reports(table: LedgerTable, days: Sequence[str]) -> dict[str, ReportRow]:
    """Read the reports of some days, as far as there are any, with one call."""
    rows = table.read_rows([report_row_key(day) for day in days])
    found = [_to_report(row) for row in rows if row is not None]
    return {report.day: report for report in found}


def find_first_day(table: LedgerTable, day: str) -> str:
    """The day from which on this stack makes reports: this one, if there was none before."""
    pk, sk = _FIRST_KEY
    try:
        table.put_row(Put({"pk": pk, "sk": sk, "day": day}, condition=Attr("pk").not_exists()))
    except LedgerConflictError as conflict:
        if conflict.row is None:
            raise
        return str(conflict.row["day"])
    return day


def begin_report(
    table: LedgerTable, day: str, request: str, known: ReportRow | None, at: datetime
) -> ReportRow:
    """Enter that a report is being made, anew if somebody wishes to have it sent again.

    Args:
        table: The ledger.
        day: The day.
        request: Whose wish; empty for the schedule's own.
        known: The row as it was read.
        at: The time.

    Raises:
        LedgerConflictError: Somebody else has begun meanwhile.
    """
    row = ReportRow(
        day=day,
        status=ReportStatus.WAITING,
        request=request,
        updated_at=write_time(at),
        # One that was given up may have been mailed all the same.
        mails=known.mails if known is not None and known.request == request else 0,
    )
    pk, sk = report_row_key(day)
    unchanged: ConditionBase = (
        Attr("pk").not_exists()
        if known is None
        else Attr("updated_at").eq(known.updated_at) & Attr("status").eq(known.status)
    )
    # Not its day: with a time of arrival beside it, it would stand among that day's documents.
    content = row.model_dump(mode="json", exclude_none=True, exclude={"day"})
    content |= {"in_flight": REPORT_IN_FLIGHT, "received_at": row.updated_at}
    details = {"request": request} if request else {}
    table.transact(
        [
            Put({"pk": pk, "sk": sk, **content}, condition=unchanged),
            build_event(pk, at, "begun", details),
        ]
    )
    return row


def note_digest_asked(
    table: LedgerTable, row: ReportRow, task_id: str | None, read: int, of: int, at: datetime
) -> ReportRow:
    """Note which task writes a report's digest, from how many documents of how many.

    Raises:
        LedgerConflictError: The report has moved on.
    """
    changes = {
        "digest_task_id": task_id,
        "digest_asked_at": write_time(at),
        "digest_read": read,
        "digest_of": of,
    }
    return _move(table, row, {ReportStatus.WAITING}, at, "digest_asked", changes)


def note_made(
    table: LedgerTable, row: ReportRow, figures: Mapping[str, int], at: datetime
) -> ReportRow:
    """Note that a report is written, with its most important figures.

    Raises:
        LedgerConflictError: The report has moved on.
    """
    changes = {"status": ReportStatus.MADE, **figures}
    return _move(table, row, {ReportStatus.WAITING, ReportStatus.MADE}, at, "made", changes)


def claim_mail(
    table: LedgerTable, row: ReportRow, at: datetime, until: datetime
) -> ReportRow | None:
    """Claim the mailing of a report, until a time at which the claimant has ended for sure.

    Returns:
        The row; None if another one has claimed it, and may be at it.
    """
    changes = {
        "status": ReportStatus.SENDING,
        "sending_until": write_time(until),
        "mails": row.mails + 1,
    }
    may_take = Attr("status").eq(ReportStatus.MADE) | (
        Attr("status").eq(ReportStatus.SENDING) & Attr("sending_until").lt(write_time(at))
    )
    condition = may_take & Attr("mails").eq(row.mails)
    try:
        return _move(table, row, None, at, "sending", changes, condition)
    except LedgerConflictError:
        return None


def release_mail(table: LedgerTable, row: ReportRow, at: datetime) -> None:
    """Give a claim back, after a mail that has surely not gone.

    Raises:
        LedgerConflictError: The claim was another's.
    """
    changes = {"status": ReportStatus.MADE, "mails": row.mails - 1}
    own = Attr("mails").eq(row.mails)
    _move(table, row, {ReportStatus.SENDING}, at, "not_sent", changes, own)


def finish_report(
    table: LedgerTable, row: ReportRow, status: ReportStatus, mail_id: str | None, at: datetime
) -> ReportRow:
    """Note that a report was mailed, or that nobody is to be mailed it.

    Without regard to claims: what has gone has gone.
    """
    changes = {"status": status, "mail_id": mail_id}
    return _move(table, row, None, at, status.lower(), changes)


def note_topic_told(table: LedgerTable, row: ReportRow, at: datetime) -> None:
    """Note that the topic was told of a report."""
    _move(table, row, None, at, "topic_told", {"is_topic_told": True})


def fail_report(table: LedgerTable, day: str, reason: str, at: datetime) -> None:
    """Note that a report was given up, unless it has reached whom it is for."""
    known = find_report(table, day)
    if known is None:
        known = ReportRow(day=day, status=ReportStatus.FAILED, updated_at=write_time(at))
    if known.status.is_final:
        return
    changes = {
        "status": ReportStatus.FAILED,
        "reason": reason,
        "in_flight": None,
        "updated_at": write_time(at),
    }
    not_final = Attr("status").not_exists() | ~Attr("status").is_in(
        [ReportStatus.SENT, ReportStatus.KEPT]
    )
    pk, sk = report_row_key(day)
    try:
        table.transact(
            [
                Update(pk, sk, assign=changes, condition=not_final),
                build_event(pk, at, "failed", {"reason": reason}),
            ]
        )
    except LedgerConflictError:
        return


def _move(
    table: LedgerTable,
    row: ReportRow,
    sources: set[ReportStatus] | None,
    at: datetime,
    step: str,
    changes: Mapping[str, Any],
    condition: ConditionBase | None = None,
) -> ReportRow:
    pk, sk = report_row_key(row.day)
    guard: ConditionBase = Attr("request").eq(row.request)
    if sources is not None:
        guard = guard & Attr("status").is_in(sorted(sources))
    if condition is not None:
        guard = guard & condition
    known = {name: value for name, value in changes.items() if value is not None}
    assign = {**known, "updated_at": write_time(at)}
    if "status" in known and known["status"].is_final:
        assign["in_flight"] = None
    table.transact(
        [
            Update(pk, sk, assign=assign, condition=guard),
            build_event(pk, at, step, known),
        ]
    )
    return row.model_copy(update={**known, "updated_at": write_time(at)})


def _to_report(row: Row) -> ReportRow:
    return ReportRow.model_validate({**row, "day": row["pk"].removeprefix(_PK_PREFIX)})
