"""Ten records that each wait for the model take little longer than one of them."""

from pathlib import Path

from tests.chaos.harness.models import ObedientModel
from tests.chaos.harness.run import open_run
from tests.chaos.harness.timed_batch import time_policy_batch
from tests.chaos.harness.workload import seed_documents

LATENCY_SECONDS = 1.0
# Generous: a busy machine is no fault of the policy. Ten in a row would take ten seconds.
LONGEST_SECONDS = 3.0

# It measures a time.
RUNS_ALONE = True


def run_scenario(folder: Path, full: bool) -> float:
    with open_run(folder) as run:
        documents = seed_documents(run.account, 2, chunks=10)
        model = ObedientModel(LATENCY_SECONDS)
        # The first invocation of a container also opens its connections.
        return [time_policy_batch(run, document, model) for document in documents][-1]


def test_ten_records_take_little_longer_than_one(outcome, show_table):
    show_table(
        "Ten records of which each waits a second for the model",
        [("function time", f"{outcome:.2f} s")],
    )
    assert LATENCY_SECONDS < outcome < LONGEST_SECONDS
