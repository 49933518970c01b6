"""Look through a list, the newest first, for what fits: on until some is found, within a bound."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from pipeline.day_listing import MAX_ROWS_READ

ItemT = TypeVar("ItemT")

# What is found is shown at once: the page is filled up in no more steps and time than these.
_MOST_STEPS = 2
_PATIENCE_SECONDS = 0.3
# While nothing is found the look goes on by itself; then one is asked whether to look further. Not
# so a poll, which would look as far every few seconds.
_MOST_STEPS_FOR_ANY = 20
_PATIENCE_FOR_ANY_SECONDS = 8.0


@dataclass(frozen=True)
class ListLook(Generic[ItemT]):
    """What a look through a list has found.

    Attributes:
        found: What fits, the newest first.
        cursor: Where the look goes on; None at the list's end.
        rows: About how many rows were looked through.
        is_long: Whether it looked further than a poll does, which would not find the same.
    """

    found: list[ItemT]
    cursor: str | None
    rows: int
    is_long: bool


def look_through(
    read_page: Callable[[str | None, int], tuple[list[ItemT], str | None]],
    cursor: str | None,
    most: int,
    is_polled: bool = False,
    steps: int = _MOST_STEPS,
) -> ListLook[ItemT]:
    """Look through the pages of a list from a cursor on.

    Args:
        read_page: A page from a cursor on, with so many items at the most, and the next cursor.
        cursor: Where to begin; None for the newest.
        most: The most items to find.
        is_polled: Whether it is looked through again and again: then never in many steps.
        steps: In how many steps what is found is filled up at the most.
    """
    found: list[ItemT] = []
    steps_for_any = steps if is_polled else _MOST_STEPS_FOR_ANY
    begun = time.monotonic()
    taken = 0
    while True:
        more, cursor = read_page(cursor, most - len(found))
        found += more
        taken += 1
        seconds = time.monotonic() - begun
        if found:
            is_over = len(found) >= most or taken >= steps or seconds > _PATIENCE_SECONDS
        else:
            is_over = taken >= steps_for_any or seconds > _PATIENCE_FOR_ANY_SECONDS
        if cursor is None or is_over:
            return ListLook(found[:most], cursor, taken * MAX_ROWS_READ, taken > steps)
