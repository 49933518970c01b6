"""What a batch of ten records costs in calls of DynamoDB, through the real worker."""

import time

import pytest

from shared.ledger.documents import find_document
from tests.fakes.aws.kept_account import open_account
from tests.fakes.aws.ledger_rows import Clock, extract_document, make_upload
from tests.integration.ledger.test_round_trips import Bench

RECORDS = 10
MOST_CALLS_A_CHUNK = {"free model": 3, "metered model": 3.5}


def take_time(**_):
    """So long as a request to AWS takes, in which the records of a batch come together."""
    time.sleep(0.05)


@pytest.mark.parametrize("model", MOST_CALLS_A_CHUNK)
def test_a_chunk_of_a_batch_costs_fewer_round_trips(model):
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
        events = account.clients.dynamodb.meta.events
        events.register("before-call.dynamodb.*", take_time, unique_id="batch")
        calls = bench.work(RECORDS)
        events.unregister("before-call.dynamodb.*", unique_id="batch")
        for document in documents:
            assert find_document(bench.table, document.document_id).chunks_done == 1
        assert sum(calls.values()) <= RECORDS * MOST_CALLS_A_CHUNK[model], calls
        # Reads go together, claims and effects by themselves.
        assert calls["PutItem"] == RECORDS
        assert calls["TransactWriteItems"] >= RECORDS
        assert calls["BatchGetItem"] < RECORDS
