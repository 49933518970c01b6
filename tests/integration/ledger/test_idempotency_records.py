"""Items of a batch that are done at the same time: what DynamoDB does not take is sent again."""

import pytest
from aws_lambda_powertools.utilities.idempotency.persistence.datarecord import DataRecord
from botocore.stub import Stubber

from functions.delivery.idempotency_records import IdempotencyRecords
from shared.errors import ServiceError

KEYS = ("one", "two", "three")
LATER = 4_102_444_800


class Records(IdempotencyRecords):
    """Records as powertools hands them over, several at once."""

    def complete_together(self, keys):
        self._complete_all(
            [DataRecord(key, "COMPLETED", LATER, response_data="null") for key in keys]
        )


@pytest.fixture
def client(account):
    return account.clients.dynamodb


def test_what_is_left_over_is_sent_again_and_nothing_else(client):
    pauses = []
    records = Records("table", client, pauses.append)
    with Stubber(client) as stub:
        sent = [_put(key) for key in KEYS]
        for puts, left in ((sent, sent[1:]), (sent[1:], sent[2:]), (sent[2:], [])):
            unprocessed = {"table": left} if left else {}
            stub.add_response(
                "batch_write_item",
                {"UnprocessedItems": unprocessed},
                {"RequestItems": {"table": puts}},
            )
        # Two deliveries of the same item may be done at the same time: one request names it once.
        records.complete_together([*KEYS, KEYS[0]])
        stub.assert_no_pending_responses()
    assert len(pauses) == 2


def test_no_record_counts_as_completed_that_was_never_taken(client):
    records = Records("table", client, lambda seconds: None)
    with Stubber(client) as stub:
        for _ in range(5):
            stub.add_response("batch_write_item", {"UnprocessedItems": {"table": [_put("two")]}})
        with pytest.raises(ServiceError):
            records.complete_together(KEYS)


def _put(key):
    item = {
        "id": {"S": key},
        "expiration": {"N": str(LATER)},
        "data": {"S": "null"},
        "status": {"S": "COMPLETED"},
    }
    return {"PutRequest": {"Item": item}}
