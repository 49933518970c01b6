"""What a model is asked for about the fields: values with their sources, rows by their sources."""

import json
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    create_model,
    model_validator,
)

from pipeline.tasks.extract.field_lists import FieldParts
from pipeline.tasks.extract.field_schema import (
    FieldSchema,
    make_nullable,
    open_properties,
    read_nulls,
)


def _read_none(found: Any) -> Any:
    return () if found is None else found


class GivenValue(BaseModel):
    """A value as the model gives it, with the source that says it."""

    model_config = ConfigDict(frozen=True)

    value: Any = None
    source: int | tuple[int, ...] | None = None

    @property
    def sources(self) -> tuple[int, ...]:
        """The numbers of all sources that are named."""
        if self.source is None:
            return ()
        return self.source if isinstance(self.source, tuple) else (self.source,)


class FoundField(GivenValue):
    """A field's value, with the other values that other sources say."""

    others: Annotated[tuple[GivenValue, ...], BeforeValidator(_read_none)] = ()


class FoundRows(BaseModel):
    """The rows of a list that begin in one source, in their order."""

    model_config = ConfigDict(frozen=True)

    source: int = 0
    rows: tuple[Any, ...] = ()


class Fields(BaseModel):
    """The base of answers, whose fields are those of a user's schema under other names."""

    model_config = ConfigDict(frozen=True, extra="forbid", serialize_by_alias=True)

    @model_validator(mode="before")
    @classmethod
    def _names_a_field(cls, content: Any) -> Any:
        # Readers of answers try every object in a text: a part of an answer must not pass for one.
        names = {field.alias for field in cls.model_fields.values()}
        if isinstance(content, dict) and not content.keys() & names:
            raise ValueError("it names none of the fields")
        return content

    def list_found(self) -> dict[str, Any]:
        """What was found, by the name of its field."""
        return {
            field.alias or name: getattr(self, name)
            for name, field in type(self).model_fields.items()
        }


def build_answer_type(parts: FieldParts) -> type[Fields]:
    """The shape of an answer: each field's value and source, each list's rows by their sources.

    Any value may be null. Its validation holds each value and row to the user's schema, so that a
    model is told what does not fit and answers once more.
    """
    shapes = {
        **{name: _shape_value(parts.values, name) for name in parts.values.properties},
        **{path: _shape_rows(parts.rows, path) for path in parts.rows.properties},
    }
    fields: dict[str, Any] = {
        f"field_{number}": (shape, Field(default=default, alias=name))
        for number, (name, (shape, default)) in enumerate(shapes.items(), start=1)
    }
    model: type[Fields] = create_model("Fields", __base__=Fields, **fields)
    return model


def _shape_value(schema: FieldSchema, name: str) -> tuple[Any, FoundField]:
    numbers = {"type": "array", "items": {"type": "integer"}}
    given = {
        "value": make_nullable(schema.properties[name]),
        "source": {"anyOf": [{"type": "integer"}, numbers, {"type": "null"}]},
    }
    others = {"type": "array", "items": {"type": "object", "properties": given}}
    json_schema = {"type": "object", "properties": {**given, "others": others}}
    check = AfterValidator(_build_value_check(schema, name))
    return Annotated[FoundField, check, WithJsonSchema(json_schema)], FoundField()


def _build_value_check(schema: FieldSchema, name: str) -> Callable[[FoundField], FoundField]:
    def check(found: FoundField) -> FoundField:
        value = _read_fitting(schema, name, found.value)
        if value is None:
            return FoundField()
        others = (
            GivenValue(value=other, source=one.source)
            for one in found.others
            if (other := read_nulls(one.value, schema.properties[name])) is not None
            and schema.find_problem(name, other) is None
        )
        return FoundField(value=value, source=found.source, others=tuple(others))

    return check


def _shape_rows(schema: FieldSchema, path: str) -> tuple[Any, tuple[FoundRows, ...]]:
    rows = {"type": "array", "items": open_properties(schema.properties[path])}
    properties = {"source": {"type": "integer"}, "rows": rows}
    json_schema = {"type": "array", "items": {"type": "object", "properties": properties}}
    shape = Annotated[
        tuple[FoundRows, ...],
        BeforeValidator(_read_none),
        AfterValidator(_build_rows_check(schema, path)),
        WithJsonSchema(json_schema),
    ]
    return shape, ()


def _build_rows_check(
    schema: FieldSchema, path: str
) -> Callable[[tuple[FoundRows, ...]], tuple[FoundRows, ...]]:
    def check(found: tuple[FoundRows, ...]) -> tuple[FoundRows, ...]:
        read = []
        for one in found:
            rows = [_read_fitting(schema, path, row) for row in one.rows]
            kept = tuple(row for row in rows if row is not None)
            read.append(FoundRows(source=one.source, rows=kept))
        return tuple(read)

    return check


def _read_fitting(schema: FieldSchema, name: str, value: Any) -> Any:
    read = read_nulls(value, schema.properties[name])
    problem = None if read is None else schema.find_problem(name, read)
    if problem is not None:
        raise ValueError(problem)
    return read


def write_question(parts: FieldParts, *, repeats: bool) -> str:
    """What is asked after the sources.

    Args:
        parts: The fields.
        repeats: Whether the first source shows again what stands before the others.
    """
    texts = []
    if parts.values.properties:
        texts.append(f"The fields, as JSON Schema:\n{_write(parts.values.properties)}")
    if parts.rows.properties:
        rows = _write(parts.rows.properties)
        texts.append(f"The lists, each with the JSON Schema of a row:\n{rows}")
    if repeats:
        texts.append(
            "Source 1 shows again the lines before source 2: give a row that begins in it only if "
            "it goes on in source 2."
        )
    return "\n".join(texts)


def _write(properties: Mapping[str, Any]) -> str:
    return json.dumps(properties, ensure_ascii=False)
