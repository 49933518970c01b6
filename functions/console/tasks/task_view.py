"""A task as its page shows it: how it stands, and its result by its kind."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from functions.console.timeline_view import read_steps
from functions.http.services import ApiServices
from pipeline.tasks.extract.result_table import find_rows, flatten
from shared.errors import NothingFoundError, ObjectMissingError
from shared.ledger.tasks import Task, find_task, task_pk
from shared.page_ranges import parse_page_ranges

# Of a long list so many rows are shown; the CSV has all.
_MOST_ROWS = 200

# A part of a quote stands where the whole does, and an address stays short.
MOST_QUOTE_CHARACTERS = 500


def read_task(services: ApiServices, task_id: str) -> tuple[Task, dict[str, Any] | None]:
    """A task, and its result if it has one.

    Raises:
        NothingFoundError: There is no such task.
        ObjectMissingError: Its result is gone from the artifacts bucket.
    """
    task = find_task(services.reader.table, task_id)
    if task is None:
        raise NothingFoundError("there is no such task")
    return task, None if task.result_key is None else services.reader.read_json(task.result_key)


def view_task_page(services: ApiServices, task_id: str) -> dict[str, Any]:
    """All that the page of a task shows.

    Raises:
        NothingFoundError: There is no such task.
    """
    is_gone, result = False, None
    try:
        task, result = read_task(services, task_id)
    except ObjectMissingError:
        task, is_gone = find_known(services, task_id), True
    for citation in (result or {}).get("citations", ()):
        citation["link"] = link_page(citation["document_id"], citation["page"], citation["quote"])
    for read in (result or {}).get("pages_read", ()):
        first = min(parse_page_ranges(read["pages"]), default=1)
        read["link"] = link_page(read["document_id"], first)
    is_extraction = task.kind == "extract" and result is not None
    return {
        "task": task,
        "result": result,
        "is_gone": is_gone,
        "extracted": view_extraction(result) if is_extraction and result is not None else None,
        **read_steps(services.reader.table, task_pk(task_id)),
    }


def find_known(services: ApiServices, task_id: str) -> Task:
    """A task that was there a moment ago.

    Raises:
        NothingFoundError: It is gone.
    """
    task = find_task(services.reader.table, task_id)
    if task is None:
        raise NothingFoundError("there is no such task")
    return task


def link_page(document_id: str, page: int, quote: str | None = None) -> str:
    """The address of a page of a document in the console, with the words that are quoted."""
    query = {"page": page, **({"quote": quote[:MOST_QUOTE_CHARACTERS]} if quote else {})}
    return f"#documents/{document_id}?{urlencode(query)}"


def view_extraction(result: Mapping[str, Any]) -> dict[str, Any]:
    """The values and the lists of an extraction, each with its page and how it is borne out."""
    document_id = result.get("document_id")

    def link(page: int | None, words: str | None = None) -> str | None:
        return None if not page or document_id is None else link_page(document_id, page, words)

    values = []
    for name, value in flatten(result["fields"]):
        if isinstance(value, list) and name in result["rows"]:
            continue
        page = result["pages"].get(name)
        values.append(
            {
                "name": name,
                "value": value,
                "page": page,
                "link": link(page, value if isinstance(value, str) else None),
                "level": result["levels"].get(name),
            }
        )
    lists = []
    for path, evidence in result["rows"].items():
        rows = [dict(flatten(row)) for row in find_rows(result["fields"], path)]
        names = list(dict.fromkeys(name for row in rows for name in row))
        shown = [
            {
                "cells": [row.get(name) for name in names],
                "page": one["page"],
                "link": link(one["page"], one["words"]),
                "level": one["level"],
            }
            for row, one in list(zip(rows, evidence, strict=True))[:_MOST_ROWS]
        ]
        columns = [
            {"name": name, "is_number": all(_is_number(row.get(name)) for row in rows)}
            for name in names
        ]
        lists.append(
            {"path": path, "columns": columns, "rows": shown, "count": len(rows),
             "more": len(rows) - len(shown)}
        )  # fmt: skip
    return {"values": values, "lists": lists}


def _is_number(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))
