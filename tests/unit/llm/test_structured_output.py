import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from pipeline.summaries.summary_types import (
    CoreSummary,
    Entity,
    EntityKind,
    EventDate,
    KeyPoint,
    Summary,
)
from pipeline.tasks.agent.agent import AgentStep, FinalAnswer
from pipeline.tasks.ask import Answer, CitedSource
from shared.llm.chat_completions.structured_output import (
    AnswerFormatError,
    OutputStep,
    describe_shape,
    has_bounds,
    parse_answer,
    strict_schema,
)

GOOD = {
    "title": "T",
    "abstract": "A, b ]} c.",
    "key_points": [{"text": "One", "pages": [2, 3]}],
    "language": "en",
}
TEXT = json.dumps(GOOD)


def parse(text, known=(1, 2, 3)):
    return parse_answer(text, Summary, known)


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        f"```json\n{TEXT}\n```",
        f"Sure, here it is:\n\n{TEXT}\n\nAnything else?",
        f'{{"summary": {TEXT}}}',
        f'{{"note": "not this one"}} {TEXT}',
        f"{TEXT} {TEXT}",
        TEXT.replace("[2, 3]", "[2, 3,]").replace('"en"}', '"en",\n}'),
        TEXT.replace("[2, 3]", '["2", "3"]'),
    ],
)
def test_what_models_add_is_taken_off(text):
    assert parse(text).model_dump() == {**GOOD, "entities": [], "dates": []}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no JSON object"),
        ("I cannot do that.", "no JSON object"),
        (TEXT[:-20], "Field required"),
        ("[1, 2]", "no JSON object"),
        ('{"title": "secret words", "language": "en", "key_points": []}', "abstract"),
        (TEXT.replace('"A, b ]} c."', '""'), "abstract"),
        (TEXT.replace("[2, 3]", '"secret words"'), "key_points.0.pages"),
    ],
)
def test_what_does_not_fit_is_named_without_its_text(text, problem):
    with pytest.raises(AnswerFormatError, match=problem) as caught:
        parse(text)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("[2, 3, 99]", [2, 3]),
        ("[0, -1, 4]", []),
        ("[3, 2, 3, 2]", [2, 3]),
        ('["2", "p. 3", null, 2.5, true]', [2]),
    ],
)
def test_only_pages_of_the_sources_are_kept(given, kept):
    assert parse(TEXT.replace("[2, 3]", given), known=(2, 3)).key_points[0].pages == kept


@pytest.mark.parametrize(
    "text",
    [
        "Draft: {draft} Final: {answer}",
        '{{"draft": {draft}}} and so {answer}',
        "{draft}\n\n```json\n{answer}\n```\nDone.",
        "{draft} {draft} {answer}",
    ],
)
def test_a_draft_before_the_answer_is_not_the_answer(text):
    draft = json.dumps({**GOOD, "title": "Draft"})
    assert parse(text.format(draft=draft, answer=TEXT)).title == "T"


def test_an_object_inside_of_the_answer_is_not_the_answer():
    class Part(BaseModel):
        name: str
        parts: list["Part"] = []

    text = '{"name": "whole", "parts": [{"name": "part"}]}'
    assert parse_answer(text, Part, None).name == "whole"


def test_commas_inside_strings_stay():
    text = TEXT.replace("A, b ]} c.", 'a \\" ,] ,}').replace('"en"}', '"en",}')
    assert parse(text).abstract == 'a " ,] ,}'


def test_thoughts_inside_the_answer_are_part_of_it():
    text = TEXT.replace("One", "<think>so</think> they write")
    assert parse(text).key_points[0].text == "<think>so</think> they write"


@given(st.text(alphabet=st.sampled_from('{}[]",:ab1 \\\n') | st.characters(), max_size=200))
def test_any_text_is_parsed_or_refused(text):
    with pytest.raises(AnswerFormatError):
        parse(text)


# Without halves of surrogate pairs and NUL, which are mended.
_STORABLE = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1)


