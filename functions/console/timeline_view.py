"""A timeline as a page shows it: each step with the time since the one before and what it says."""

from typing import Any

from pipeline.timeline import OPERATOR_STEPS, Timeline, build_timeline
from pipeline.timeline_words import describe_details, describe_gap
from shared.aws.dynamodb_table import LedgerTable
from shared.ledger.timeline import read_timeline


def read_steps(table: LedgerTable, pk: str) -> dict[str, Any]:
    """The timeline of a document, a task or a message, and its steps as the template has them.

    Raises:
        ServiceError: The ledger cannot be reached.
    """
    timeline = build_timeline(read_timeline(table, pk))
    return {"timeline": timeline, "steps": list_steps(timeline)}


def list_steps(timeline: Timeline) -> list[dict[str, Any]]:
    """The steps of a timeline, the oldest first."""
    return [
        {
            "step": step,
            "after": describe_gap(step.since_previous_seconds),
            "more": describe_details(step.details),
            "is_of_operator": step.step in OPERATOR_STEPS,
        }
        for step in timeline.steps
    ]
