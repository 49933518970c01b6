"""Places in lists by the day of arrival, newest first, so that a list can be read in pages.

Documents and tasks are both listed so, each in partitions of their own of the index by day.
"""

from collections.abc import Callable
from dataclasses import dataclass

from shared.aws.dynamodb_items import Row
from shared.aws.dynamodb_table import DAY_INDEX, LedgerTable


@dataclass(frozen=True)
class DayPlace:
    """A place in such a list: after the item named.

    Args:
        day: The day (UTC) that the list has come to.
        received_at: When that item arrived; None at the beginning of the day.
        item_id: Its id; None at the beginning of the day.
    """

    day: str
    received_at: str | None = None
    item_id: str | None = None


def query_day(
    table: LedgerTable,
    partition: str,
    place: DayPlace,
    limit: int,
    row_key: Callable[[str], tuple[str, str]],
) -> tuple[list[Row], DayPlace | None]:
    """Read some rows of a day, newest first, from a place on.

    Args:
        table: The ledger.
        partition: The partition of the day in the index by day.
        place: The place.
        limit: The most rows that are read.
        row_key: The keys of the row of an item.

    Returns:
        The rows, and the place to go on from; None if there are no more on that day.
    """
    start_after: Row | None = None
    if place.item_id is not None:
        pk, sk = row_key(place.item_id)
        start_after = {"pk": pk, "sk": sk, "day": partition, "received_at": place.received_at}
    found, has_more = table.query_index_part(DAY_INDEX, ("day", partition), start_after, limit)
    rows = [row for row in table.read_indexed(found, "day") if row is not None]
    if not found or not has_more:
        return rows, None
    last = found[-1]
    return rows, DayPlace(place.day, last["received_at"], last["pk"].partition("#")[2])
