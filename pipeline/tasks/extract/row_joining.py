"""The rows of one list, joined over the parts of a text. Pure."""

import json
from collections.abc import Iterable, Sequence

from pipeline.tasks.extract.row_places import PlacedRow
from pipeline.tasks.extract.text_lines import Part


def join_rows(
    parts: Iterable[tuple[Part, Sequence[PlacedRow]]], *, joins_equals: bool
) -> list[PlacedRow]:
    """The rows of all parts in the order of the text, those at borders once.

    A part shows the last lines before it again. Rows that begin there were read twice: the reading
    stands that found more of their values, as a row may go on beyond the border. Rows that are
    equal and stand on different lines are different rows.

    Args:
        parts: The parts with their rows.
        joins_equals: Whether equal rows are one, the first, wherever they stand.
    """
    by_place: dict[tuple[int, int], list[PlacedRow]] = {}
    for part, rows in parts:
        shown_again = {line.place for line in part.before}
        read: dict[tuple[int, int], list[PlacedRow]] = {}
        for row in rows:
            read.setdefault(row.lines[0].place, []).append(row)
        for place, here in read.items():
            if place in shown_again and _weigh(by_place.get(place, ())) >= _weigh(here):
                continue
            by_place[place] = here
    joined = [row for place in sorted(by_place) for row in by_place[place]]
    return list(_join_equals(joined)) if joins_equals else joined


def _weigh(rows: Sequence[PlacedRow]) -> int:
    return sum(row.weight for row in rows)


def _join_equals(rows: Iterable[PlacedRow]) -> Iterable[PlacedRow]:
    first: dict[str, PlacedRow] = {}
    for row in rows:
        written = json.dumps(row.value, sort_keys=True, ensure_ascii=False)
        first.setdefault(" ".join(written.casefold().split()), row)
    return first.values()
