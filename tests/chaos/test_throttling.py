"""A fifth of the calls is answered with 429, with `Retry-After` and without."""

import time
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.harness.fleet import Fleet
from tests.chaos.harness.provider import find_undercut, running_provider
from tests.chaos.harness.run import open_run
from tests.chaos.harness.tally import Tally, take_tally
from tests.chaos.harness.workload import list_bodies, seed_documents, send_bodies

TIMEOUT_SECONDS = 12.0
VISIBILITY_SECONDS = 13
# Draws close to a fifth at either size.
SEED = 46


@dataclass(frozen=True)
class Throttling:
    """What was seen.

    Args:
        calls: All calls that the provider has seen.
        throttled: Of these, those that it answered with 429.
        undercut: Of these, those that came before their own `Retry-After` was over.
        tally: At the end.
    """

    calls: int
    throttled: int
    undercut: int
    tally: Tally


def run_scenario(folder: Path, full: bool) -> Throttling:
    count = 50 if full else 2
    with (
        running_provider(seed=SEED) as provider,
        open_run(
            folder, visibility_seconds=VISIBILITY_SECONDS, openai_base_url=provider.url
        ) as run,
    ):
        documents = seed_documents(run.account, 2 * count, chunks=10)
        started = time.monotonic()
        with Fleet([run.worker(timeout_seconds=TIMEOUT_SECONDS)] * 2, run.journal):
            for half, retry_after in ((documents[:count], "1"), (documents[count:], None)):
                provider.behave(retry_after=retry_after, ok=0.8, throttled=0.2)
                send_bodies(run.account, list_bodies(half, copies=1))
                run.wait_until_drained(1_200)
        calls = provider.list_calls()
        return Throttling(
            calls=len(calls),
            throttled=sum(call.kind == "throttled" for call in calls),
            undercut=len(find_undercut(calls)),
            tally=take_tally(run, documents, sent=20 * count, seconds=time.monotonic() - started),
        )


def test_a_finished_item_costs_few_calls(outcome, show_table):
    calls_per_item = outcome.calls / outcome.tally.effects
    show_table(
        "A fifth of the calls is answered with 429",
        [
            ("calls", f"{outcome.calls:,}"),
            ("answered with 429", f"{outcome.throttled:,}"),
            ("calls per finished item", f"{calls_per_item:.3f}"),
            ("before their Retry-After was over", str(outcome.undercut)),
            *outcome.tally.describe(),
        ],
    )
    assert outcome.throttled > 0
    assert calls_per_item <= 1.3
    # No call was made again but for a 429.
    assert outcome.calls - outcome.throttled == outcome.tally.effects


def test_retry_after_is_never_undercut(outcome):
    assert outcome.undercut == 0


def test_all_is_done_once_and_nothing_dead_lettered(outcome):
    assert outcome.tally.lost == 0
    assert outcome.tally.unexpected == 0
    assert outcome.tally.duplicate_effects == 0
    assert outcome.tally.in_dlq == 0
