"""What the ledger is told when a report cannot be made, or not yet."""

from shared.aws.dynamodb_table import LedgerTable
from shared.ledger.documents import Clock
from shared.ledger.reports import fail_report, report_row_key
from shared.ledger.waiting import Wait, note_wait
from shared.messages.reports import ReportItem


def give_up_report(item: ReportItem, cause: str, table: LedgerTable, now: Clock) -> None:
    """Note that a report will not be made or sent, and why."""
    if item.order.day is not None:
        # A tick has nothing to note: the next one makes up for it.
        fail_report(table, item.order.day, cause, now())


def note_report_delay(item: ReportItem, wait: Wait, table: LedgerTable, now: Clock) -> None:
    """Note in the timeline of a report that it waits."""
    if item.order.day is not None:
        note_wait(table, report_row_key(item.order.day), now(), wait.step, wait.details)
