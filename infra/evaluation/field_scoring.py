"""Extracted fields and rows beside those that should be found. Pure."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from infra.evaluation.cases import Json, KnownFields
from infra.evaluation.scores import Scores
from shared.page_ranges import parse_page_ranges


def score_extract(document: str, known: KnownFields, result: Json | None, scores: Scores) -> None:
    """Count values, rows and conflicts of one result; of none everything is missing."""
    given = result or {}
    fields = given.get("fields") or {}
    _score_values(document, known, given, scores)
    for path, wanted in _list_lists(known.fields):
        rows = next((rows for way, rows in _list_lists(fields) if way == path), [])
        _score_rows(document, path, wanted, rows, known, given, scores)
    for name, values in known.conflicts.items():
        told = [one["value"] for one in given.get("conflicts", {}).get(name, [])]
        is_named = {_level(value) for value in values} <= {_level(value) for value in told}
        scores.count(
            document, "conflicts_named", is_named, what=name, expected=values, got=told
        )  # fmt: skip


def _score_values(document: str, known: KnownFields, given: Json, scores: Scores) -> None:
    wanted = dict(_list_values(known.fields))
    found = dict(_list_values(given.get("fields") or {}))
    pages = given.get("pages") or {}
    for path, value in wanted.items():
        right = {_level(value), *map(_level, known.conflicts.get(path, ()))}
        got = found.get(path)
        if value is not None:
            is_right = got is not None and _level(got) in right
            scores.count(
                document, "fields_recall", is_right, what=path, expected=value, got=got
            )  # fmt: skip
            if is_right and path in known.pages:
                page = pages.get(path)
                scores.count(
                    *(document, "fields_page", page in known.pages[path]),
                    what=path, expected=known.pages[path], got=page,
                )  # fmt: skip
        if got is not None:
            is_right = value is not None and _level(got) in right
            scores.count(
                document, "fields_precision", is_right, what=path, expected=value, got=got
            )  # fmt: skip
    for path in found.keys() - wanted.keys():
        if found[path] is not None:
            scores.count(document, "fields_precision", False, what=path, got=found[path])


def _score_rows(
    document: str,
    path: str,
    wanted: Sequence[Any],
    rows: Sequence[Any],
    known: KnownFields,
    given: Json,
    scores: Scores,
) -> None:
    told_pages = [one["page"] for one in given.get("rows", {}).get(path, [])]
    # Earlier versions told no page of a row.
    told_pages += [None] * (len(rows) - len(told_pages))
    known_pages = known.rows.get(path, [])
    named = _find_named_pages(path, told_pages, given)
    left: dict[str, list[int | None]] = {}
    for row, page in zip(map(_level, rows), told_pages, strict=False):
        left.setdefault(row, []).append(page)
    given_rows = Counter(map(_level, rows))
    hits = (given_rows & Counter(map(_level, wanted))).total()
    for number, row in enumerate(wanted):
        right_page = known_pages[number] if number < len(known_pages) else None
        pages = left.get(_level(row), [])
        page = _take_page(pages, right_page)
        is_there = page != "none"
        scores.count(
            *(document, "rows_recall", is_there),
            what=f"{path}, page {right_page}" if right_page else path, expected=_level(row),
        )  # fmt: skip
        is_accounted = is_there or right_page in named or bool(given.get("unread"))
        scores.count(
            *(document, "rows_accounted", is_accounted),
            what=f"{path}, page {right_page}", expected=_level(row),
            got="nothing, and the page is not named",
        )  # fmt: skip
        if is_there and right_page is not None:
            scores.count(
                *(document, "rows_page", page == right_page),
                what=f"{path}: {_level(row)}", expected=right_page, got=page,
            )  # fmt: skip
    for _ in range(hits):
        scores.shares["rows_precision"].add(True)
    for row, count in (given_rows - Counter(map(_level, wanted))).items():
        for _ in range(count):
            scores.count(document, "rows_precision", False, what=path, got=row)


def _take_page(pages: list[int | None], right: int | None) -> int | str | None:
    """The page of one of some equal rows, the right one if it is there; `none` if all are taken."""
    if not pages:
        return "none"
    page = right if right in pages else pages[0]
    pages.remove(page)
    return page


def _find_named_pages(path: str, told_pages: Sequence[int | None], given: Json) -> set[int | None]:
    """The pages that a result names: rows may be missing on them, or parts of rows are."""
    named: set[int | None] = {
        page["page"] for page in given.get("doubtful", []) if page["list"] == path
    }
    for part in given.get("unread", []):
        named |= set(parse_page_ranges(part["pages"]))
    for missing in given.get("missing", []):
        if missing.startswith(f"{path}["):
            number = int(missing.removeprefix(f"{path}[").partition("]")[0])
            named |= set(told_pages[number : number + 1])
    return named


def _list_values(fields: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """All values that are in no list, by the way to them."""
    if isinstance(fields, dict):
        for name, part in fields.items():
            yield from _list_values(part, f"{path}.{name}" if path else name)
    elif not isinstance(fields, list):
        yield path, fields


def _list_lists(fields: Any, path: str = "") -> Iterator[tuple[str, list[Any]]]:
    """All lists that are in no other, by the way to them."""
    if isinstance(fields, dict):
        for name, part in fields.items():
            yield from _list_lists(part, f"{path}.{name}" if path else name)
    elif isinstance(fields, list):
        yield path, fields


def _level(value: Any) -> str:
    """The same for values that are the same: gaps within texts, and how numbers are written."""
    return json.dumps(_simplify(value), ensure_ascii=False, sort_keys=True)


def _simplify(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _simplify(part) for name, part in value.items() if part is not None}
    if isinstance(value, list):
        return [_simplify(item) for item in value]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        number = Decimal(str(value)).normalize()
        return f"{number:f}"
    return " ".join(value.split()) if isinstance(value, str) else value
