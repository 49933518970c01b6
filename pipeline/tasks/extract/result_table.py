"""Results of several extractions as one table: a line a document, or a line a row. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# Of a list of plain values, the name of its only column.
PLAIN = "value"


@dataclass(frozen=True)
class TaskResult:
    """What came of one task.

    Args:
        task_id: The task.
        status: Its status.
        about: Its document's key, or what it is about.
        reason: Why it is not DONE, if it is not.
        result: Its result; None if it has none.
    """

    task_id: str
    status: str
    about: str
    reason: str | None
    result: Mapping[str, Any] | None


def build_table(results: Sequence[TaskResult], path: str | None) -> list[list[Any]]:
    """The heading and the lines of a table.

    Args:
        results: The results.
        path: The list whose rows are the lines, by the way to it (`invoice.lines`); None for a line
            a task, with the values that are in no list, and of lists the number of their rows.
    """
    lines = [
        ([one.about, one.task_id, one.status, one.reason or "", page], cells)
        for one in results
        for page, cells in _list_lines(one.result, path)
    ]
    columns = list(dict.fromkeys(name for _, cells in lines for name in cells))
    heading = ["document", "task", "status", "reason", *(["page"] if path else []), *columns]
    return [
        heading,
        *(
            [*(facts if path else facts[:-1]), *(cells.get(name) for name in columns)]
            for facts, cells in lines
        ),
    ]


def _list_lines(
    result: Mapping[str, Any] | None, path: str | None
) -> Iterator[tuple[int | None, dict[str, Any]]]:
    if path is None:
        fields = result["fields"] if result else {}
        yield None, {name: _count(value) for name, value in flatten(fields)}
        return
    rows = find_rows(result["fields"], path) if result else ()
    evidence = result["rows"].get(path, []) if result else []
    for row, one in zip(rows, evidence, strict=True):
        yield one["page"], dict(flatten(row))
    if not rows:
        # A document without rows has a line too: it is not to be missed.
        yield None, {}


def _count(value: Any) -> Any:
    return f"{len(value)} rows" if isinstance(value, list) else value


def find_rows(fields: Mapping[str, Any], path: str) -> Sequence[Any]:
    """The rows of a list by the way to it, any of whose names may have dots."""
    if isinstance(fields.get(path), list):
        rows: Sequence[Any] = fields[path]
        return rows
    for name, part in fields.items():
        if isinstance(part, dict) and path.startswith(f"{name}."):
            rows = find_rows(part, path.removeprefix(f"{name}."))
            if rows:
                return rows
    return ()


def flatten(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """The values within objects by the way to them; lists stay whole."""
    if isinstance(value, dict):
        for part_name, part in value.items():
            yield from flatten(part, f"{name}.{part_name}" if name else part_name)
    else:
        yield name or PLAIN, value
