"""The timeline of a document or a task: one row a step."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from shared.aws.dynamodb_table import LedgerTable, Operation, Put, Update

# What the partitions of kept answers begin with.
ANSWER_PREFIX = "ANSWER#"


class Event(BaseModel):
    """One step of the timeline of a document or a task, or waits of a kind in one.

    Args:
        at: When it happened; of waits, when the last of them began.
        step: What happened.
        details: More about it; of waits, about the last of them.
        count: How many waits it stands for.
        first_at: When the first of them began.
        planned_seconds: How long they were to be, together.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    at: str
    step: str
    details: dict[str, Any] = {}
    count: int = 1
    first_at: str | None = None
    planned_seconds: int = 0


def write_time(at: datetime) -> str:
    """A time as rows have it: ISO 8601 in UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")


def build_event(
    pk: str,
    at: datetime,
    step: str,
    details: Mapping[str, Any],
    with_rows: Sequence[Operation] = (),
) -> Put:
    """The row of one step, to be written in the transaction whose effect it tells of.

    Args:
        pk: The partition of what the timeline is about, such as `document_pk(document_id)`.
        at: When it happened.
        step: What happened.
        details: More about it; None is left out.
        with_rows: Further rows of the transaction. Answers of a model among them are named in the
            event, so that they can be found again from what they are about.
    """
    stamp = at.astimezone(UTC).isoformat(timespec="microseconds")
    known = {name: value for name, value in details.items() if value is not None}
    written = (one.row["pk"] if isinstance(one, Put) else one.pk for one in with_rows)
    answers = [pk for pk in written if pk.startswith(ANSWER_PREFIX)]
    return Put(
        {
            "pk": pk,
            "sk": f"EVENT#{stamp}#{step}#{known.get('chunk', 0)}",
            "at": stamp,
            "step": step,
            "details": known,
            "answers": answers or None,
        }
    )


def note_delay(
    table: LedgerTable, pk: str, at: datetime, step: str, details: Mapping[str, Any]
) -> None:
    """Write a step that has no other effect than that the document or task waits."""
    table.update_row(build_delay(pk, at, step, details))


def build_delay(pk: str, at: datetime, step: str, details: Mapping[str, Any]) -> Update:
    """The change that notes a wait.

    Waits of the same item for the same reason are one row, however many: what waits for weeks
    would else fill the ledger. It sorts after all other steps, and `read_timeline` puts it where
    its last wait belongs.
    """
    stamp = at.astimezone(UTC).isoformat(timespec="microseconds")
    kind = f"{step}#{details.get('item', '')}#{details.get('reason', '')}"
    return Update(
        pk,
        f"EVENT#WAIT#{kind}",
        assign={"at": stamp, "step": step, "details": dict(details)},
        assign_once={"first_at": stamp},
        add={"count": 1, "planned_seconds": round(details.get("delay_seconds", 0))},
    )


def read_timeline(table: LedgerTable, pk: str) -> list[Event]:
    """All steps of a document or task, oldest first; `pk` as for `build_event`."""
    rows = table.query_rows(pk, "EVENT#", "EVENT#~")
    return sorted(map(Event.model_validate, rows), key=lambda event: event.at)
