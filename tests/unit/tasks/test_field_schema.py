import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.tasks.extract.answer_shape import build_answer_type
from pipeline.tasks.extract.field_lists import part_schema
from pipeline.tasks.extract.field_schema import make_nullable, read_field_schema, read_nulls
from shared.errors import TaskRefusedError
from shared.llm.chat_completions.structured_output import (
    AnswerFormatError,
    parse_answer,
    strict_schema,
)


def of(**properties):
    return {"type": "object", "properties": properties}


TEXT = {"type": "string"}


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({}, "says no type at the top"),
        ({"type": "string"}, "must be of type object"),
        ({"type": "object"}, "an object without properties"),
        ({"type": "object", "properties": {}}, "an object without properties"),
        ({"type": "object", "properties": []}, "properties at the top that are no object"),
        (of(a={"type": "text"}), "is no JSON Schema at properties/a/type"),
        (of(a={"type": "string", "pattern": "(a|a)+$"}), "uses 'pattern' at the top/a"),
        (of(a={"type": "string", "maxLength": "x"}), "is no JSON Schema"),
        (of(a={"$ref": "https://example.com/a.json"}), "not to its own $defs"),
        (of(a={"$ref": "#/$defs/none"}), "not to its own $defs"),
        (of(a={"$ref": "#/$defs/none"}) | {"$defs": {}}, "leads nowhere"),
        (of(a={"$ref": "#/$defs/a"}) | {"$defs": {"a": {"$ref": "#/$defs/a"}}}, "to itself"),
        (of(a={"description": "anything"}), "says no type"),
        (of(a={"type": "array"}), "an array without items"),
        (of(a={"type": "object"}), "an object without properties"),
        (of(a=True), "no schema object"),
        (of(a={"type": "string", "additionalProperties": {}}), "neither true nor false"),
        (of(**{f"f{n}": TEXT for n in range(51)}), "50 are the most"),
        (of(a={"anyOf": "x"}), "is no JSON Schema"),
    ],
)
def test_what_is_not_taken_is_refused_with_its_place(schema, words):
    with pytest.raises(TaskRefusedError) as caught:
        read_field_schema(schema)
    assert str(caught.value).startswith("the schema ")
    assert words in str(caught.value)


def test_a_schema_that_grows_without_bounds_is_refused():
    part = TEXT
    for _ in range(30):
        part = {"type": "array", "items": part}
    with pytest.raises(TaskRefusedError, match="too large"):
        read_field_schema(of(a=part))
    doubling = {
        f"d{n}": of(left={"$ref": f"#/$defs/d{n + 1}"}, right={"$ref": f"#/$defs/d{n + 1}"})
        for n in range(20)
    }
    bomb = of(a={"$ref": "#/$defs/d0"}) | {"$defs": doubling | {"d20": TEXT}}
    with pytest.raises(TaskRefusedError, match="too large"):
        read_field_schema(bomb)


def test_references_are_written_out_and_notes_left_out():
    schema = read_field_schema(
        {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "properties": {"total": {"$ref": "#/$defs/money", "description": "Incl. tax"}},
            "required": ["total"],
            "$defs": {"money": {"type": "number", "minimum": 0, "examples": [1]}},
        }
    )
    assert schema.properties == {
        "total": {"type": "number", "minimum": 0, "description": "Incl. tax"}
    }
    assert schema.required == ("total",)


@pytest.mark.parametrize(
    ("part", "good", "bad"),
    [
        (TEXT, "x", 1),
        ({"type": "integer", "minimum": 3}, 3, 2),
        ({"type": "string", "format": "date"}, "2026-01-31", "31 January"),
        ({"type": "string", "format": "date"}, "2024-02-29", "2026-02-29"),
        ({"type": "string", "format": "date-time"}, "2026-01-31T10:00:00Z", "2026-01-31T10:00:00"),
        ({"type": "string", "format": "email"}, "no format that is checked", 1),
        ({"enum": ["a", "b"]}, "a", "c"),
        ({"type": "array", "items": {"type": "number"}}, [1.5], ["x"]),
    ],
)
def test_values_are_held_to_the_schema_of_their_field(part, good, bad):
    schema = read_field_schema(of(a=part))
    assert schema.find_problem("a", good) is None
    problem = schema.find_problem("a", bad)
    assert problem is not None
    assert problem.startswith("'a'")


def test_a_problem_does_not_repeat_the_value():
    schema = read_field_schema(of(a={"type": "array", "items": {"type": "number"}}))
    assert schema.find_problem("a", [1, "secret"]) == "'a'[1]: does not fit type 'number'"


