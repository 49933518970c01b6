"""A ledger in which the sweep has looked for rows of an earlier release; apart, as many need it."""

from datetime import timedelta

from shared.aws.dynamodb_table import LedgerTable
from shared.dead_letters.given_up import complete_given_up
from shared.deadline import Deadline


def find_whole(table, now):
    """Have the sweep find that all that was given up is in its partition."""
    later = now() + timedelta(minutes=20)
    for at in (now(), later):
        complete_given_up(table, lambda at=at: at, Deadline.after(600), 0)


def find_empty_ledger_whole(table, now):
    """The same in a ledger that nothing has come into, without 64 requests for its empty days."""
    find_whole(_EmptyLedger(table.client, table.name, lambda seconds: None), now)


class _EmptyLedger(LedgerTable):
    def query_index_pages(self, *what, **options):
        return iter(())
