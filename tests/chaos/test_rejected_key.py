"""The provider rejects the key: hardly a call is made, and the work waits."""

import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from tests.chaos.harness.fleet import Fleet
from tests.chaos.harness.provider import Call, running_provider
from tests.chaos.harness.run import PATIENCE_SECONDS, Run, open_run, wait_for
from tests.chaos.harness.tally import Tally, take_tally
from tests.chaos.harness.workload import list_bodies, seed_documents, send_bodies

CONTAINERS = 2
BATCH_SIZE = 10
# Nothing dies here, so that nothing waits for these: only a machine that hangs takes so long.
TIMEOUT_SECONDS, SETTLE_SECONDS = 120.0, 60.0
VISIBILITY_SECONDS = 121
ITEMS = 30


@dataclass(frozen=True)
class Rejection:
    """What was seen.

    Args:
        calls: Of each container while the key was rejected.
        receives: Deliveries in that time.
        waiting: Messages on the queue at the end of that time.
        letters: Messages in the DLQ then.
        alarms: Lines of the level ERROR.
        tally: After the key was accepted; None where that was not waited for.
    """

    calls: dict[str, list[Call]]
    receives: int
    waiting: int
    letters: int
    alarms: Counter[str]
    tally: Tally | None


def run_scenario(folder: Path, full: bool) -> Rejection:
    # At small size messages come back within seconds, and are not to lead to a call.
    patience, seconds, receives_per_item = (1.0, 130.0, 2) if full else (0.03, 5.0, 3)
    with (
        running_provider(seed=5) as provider,
        open_run(
            folder, visibility_seconds=VISIBILITY_SECONDS, openai_base_url=provider.url
        ) as run,
    ):
        documents = seed_documents(run.account, ITEMS // 10, chunks=10)
        worker = run.worker(
            timeout_seconds=TIMEOUT_SECONDS,
            settle_seconds=SETTLE_SECONDS,
            patience=patience,
            batch_size=BATCH_SIZE,
        )
        workers = [
            replace(worker, settings=with_key(run, f"container-{number}"))
            for number in range(CONTAINERS)
        ]
        provider.behave(unauthorized=0.5, quota=0.5)
        started = time.monotonic()
        send_bodies(run.account, list_bodies(documents, copies=1))
        with Fleet(workers, run.journal):
            time.sleep(seconds)
            wait_for(
                lambda: count_receives(run) >= receives_per_item * ITEMS,
                PATIENCE_SECONDS,
                lambda: f"{count_receives(run)} receives",
            )
            calls: dict[str, list[Call]] = defaultdict(list)
            for call in provider.list_calls():
                calls[call.key].append(call)
            receives = count_receives(run)
            waiting, letters = run.count_waiting(), run.count_letters()
            tally = None
            if full:
                provider.behave(ok=1)
                run.wait_until_drained()
                seconds = time.monotonic() - started
                tally = take_tally(run, documents, sent=ITEMS, seconds=seconds)
        alarms = Counter(line["action"] for line in run.read_log() if line["level"] == "ERROR")
        return Rejection(dict(calls), receives, waiting, letters, alarms, tally)


def count_receives(run: Run) -> int:
    return sum(entry.what == "delivered" for entry in run.journal.read())


def with_key(run, key):
    """The settings of a container with a key of its own, kept in a secret of its own."""
    run.account.clients.secretsmanager.create_secret(Name=f"secret-of-{key}", SecretString=key)
    return run.account.settings.model_copy(update={"openai_api_key_secret": f"secret-of-{key}"})


def find_calls_within_a_minute(calls: Sequence[Call]) -> list[Call]:
    """Calls less than a minute after the one before.

    Those of the first second were begun together, before the first of them was answered.
    """
    ordered = sorted(calls, key=lambda call: call.at_seconds)
    first = ordered[0].at_seconds
    return [
        call
        for before, call in pairwise(ordered)
        if call.at_seconds - before.at_seconds < 60 and call.at_seconds - first > 1
    ]


def test_a_container_calls_once_a_minute_at_most(outcome, show_table):
    show_table(
        "The provider rejects the key",
        [
            ("calls of each container", str([len(calls) for calls in outcome.calls.values()])),
            ("receives in that time", str(outcome.receives)),
            ("in the DLQ", str(outcome.letters)),
            ("alarm lines", str(dict(outcome.alarms))),
            *(outcome.tally.describe() if outcome.tally else []),
        ],
    )
    assert outcome.calls
    for calls in outcome.calls.values():
        assert find_calls_within_a_minute(calls) == []
        # Its first one, one each minute, and what a busy machine lets through beside the first.
        assert len(calls) <= 5


def test_the_work_waits_and_nothing_is_dead_lettered(outcome):
    assert outcome.receives > ITEMS
    # While a batch is settled, a message and its copy are both there.
    assert outcome.waiting >= ITEMS
    assert outcome.letters == 0


def test_each_container_gives_one_alarm(outcome):
    assert outcome.alarms == {"model_access_lost": len(outcome.calls)}


def test_all_is_done_once_the_key_is_accepted(outcome, full):
    if full:
        assert outcome.tally.lost == 0
        assert outcome.tally.unexpected == 0
        assert outcome.tally.in_dlq == 0
