"""Results as rows of the database: one a document and one a task, the newest one."""

import json
from dataclasses import asdict, dataclass, fields
from typing import Any

from shared.database.connection import Database


@dataclass(frozen=True)
class DocumentResultRow:
    """The summary of a document."""

    document_id: str
    run: int
    chunks_done: int
    key: str
    status: str
    title: str
    language: str
    model: str
    pages: int
    missing_pages: str
    input_tokens: int
    output_tokens: int
    cost_usd: float
    result: dict[str, Any]
    result_key: str


@dataclass(frozen=True)
class TaskResultRow:
    """The result of a task."""

    task_id: str
    attempt: int
    kind: str
    model: str
    input_tokens: int
    output_tokens: int
    cost_usd: float
    result: dict[str, Any]
    result_key: str


def write_document_result(database: Database, row: DocumentResultRow) -> None:
    """Write a document's row, unless it is there from a later run or of more chunks.

    Raises:
        DatabaseUnavailableError, ResultRefusedError: See `Database.run`.
    """
    statement = _build_upsert("document_results", row, "document_id", ("run", "chunks_done"))
    database.run(statement, _to_parameters(row))


def write_task_result(database: Database, row: TaskResultRow) -> None:
    """Write a task's row, unless it is there from a later attempt.

    Raises:
        DatabaseUnavailableError, ResultRefusedError: See `Database.run`.
    """
    statement = _build_upsert("task_results", row, "task_id", ("attempt",))
    database.run(statement, _to_parameters(row))


def delete_document_result(database: Database, document_id: str) -> None:
    """Delete a document's row, if there is one."""
    database.run("DELETE FROM document_results WHERE document_id = :id", {"id": document_id})


def delete_task_result(database: Database, task_id: str) -> None:
    """Delete a task's row, if there is one."""
    database.run("DELETE FROM task_results WHERE task_id = :id", {"id": task_id})


def _build_upsert(
    table: str, row: DocumentResultRow | TaskResultRow, key: str, version: tuple[str, ...]
) -> str:
    """A statement of names that stand in this file alone; the values are its parameters."""
    names = [field.name for field in fields(row)]
    values = [f"CAST(:{name} AS jsonb)" if name == "result" else f":{name}" for name in names]
    changes = [f"{name} = excluded.{name}" for name in names if name != key]
    held = ", ".join(f"{table}.{name}" for name in version)
    given = ", ".join(f"excluded.{name}" for name in version)
    return (
        f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join(values)}) "  # noqa: S608 - names of this file
        f"ON CONFLICT ({key}) DO UPDATE SET {', '.join(changes)}, copied_at = now() "
        f"WHERE ({held}) <= ({given})"
    )


def _to_parameters(row: DocumentResultRow | TaskResultRow) -> dict[str, object]:
    values = {name: _without_zeros(value) for name, value in asdict(row).items()}
    return values | {"result": json.dumps(values["result"], ensure_ascii=False)}


def _without_zeros(value: Any) -> Any:
    """A value without the character of code zero, which text in PostgreSQL cannot hold."""
    match value:
        case str():
            return value.replace("\0", "")
        case list():
            return [_without_zeros(item) for item in value]
        case dict():
            return {_without_zeros(name): _without_zeros(item) for name, item in value.items()}
        case _:
            return value
