"""The story of a document or task as a table."""

from collections.abc import Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

from infra.cli.output import Output
from infra.cli.times import describe_duration
from pipeline.timeline import OPERATOR_STEPS, Step, Story
from shared.prices import format_usd
from shared.printable import to_printable

_STYLES = {"deferred": "yellow", "returned": "yellow", "failed": "red", "rejected": "red"}


def write_story_table(story: Story, output: Output) -> None:
    """Write every step on a line: when, how long after the last, what, and more about it."""
    if not output.is_terminal:
        for step in story.steps:
            output.write_line(
                [
                    step.at.isoformat(timespec="milliseconds"),
                    f"+{step.since_previous_seconds:.1f}s",
                    step.step,
                    describe_details(step.details),
                ]
            )
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("at", no_wrap=True)
    table.add_column("after", justify="right", no_wrap=True)
    table.add_column("step", no_wrap=True)
    table.add_column("")
    day = None
    for step in story.steps:
        local = step.at.astimezone()
        table.add_row(
            f"{local:%H:%M:%S}" if local.date() == day else f"{local:%d %b %H:%M:%S}",
            describe_gap(step.since_previous_seconds) if step is not story.steps[0] else "",
            Text(to_printable(step.step.replace("_", " ")), style=_choose_style(step)),
            Text(to_printable(describe_details(step.details))),
        )
        day = local.date()
    output.write(table)


def _choose_style(step: Step) -> str:
    if step.step in OPERATOR_STEPS:
        return "magenta"
    return _STYLES.get(step.step, "red" if step.step.endswith("_failed") else "")


def describe_gap(seconds: float) -> str:
    """The time between two steps, short."""
    if seconds < 0.95:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.1f} s" if seconds < 60 else describe_duration(seconds)


def describe_details(details: Mapping[str, Any]) -> str:
    """What a step says besides its name, as one line."""
    words = []
    for name, value in details.items():
        match name:
            case "cost_micro_usd":
                words += [format_usd(value)] if value else []
            case "input_tokens" | "output_tokens":
                words += [f"{value:,} {name.replace('_', ' ')}"] if value else []
            case "reason":
                words.append(str(value))
            case "delay_seconds":
                words.append(f"for {describe_gap(float(value))}")
            case "status" | "model":
                words.append(str(value))
            case _:
                words.append(f"{name.replace('_', ' ')} {value}")
    return ", ".join(words)
