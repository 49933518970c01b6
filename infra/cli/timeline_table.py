"""The timeline of a document or task: as a table, and what it waits for by its last step."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from rich.text import Text

from infra.cli.output import Cell, Output
from pipeline.timeline import OPERATOR_STEPS, Step, Timeline
from pipeline.timeline_words import describe_details, describe_gap
from shared.ledger.timeline import Event
from shared.printable import to_printable

# Steps of a document's timeline that mean nothing but a wait (`functions/delivery/receive.py`).
_WAITS = frozenset({"deferred", "returned"})
_STYLES = {"deferred": "yellow", "returned": "yellow", "failed": "red", "rejected": "red"}


def write_timeline_table(timeline: Timeline, output: Output) -> None:
    """Write every step on a line: when, how long after the last, what, and more about it."""
    output.write_table(
        {"at": "word", "after": "number", "step": "word", "": "text"},
        _list_rows(timeline),
        [
            (
                step.at.isoformat(timespec="milliseconds"),
                f"+{step.since_previous_seconds:.1f}s",
                step.step,
                describe_more(step),
            )
            for step in timeline.steps
        ],
    )


def _list_rows(timeline: Timeline) -> Iterator[Sequence[Cell]]:
    day = None
    for step in timeline.steps:
        local = step.at.astimezone()
        yield (
            f"{local:%H:%M:%S}" if local.date() == day else f"{local:%d %b %H:%M:%S}",
            describe_gap(step.since_previous_seconds) if step is not timeline.steps[0] else "",
            Text(to_printable(step.step.replace("_", " ")), style=_choose_style(step)),
            describe_more(step),
        )
        day = local.date()


def _choose_style(step: Step) -> str:
    if step.step in OPERATOR_STEPS:
        return "magenta"
    return _STYLES.get(step.step, "red" if step.step.endswith("_failed") else "")


def describe_more(step: Step) -> str:
    """What a step says besides its name, and how many waits it stands for."""
    words = describe_details(step.details)
    if step.count == 1 or step.first_at is None:
        return words
    since = step.first_at.astimezone()
    planned = describe_gap(step.planned_seconds)
    return f"{words}; {step.count} times since {since:%d %b %H:%M:%S}, {planned} in all"


def describe_delay(timeline: Sequence[Event]) -> str | None:
    """Say what a document waits for and until when; None if its last step was not a wait.

    Args:
        timeline: The steps of its timeline, oldest first.
    """
    if not timeline or timeline[-1].step not in _WAITS:
        return None
    details = timeline[-1].details
    reason = str(details.get("reason", "a cause that is not known")).replace("_", " ")
    since = datetime.fromisoformat(timeline[-1].at).astimezone()
    again = (since + timedelta(seconds=float(details.get("delay_seconds", 0)))).astimezone()
    moment = f"{again:%H:%M:%S}" if again.date() == since.date() else f"{again:%d %b %H:%M:%S}"
    waits = f"waits {reason.removeprefix('waiting ')}" if " for " in reason else f"waits: {reason}"
    cause = f" ({to_printable(str(details['cause']))})" if details.get("cause") else ""
    return f"{waits}{cause}, next try at {moment}"
