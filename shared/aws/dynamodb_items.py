"""Rows of the ledger as plain Python values, and as the items that DynamoDB takes and gives."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

Row = dict[str, Any]

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
    return _to_plain(_deserialize(value))


def _to_plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, list):
        return [_to_plain(entry) for entry in value]
    if isinstance(value, dict):
        return {name: _to_plain(entry) for name, entry in value.items()}
    return value
