"""Rows of the ledger as plain Python values, and as the items that DynamoDB takes and gives."""

import json
import zlib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

Row = dict[str, Any]

# Below this a row of DynamoDB costs the same either way: it is charged by the kilobyte begun.
_LEAST_PACKED_CHARACTERS = 500

_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize


def to_item(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as DynamoDB takes it; an attribute that is None is left out."""
    return {
        name: _serialize(_to_storable(value)) for name, value in row.items() if value is not None
    }


def _to_storable(value: Any) -> Any:
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, list):
        return [_to_storable(entry) for entry in value]
    if isinstance(value, dict):
        return {name: _to_storable(entry) for name, entry in value.items()}
    return value


def to_row(item: Mapping[str, Any]) -> Row:
    """A row as plain Python values, from what DynamoDB gives."""
    return {name: _read_attribute(value) for name, value in item.items()}


def _read_attribute(value: Any) -> Any:
    # Nearly all are texts and whole numbers, and boto3's own reading takes ten times as long.
    ((kind, content),) = value.items()
    if kind == "S":
        return content
    if kind == "N" and content.isdigit():
        return int(content)
    if kind == "B":
        return bytes(content)
    return _to_plain(_deserialize(value))


def _to_plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, list):
        return [_to_plain(entry) for entry in value]
    if isinstance(value, dict):
        return {name: _to_plain(entry) for name, entry in value.items()}
    return value


def pack(value: Any) -> Any:
    """What JSON can hold, as an attribute: compressed where it is long, else as it is."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return value if len(text) < _LEAST_PACKED_CHARACTERS else zlib.compress(text.encode())


def unpack(attribute: Any) -> Any:
    """What `pack` was given; also what an earlier release has stored as it is."""
    return json.loads(zlib.decompress(attribute)) if isinstance(attribute, bytes) else attribute
