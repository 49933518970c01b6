"""Processes die at random points under many messages, each of which was sent twice."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tests.chaos.harness.faults import FaultPlan, Kill
from tests.chaos.harness.fleet import Fleet
from tests.chaos.harness.run import PATIENCE_SECONDS, Run, open_run
from tests.chaos.harness.tally import Tally, take_tally
from tests.chaos.harness.workload import SyntheticDocument, list_bodies, seed_documents, send_bodies

_FEED = 500

# It takes all that the machine has.
RUNS_ALONE_AT_FULL_SIZE = True


@dataclass(frozen=True)
class Size:
    """How large a storm is; each document has ten chunks, and each chunk is sent twice."""

    documents: int
    kill_share: float
    containers: int
    longest_seconds: float


SMALL = Size(documents=8, kill_share=0.02, containers=3, longest_seconds=PATIENCE_SECONDS)
FULL = Size(documents=1_000, kill_share=0.01, containers=4, longest_seconds=3_000)


@dataclass(frozen=True)
class Storm:
    """What is left after a storm."""

    tally: Tally
    crashes: int


def run_scenario(folder: Path, full: bool) -> Storm:
    size = FULL if full else SMALL
    with open_run(folder) as run:
        documents = seed_documents(run.account, size.documents, chunks=10)
        bodies = list_bodies(documents, copies=2)
        plan = plan_kills(documents, size.kill_share)
        worker = run.worker(plan, varies_batches=True)
        with Fleet([worker] * size.containers, run.journal) as fleet:
            started = time.monotonic()
            feed_bodies(run, bodies, size.longest_seconds)
            run.wait_until_drained(size.longest_seconds)
            seconds = time.monotonic() - started
        tally = take_tally(run, documents, sent=len(bodies), seconds=seconds)
    return Storm(tally, fleet.crashes)


def plan_kills(documents: Sequence[SyntheticDocument], share: float) -> FaultPlan:
    """Chance kills, and one death at each of its points that does not depend on it."""
    chance = FaultPlan(random_share=share)
    sure = (Kill(documents[0].chunk_ids[n], at) for n, at in enumerate(chance.random_points))
    return replace(chance, kills=tuple(sure))


def feed_bodies(run: Run, bodies: list[str], timeout_seconds: float) -> None:
    """Send messages as fast as they are worked on: the emulator is slow with long queues."""
    until = time.monotonic() + timeout_seconds
    pause = threading.Event()
    for start in range(0, len(bodies), _FEED):
        while run.count_waiting() > _FEED and time.monotonic() < until:
            pause.wait(0.2)
        send_bodies(run.account, bodies[start : start + _FEED])


def test_nothing_is_lost_and_nothing_is_done_twice(outcome, show_table):
    tally = outcome.tally
    rows = [*tally.describe(), *tally.describe_calls()]
    show_table("Processes killed at random points", rows)
    assert tally.kills >= len(FaultPlan().random_points)
    assert tally.lost == 0
    assert tally.unexpected == 0
    assert tally.duplicate_effects == 0
    assert tally.in_dlq == 0


def test_only_a_death_repeats_a_call_of_the_model(outcome, full):
    assert outcome.tally.unexplained_calls == 0
    # A death costs the calls that its batch has under way between question and commit: less than
    # one on average with a model that answers at once, about one with one that takes a second.
    if full:
        assert outcome.tally.repeated_calls <= outcome.tally.kills


def test_processes_end_only_as_planned(outcome):
    assert outcome.crashes == 0
