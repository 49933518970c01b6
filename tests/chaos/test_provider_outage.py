"""The model's provider fails in every way for longer than five receives would last."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.harness.fleet import Fleet
from tests.chaos.harness.provider import running_provider
from tests.chaos.harness.run import PATIENCE_SECONDS, Run, open_run, wait_for
from tests.chaos.harness.tally import Tally, take_tally
from tests.chaos.harness.workload import SyntheticDocument, list_bodies, seed_documents, send_bodies

OUTAGE = {"error_500": 0.3, "error_503": 0.3, "reset": 0.3, "hang": 0.1}

# A call is begun only with three seconds left, and three more are kept back for settling: with
# so much more a record comes to its call in time also where other tests keep the machine busy.
TIMEOUT_SECONDS = 29.0
VISIBILITY_SECONDS = 30


@dataclass(frozen=True)
class Size:
    """How long an outage is.

    Args:
        documents: Of ten chunks each.
        seconds: How long no call is answered at the least; it goes on until each chunk has been
            received more often than a message can be, and the provider has failed in each way.
        patience: What the pauses of half a minute between tries are multiplied with.
        max_receive_count: Receives until a message is dead-lettered.
    """

    documents: int
    seconds: float
    patience: float
    max_receive_count: int


SMALL = Size(documents=1, seconds=5, patience=0.03, max_receive_count=3)
FULL = Size(documents=5, seconds=120, patience=0.3, max_receive_count=5)


@dataclass(frozen=True)
class Outage:
    """What was seen.

    Args:
        letters_in_outage: Messages in the DLQ when the provider came back.
        fewest_receives: How often the chunk that was received least was received until then.
        max_receive_count: Receives until a message is dead-lettered.
        receives_used_up: Why messages were returned to the queue, at the cost of a receive.
        calls: What became of all calls.
        tally: After the provider came back.
    """

    letters_in_outage: int
    fewest_receives: int
    max_receive_count: int
    receives_used_up: Counter[str]
    calls: Counter[str]
    tally: Tally


def run_scenario(folder: Path, full: bool) -> Outage:
    size = FULL if full else SMALL
    with (
        running_provider(seed=1) as provider,
        open_run(
            folder,
            visibility_seconds=VISIBILITY_SECONDS,
            max_receive_count=size.max_receive_count,
            openai_base_url=provider.url,
        ) as run,
    ):
        documents = seed_documents(run.account, size.documents, chunks=10)
        bodies = list_bodies(documents, copies=1)
        provider.behave(**OUTAGE)
        started = time.monotonic()
        send_bodies(run.account, bodies)
        worker = run.worker(timeout_seconds=TIMEOUT_SECONDS, patience=size.patience)
        with Fleet([worker] * 2, run.journal):
            time.sleep(size.seconds)
            wait_for(
                lambda: (
                    count_fewest_receives(run, documents) > size.max_receive_count
                    and {call.kind for call in provider.list_calls()} == set(OUTAGE)
                ),
                PATIENCE_SECONDS,
                lambda: f"{run.count_letters()} messages are in the DLQ",
            )
            letters_in_outage = run.count_letters()
            fewest_receives = count_fewest_receives(run, documents)
            provider.behave(ok=1)
            run.wait_until_drained()
        return Outage(
            letters_in_outage=letters_in_outage,
            fewest_receives=fewest_receives,
            max_receive_count=size.max_receive_count,
            receives_used_up=Counter(
                str(line["reason"])
                for line in run.read_log()
                if line["message"] == "item_returned" and line["reason"] != "in_progress"
            ),
            calls=Counter(call.kind for call in provider.list_calls()),
            tally=take_tally(run, documents, sent=len(bodies), seconds=time.monotonic() - started),
        )


def count_fewest_receives(run: Run, documents: Sequence[SyntheticDocument]) -> int:
    """How often the chunk that was received least was received."""
    receives = Counter(e.details["item"] for e in run.journal.read() if e.what == "delivered")
    return min(receives[item] for document in documents for item in document.chunk_ids)


def test_the_outage_lasts_for_more_receives_than_a_message_has(outcome, show_table):
    show_table(
        "The provider fails in every way for a time",
        [
            ("calls", ", ".join(f"{kind} {count}" for kind, count in outcome.calls.items())),
            ("fewest receives of a chunk in the outage", str(outcome.fewest_receives)),
            *outcome.tally.describe(),
        ],
    )
    assert set(outcome.calls) == {*OUTAGE, "ok"}
    assert outcome.fewest_receives > outcome.max_receive_count


def test_no_message_is_dead_lettered_for_it(outcome):
    assert outcome.letters_in_outage == 0
    assert outcome.tally.in_dlq == 0


def test_it_uses_up_no_receive(outcome):
    assert outcome.receives_used_up == Counter()


def test_all_is_done_once_after_it(outcome):
    assert outcome.tally.lost == 0
    assert outcome.tally.unexpected == 0
    assert outcome.tally.duplicate_effects == 0
