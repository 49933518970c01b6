"""One record of a batch of ten hangs at every receive: it alone is dead-lettered."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from shared.messages.message import encode_message
from tests.chaos.harness.fleet import Fleet
from tests.chaos.harness.models import HANGING_TEXT
from tests.chaos.harness.run import open_run
from tests.chaos.harness.tally import (
    count_effects,
    read_cause,
    read_statuses,
    receive_letters,
    scan_ledger,
)
from tests.chaos.harness.workload import list_bodies, seed_documents, send_bodies

HANGING_CHUNK = 4
# Three seconds are kept back for settling; the others need much of the rest only on a busy machine.
TIMEOUT_SECONDS = 9.0
VISIBILITY_SECONDS = 10


@dataclass(frozen=True)
class Hanging:
    """What became of ten chunks of which one hangs.

    Args:
        max_receive_count: Receives until a message is dead-lettered.
        letters: Body and cause of each message in the DLQ.
        hanging_body: The message that hangs.
        receives: By chunk, hanging one last.
        effects: By chunk, hanging one last.
        status: Of the document.
    """

    max_receive_count: int
    letters: list[tuple[str, str | None]]
    hanging_body: str
    receives: list[int]
    effects: list[int]
    status: str


def run_scenario(folder: Path, full: bool) -> Hanging:
    max_receive_count = 5 if full else 3
    with open_run(
        folder, max_receive_count=max_receive_count, visibility_seconds=VISIBILITY_SECONDS
    ) as run:
        documents = seed_documents(
            run.account, 1, chunks=10, special_texts={(0, HANGING_CHUNK): HANGING_TEXT}
        )
        (document,) = documents
        send_bodies(run.account, list_bodies(documents, copies=1))
        # All ten are on the queue before anybody looks, so that they come in one batch.
        with Fleet([run.worker(timeout_seconds=TIMEOUT_SECONDS)], run.journal):
            run.wait_until_drained()
        hanging = document.messages[HANGING_CHUNK - 1]
        items = [item for item in document.chunk_ids if item != hanging.item_id]
        entries = run.journal.read()
        receives = Counter(e.details["item"] for e in entries if e.what == "delivered")
        effects = count_effects(run.account)
        letters = receive_letters(run.account, run.account.settings.work_dlq_url)
        return Hanging(
            max_receive_count=max_receive_count,
            letters=[(letter.body, read_cause(letter)) for letter in letters],
            hanging_body=encode_message(hanging),
            receives=[receives[item] for item in (*items, hanging.item_id)],
            effects=[effects[item] for item in (*items, hanging.item_id)],
            status=read_statuses(scan_ledger(run.account))[document.document_id],
        )


def test_only_the_hanging_record_is_dead_lettered_with_its_cause(outcome):
    assert outcome.letters == [(outcome.hanging_body, "DeadlineError")]


def test_the_other_nine_are_received_and_done_exactly_once(outcome):
    assert outcome.receives == [1] * 9 + [outcome.max_receive_count]
    assert outcome.effects == [1] * 9 + [0]


def test_the_document_is_finished_without_it(outcome):
    assert outcome.status == "PARTIAL"
