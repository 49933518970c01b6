"""Which fields of a schema are lists: their rows are looked for apart from all other values. Pure.

A list that lies in an object, such as the lines of an invoice, is a list of its own, by the way to
it (`invoice.lines`), and is put back where it belongs. A list within a row is a part of the row.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.tasks.extract.field_schema import FieldSchema, find_properties

_NULL = "null"


@dataclass(frozen=True)
class FieldParts:
    """A schema in two.

    Args:
        values: The fields without lists; an object of nothing but lists is not among them.
        rows: For each list the schema of its rows, by the way to it.
        lists: The lists themselves, by the way to them.
    """

    values: FieldSchema
    rows: FieldSchema
    lists: Mapping[str, "ListField"]


@dataclass(frozen=True)
class ListField:
    """A list.

    Args:
        way: The names that lead to it, the field's first.
        schema: Its schema.
        is_required: Whether a user cannot do without it.
    """

    way: tuple[str, ...]
    schema: Mapping[str, Any]
    is_required: bool

    @property
    def joins_equals(self) -> bool:
        """Whether equal rows are one: the schema says so, or they are mere words, as names are."""
        items = self.schema["items"]
        return bool(self.schema.get("uniqueItems")) or items.get("type") == "string"

    def find_problem(self, count: int) -> str | None:
        """Why so many rows do not fit, None if they do."""
        least, most = self.schema.get("minItems", 0), self.schema.get("maxItems")
        if count < least:
            return f"it has {count} rows, and minItems is {least}"
        if most is not None and count > most:
            return f"it has {count} rows, and maxItems is {most}"
        return None


def part_schema(schema: FieldSchema) -> FieldParts:
    """A schema in two: lists, and everything else."""
    lists: dict[str, ListField] = {}
    values = {}
    for name, part in schema.properties.items():
        rest = _take_lists(part, (name,), name in schema.required, lists, schema.properties)
        if rest is not None:
            values[name] = rest
    return FieldParts(
        FieldSchema(values, tuple(name for name in schema.required if name in values)),
        FieldSchema({path: dict(one.schema["items"]) for path, one in lists.items()}, ()),
        lists,
    )


def _take_lists(
    node: dict[str, Any],
    way: tuple[str, ...],
    is_required: bool,
    lists: dict[str, ListField],
    fields: Mapping[str, Any],
) -> dict[str, Any] | None:
    """What is left of a schema without its lists; None if nothing is."""
    core = _find_core(node)
    path = ".".join(way)
    if _is_of(core, "array"):
        if path in lists or (len(way) > 1 and path in fields):
            # A name with a dot in it: the list stays a part of its field's value.
            return node
        lists[path] = ListField(way, core, is_required)
        return None
    if not _is_of(core, "object"):
        return node
    required = core.get("required", ())
    before = len(lists)
    properties = {
        name: rest
        for name, part in core["properties"].items()
        if (
            rest := _take_lists(part, (*way, name), is_required and name in required, lists, fields)
        )
        is not None
    }
    if len(lists) == before:
        return node
    if not properties:
        return None
    return {
        **core,
        "properties": properties,
        "required": [name for name in required if name in properties],
    }


def _find_core(node: dict[str, Any]) -> dict[str, Any]:
    """The schema itself where the other options say no more than that it may be null."""
    options = [option for option in node.get("anyOf", ()) if option.get("type") != _NULL]
    return options[0] if len(options) == 1 else node


def _is_of(node: Mapping[str, Any], kind: str) -> bool:
    kinds = node.get("type")
    kinds = kinds if isinstance(kinds, (list, tuple)) else [kinds]
    return "anyOf" not in node and kind in kinds and set(kinds) <= {kind, _NULL}


def put_back(fields: dict[str, Any], field: ListField, rows: Sequence[Any] | None) -> None:
    """Put the rows of a list where they belong among the fields; None for no rows."""
    place = fields
    for name in field.way[:-1]:
        if not isinstance(place.get(name), dict):
            if rows is None:
                return
            place[name] = {}
        place = place[name]
    place[field.way[-1]] = rows


def list_leaves(value: Any, schema: Mapping[str, Any]) -> Iterator[tuple[Any, Mapping[str, Any]]]:
    """The values of a row that are neither objects nor lists nor null, with their schemas."""
    if isinstance(value, dict):
        properties = dict(find_properties(schema))
        for name, part in value.items():
            yield from list_leaves(part, properties.get(name, {}))
    elif isinstance(value, list):
        for item in value:
            yield from list_leaves(item, schema.get("items", {}))
    elif value is not None:
        yield value, schema


def list_names(schema: Mapping[str, Any]) -> Iterator[str]:
    """The names of all properties within the schema of a row, at every depth."""
    for name, part in find_properties(schema):
        yield name
        yield from list_names(part)
    if "items" in schema:
        yield from list_names(schema["items"])
