"""What a batch of ten records costs in calls of DynamoDB, through the real worker."""

import threading
import time
from contextlib import contextmanager

import pytest

import shared.aws.dynamodb_table
import shared.grouped_calls
from functions.delivery.idempotency_records import ClaimRecords
from pipeline.metering.spend_meter import SpendMeter
from shared.ledger.documents import find_document
from tests.fakes.aws.kept_account import open_account
from tests.fakes.aws.ledger_rows import Clock, extract_document, make_upload
from tests.integration.ledger.test_round_trips import Bench

RECORDS = 10
MOST_CALLS_A_CHUNK = {"free model": 3, "metered model": 3.5}
LONGEST_WAIT_SECONDS = 120


class Meeting:
    """Makes the records of a batch come together, as they do where each request takes its time.

    A request that several could share goes out when no record can come any more: each of those at
    work is in such a request or waits for one, or for room for a call of the model. Those that wait
    for that go on together.
    """

    def __init__(self):
        self.at_work = 0
        self.groups = []
        self.callers = []
        # Who has been counted in one group must not get into another while it is counted.
        self.lock = threading.Lock()

    def hold(self, is_free):
        """Return when all records have come, or when one is free to go."""
        end = time.monotonic() + LONGEST_WAIT_SECONDS
        while not is_free.is_set() and self._count_those_here() < self.at_work:
            assert time.monotonic() < end, "a record neither came nor ended"
            threading.Event().wait(0.002)

    def hold_call(self):
        """Return when all records have come, at the same time as the others that are held here."""
        is_free = threading.Event()
        with self.lock:
            self.callers.append(is_free)
        self.hold(is_free)
        with self.lock:
            if not is_free.is_set():
                while self.callers:
                    self.callers.pop().set()

    def _count_those_here(self):
        with self.lock:
            in_groups = sum(group.asked + len(group._waiting) for group in self.groups)
            return in_groups + len(self.callers)

    def count(self, group, asked):
        """Count records that are asked for by a request of a group, or are not any more."""
        with self.lock:
            group.asked += asked


def meeting_calls(meeting):
    """`GroupedCalls` whose requests wait for all records."""

    class MeetingCalls(shared.grouped_calls.GroupedCalls):
        def __init__(self, run, most):
            super().__init__(run, most)
            self.asked = 0
            self._ask = run
            self._run = self._run_when_all_are_here
            meeting.groups.append(self)

        def _run_when_all_are_here(self, arguments):
            meeting.count(self, len(arguments))
            meeting.hold(threading.Event())
            try:
                return self._ask(arguments)
            finally:
                meeting.count(self, -len(arguments))

    return MeetingCalls


@pytest.fixture
def meeting(monkeypatch):
    meeting = Meeting()
    monkeypatch.setattr(shared.grouped_calls, "_LONGEST_WAIT_SECONDS", LONGEST_WAIT_SECONDS)
    monkeypatch.setattr(shared.aws.dynamodb_table, "GroupedCalls", meeting_calls(meeting))

    def end(records, data_record):
        with meeting.lock:
            meeting.at_work -= 1

    monkeypatch.setattr(ClaimRecords, "_update_record", end)
    count_wanted = SpendMeter._wanting

    @contextmanager
    def count_all_wanted(meter, cost):
        with count_wanted(meter, cost):
            meeting.hold_call()
            yield

    monkeypatch.setattr(SpendMeter, "_wanting", count_all_wanted)
    return meeting


@pytest.mark.parametrize("model", MOST_CALLS_A_CHUNK)
def test_a_chunk_of_a_batch_costs_fewer_round_trips(model, meeting):
    secret = "a-secret" if model == "metered model" else None
    with open_account(openai_api_key_secret=secret) as account:
        bench = Bench(account, 0)
        documents = [
            extract_document(bench.table, Clock(), 2, make_upload(key=f"{number}.pdf"))
            for number in range(1 + RECORDS)
        ]
        # The first one takes the lease on the day's limit.
        bench.send(1, documents[0])
        bench.work()
        for document in documents[1:]:
            bench.send(1, document)
        bench.source.batch_size = RECORDS
        meeting.at_work = RECORDS
        calls = bench.work(RECORDS)
        assert meeting.at_work == 0
        for document in documents:
            assert find_document(bench.table, document.document_id).chunks_done == 1
        assert sum(calls.values()) <= RECORDS * MOST_CALLS_A_CHUNK[model], calls
        # Reads go together, claims and effects by themselves.
        assert calls["PutItem"] == RECORDS
        assert calls["TransactWriteItems"] >= RECORDS
        assert calls["BatchGetItem"] < RECORDS
