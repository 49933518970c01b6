"""Idempotency records, of which those of a batch's records are completed together.

Powertools writes a record when an item is claimed and again when it is done. The claim is a
condition, which no other can be in one request with but in a transaction: that costs double, and
one refusal fails all. That an item is done is a write without a condition; where the ledger says it
anyway it is left out.
"""

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer
from aws_lambda_powertools.utilities.idempotency.persistence.datarecord import DataRecord

from shared.errors import ServiceError
from shared.grouped_calls import GroupedCalls

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

# Amazon DynamoDB API Reference, "BatchWriteItem".
_MOST_WRITES = 25
_ATTEMPTS = 5
_PAUSE_SECONDS = 0.2


class ClaimRecords(DynamoDBPersistenceLayer):
    """Powertools' records in DynamoDB of items whose end the ledger tells.

    A claim keeps a second delivery away as long as the invocation may last that has made it. One
    that comes later looks into the ledger.
    """

    def _update_record(self, data_record: DataRecord) -> None:
        """Leave the claim as it is."""


class IdempotencyRecords(DynamoDBPersistenceLayer):
    """Powertools' records in DynamoDB; those that are done at the same time are one request.

    Args:
        table_name: The table.
        client: A DynamoDB client.
        sleep: Waits the given seconds before what was not taken at once is sent again.
    """

    def __init__(
        self,
        table_name: str,
        client: "DynamoDBClient",
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(table_name=table_name, boto3_client=client)
        self._sleep = sleep
        self._complete = GroupedCalls(self._complete_all, _MOST_WRITES)

    def _update_record(self, data_record: DataRecord) -> None:
        self._complete(data_record)

    def _complete_all(self, records: Sequence[DataRecord]) -> Sequence[None]:
        # Two deliveries of the same item may be done at the same time.
        by_key = {record.idempotency_key: record for record in records}
        puts: list[Any] = [
            {
                "PutRequest": {
                    "Item": {
                        **self._get_key(key),
                        self.expiry_attr: {"N": str(record.expiry_timestamp)},
                        self.data_attr: {"S": record.response_data},
                        self.status_attr: {"S": record.status},
                    }
                }
            }
            for key, record in by_key.items()
        ]
        for _ in range(_ATTEMPTS):
            answer = self.client.batch_write_item(RequestItems={self.table_name: puts})
            left = answer["UnprocessedItems"].get(self.table_name)
            if not left:
                return [None] * len(records)
            puts = list(left)
            self._sleep(_PAUSE_SECONDS)
        raise ServiceError(
            "the idempotency table did not take all records", delay_seconds=5, reason="aws_service"
        )
