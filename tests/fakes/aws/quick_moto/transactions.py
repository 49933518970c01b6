"""Moto's DynamoDB, one request after the other, with transactions that copy only what they touch.

Its rows are plain dictionaries, which break where one thread reads while another writes. And to be
able to roll back, moto copies the table with all of its rows, once for each operation of a
transaction: with a few hundred rows that is most of what a test does.
"""

import copy
import threading
from collections import defaultdict
from contextlib import contextmanager
from unittest.mock import patch

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler

_call = DynamoHandler.call_action
_transact = DynamoDBBackend.transact_write_items
_running = threading.local()
_one_at_a_time = threading.Lock()


@contextmanager
def copy_only_touched_rows():
    """Let moto's requests be safe and its transactions quick for as long as the context lasts."""
    with (
        patch.object(DynamoHandler, "call_action", _call_alone),
        patch.object(DynamoDBBackend, "transact_write_items", _transact_with_keys),
        patch.object(Table, "__deepcopy__", _copy_touched_rows, create=True),
    ):
        yield


def _call_alone(handler):
    with _one_at_a_time:
        return _call(handler)


def _transact_with_keys(backend, transact_items):
    _running.operations = [operation for item in transact_items for operation in item.values()]
    _running.twins = {}
    try:
        return _transact(backend, transact_items)
    finally:
        _running.operations = []


def _copy_touched_rows(table, memo):
    """What moto puts in the table's place if the transaction fails; it asks once an operation."""
    if table.name in _running.twins:
        return _running.twins[table.name]
    twin = _running.twins[table.name] = copy.copy(table)
    twin.items = defaultdict(dict)
    # All at once: other threads may add rows meanwhile.
    for name, rows in list(table.items.items()):
        twin.items[name] = dict(rows) if table.has_range_key else rows
    for operation in _running.operations:
        attributes = operation.get("Key") or operation["Item"]
        if operation["TableName"] != table.name:
            continue
        name = DynamoType(attributes[table.hash_key_attr])
        if not table.has_range_key:
            if name in table.items:
                twin.items[name] = copy.deepcopy(table.items[name])
            continue
        sort = DynamoType(attributes[table.range_key_attr])
        if sort in table.items.get(name, {}):
            twin.items[name][sort] = copy.deepcopy(table.items[name][sort])
    return twin
