"""Time from drop to summary: the middle, the tail, and why the slowest were slow."""

import math
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import heappush, heapreplace
from itertools import pairwise
from typing import Any

from shared.ledger.timeline import Event

MOST_SLOW = 5

_WAITS = {
    "over_budget": "waiting for the next day's spending limit",
    "model_throttled": "waiting as the model's provider asked for a pause",
    "model_unavailable": "waiting as the model's provider was down",
    "model_busy": "waiting for other calls of the model to end",
    "model_slow": "waiting as the model had no time to answer in one run",
    "model_access": "waiting as the model's provider rejected the key",
    "access_denied": "waiting for rights that a function lacked",
    "set_up_wrongly": "waiting for a bucket, table or queue that was not there",
    "key_unusable": "waiting for a KMS key that was disabled or gone",
    "object_archived": "waiting for a file to be restored from its archive class",
    "not_signed": "waiting for valid credentials or the right time of day",
    "aws_refused": "waiting as AWS refused a request",
    "aws_service": "waiting for an AWS service",
    "aws_unreachable": "waiting for an AWS service",
    "idempotency_store": "waiting for DynamoDB",
    "in_progress": "waiting for another run of the same work",
    "ledger_busy": "waiting for a busy row of the ledger",
    "waiting_for_document": "waiting for its document to be ready",
    "unfinished": "going on in a further run, as one run had no time for all of it",
}
_RETRIED = "waiting to be tried again"
_DEAD = "lying in the dead-letter queue until it was replayed"
_STEPS = {
    "received": "reading its text",
    "checkpoint": "reading its text",
    "extracted": "before the first of its chunks was done",
}
_SUMMARISING = "summarising its chunks"


def measure_seconds(row: Mapping[str, Any]) -> float | None:
    """Seconds from a document's arrival to its end; None if it has not ended."""
    if not row.get("finished_at"):
        return None
    finished = datetime.fromisoformat(row["finished_at"])
    return (finished - datetime.fromisoformat(row["received_at"])).total_seconds()


def say_wait(reason: str) -> str:
    """What a document or task waits for, in words; `reason` is the short name of it."""
    return _WAITS.get(reason, f"waiting: {reason.replace('_', ' ')}")


@dataclass(frozen=True)
class Slow:
    """One of the slowest: how long it took, and what it is."""

    seconds: float
    document_id: str
    key: str
    pages: int
    chunks: int
    name: str = ""


class DurationTally:
    """Times of documents: eight bytes each, and the slowest few in full."""

    def __init__(self) -> None:
        self._milliseconds = array("q")
        self._slowest: list[tuple[float, str, Slow]] = []

    def add(self, row: Mapping[str, Any]) -> None:
        """Count a document that has ended with a summary."""
        seconds = measure_seconds(row)
        if seconds is None:
            return
        self._milliseconds.append(round(seconds * 1000))
        is_full = len(self._slowest) == MOST_SLOW
        entry = (seconds, str(row["document_id"]))
        if is_full and entry < self._slowest[0][:2]:
            return
        slow = Slow(
            seconds,
            entry[1],
            row["key"],
            row.get("pages", 0),
            row.get("chunks_total", 0),
            row.get("name", ""),
        )
        (heapreplace if is_full else heappush)(self._slowest, (*entry, slow))

    @property
    def count(self) -> int:
        """How many were counted."""
        return len(self._milliseconds)

    @property
    def slowest(self) -> list[Slow]:
        """The slowest five, slowest first."""
        return [slow for _, _, slow in sorted(self._slowest, reverse=True)]

    def find_percentile(self, percent: float) -> float | None:
        """The time that so many of a hundred took at the most, in seconds (nearest rank)."""
        if not self._milliseconds:
            return None
        rank = max(1, math.ceil(len(self._milliseconds) * percent / 100))
        return sorted(self._milliseconds)[rank - 1] / 1000


def explain_slowness(slow: Slow, timeline: Sequence[Event]) -> str:
    """Say what most of a document's time went into, from its timeline.

    Args:
        slow: The document.
        timeline: Its timeline, oldest first.
    """
    spent: dict[str, float] = {}
    for step, following in pairwise(timeline):
        began, ended = (datetime.fromisoformat(one.at) for one in (step, following))
        what = _name_stretch(step, following)
        spent[what] = spent.get(what, 0) + (ended - began).total_seconds()
    size = f"{_count(slow.pages, 'page')} in {_count(slow.chunks, 'chunk')}"
    if not spent:
        return size
    what = max(spent, key=lambda name: spent[name])
    total = sum(spent.values())
    share = f"{100 * spent[what] / total:.0f}% of it" if total else "most of it"
    return f"{share} {what}; {size}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _name_stretch(step: Event, following: Event) -> str:
    if following.step in ("replayed", "replay_refused"):
        return _DEAD
    if step.step == "deferred":
        return say_wait(str(step.details.get("reason", "")))
    if step.step == "returned":
        return _RETRIED
    return _STEPS.get(step.step, _SUMMARISING)
