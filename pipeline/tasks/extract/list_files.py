"""Files beside a result: lists as JSON Lines and as CSV, and what a person should look at."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipeline.documents.document_reader import REVIEW_FILE
from pipeline.tasks.extract.extract import ExtractResult, RowEvidence
from pipeline.tasks.task_kind import TaskFile
from shared.printable import defuse_cell

# Of a list of plain values, the name of its only column.
_PLAIN = "value"


def build_extract_files(result: ExtractResult) -> Iterator[TaskFile]:
    """A JSON Lines file and a CSV file for each list that has rows; a file of candidates.

    A line of the one is `{"page", "row", "words"}`. A line of the other has the page, the values of
    the row, those within objects under `object.name`, lists within rows as JSON, then the words.
    """
    for path, evidence in result.rows.items():
        rows = _find_rows(result.fields, path)
        name = result.files[path]
        yield TaskFile(f"{name}.jsonl", "application/jsonl", _write_lines(rows, evidence))
        yield TaskFile(f"{name}.csv", "text/csv; charset=utf-8", _write_csv(rows, evidence))
    if result.candidates:
        candidates = [one.model_dump() for one in result.candidates]
        text = json.dumps({"candidates": candidates}, ensure_ascii=False, indent=1)
        yield TaskFile(REVIEW_FILE, "application/json", text)


def _find_rows(fields: Mapping[str, Any], path: str) -> Sequence[Any]:
    """The rows of a list by the way to it, any of whose names may have dots."""
    if isinstance(fields.get(path), list):
        rows: Sequence[Any] = fields[path]
        return rows
    for name, part in fields.items():
        if isinstance(part, dict) and path.startswith(f"{name}."):
            rows = _find_rows(part, path.removeprefix(f"{name}."))
            if rows:
                return rows
    return ()


def _write_lines(rows: Sequence[Any], evidence: Sequence[RowEvidence]) -> str:
    return "".join(
        json.dumps({"page": one.page, "row": row, "words": one.words}, ensure_ascii=False) + "\n"
        for row, one in zip(rows, evidence, strict=True)
    )


def _write_csv(rows: Sequence[Any], evidence: Sequence[RowEvidence]) -> str:
    flat = [dict(_flatten(row)) for row in rows]
    columns = list(dict.fromkeys(name for row in flat for name in row))
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(map(defuse_cell, ("page", *columns, "words")))
    for row, one in zip(flat, evidence, strict=True):
        cells = (one.page, *(row.get(name) for name in columns), one.words)
        writer.writerow([defuse_cell(cell) if isinstance(cell, str) else cell for cell in cells])
    return file.getvalue()


def _flatten(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for part_name, part in value.items():
            yield from _flatten(part, f"{name}.{part_name}" if name else part_name)
    elif isinstance(value, list):
        yield name or _PLAIN, json.dumps(value, ensure_ascii=False)
    else:
        yield name or _PLAIN, value
