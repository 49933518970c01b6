"""The timeline of a document or a task as one reads it: steps with the time between, and sums."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from shared.ledger.timeline import Event

# Steps that mean a wait (`functions/delivery/receive.py`), and steps of operators
# (`pipeline/dead_letters/hold.py`).
DEFERRED = "deferred"
RETURNED = "returned"
REPLAYS = frozenset({"replayed", "replayed_edited"})
REFUSED = "replay_refused"
_BEGINS = REPLAYS | {"started", "extracted", "redone", "retried"}
_ENDS = frozenset({"finished", "rejected", "failed"})
OPERATOR_STEPS = REPLAYS | {REFUSED, "discarded", "restored"}


@dataclass(frozen=True)
class Step:
    """One step, with the seconds since the first step and since the one before.

    Args:
        count: How many waits of the same item for the same reason it stands for; the last of them
            began `at` its time, the first `first_at`.
        planned_seconds: How long these were to be, together.
    """

    at: datetime
    step: str
    details: Mapping[str, Any]
    since_start_seconds: float
    since_previous_seconds: float
    count: int = 1
    first_at: datetime | None = None
    planned_seconds: float = 0

    def to_json(self) -> dict[str, Any]:
        """All that is known of it, for programs."""
        first_at = None if self.first_at is None else self.first_at.isoformat()
        return {**asdict(self), "at": self.at.isoformat(), "first_at": first_at}


@dataclass(frozen=True)
class Timeline:
    """A timeline and its sums.

    Args:
        steps: Every step, oldest first.
        deferrals: How often a message had to wait for a cause that was not its own.
        returns: How often a message came back after an attempt that failed.
        planned_wait_seconds: How long these waits were to be, together.
        model_calls: Steps for which a model read something.
        replays: How often dead letters of it were replayed, but for those that SQS refused.
        errors: What went wrong how often, by reason.
        seconds: From the first step to the end of the work, or to the last step so far.
    """

    steps: tuple[Step, ...]
    deferrals: int
    returns: int
    planned_wait_seconds: float
    model_calls: int
    replays: int
    errors: Mapping[str, int]
    seconds: float


def build_timeline(events: Sequence[Event]) -> Timeline:
    """Build a timeline from the steps in the ledger, oldest first."""
    steps: list[Step] = []
    for event in events:
        at = datetime.fromisoformat(event.at)
        start, previous = (steps[0].at, steps[-1].at) if steps else (at, at)
        steps.append(
            Step(
                at=at,
                step=event.step,
                details=event.details,
                since_start_seconds=(at - start).total_seconds(),
                since_previous_seconds=(at - previous).total_seconds(),
                count=event.count,
                first_at=None if event.first_at is None else datetime.fromisoformat(event.first_at),
                planned_seconds=event.planned_seconds or event.details.get("delay_seconds", 0),
            )
        )
    counts: Counter[str] = Counter()
    errors: Counter[str] = Counter()
    for step in steps:
        counts[step.step] += step.count
        if reason := _find_error(step):
            errors[reason] += step.count
    waits = [step for step in steps if step.step in (DEFERRED, RETURNED)]
    return Timeline(
        steps=tuple(steps),
        deferrals=counts[DEFERRED],
        returns=counts[RETURNED],
        planned_wait_seconds=sum(float(step.planned_seconds) for step in waits),
        model_calls=sum(1 for step in steps if step.details.get("input_tokens")),
        replays=sum(counts[name] for name in REPLAYS) - counts[REFUSED],
        errors=dict(errors),
        seconds=_find_end(steps),
    )


def _find_end(steps: Sequence[Step]) -> float:
    """Seconds from the first step to the last one of work.

    What came after the end is none: a newer version of the file, a copy of a message that found
    everything done, a deletion, a callback. A replay or another attempt begins the work anew.
    """
    seconds = 0.0
    is_over = False
    for step in steps:
        is_over = is_over and step.step not in _BEGINS
        if not is_over:
            seconds = step.since_start_seconds
        is_over = is_over or step.step in _ENDS
    return seconds


def _find_error(step: Step) -> str | None:
    if step.step in OPERATOR_STEPS:
        return None
    reason = step.details.get("reason")
    return None if reason is None else str(reason)


def find_last_attempt(events: Sequence[Event], item_id: str | None) -> Event | None:
    """The last step that tells of work on an item, or of any work where none names the item."""
    attempts = [event for event in events if event.step not in OPERATOR_STEPS]
    of_item = [event for event in attempts if event.details.get("item") == item_id]
    found = of_item or attempts
    return found[-1] if found else None
