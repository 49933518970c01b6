"""Files beside a result: lists as JSON Lines and as CSV, and what a person should look at."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from typing import Any

from pipeline.documents.document_reader import REVIEW_FILE
from pipeline.tasks.extract.extract import ExtractResult, RowEvidence
from pipeline.tasks.extract.result_table import find_rows, flatten
from pipeline.tasks.task_kind import TaskFile
from shared.printable import defuse_cell


def build_extract_files(result: ExtractResult) -> Iterator[TaskFile]:
    """A JSON Lines file and a CSV file for each list that has rows; a file of candidates.

    A line of the one is `{"page", "row", "words"}`. A line of the other has the page, the values of
    the row, those within objects under `object.name`, lists within rows as JSON, then the words.
    """
    for path, evidence in result.rows.items():
        rows = find_rows(result.fields, path)
        name = result.files[path]
        yield TaskFile(f"{name}.jsonl", "application/jsonl", _write_lines(rows, evidence))
        yield TaskFile(f"{name}.csv", "text/csv; charset=utf-8", _write_csv(rows, evidence))
    if result.candidates:
        candidates = [one.model_dump() for one in result.candidates]
        text = json.dumps({"candidates": candidates}, ensure_ascii=False, indent=1)
        yield TaskFile(REVIEW_FILE, "application/json", text)


def _write_lines(rows: Sequence[Any], evidence: Sequence[RowEvidence]) -> str:
    return "".join(
        json.dumps({"page": one.page, "row": row, "words": one.words}, ensure_ascii=False) + "\n"
        for row, one in zip(rows, evidence, strict=True)
    )


def _write_csv(rows: Sequence[Any], evidence: Sequence[RowEvidence]) -> str:
    flat = [dict(flatten(row)) for row in rows]
    columns = list(dict.fromkeys(name for row in flat for name in row))
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(map(defuse_cell, ("page", *columns, "words")))
    for row, one in zip(flat, evidence, strict=True):
        cells = (one.page, *(row.get(name) for name in columns), one.words)
        writer.writerow(map(_write_cell, cells))
    return file.getvalue()


def _write_cell(cell: Any) -> Any:
    if isinstance(cell, list):
        return json.dumps(cell, ensure_ascii=False)
    return defuse_cell(cell) if isinstance(cell, str) else cell
