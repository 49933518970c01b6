"""A step of a timeline in words: how long after the last one, and what it says besides its name."""

from collections.abc import Mapping
from typing import Any

from pipeline.report.page.words import say_duration
from shared.prices import format_usd


def describe_gap(seconds: float) -> str:
    """The time between two steps, short."""
    if seconds < 0.95:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.1f} s" if seconds < 60 else say_duration(seconds)


def describe_details(details: Mapping[str, Any]) -> str:
    """What a step says besides its name, as one line."""
    words = []
    for name, value in details.items():
        match name:
            case "cost_micro_usd":
                words += [format_usd(value)] if value else []
            case "told_micro_usd":
                words += [f"{format_usd(value)} as the provider says"] if value else []
            case "input_tokens" | "output_tokens":
                words += [f"{value:,} {name.replace('_', ' ')}"] if value else []
            case "delay_seconds":
                words.append(f"for {describe_gap(float(value))}")
            case "reason" | "status" | "model" | "cause":
                words.append(str(value))
            case _:
                words.append(f"{name.replace('_', ' ')} {value}")
    return ", ".join(words)
