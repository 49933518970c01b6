"""Which memory size of a function is best, by what its runs cost and how long they take."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

# AWS Lambda Pricing, us-east-1, as of November 2026: dollars a GB-second of each architecture, and
# a request. Other regions differ by a factor that is the same for all sizes.
GB_SECOND_USD = {"arm64": 0.0000133334, "x86_64": 0.0000166667}
REQUEST_USD = 0.20e-6


class Aim(StrEnum):
    """What is wanted of a size."""

    COST = "cost"
    SPEED = "speed"
    BALANCE = "balance"


@dataclass(frozen=True)
class WarmRun:
    """One warm run, as the REPORT line of its log tells of it."""

    duration_ms: float
    billed_ms: float
    used_mb: int


@dataclass(frozen=True)
class MeasuredSize:
    """A memory size, and what its runs were like; those of one with a problem are not counted.

    Args:
        memory_mb: The size.
        duration_ms: The median of its runs.
        cost_usd: What a million such runs cost.
        used_mb: The most memory that one has used.
        problem: Why it cannot be used; empty if it can.
    """

    memory_mb: int
    duration_ms: float = 0.0
    cost_usd: float = 0.0
    used_mb: int = 0
    problem: str = ""


def sum_up(memory_mb: int, runs: Sequence[WarmRun], architecture: str) -> MeasuredSize:
    """What the runs of a size come to; there is at least one."""
    # Imported here, as the aims above are among the options of `seashore --help`.
    from statistics import median

    billed_seconds = median(run.billed_ms for run in runs) / 1_000
    one_usd = billed_seconds * memory_mb / 1_024 * GB_SECOND_USD[architecture] + REQUEST_USD
    return MeasuredSize(
        memory_mb,
        duration_ms=median(run.duration_ms for run in runs),
        cost_usd=one_usd * 1e6,
        used_mb=max(run.used_mb for run in runs),
    )


def choose_size(sizes: Sequence[MeasuredSize], aim: Aim) -> MeasuredSize | None:
    """The best size for an aim; of equal ones the smallest, None if none can be used.

    For balance, cost and time count alike: the product of both is least.
    """
    usable = sorted((size for size in sizes if not size.problem), key=lambda size: size.memory_mb)
    if not usable:
        return None
    match aim:
        case Aim.COST:
            return min(usable, key=lambda size: size.cost_usd)
        case Aim.SPEED:
            return min(usable, key=lambda size: size.duration_ms)
        case Aim.BALANCE:
            return min(usable, key=lambda size: size.cost_usd * size.duration_ms)
