"""An item kills its process at every receive: SQS dead-letters it, the sweep settles it, a replay
does it once the cause is gone. The items that were received with it come to no harm.
"""

from dataclasses import dataclass
from pathlib import Path

from functions.wiring import utc_now
from shared.aws.queues import Queues
from shared.messages.delivery_state import read_delivery_state
from shared.messages.message import encode_message
from shared.messages.work_items import Sweep
from tests.chaos.harness.faults import FaultPlan, Kill, Point
from tests.chaos.harness.fleet import Fleet
from tests.chaos.harness.run import Run, open_run
from tests.chaos.harness.tally import (
    read_cause,
    read_events,
    read_statuses,
    receive_letters,
    scan_ledger,
)
from tests.chaos.harness.workload import SyntheticDocument, list_bodies, seed_documents, send_bodies

PROCESS_DIED = "ProcessDied"


@dataclass(frozen=True)
class Poisoning:
    """What was seen, step by step; the first document has one chunk, which is poison, and the
    second has ten, one of which is.

    Args:
        max_receive_count: Receives until a message is dead-lettered.
        deaths: By item, how many processes were seen to die of it.
        causes: The causes in the DLQ before the sweep.
        causes_after_sweep: And after it.
        statuses_after_sweep: The documents' statuses then.
        statuses_after_replay: And after the replay of all letters.
        letters_after_replay: Messages in the DLQ then.
        chunk_steps: How often each step of a chunk stands in the second document's timeline.
    """

    max_receive_count: int
    deaths: dict[str, int]
    causes: list[str | None]
    causes_after_sweep: list[str | None]
    statuses_after_sweep: list[str]
    statuses_after_replay: list[str]
    letters_after_replay: int
    chunk_steps: dict[str, int]


def run_scenario(folder: Path, full: bool) -> Poisoning:
    max_receive_count = 5 if full else 3
    with open_run(folder, max_receive_count=max_receive_count) as run:
        documents = [
            *seed_documents(run.account, 1, chunks=1),
            *seed_documents(run.account, 1, chunks=10, first_index=1),
        ]
        poison = [documents[0].chunk_ids[0], documents[1].chunk_ids[3]]
        plan = FaultPlan(kills=tuple(Kill(item, Point.CLAIM, times=None) for item in poison))
        with Fleet([run.worker(plan, latency_seconds=0.3)] * 2, run.journal):
            send_bodies(run.account, list_bodies(documents[:1], copies=1))
            send_bodies(run.account, list_bodies(documents[1:], copies=1))
            run.wait_until_drained()
            causes = list_causes(run)
        # The sweep begins nothing within its last five seconds.
        with Fleet([run.worker(timeout_seconds=15.0)], run.journal):
            send_bodies(run.account, [encode_message(Sweep())])
            run.wait_until_drained()
            causes_after_sweep = list_causes(run)
            statuses_after_sweep = read_statuses_of(run, documents)
            replay_letters(run)
            run.wait_until_drained()
        steps = [
            event["step"]
            for event in read_events(scan_ledger(run.account))[documents[1].document_id]
        ]
        killed = [e.details["item"] for e in run.journal.read() if e.what == "killed"]
        return Poisoning(
            max_receive_count=max_receive_count,
            deaths={item: killed.count(item) for item in poison},
            causes=causes,
            causes_after_sweep=causes_after_sweep,
            statuses_after_sweep=statuses_after_sweep,
            statuses_after_replay=read_statuses_of(run, documents),
            letters_after_replay=run.count_letters(),
            chunk_steps={step: steps.count(step) for step in ("chunk_done", "chunk_failed")},
        )


def list_causes(run: Run) -> list[str | None]:
    letters = receive_letters(run.account, run.account.settings.work_dlq_url)
    return [read_cause(letter) for letter in letters]


def read_statuses_of(run: Run, documents: list[SyntheticDocument]) -> list[str]:
    statuses = read_statuses(scan_ledger(run.account))
    return [statuses[document.document_id] for document in documents]


def replay_letters(run: Run) -> None:
    """Send each letter back to its queue as it was, with a clean record."""
    settings = run.account.settings
    queues = Queues(run.account.clients.sqs)
    for letter in receive_letters(run.account, settings.work_dlq_url):
        state = read_delivery_state(
            letter.attributes, message_id=letter.message_id, sent_at=letter.sent_at
        ).reset_for_replay(utc_now())
        queues.send_copy(settings.work_queue_url, letter.body, letter.attributes, state)
        queues.delete(settings.work_dlq_url, letter.receipt_handle)


def test_sqs_dead_letters_only_what_kills_its_process(outcome):
    assert outcome.causes == [None, None]


def test_each_item_of_poison_has_its_last_receives_to_itself(outcome):
    # Where both are in one batch, one of them kills it and both have used up a receive. The last
    # two are alone (`functions/delivery/isolation.py`).
    shared_receives = outcome.max_receive_count - 2
    assert min(outcome.deaths.values()) >= 2
    assert sum(outcome.deaths.values()) >= shared_receives + 2 * 2


def test_the_sweep_gives_the_cause_and_settles_the_documents(outcome):
    assert outcome.causes_after_sweep == [PROCESS_DIED, PROCESS_DIED]
    assert outcome.statuses_after_sweep == ["FAILED", "PARTIAL"]


def test_a_replay_finishes_the_documents_once_the_cause_is_gone(outcome):
    assert outcome.statuses_after_replay == ["DONE", "DONE"]
    assert outcome.letters_after_replay == 0


def test_every_chunk_is_counted_once_however_often_it_was_received(outcome):
    assert outcome.chunk_steps == {"chunk_done": 10, "chunk_failed": 1}
