"""Items a second on the local stack, beside a function that does nothing, and beside `da1ba18`."""

import json
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from tests.benchmarks.checkouts import BASE_COMMIT
from tests.benchmarks.suite.findings import Finding
from tests.benchmarks.suite.stacks import (
    MeasuredStack,
    open_base_stack,
    open_own_stack,
    wait_until,
)

BATCHES = (1, 10, 100)
# Enough that the wait for the first message weighs little.
ITEMS = {"no-op": 500, "now": 200, BASE_COMMIT: 200}
ROUNDS = 3
_LONGEST_SECONDS = 300.0


def measure_rate(stack: MeasuredStack, items: int, tag: str, *, is_counted: bool) -> float:
    """Items a second from the first message to the last result.

    Raises:
        TimeoutError: They are not done in minutes.
    """
    bodies = [
        json.dumps(
            {"kind": "summarize", "id": f"{tag}-{n}", "text": f"The tide {tag} {n} came in."}
        )
        for n in range(items)
    ]
    before = stack.count_done() if is_counted else 0
    started = time.monotonic()
    stack.send(bodies)
    wait_until(lambda: stack.count_waiting() == 0, _LONGEST_SECONDS)
    seconds = time.monotonic() - started
    if is_counted:
        wait_until(lambda: stack.count_done() - before == items, _LONGEST_SECONDS)
    return items / seconds


def compare_rates(
    batches: tuple[int, ...], rounds: int, share: float
) -> dict[str, dict[int, float]]:
    """The medians of each side and batch size; the sides take turns in one run."""
    rates: dict[str, dict[int, list[float]]] = {}
    with TemporaryDirectory() as name, ExitStack() as stacks:
        sides: dict[str, MeasuredStack] = {}
        for side in ("no-op", "now", BASE_COMMIT):
            folder = Path(name, side)
            folder.mkdir()
            opened = open_base_stack(folder) if side == BASE_COMMIT else open_own_stack(folder)
            stack = stacks.enter_context(opened)
            if stack is not None:
                sides[side] = stack
        sides["no-op"].empty_worker()
        for side, stack in sides.items():
            # The first start of each copy of a function is not what is measured.
            measure_rate(stack, 20, f"warm-{side}", is_counted=side != "no-op")
        for batch in batches:
            for stack in sides.values():
                stack.set_batch("worker", batch)
            for number in range(rounds):
                for side, stack in sides.items():
                    items = max(10, round(ITEMS[side] * share))
                    rate = measure_rate(
                        stack, items, f"{side}-{batch}-{number}", is_counted=side != "no-op"
                    )
                    rates.setdefault(side, {}).setdefault(batch, []).append(rate)
    return {
        side: {batch: median(found) for batch, found in by_batch.items()}
        for side, by_batch in rates.items()
    }


def measure_end_to_end(*, small: bool) -> Finding:
    """The part *end to end*."""
    batches = (10,) if small else BATCHES
    rates = compare_rates(batches, 1 if small else ROUNDS, 0.05 if small else 1.0)
    base = rates.get(BASE_COMMIT)
    rows = [
        [
            str(batch),
            f"{rates['no-op'][batch]:,.0f}",
            f"{rates['now'][batch]:,.1f}",
            f"{base[batch]:,.1f}" if base else "not in this clone",
            f"{rates['now'][batch] / base[batch]:.2f} times" if base else "",
        ]
        for batch in batches
    ]
    return Finding(
        part="end-to-end",
        question="How many `summarize` tasks a second go through the local stack, from the first "
        "message to the last result?",
        command="make bench-end-to-end",
        columns=[
            "batch",
            "a function that does nothing",
            "now",
            f"`{BASE_COMMIT}`",
            "now beside it",
        ],
        rows=rows,
        notes=[
            f"Three emulators run at the same time and take turns, {ROUNDS} rounds of "
            f"{ITEMS['no-op']} and {ITEMS['now']} messages; medians. `{BASE_COMMIT}` runs in an "
            "environment of its own, from its locks. About half of the processor time is the "
            "emulator's, most of it to take in and answer a request whatever it asks for; the "
            "other half is the functions', most of it botocore's for the same requests. A task has "
            "no model to wait for. The emulator gathers no batch: one of 100 is what lies there, "
            "about ten. For a line of the log it waits up to 50 ms after each invocation, so a "
            "function that does nothing, and writes none, is slow in batches of one.",
        ],
        lacking=[] if base else [f"`{BASE_COMMIT}`"],
        figures={side: {str(b): r for b, r in found.items()} for side, found in rates.items()},
    )
