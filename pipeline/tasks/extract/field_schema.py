"""The JSON Schema of fields to extract: what users may write, and how values are held to it.

Users' schemas are data of strangers, so only keywords are taken that cost little to check: no
regular expressions (one can run for hours), and no references but local, finite ones.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from shared.errors import TaskRefusedError

_ANNOTATIONS = frozenset(
    {"$schema", "$id", "$comment", "title", "description", "default", "examples", "deprecated"}
)
_TAKEN = frozenset(
    {
        "type", "properties", "required", "additionalProperties", "items", "enum", "const",
        "anyOf", "format", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
        "minLength", "maxLength", "minItems", "maxItems", "uniqueItems",
    }
)  # fmt: skip
_DEFINITIONS = ("$defs", "definitions")

_NULL = {"type": "null"}
# What models write for null; of a string without a letter or a number the same is taken.
_NULL_WORDS = frozenset({"n/a", "null"})
_SAYS_ANYTHING = re.compile(r"\w")

MAX_FIELDS = 50
_MAX_NODES = 500
_MAX_DEPTH = 8


@dataclass(frozen=True)
class FieldSchema:
    """A checked schema, its references written out.

    Args:
        properties: The schema of each field.
        required: The fields that a user cannot do without.
    """

    properties: Mapping[str, dict[str, Any]]
    required: tuple[str, ...]

    @cached_property
    def _validators(self) -> dict[str, Any]:
        from jsonschema import Draft202012Validator, FormatChecker  # takes long to import

        formats = FormatChecker(formats=())
        formats.checks("date", raises=ValueError)(_check_date)
        formats.checks("date-time", raises=ValueError)(_check_date_time)
        return {
            name: Draft202012Validator(make_nullable(schema), format_checker=formats)
            for name, schema in self.properties.items()
        }

    def find_problem(self, name: str, value: Any) -> str | None:
        """What is wrong with a value of a field, without the value itself; None if nothing is.

        Null fits everywhere: it is what a document does not give.
        """
        error = next(iter(self._validators[name].iter_errors(value)), None)
        if error is None:
            return None
        while error.validator == "anyOf" and error.validator_value[1:] == [_NULL]:
            # A value that may be null: what it is held to else tells more.
            error = next(one for one in error.context if one.schema_path[0] == 0)
        place = "".join(f"[{part!r}]" for part in error.absolute_path)
        return f"{name!r}{place}: does not fit {error.validator} {error.validator_value!r}"


def read_field_schema(schema: Mapping[str, Any]) -> FieldSchema:
    """Check a user's schema.

    Raises:
        TaskRefusedError: It is no JSON Schema, none of fields, or uses what is not taken.
    """
    plain = _Reader(schema).read()
    properties = plain.get("properties")
    if plain.get("type") != "object" or not isinstance(properties, dict) or not properties:
        raise _refuse("must be of type object and have properties, which are the fields to find")
    if len(properties) > MAX_FIELDS:
        raise _refuse(f"has {len(properties)} fields and {MAX_FIELDS} are the most")
    _check_against_standard(plain)
    return FieldSchema(properties, tuple(plain.get("required", ())))


def _refuse(problem: str) -> TaskRefusedError:
    return TaskRefusedError(f"the schema {problem}")


def _check_against_standard(schema: dict[str, Any]) -> None:
    from jsonschema import Draft202012Validator, SchemaError  # takes long to import

    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        place = "/".join(map(str, error.absolute_path)) or "the top"
        raise _refuse(f"is no JSON Schema at {place}: {error.message[:200]}") from None


class _Reader:
    """Writes a schema out: references resolved, annotations dropped but for descriptions."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._schema = schema
        self._nodes = 0

    def read(self) -> dict[str, Any]:
        return self._read(self._schema, "the top", (), 0)

    def _read(
        self, node: Any, place: str, references: tuple[str, ...], depth: int
    ) -> dict[str, Any]:
        self._nodes += 1
        if self._nodes > _MAX_NODES or depth > _MAX_DEPTH:
            raise _refuse(
                f"is too large: at most {_MAX_NODES} parts, nested {_MAX_DEPTH} deep, are taken"
            )
        if not isinstance(node, Mapping):
            raise _refuse(f"has no schema object at {place}")
        if "$ref" in node:
            return self._follow(node, place, references, depth)
        read: dict[str, Any] = {}
        for keyword, value in node.items():
            if keyword in ("title", "description"):
                read[keyword] = value
            elif keyword in _ANNOTATIONS or keyword in _DEFINITIONS:
                continue
            elif keyword not in _TAKEN:
                raise _refuse(f"uses {keyword!r} at {place}, which is not taken here")
            elif keyword == "properties":
                read[keyword] = self._read_properties(value, place, references, depth)
            elif keyword == "items":
                read[keyword] = self._read(value, f"{place}/items", references, depth + 1)
            elif keyword == "anyOf" and isinstance(value, list):
                read[keyword] = [
                    self._read(option, f"{place}/anyOf", references, depth + 1) for option in value
                ]
            elif keyword == "additionalProperties" and not isinstance(value, bool):
                raise _refuse(
                    f"has additionalProperties at {place} that are neither true nor false"
                )
            else:
                read[keyword] = value
        _check_shape(read, place)
        return read

    def _read_properties(
        self, properties: Any, place: str, references: tuple[str, ...], depth: int
    ) -> dict[str, Any]:
        if not isinstance(properties, Mapping):
            raise _refuse(f"has properties at {place} that are no object")
        return {
            name: self._read(part, f"{place}/{name}", references, depth + 1)
            for name, part in properties.items()
        }

    def _follow(
        self, node: Mapping[str, Any], place: str, references: tuple[str, ...], depth: int
    ) -> dict[str, Any]:
        reference = node["$ref"]
        folder, _, name = str(reference).rpartition("/")
        definitions = self._schema.get(folder.removeprefix("#/"))
        if folder.removeprefix("#/") not in _DEFINITIONS or not isinstance(definitions, Mapping):
            raise _refuse(f"has a reference at {place} that is not to its own $defs")
        if name not in definitions or reference in references:
            raise _refuse(f"has a reference at {place} that leads nowhere or to itself")
        target = self._read(definitions[name], place, (*references, reference), depth + 1)
        described = {"description": node["description"]} if "description" in node else {}
        return {**target, **described}