@given(
    _STORABLE,
    st.lists(st.tuples(_STORABLE, st.lists(st.integers(1, 9), max_size=4)), max_size=4),
)
def test_a_written_answer_is_read_back(abstract, points):
    answer = Summary.model_validate(
        {
            "title": "",
            "abstract": abstract,
            "key_points": [{"text": text, "pages": sorted({*pages})} for text, pages in points],
            "language": "en",
        }
    )
    for ensure_ascii in (True, False):
        text = json.dumps(answer.model_dump(), ensure_ascii=ensure_ascii)
        assert parse(f"```\n{text}\n```", range(1, 10)) == answer


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text",
    [
        "{" * 100_000,
        '{"a":' * 50_000,
        *('{"a":' * depth + "1" + "}" * depth for depth in (300, 900, 3_000)),
        '"' * 100_001,
        "{}" * 50_000,
        '{"a": ' + "1" * 5_000 + "}",
        '{"key_points": [{"text": "x", "pages": ["' + "1" * 5_000 + '"]}]}',
    ],
    ids=lambda text: f"{text[:6]}-{len(text)}",
)
def test_hostile_answers_are_refused_quickly(text):
    with pytest.raises(AnswerFormatError):
        parse(text)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_what_no_json_file_may_hold_is_no_number(number):
    class Figures(BaseModel):
        total: float

    with pytest.raises(AnswerFormatError):
        parse_answer(f'{{"total": {number}}}', Figures, None)
    assert parse_answer('{"total": 1e99}', Figures, None).total == 1e99


def test_a_character_that_no_database_holds_is_left_out():
    answer = parse(TEXT.replace("A, b", r"A\u0000, \\u0000 b"))
    assert answer.abstract == r"A, \u0000 b ]} c."


def test_half_a_character_can_be_kept_and_written():
    halved = TEXT.replace("One", "One \\ud83d, \\ud83d\\ude00")
    assert json.loads(parse(halved).model_dump_json())["key_points"][0]["text"] == "One ?, 😀"


def test_a_field_that_a_model_made_up_is_not_named():
    class Closed(BaseModel, extra="forbid"):
        title: str

    with pytest.raises(AnswerFormatError, match="the object: Extra inputs") as caught:
        parse_answer('{"title": "x", "secret words": 1}', Closed, None)
    assert "secret" not in str(caught.value)


def test_the_strict_schema_holds_only_what_strict_mode_takes():
    schema = strict_schema(Summary, with_bounds=False)
    assert schema["required"] == [*GOOD, "entities", "dates"]
    assert schema["additionalProperties"] is False
    fields = schema["properties"]
    assert fields["abstract"] == {
        "type": "string",
        "description": Summary.model_fields["abstract"].description,
    }
    item = fields["key_points"]["items"]
    assert item["required"] == ["text", "pages"]
    assert item["additionalProperties"] is False
    assert item["properties"]["pages"]["items"] == {"type": "integer"}
    written = json.dumps(schema)
    for left_out in ("minLength", "$ref", "$defs", '"title": "', "default"):
        assert left_out not in written


def test_bounds_are_in_the_schema_where_they_are_wanted():
    assert strict_schema(Summary)["properties"]["abstract"]["minLength"] == 1
    assert has_bounds(Summary)


@pytest.mark.parametrize("answer_type", [Summary, CoreSummary, Answer, AgentStep, FinalAnswer])
def test_no_docstring_reaches_a_model(answer_type):
    """Descriptions of fields do: they are meant for it."""
    written = json.dumps(strict_schema(answer_type))
    for documented in (answer_type, KeyPoint, Entity, EntityKind, EventDate, CitedSource):
        assert documented.__doc__.split(".")[0] not in written
    assert '"description"' in written or answer_type is FinalAnswer


def test_optional_fields_and_defaults_are_required_in_strict_mode():
    class Inner(BaseModel):
        number: int

    class Outer(BaseModel):
        inner: Inner | None = Field(default=None, description="Perhaps one.")

    schema = strict_schema(Outer)
    assert schema["required"] == ["inner"]
    object_option, null_option = schema["properties"]["inner"]["anyOf"]
    assert object_option["additionalProperties"] is False
    assert null_option == {"type": "null"}


def test_the_steps_of_the_ladder():
    assert OutputStep.JSON_SCHEMA.next_weaker is OutputStep.JSON_OBJECT
    assert OutputStep.JSON_OBJECT.next_weaker is OutputStep.TEXT
    assert OutputStep.TEXT.next_weaker is None
    assert describe_shape(OutputStep.JSON_SCHEMA, Summary) == ""
    assert '"key_points"' in describe_shape(OutputStep.TEXT, Summary)


@pytest.mark.parametrize(
    ("written", "pages"),
    [
        ([3, 5, 9], [3, 5]),
        (3, [3]),
        ("4", [4]),
        ("3-5", [3, 4, 5]),
        (["3", " 4 \u2013 5 "], [3, 4, 5]),
        (["p. 4", 3.0, "3.5", None, True, "3 of 5", "-3", "\u0663", "5-3", "9" * 50], []),
    ],
)
def test_pages_are_read_as_models_write_them(written, pages):
    text = json.dumps({**GOOD, "key_points": [{"text": "A point.", "pages": written}]})
    assert parse(text, known=(3, 4, 5)).key_points[0].pages == pages
