"""Ten records that each wait for the model: our policy beside Powertools' plain batch processor.

Run by hand: `python -m tests.benchmarks.bench_batch [repetitions] [latency_seconds]`.
Both do the same work on the same emulated AWS, in turn; what is printed are seconds of one
invocation with ten records.
"""

import argparse
import os
import statistics
import tempfile
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path

from tests.benchmarks.suite.arguments import read_count, read_number
from tests.chaos.harness.models import ObedientModel
from tests.chaos.harness.run import open_run
from tests.chaos.harness.timed_batch import time_policy_batch, time_sequential_batch
from tests.chaos.harness.workload import seed_documents

CONTENDERS = {
    "policy (at the same time)": time_policy_batch,
    "plain Powertools (one by one)": time_sequential_batch,
}


def measure(repetitions: int, latency_seconds: float) -> dict[str, list[float]]:
    """Seconds of each contender, in turn; the first round warms up and is not counted."""
    model = ObedientModel(latency_seconds)
    seconds: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    with tempfile.TemporaryDirectory() as folder, open_run(Path(folder)) as run:
        documents = iter(
            seed_documents(run.account, (repetitions + 1) * len(CONTENDERS), chunks=10)
        )
        for _ in range(repetitions + 1):
            for name, time_batch in CONTENDERS.items():
                seconds[name].append(time_batch(run, next(documents), model))
    return {name: times[1:] for name, times in seconds.items()}


def describe(name: str, times: Sequence[float]) -> str:
    return f"{name:32}{statistics.median(times):8.2f}{min(times):8.2f}{max(times):8.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("repetitions", type=read_count, nargs="?", default=5)
    parser.add_argument("latency_seconds", type=read_number, nargs="?", default=1.0)
    given = parser.parse_args()
    repetitions, latency_seconds = given.repetitions, given.latency_seconds
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
        seconds = measure(repetitions, latency_seconds)
    print(f"10 records, {latency_seconds} s for each answer of the model, {repetitions} times")
    print(f"{'':32}{'median':>8}{'min':>8}{'max':>8}")
    for name, times in seconds.items():
        print(describe(name, times))


if __name__ == "__main__":
    main()
