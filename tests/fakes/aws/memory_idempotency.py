"""Powertools' idempotency records in memory, written as by its layer for DynamoDB."""

import threading
import time

from aws_lambda_powertools.utilities.idempotency import BasePersistenceLayer
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyItemAlreadyExistsError,
    IdempotencyItemNotFoundError,
)
from aws_lambda_powertools.utilities.idempotency.persistence.datarecord import DataRecord


class MemoryIdempotency(BasePersistenceLayer):
    """Records by key.

    Args:
        broken_keys: Keys whose records can be neither read nor written.
    """

    def __init__(self, broken_keys=()):
        super().__init__()
        self.records = {}
        self._broken_keys = set(broken_keys)
        self._lock = threading.Lock()

    def claim(self, key, seconds):
        """Have `key` running elsewhere for the given time."""
        self.records[key] = DataRecord(
            idempotency_key=key,
            status="INPROGRESS",
            expiry_timestamp=int(time.time()) + 3600,
            in_progress_expiry_timestamp=int((time.time() + seconds) * 1000),
        )

    def _get_record(self, idempotency_key):
        self._check(idempotency_key)
        if idempotency_key not in self.records:
            raise IdempotencyItemNotFoundError
        return self.records[idempotency_key]

    def _put_record(self, data_record):
        key = data_record.idempotency_key
        self._check(key)
        with self._lock:
            there = self.records.get(key)
            if there is not None and _blocks(there):
                raise IdempotencyItemAlreadyExistsError(old_data_record=there)
            self.records[key] = data_record

    def _update_record(self, data_record):
        self._check(data_record.idempotency_key)
        self.records[data_record.idempotency_key] = data_record

    def _delete_record(self, data_record):
        self._check(data_record.idempotency_key)
        self.records.pop(data_record.idempotency_key, None)

    def _check(self, key):
        if key in self._broken_keys:
            raise ConnectionError("the table cannot be reached")


def _blocks(record):
    if record.status == "INPROGRESS":
        return record.in_progress_expiry_timestamp >= time.time() * 1000
    return not record.is_expired
