"""Long lists: is every row there, what do they cost, how long do they take, in what memory.

    python -m tests.benchmarks.bench_lists [--rows N ...]

Bank statements of 49 rows a page, made here, with balances that are carried forward and rows that
are truly equal, are read by a fake model that gives every row that it is shown
(`tests/fakes/model/list_reader.py`), by one that cuts off at 4,000 tokens, one that cuts off at
600, and one that leaves out every fiftieth row. Tokens are counted as
`answers/token_count.py` does, the schema of an answer as part of its prompt.

The time is computed, not measured: calls of 2 seconds and 50 tokens a second, 16 at the same time,
in runs of the worker's default time limit. What a task may cost is held by the real meter, with the
ledger on moto. Memory is the most that a process of its own took.
"""

import argparse
import heapq
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import boto3

from shared.llm.model import Usage
from tests.benchmarks.lists.statement_run import (
    CALLS_AT_ONCE,
    StatementScore,
    read_statement,
    read_statement_within,
    score_statement,
)
from tests.benchmarks.suite.arguments import read_count
from tests.fakes.model.list_reader import ListReader

ROWS = (480, 1_200, 3_200, 10_000)
WINDOWS = (8_000, 32_000, 128_000)
# The default model at OpenAI's list price, dollars for a million tokens.
INPUT_USD, OUTPUT_USD = 0.25, 2.0
BEFORE_SECONDS, TOKENS_PER_SECOND = 2.0, 50.0
# Of a run of 120 seconds, with what is left for its end; and from its end to the next.
RUN_SECONDS, BETWEEN_RUNS_SECONDS = 110.0, 3.0


def price(usages: Sequence[Usage]) -> float:
    """What calls cost in dollars."""
    read = sum(usage.input_tokens for usage in usages)
    written = sum(usage.output_tokens for usage in usages)
    return (read * INPUT_USD + written * OUTPUT_USD) / 1e6


def compute_seconds(usages: Sequence[Usage]) -> float:
    """How long calls take, begun in order, in runs that begin none that could not end in time."""
    waiting = [BEFORE_SECONDS + usage.output_tokens / TOKENS_PER_SECOND for usage in usages]
    waiting.reverse()
    begun = 0.0
    while True:
        longest = ended = 0.0
        running: list[float] = []
        now = 0.0
        while waiting and now + longest < RUN_SECONDS:
            if len(running) == CALLS_AT_ONCE:
                now = heapq.heappop(running)
                ended = max(ended, now)
                if now + longest >= RUN_SECONDS:
                    break
            seconds = waiting.pop()
            longest = max(longest, seconds)
            heapq.heappush(running, now + seconds)
        ended = max([ended, *running])
        if not waiting:
            return begun + ended
        begun += ended + BETWEEN_RUNS_SECONDS


def describe(score: StatementScore) -> str:
    """A score on one line."""
    return (
        f"recall {score.recall:.3f}  precision {score.precision:.3f}  "
        f"right page {score.right_page:.3f}  silent losses {score.silent_losses}  "
        f"false alarms {score.false_alarms}  "
        f"pages named {score.pages_named} of {score.pages_with_losses} that lack a row"
    )


def measure_models(rows: Sequence[int]) -> None:
    """Every size in every window, for each model."""
    models = {
        "perfect": ListReader(),
        "cuts at 4,000": ListReader(cuts_at_tokens=4_000),
        "cuts at 600": ListReader(cuts_at_tokens=600),
        "drops every 50th": ListReader(drops_every=50),
    }
    for name, traits in models.items():
        print(f"\n{name}")
        for count in rows:
            for window in WINDOWS:
                model = replace(traits, usages=[], dropped=[])
                result = read_statement(count, window, model)
                print(
                    f"{count:>6} rows, {window:>7,} tokens: "
                    f"{describe(score_statement(count, result))}  "
                    f"calls {len(model.usages)}, {model.cuts} cut  ${price(model.usages):.3f}  "
                    f"{compute_seconds(model.usages):.0f} s"
                )


def measure_limits(count: int) -> None:
    """The same list under several limits of a task."""
    print(f"\n{count} rows under a limit of the task")
    for cap_usd in (2.0, 1.0, 0.5):
        result, spent_usd = read_statement_within(count, cap_usd, ListReader())
        score = score_statement(count, result)
        status = "DONE" if result.shortfall is None else "PARTIAL"
        print(
            f"${cap_usd:.2f}: {status}, spent ${spent_usd:.3f}, rows "
            f"{len(result.fields['rows'])}, parts not read {len(result.unread)}, "
            f"silent losses {score.silent_losses}"
        )


def measure_memory(few: int, many: int) -> None:
    """The most memory of a process that reads few rows, and of one that reads many."""
    most = [
        float(
            subprocess.run(  # noqa: S603 - our own script
                [sys.executable, "-m", "tests.benchmarks.bench_lists", "--memory", str(count)],
                capture_output=True,
                check=True,
                text=True,
            ).stdout
        )
        for count in (few, many)
    ]
    print(
        f"\nmemory: {few} rows {most[0] / 1024:.0f} MB, {many} rows {most[1] / 1024:.0f} MB, "
        f"{most[1] / most[0]:.2f} x"
    )


def read_in_worker(count: int) -> int:
    """Read a list in a process with all that a worker has; the most memory taken, in kilobytes."""
    import functions.worker  # noqa: F401 - its modules and clients are most of a worker's memory
    from pipeline.tasks.extract.list_files import build_extract_files
    from pipeline.tasks.task_markdown import render_fields
    from shared.aws.clients import Clients
    from shared.llm.chat_completions.openai_client import build_openai_client

    clients = Clients(boto3.Session("none", "none", region_name="eu-west-1"))
    kept = [clients.dynamodb, clients.s3, clients.sqs, build_openai_client("http://127.0.0.1:1/v1")]
    result = read_statement(count, 32_000, ListReader())
    list(render_fields(result))
    for file in build_extract_files(result):
        file.text.encode()
    result.model_dump_json(indent=2).encode()
    kept.clear()
    # Not `ru_maxrss`: it begins with what the process took that this one was started by.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0])


def main() -> None:
    """Measure, and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=read_count, nargs="+", default=ROWS)
    parser.add_argument("--memory", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.memory:
        print(read_in_worker(options.memory))
        return
    print(f"{datetime.now(UTC):%Y-%m-%d}")
    measure_models(options.rows)
    measure_limits(max(options.rows))
    measure_memory(min(options.rows), max(options.rows))


if __name__ == "__main__":
    main()