def test_what_may_be_left_out_may_be_null_on_the_way_and_is_left_out_then():
    part = of(name=TEXT, note=TEXT, gone={"type": ["string", "null"]}) | {"required": ["name"]}
    wire = make_nullable({"type": "array", "items": part})["anyOf"][0]["items"]["properties"]
    # What is required too: a model that is held to a schema would have to invent it.
    assert wire["name"] == wire["note"] == {"anyOf": [TEXT, {"type": "null"}]}
    value = [{"name": "x", "note": None, "gone": None}, {"name": None, "note": "x"}, None]
    assert read_nulls(value, {"type": "array", "items": part}) == [
        {"name": "x", "gone": None},
        {"name": None, "note": "x"},
    ]


@pytest.mark.parametrize("word", ["N/A", "n/a", "null", "Null ", "", " ", "-", "\u2014"])
def test_a_word_for_nothing_is_null(word):
    answer_type = build_answer_type(
        part_schema(read_field_schema(of(a=TEXT, b=of(c=TEXT, d=TEXT))))
    )
    found = {"value": {"c": word, "d": "x"}, "source": 1}
    answer = {"a": {"value": word, "source": 1}, "b": found}
    read = parse_answer(json.dumps(answer), answer_type, None).model_dump()
    assert read["a"]["value"] is None
    assert read["b"]["value"] == {"d": "x"}
    # A schema that lets it be chosen means it.
    assert read_nulls(word, {"enum": [word]}) == word


def test_an_answer_is_read_by_the_names_of_its_fields():
    names = ["invoice no.", "model_config", "_private", "für", "pages", "value"]
    schema = read_field_schema(of(**dict.fromkeys(names, TEXT)))
    answer_type = build_answer_type(part_schema(schema))
    found = {name: {"value": name.upper(), "source": 1, "others": []} for name in names}
    answer = parse_answer(json.dumps(found), answer_type, None)
    assert json.loads(answer.model_dump_json()) == found
    assert answer_type.model_validate_json(answer.model_dump_json()) == answer


def test_lists_of_pages_in_a_value_are_left_as_they_are():
    row = of(pages={"type": "array", "items": {"type": "integer"}})
    schema = read_field_schema(of(a={"type": "array", "items": row}))
    answer_type = build_answer_type(part_schema(schema))
    answer = {"a": [{"source": 1, "rows": [{"pages": [7, 99]}]}]}
    read = parse_answer(json.dumps(answer), answer_type, None)
    assert json.loads(read.model_dump_json()) == answer


def test_a_part_of_an_answer_does_not_pass_for_one():
    schema = read_field_schema(of(a={"type": "integer", "minimum": 5}))
    text = json.dumps({"a": {"value": 1, "source": 1}})
    with pytest.raises(AnswerFormatError, match="does not fit minimum 5"):
        parse_answer(text, build_answer_type(part_schema(schema)), None)


PLAIN = st.sampled_from(
    [TEXT, {"type": "number"}, {"type": "boolean"}, {"enum": ["x", 1, None]}, {"const": 3}]
)
PARTS = st.recursive(
    PLAIN,
    lambda inner: st.one_of(
        st.builds(lambda items: {"type": "array", "items": items}, inner),
        st.builds(
            lambda properties: {"type": "object", "properties": properties},
            st.dictionaries(st.text(max_size=5), inner, min_size=1, max_size=3),
        ),
        st.builds(lambda options: {"anyOf": options}, st.lists(inner, min_size=1, max_size=2)),
    ),
    max_leaves=6,
)


def holds_to_strict_mode(node):
    """OpenAI, "Structured model outputs": every object closed, all of its properties required."""
    if node.get("type") == "object" or "properties" in node:
        assert node["additionalProperties"] is False
        assert node["required"] == list(node["properties"])
    for part in (*node.get("properties", {}).values(), *node.get("anyOf", ())):
        holds_to_strict_mode(part)
    if "items" in node:
        holds_to_strict_mode(node["items"])


@given(st.dictionaries(st.text(max_size=8), PARTS, min_size=1, max_size=4))
@settings(max_examples=60)
def test_every_schema_that_is_taken_can_be_asked_for_in_strict_mode(properties):
    try:
        schema = read_field_schema({"type": "object", "properties": properties})
    except TaskRefusedError:
        return
    parts = part_schema(schema)
    answer_type = build_answer_type(parts)
    holds_to_strict_mode(strict_schema(answer_type))
    nothing = {name: {"value": None, "source": None} for name in parts.values.properties}
    answer_type.model_validate({**nothing, **dict.fromkeys(parts.lists)})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "properties", "items", "enum", "anyOf", "$ref", "a"]), inner
        )
    ),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from(["type", "properties", "required", "$defs", "x"]), JSON))
@settings(max_examples=200)
def test_whatever_is_sent_as_a_schema_is_taken_or_refused_by_name(schema):
    try:
        read_field_schema(schema)
    except TaskRefusedError:
        return
