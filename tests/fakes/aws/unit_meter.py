"""Counts what DynamoDB charges for each call, from the sizes of the items before and after it.

Emulators answer with a consumed capacity of their own making, so that is not read. The rules are
those of the Amazon DynamoDB Developer Guide: "DynamoDB Item sizes and formats", "DynamoDB on-demand
capacity mode", "Global secondary indexes" (under "Throughput considerations"), and "DynamoDB
transactions" (under "Capacity management").
"""

import math
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field

KB = 1024
_WRITES = {"PutItem": "Item", "UpdateItem": "Key", "DeleteItem": "Key"}


@dataclass
class Call:
    """One call: its name, what it wrote or read, and what that is charged at."""

    name: str
    write_units: int = 0
    read_units: float = 0.0
    # Of each item: partition, sort key, bytes, units of the table and of its indexes.
    items: list = field(default_factory=list)

    def __str__(self):
        rows = "; ".join(
            f"{pk.partition('#')[0]} {sk.partition('#')[0]} {size} B {units}"
            for pk, sk, size, units in self.items
        )
        return f"{self.name:20} W {self.write_units:3} R {self.read_units:4}  {rows}"


def item_bytes(item):
    """The size of an item, as DynamoDB reckons it."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def _value_bytes(value):
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return math.ceil(len(content.strip("-0.").replace(".", "")) / 2) + 1
        case "B":
            return len(content)
        case "BOOL" | "NULL":
            return 1
        case "L":
            return 3 + sum(1 + _value_bytes(entry) for entry in content)
        case "M":
            return 3 + sum(1 + len(k.encode()) + _value_bytes(v) for k, v in content.items())
    return sum(map(len, content))


class UnitMeter:
    """Listens to a client and keeps a `Call` for each that it makes.

    Args:
        client: The client that is listened to.
        reader: Another one of the same account, which reads items before and after a write.
    """

    def __init__(self, client, reader):
        self.calls = []
        # What counting itself has taken, in the threads that made the calls.
        self.cpu_seconds = 0.0
        self._client = client
        self._reader = reader
        self._tables = {}
        self._lock = threading.Lock()

    @contextmanager
    def listening(self):
        """Count the calls that are made meanwhile."""
        events = self._client.meta.events
        hooks = {
            "before-parameter-build.dynamodb.*": self._begin,
            "after-call.dynamodb.*": self._end,
            "after-call-error.dynamodb.*": self._forget,
        }
        for name, hook in hooks.items():
            events.register(name, hook, unique_id=f"{id(self)} {name}")
        try:
            yield self
        finally:
            for name, hook in hooks.items():
                events.unregister(name, hook, unique_id=f"{id(self)} {name}")

    @property
    def write_units(self):
        return sum(call.write_units for call in self.calls)

    @property
    def read_units(self):
        return sum(call.read_units for call in self.calls)

    def take(self):
        """The calls since the last time."""
        with self._lock:
            calls, self.calls = self.calls, []
        return calls

    @contextmanager
    def _timed(self):
        started = time.thread_time()
        try:
            yield
        finally:
            with self._lock:
                self.cpu_seconds += time.thread_time() - started

    def _begin(self, params, model, context, **_):
        with self._timed():
            self._note_before(params, model, context)

    def _note_before(self, params, model, context):
        writes = _list_writes(model.name, params)
        olds = [self._read(table, key) for table, key in self._locate(writes)]
        context["unit_meter"] = (model.name, params, writes, olds)

    def _forget(self, context, **_):
        context.pop("unit_meter", None)

    def _end(self, context, **_):
        if "unit_meter" in context:
            with self._timed():
                self._count(context)

    def _count(self, context):
        name, params, writes, olds = context.pop("unit_meter")
        call = Call(name)
        if writes:
            factor = 2 if name == "TransactWriteItems" else 1
            for (kind, _), (table, key), old in zip(
                writes, self._locate(writes), olds, strict=True
            ):
                new = old if kind == "ConditionCheck" else self._read(table, key)
                self._charge(call, table, key, old, new, factor)
        else:
            self._charge_read(call, name, params)
        with self._lock:
            self.calls.append(call)

    def _charge(self, call, table, key, old, new, factor):
        size = max(item_bytes(old), item_bytes(new))
        units = factor * max(1, math.ceil(size / KB))
        of_indexes = [
            _index_units(index, self._describe(table)["keys"], old, new)
            for index in self._describe(table)["indexes"]
        ]
        call.write_units += units + sum(of_indexes)
        told = f"{units}" + "".join(f"+{one}" for one in of_indexes if one)
        call.items.append((*_name(key), size, told))

    def _charge_read(self, call, name, params):
        if name == "GetItem":
            self._charge_got(call, params["TableName"], params["Key"], params)
        elif name == "BatchGetItem":
            for table, request in params["RequestItems"].items():
                for key in request["Keys"]:
                    self._charge_got(call, table, key, request)
        elif name == "Query":
            unprojected = {k: v for k, v in params.items() if k != "ProjectionExpression"}
            unprojected.pop("FilterExpression", None)
            names = params.get("ExpressionAttributeNames", {})
            used = params["KeyConditionExpression"]
            if names:
                unprojected["ExpressionAttributeNames"] = {
                    k: v for k, v in names.items() if k in used
                }
                if not unprojected["ExpressionAttributeNames"]:
                    del unprojected["ExpressionAttributeNames"]
            items = self._reader.query(**unprojected)["Items"]
            self._add_read(call, sum(map(item_bytes, items)), params, ("Query", str(len(items))))

    def _charge_got(self, call, table, key, params):
        self._add_read(call, item_bytes(self._read(table, key)), params, _name(key))

    def _add_read(self, call, size, params, name):
        units = max(1, math.ceil(size / (4 * KB))) * (1 if params.get("ConsistentRead") else 0.5)
        call.read_units += units
        call.items.append((*name, size, f"{units:g}"))

    def _locate(self, writes):
        for _, write in writes:
            table = write["TableName"]
            whole = write.get("Key") or write["Item"]
            yield table, {name: whole[name] for name in self._describe(table)["keys"]}

    def _read(self, table, key):
        got = self._reader.get_item(TableName=table, Key=key, ConsistentRead=True)
        return got.get("Item", {})

    def _describe(self, table):
        if table not in self._tables:
            told = self._reader.describe_table(TableName=table)["Table"]
            self._tables[table] = {
                "keys": [key["AttributeName"] for key in told["KeySchema"]],
                "indexes": told.get("GlobalSecondaryIndexes", []),
            }
        return self._tables[table]


def _list_writes(name, params):
    if name == "TransactWriteItems":
        return [next(iter(action.items())) for action in params["TransactItems"]]
    if name == "BatchWriteItem":
        return [
            (kind, {"TableName": table, **write})
            for table, requests in params["RequestItems"].items()
            for request in requests
            for kind, write in request.items()
        ]
    return [(name, params)] if name in _WRITES else []


def _index_units(index, table_keys, old, new):
    """What an index is charged: nothing where its entry stays, twice where its key changes."""
    index_keys = [key["AttributeName"] for key in index["KeySchema"]]
    before, after = (_project(index, table_keys, index_keys, item) for item in (old, new))
    if before == after:
        return 0
    if before and after and any(before[name] != after[name] for name in index_keys):
        return sum(max(1, math.ceil(item_bytes(one) / KB)) for one in (before, after))
    return max(1, math.ceil(max(item_bytes(before), item_bytes(after)) / KB))


def _project(index, table_keys, index_keys, item):
    if not all(name in item for name in index_keys):
        return {}
    projection = index["Projection"]
    if projection["ProjectionType"] == "ALL":
        return item
    wanted = {*table_keys, *index_keys, *projection.get("NonKeyAttributes", ())}
    return {name: value for name, value in item.items() if name in wanted}


def _name(key):
    values = [next(iter(value.values())) for value in key.values()]
    return (values[0], values[1] if len(values) > 1 else "")