def _check_shape(node: Mapping[str, Any], place: str) -> None:
    """Every part has to say what it is: models are held to a schema only as far as it does.

    Source of the rule: OpenAI, "Structured model outputs: supported schemas".
    """
    kinds = node.get("type", ())
    kinds = kinds if isinstance(kinds, (list, tuple)) else [kinds]
    if not kinds and not any(keyword in node for keyword in ("enum", "const", "anyOf")):
        raise _refuse(f"says no type at {place}")
    if "object" in kinds and not node.get("properties"):
        raise _refuse(f"has an object without properties at {place}")
    if "array" in kinds and "items" not in node:
        raise _refuse(f"has an array without items at {place}")


def _check_date(value: object) -> bool:
    if isinstance(value, str):
        date.fromisoformat(value)
        return len(value) == len("2026-01-31")
    return True


def _check_date_time(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


def make_nullable(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema that null fits too, and so for every property within it.

    Models that are held to a schema have to write every property: without null they would have to
    invent a value for one that a document does not give.
    """
    return {"anyOf": [open_properties(schema), _NULL]}


def open_properties(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema in which null fits every property, though not the value itself."""
    opened = dict(schema)
    if "properties" in opened:
        opened["properties"] = {
            name: make_nullable(part) for name, part in opened["properties"].items()
        }
    if "items" in opened:
        opened["items"] = open_properties(opened["items"])
    if "anyOf" in opened:
        opened["anyOf"] = [open_properties(option) for option in opened["anyOf"]]
    return opened


def read_nulls(value: Any, schema: Mapping[str, Any]) -> Any:
    """A value in which words for nothing are null, without optional properties that are.

    A property that is required, or that the schema itself lets be null, stays as null.
    """
    if isinstance(value, list):
        items = [read_nulls(item, schema.get("items", {})) for item in value]
        return [item for item in items if item is not None]
    if isinstance(value, str):
        says_nothing = value.strip().casefold() in _NULL_WORDS or not _SAYS_ANYTHING.search(value)
        return None if says_nothing and not is_choice(value, schema) else value
    if not isinstance(value, dict):
        return value
    properties = dict(find_properties(schema))
    required = schema.get("required", ())
    read = {name: read_nulls(part, properties.get(name, {})) for name, part in value.items()}
    return {
        name: part
        for name, part in read.items()
        if part is not None or name in required or _takes_null(properties.get(name, {}))
    }


def is_choice(value: Any, schema: Mapping[str, Any]) -> bool:
    """Whether a schema lists the value itself, so that it need not stand in a text."""
    listed = [*schema.get("enum", ()), *([schema["const"]] if "const" in schema else ())]
    return value in listed or any(is_choice(value, option) for option in schema.get("anyOf", ()))


def find_properties(schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The properties of an object's schema by name, those of its options too."""
    yield from schema.get("properties", {}).items()
    for option in schema.get("anyOf", ()):
        yield from find_properties(option)


def _takes_null(schema: Mapping[str, Any]) -> bool:
    kind = schema.get("type")
    return (
        kind == "null"
        or (isinstance(kind, list) and "null" in kind)
        or (None in schema["enum"] if "enum" in schema else False)
        or any(_takes_null(option) for option in schema.get("anyOf", ()))
    )
