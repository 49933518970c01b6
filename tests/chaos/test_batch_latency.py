"""Ten records of a batch are asked about at the same time, so that they take as long as one."""

import threading
from dataclasses import dataclass
from pathlib import Path

from pipeline.summaries.summary_types import CoreSummary
from shared.deadline import Deadline
from shared.llm.model import ModelAnswer, ModelRequest
from tests.chaos.harness.models import ObedientModel
from tests.chaos.harness.run import open_run
from tests.chaos.harness.timed_batch import time_policy_batch
from tests.chaos.harness.workload import seed_documents

RECORDS = 10
LONGEST_WAIT_SECONDS = 60.0


@dataclass(frozen=True)
class MeetingModel:
    """Answers no call before all of a batch are there; one after the other they would never be."""

    meeting: threading.Barrier
    name: str = "meeting"

    def answer(
        self, request: ModelRequest[CoreSummary], deadline: Deadline
    ) -> ModelAnswer[CoreSummary]:
        self.meeting.wait(LONGEST_WAIT_SECONDS)
        return ObedientModel(latency_seconds=0).answer(request, deadline)


def run_scenario(folder: Path, full: bool) -> float:
    with open_run(folder) as run:
        (document,) = seed_documents(run.account, 1, chunks=RECORDS)
        return time_policy_batch(run, document, MeetingModel(threading.Barrier(RECORDS)))


def test_ten_records_ask_at_the_same_time(outcome, show_table):
    # Where a call has not met the others, the batch has brought an error instead of a time.
    show_table("Ten records of which each waits for the others", [("took", f"{outcome:.2f} s")])
    assert outcome < LONGEST_WAIT_SECONDS
