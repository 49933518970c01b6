"""The story of a document: one row a step."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from shared.ledger.table import LedgerTable, Put


class Event(BaseModel):
    """One step of a document's story."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    at: str
    step: str
    details: dict[str, Any] = {}


def build_event(document_id: str, at: datetime, step: str, details: Mapping[str, Any]) -> Put:
    """The row of one step, to be written in the transaction whose effect it tells of."""
    stamp = at.astimezone(UTC).isoformat(timespec="microseconds")
    known = {name: value for name, value in details.items() if value is not None}
    return Put(
        {
            "pk": f"DOC#{document_id}",
            "sk": f"EVENT#{stamp}#{step}#{known.get('chunk', 0)}",
            "at": stamp,
            "step": step,
            "details": known,
        }
    )


def note_delay(
    table: LedgerTable, document_id: str, at: datetime, step: str, details: Mapping[str, Any]
) -> None:
    """Write a step that has no other effect than that the document waits."""
    table.put_row(build_event(document_id, at, step, details))


def read_timeline(table: LedgerTable, document_id: str) -> list[Event]:
    """All steps of a document, oldest first."""
    rows = table.query_rows(f"DOC#{document_id}", "EVENT#", "EVENT#~")
    return [Event.model_validate(row) for row in rows]
