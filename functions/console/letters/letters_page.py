"""The page *Dead letters*: what was given up, by cause and one by one, from the ledger's rows.

Only opening a letter receives it (`open_letters.py`): a list that received would hide letters from
whoever works on them. The queues' own counts stand beside it.
"""

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

from functions.console.fragment_routes import Asked, Fragment, FragmentRoutes
from functions.console.letters.selection import UNLISTED, read_filter
from functions.console.timeline_view import read_steps
from functions.http.services import ApiServices
from pipeline.day_listing import DAYS_BACK
from pipeline.dead_letters.given_up import (
    GivenUp,
    find_given_up,
    group_by_cause,
    list_given_up,
)
from pipeline.report.causes import Kind
from shared.errors import InvalidRequestError, NothingFoundError, SeashoreError
from shared.ledger.subjects import subject_pk
from shared.messages.message import Subject
from shared.queue_catalogue import REPORTS, RESULTS, SourceQueue, list_queues

_MOST_ROWS = 50
_MOST_GROUPS = 20
_CURSOR = re.compile(r"(\d{4}-\d\d-\d\dT[0-9:.]{8,15}\+00:00)~([A-Za-z0-9._-]{1,100})")
# What letters mean of which no row of a document or task tells.
_UNLISTED_WORDS = {
    REPORTS: "daily reports that could not be made or mailed, and ticks of schedules",
    RESULTS: "results that could not be copied into the database; they are in the bucket, and no "
    "document or task is given up by it",
}
_FILTERS = ("words", "kind", "queue", "group", "discarded")


def add_routes(routes: FragmentRoutes, services: ApiServices) -> None:
    """Add what lists and shows what was given up."""
    table, now = services.reader.table, services.reader.now

    def read_list(asked: Asked) -> dict[str, Any]:
        fields = {name: value for name in _FILTERS if (value := asked.choose(name))}
        wanted = read_filter(fields)
        cursor = _read_cursor(asked.choose("cursor", 200))
        with ThreadPoolExecutor(1) as pool:
            counting = pool.submit(_count_letters, services)
            everything = list_given_up(table, now())
            depths = counting.result()
        found = [one for one in everything if wanted.fits(one)]
        groups = group_by_cause(found)
        rows = [one for one in found if cursor is None or one.place < cursor][: _MOST_ROWS + 1]
        has_more = len(rows) > _MOST_ROWS
        return {
            "fields": fields,
            "query": urlencode(fields),
            "own_query": urlencode(fields | ({"cursor": "~".join(cursor)} if cursor else {})),
            "groups": groups[:_MOST_GROUPS],
            "more_groups": len(groups[_MOST_GROUPS:]),
            "rows": rows[:_MOST_ROWS],
            "count": len(found),
            "letters": sum(one.letters for one in found),
            "is_first": cursor is None,
            "next_query": _write_query(fields, rows[_MOST_ROWS - 1]) if has_more else None,
            "depths": depths,
            "queues": [queue.name for queue in list_queues(services.settings)],
            "unlisted": [
                (queue.name, depth, _UNLISTED_WORDS[queue])
                for queue, depth in depths
                if depth and queue in UNLISTED and wanted.queue in (None, queue.name)
            ],
            "days_back": DAYS_BACK,
        }

    @routes.get("/dead-letters")
    def list_letters(asked: Asked) -> Fragment:
        return Fragment("letters/letters.html.j2", read_list(asked))

    @routes.get("/dead-letters/rows")
    def list_rows(asked: Asked) -> Fragment:
        return Fragment("letters/rows.html.j2", read_list(asked))

    @routes.get("/dead-letters/<kind>/<item_id>")
    def show_item(asked: Asked, kind: str, item_id: str) -> Fragment:
        values = _read_item(services, kind, item_id)
        return Fragment("letters/item.html.j2", values)

    @routes.get("/dead-letters/<kind>/<item_id>/timeline")
    def show_timeline(asked: Asked, kind: str, item_id: str) -> Fragment:
        return Fragment("letters/standing.html.j2", _read_item(services, kind, item_id))


def _read_item(services: ApiServices, kind: str, item_id: str) -> dict[str, Any]:
    """What the ledger says of a document or task of which letters may lie in a DLQ."""
    table = services.reader.table
    kinds: dict[str, Kind] = {"document": "document", "task": "task"}
    if kind not in kinds:
        raise NothingFoundError("there is nothing of this kind")
    subject = Subject(kinds[kind], item_id)
    found = find_given_up(table, subject)
    if found is None:
        raise NothingFoundError(f"there is no such {kind}")
    one, status = found
    return {
        "kind": kind,
        "item_id": item_id,
        "one": one,
        "status_word": status,
        **read_steps(table, subject_pk(subject)),
    }


def _count_letters(services: ApiServices) -> Sequence[tuple[SourceQueue, int]]:
    """About how many letters each DLQ holds; empty where the queues cannot be asked."""
    queues = list_queues(services.settings)
    urls = [queue.find_urls(services.settings)[1] for queue in queues]
    try:
        with ThreadPoolExecutor(len(urls)) as pool:
            counts = list(pool.map(services.intake.queues.count_all_messages, urls))
    except SeashoreError:
        # The counts are an extra beside what the ledger knows.
        return ()
    return list(zip(queues, counts, strict=True))


def _read_cursor(cursor: str | None) -> tuple[str, str] | None:
    if cursor is None:
        return None
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise InvalidRequestError("the cursor is none that this list has given")
    return found[1], found[2]


def _write_query(fields: dict[str, str], last: GivenUp) -> str:
    return urlencode({**fields, "cursor": "~".join(last.place)})
