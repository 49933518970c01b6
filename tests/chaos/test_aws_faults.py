"""AWS itself fails: requests are throttled, connections break, answers are lost after an effect."""

import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.harness.aws_faults import AwsFaults
from tests.chaos.harness.fleet import Fleet
from tests.chaos.harness.run import open_run
from tests.chaos.harness.tally import Tally, take_tally
from tests.chaos.harness.workload import list_bodies, seed_documents, send_bodies

FAULTS = AwsFaults(lost_answers=0.03, broken_connections=0.03, throttled=0.06)


@dataclass(frozen=True)
class BadDay:
    """What was seen.

    Args:
        tally: At the end.
        reasons: Why messages were deferred or returned.
        crashes: Containers that ended in a way that nobody planned.
    """

    tally: Tally
    reasons: Counter[str]
    crashes: int


def run_scenario(folder: Path, full: bool) -> BadDay:
    with open_run(folder) as run:
        documents = seed_documents(run.account, 100 if full else 3, chunks=10)
        bodies = list_bodies(documents, copies=1)
        started = time.monotonic()
        send_bodies(run.account, bodies)
        worker = run.worker(aws_faults=FAULTS, latency_seconds=0.02)
        with Fleet([worker] * 3, run.journal) as fleet:
            run.wait_until_drained()
        seconds = time.monotonic() - started
        return BadDay(
            tally=take_tally(run, documents, sent=len(bodies), seconds=seconds),
            reasons=Counter(str(line["reason"]) for line in run.read_log() if line.get("reason")),
            crashes=fleet.crashes,
        )


def test_nothing_is_lost_and_nothing_is_done_twice(outcome, show_table):
    show_table(
        "AWS throttles, breaks off and loses answers",
        [*outcome.tally.describe(), ("deferred or returned", str(dict(outcome.reasons)))],
    )
    assert outcome.tally.lost == 0
    assert outcome.tally.unexpected == 0
    assert outcome.tally.duplicate_effects == 0
    assert outcome.crashes == 0


def test_no_message_is_dead_lettered(outcome):
    assert outcome.tally.in_dlq == 0
