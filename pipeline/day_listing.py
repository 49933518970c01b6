"""Lists by the day of arrival in pages, with a cursor that says where the next page begins."""

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TypeVar

from shared.aws.day_places import DayPlace
from shared.calendar import parse_day
from shared.errors import InvalidRequestError
from shared.ledger.documents import Clock

ItemT = TypeVar("ItemT")

# Without a day a list goes back so far; what is older is found by naming its day.
DAYS_BACK = 30

MAX_ROWS_READ = 500
"""The most rows that are looked through for one page: what is rare costs no long read."""

# The most keys that one read of rows takes (Amazon DynamoDB API Reference, "BatchGetItem").
_MANY_ROWS = 100

_MAX_CURSOR_CHARACTERS = 400
_RECEIVED_AT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00")


@dataclass(frozen=True)
class PageWanted:
    """Which page of a list is asked for.

    Args:
        day: The day (UTC) of arrival; None for the last `days`.
        limit: The most that a page holds.
        cursor: Where the page begins, as the page before said; None for the first.
        days: How many days back the list goes without a day.
    """

    day: str | None
    limit: int
    cursor: str | None
    days: int = DAYS_BACK


def list_page(
    wanted: PageWanted,
    list_day: Callable[[DayPlace, int], tuple[list[ItemT], DayPlace | None]],
    fits: Callable[[ItemT], bool],
    find_place: Callable[[ItemT], tuple[str, str]],
    id_pattern: str,
    now: Clock,
) -> tuple[list[ItemT], str | None]:
    """A page of a list, newest first, and the cursor of the next; None if there is none.

    A page may hold fewer than asked for, and even none, and still have a next one.

    Args:
        wanted: The page.
        list_day: Some items of a day from a place on, and the place to go on from.
        fits: Whether an item is wanted.
        find_place: When an item arrived, and its id.
        id_pattern: What all ids of items match.
        now: The clock.

    Raises:
        InvalidRequestError: The cursor is none that this list has given.
        ServiceError: The ledger cannot be reached.
    """
    today = now().astimezone(UTC).date()
    first_day = parse_day(wanted.day) if wanted.day else today - timedelta(days=wanted.days - 1)
    newest = parse_day(wanted.day) if wanted.day else today
    place = DayPlace(f"{newest:%Y-%m-%d}")
    if wanted.cursor:
        place = _read_cursor(wanted.cursor, id_pattern)
        if not first_day <= parse_day(place.day) <= newest:
            raise InvalidRequestError("the cursor is of another list: it goes with the same day")
    found: list[ItemT] = []
    rows_left = MAX_ROWS_READ
    # At first no more than are wanted; where some do not fit, many at once: calls take longest.
    rows_at_once = wanted.limit
    while rows_left > 0 and len(found) < wanted.limit:
        items, next_place = list_day(place, min(rows_left, rows_at_once))
        rows_left -= max(1, len(items))
        rows_at_once = max(wanted.limit, _MANY_ROWS)
        fitting = [item for item in items if fits(item)]
        taken = fitting[: wanted.limit - len(found)]
        found += taken
        if len(taken) < len(fitting):
            return found, _write_cursor(DayPlace(place.day, *find_place(taken[-1])))
        if next_place is None:
            day = parse_day(place.day) - timedelta(days=1)
            if day < first_day:
                return found, None
            next_place = DayPlace(f"{day:%Y-%m-%d}")
        place = next_place
    return found, _write_cursor(place)


def _write_cursor(place: DayPlace) -> str:
    content = json.dumps([place.day, place.received_at, place.item_id])
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def _read_cursor(cursor: str, id_pattern: str) -> DayPlace:
    try:
        if len(cursor) > _MAX_CURSOR_CHARACTERS:
            raise ValueError("too long")
        padded = cursor + "=" * (-len(cursor) % 4)
        day, received_at, item_id = json.loads(base64.urlsafe_b64decode(padded))
        parse_day(day)
        if received_at is None and item_id is None:
            return DayPlace(day)
        if not (_RECEIVED_AT.fullmatch(received_at) and re.fullmatch(id_pattern, item_id)):
            raise ValueError("not a place")
    except (ValueError, TypeError, RecursionError) as error:
        raise InvalidRequestError("the cursor is none that this list has given") from error
    return DayPlace(day, received_at, item_id)
