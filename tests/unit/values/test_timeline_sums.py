"""How long a document or task took: until its end, whatever came afterwards."""

from datetime import UTC, datetime, timedelta

import pytest

from pipeline.timeline import build_timeline
from shared.ledger.timeline import Event

BEGAN = datetime(2026, 3, 1, tzinfo=UTC)


def build(*steps):
    """A timeline of steps, each with its seconds since the first."""
    events = [
        Event(at=(BEGAN + timedelta(seconds=seconds)).isoformat(), step=step, details={})
        for step, seconds in steps
    ]
    return build_timeline(events)


@pytest.mark.parametrize(
    ("steps", "seconds"),
    [
        ([("received", 0), ("extracted", 1)], 1),
        ([("received", 0), ("finished", 2), ("superseded", 300)], 2),
        ([("started", 0), ("finished", 2), ("returned", 300), ("deleted", 400)], 2),
        ([("received", 0), ("failed", 2), ("discarded", 300)], 2),
        ([("received", 0), ("failed", 2), ("replayed", 300), ("finished", 310)], 310),
        ([("started", 0), ("failed", 2), ("started", 20), ("finished", 21), ("returned", 90)], 21),
        ([], 0),
    ],
)
def test_what_came_after_the_end_does_not_count(steps, seconds):
    assert build(*steps).seconds == seconds
