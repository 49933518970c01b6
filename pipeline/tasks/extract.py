"""Find the values of fields in documents, each with the page that says it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    WithJsonSchema,
    create_model,
    model_validator,
)

from pipeline.ingest.text_division import divide_text
from pipeline.metering.metered_calls import MeteredCalls
from pipeline.prompts import EXTRACT
from pipeline.tasks.evidence import Evidence, Gap, keep_borne_out
from pipeline.tasks.field_schema import (
    FieldSchema,
    make_nullable,
    read_field_schema,
    read_nulls,
)
from pipeline.tasks.task_calls import TaskFacts
from pipeline.tasks.task_kind import TaskWork
from shared.deadline import Deadline
from shared.errors import TaskRefusedError
from shared.llm.model import ModelRequest, Source
from shared.llm.model_window import ModelWindow, pack
from shared.llm.prompt_rendering import TOKENS_AROUND_SOURCES, estimate_source_tokens
from shared.messages.tasks import ExtractTask

_MAX_OUTPUT_TOKENS = 4_000


class FoundField(BaseModel):
    """A field's value as the model gives it, with the source that says it."""

    model_config = ConfigDict(frozen=True)

    value: Any = None
    source: int | tuple[int, ...] | None = None

    @property
    def sources(self) -> tuple[int, ...]:
        """The numbers of all sources that are named."""
        if self.source is None:
            return ()
        return self.source if isinstance(self.source, tuple) else (self.source,)


class _Fields(BaseModel):
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


class ExtractResult(TaskFacts):
    """The result of an extraction.

    Args:
        fields: A value for every field; null where the sources do not give it, and so within
            objects. What does not stand on the page that is said to give it is not given.
        pages: The page that says it, the first one of several, for every field that has one.
        missing: The fields that are null; and the parts of others, as `lines[2].amount`.
        is_complete: Whether all that is required was found, within objects and lists too.
        document_id: The document, unless a text was given.
        document_key: Its key.
    """

    fields: dict[str, Any]
    pages: dict[str, int]
    missing: list[str]
    is_complete: bool
    document_id: str | None
    document_key: str | None


@dataclass(frozen=True)
class FoundValues:
    """What was found by field: values, their pages, and what is missing of them.

    A field that was not found is in none of them.
    """

    values: Mapping[str, Any]
    pages: Mapping[str, int]
    gaps: Mapping[str, Sequence[Gap]]


def carry_out_extract(order: ExtractTask, work: TaskWork) -> ExtractResult:
    """Find the fields of a task in its document or text.

    Raises:
        TaskRefusedError: The schema cannot be used, fills the window, or no model is configured.
        RetryableError, DeferredError, PermanentError: As the model, S3 and the ledger do.
    """
    services, calls = work.services, work.calls
    schema = read_field_schema(order.fields)
    calls.need_language_model()
    document = work.documents[0] if work.documents else None
    if document is not None:
        passages = services.reader.read_passages(document)
        sources = [Source(passage.page, passage.page, passage.text) for passage in passages]
    else:
        parts = divide_text(order.text or "", services.window.chunk_tokens)
        sources = [Source(0, 0, part) for part in parts]
    found = extract_fields(sources, schema, calls, services.window, work.deadline)
    gaps = [
        gap
        for name in schema.properties
        for gap in found.gaps.get(name, () if name in found.values else (_lack(schema, name),))
    ]
    return ExtractResult(
        **calls.describe().model_dump(),
        fields={name: found.values.get(name) for name in schema.properties},
        pages=dict(found.pages),
        missing=[gap.path for gap in gaps],
        is_complete=not any(gap.is_required for gap in gaps),
        document_id=document.document_id if document else None,
        document_key=document.key if document else None,
    )


def extract_fields(
    sources: Sequence[Source],
    schema: FieldSchema,
    calls: MeteredCalls,
    window: ModelWindow,
    deadline: Deadline,
) -> FoundValues:
    """Find the values of fields in the pages of a document, or in a text.

    All of it is read. What does not fit the model's window at once is read part by part; then the
    pages that gave something are read once more, together, so that one reading decides.

    Args:
        sources: The pages; a text without pages has 0 for them.
        schema: The fields.
        calls: The model.
        window: How much the model reads and writes.
        deadline: When the time is up.

    Raises:
        TaskRefusedError: The schema alone fills the window.
        RetryableError, DeferredError, PermanentError: As the model and the ledger do.
    """
    output_tokens = window.limit_answer(_MAX_OUTPUT_TOKENS)
    answer_type = build_answer_type(schema)
    question = _write_question(schema)
    # The shape of the answer goes along in words where a server does not hold the model to it.
    shape = json.dumps(answer_type.model_json_schema())
    room = window.find_room(output_tokens, EXTRACT, question, shape) - TOKENS_AROUND_SOURCES
    groups = _group(sources, room)
    while True:
        found = [
            (group, _ask(group, question, answer_type, output_tokens, calls, deadline))
            for group in groups
        ]
        if len(found) == 1:
            group, fields = found[0]
            return _read_extraction(fields, group, schema)
        telling = [source for group, fields in found for source in _find_telling(fields, group)]
        if not telling:
            return FoundValues({}, {}, {})
        narrowed = _group(telling, room)
        if len(narrowed) >= len(groups):
            return _merge([_read_extraction(fields, group, schema) for group, fields in found])
        groups = narrowed


def _write_question(schema: FieldSchema) -> str:
    fields = json.dumps(schema.properties, ensure_ascii=False)
    return f"The fields, as JSON Schema:\n{fields}"


def _group(sources: Sequence[Source], room: int) -> list[tuple[Source, ...]]:
    """Consecutive sources that fit together."""

    def weigh(source: Source) -> int:
        return estimate_source_tokens(source.text)

    if any(weigh(source) > room for source in sources):
        raise TaskRefusedError(
            "the model's window has no room for a page beside the schema; make the schema "
            "smaller or raise ContextWindowTokens"
        )
    return [tuple(group) for group in pack(sources, weigh, room)]


def _ask(
    group: tuple[Source, ...],
    question: str,
    answer_type: type[BaseModel],
    output_tokens: int,
    calls: MeteredCalls,
    deadline: Deadline,
) -> dict[str, FoundField]:
    request = ModelRequest(
        purpose="extract",
        instructions=EXTRACT,
        sources=group,
        answer_type=answer_type,
        max_output_tokens=output_tokens,
        checks_pages=False,
        question=question,
    )
    answer = calls.ask(request, deadline).value
    return {
        field.alias or name: getattr(answer, name)
        for name, field in type(answer).model_fields.items()
    }


def build_answer_type(schema: FieldSchema) -> type[BaseModel]:
    """The shape of an answer: for each field its value, which may be null, and its source.

    Its validation holds each value to the user's schema, so that a model is told what does not fit
    and answers once more.
    """
    fields: dict[str, Any] = {
        f"field_{number}": (
            Annotated[
                FoundField,
                AfterValidator(_build_check(schema, name)),
                WithJsonSchema(
                    {
                        "type": "object",
                        "properties": {
                            "value": make_nullable(part),
                            "source": {
                                "anyOf": [
                                    {"type": "integer"},
                                    {"type": "array", "items": {"type": "integer"}},
                                    {"type": "null"},
                                ]
                            },
                        },
                    }
                ),
            ],
            Field(default=FoundField(), alias=name),
        )
        for number, (name, part) in enumerate(schema.properties.items(), start=1)
    }
    model: type[BaseModel] = create_model("Fields", __base__=_Fields, **fields)
    return model


def _build_check(schema: FieldSchema, name: str) -> Any:
    def check(found: FoundField) -> FoundField:
        value = read_nulls(found.value, schema.properties[name])
        if value is None:
            return FoundField()
        problem = schema.find_problem(name, value)
        if problem is not None:
            raise ValueError(problem)
        return FoundField(value=value, source=found.source)

    return check


def _find_telling(fields: Mapping[str, FoundField], group: Sequence[Source]) -> list[Source]:
    """The sources that gave a value, in order."""
    numbers = {
        number for found in fields.values() if found.value is not None for number in found.sources
    }
    return [source for number, source in enumerate(group, start=1) if number in numbers]


def _read_extraction(
    fields: Mapping[str, FoundField], group: Sequence[Source], schema: FieldSchema
) -> FoundValues:
    """The values that stand in the sources which they are said to be from, in the schema's order.

    A page is given only where the source has one.
    """
    values: dict[str, Any] = {}
    pages: dict[str, int] = {}
    gaps: dict[str, Sequence[Gap]] = {}
    for name, part in schema.properties.items():
        cited = [group[number - 1] for number in fields[name].sources if 0 < number <= len(group)]
        evidence = Evidence("\n".join(source.text for source in cited))
        value, missing = keep_borne_out(fields[name].value, part, evidence, name)
        if value is None or not cited:
            continue
        values[name], gaps[name] = value, missing
        if cited[0].first_page:
            pages[name] = cited[0].first_page
    return FoundValues(values, pages, gaps)


def _lack(schema: FieldSchema, name: str) -> Gap:
    return Gap(name, name in schema.required)


def _merge(parts: Sequence[FoundValues]) -> FoundValues:
    """The first value of each field, by the order of the text."""
    values: dict[str, Any] = {}
    pages: dict[str, int] = {}
    gaps: dict[str, Sequence[Gap]] = {}
    for part in parts:
        for name in part.values.keys() - values.keys():
            values[name], gaps[name] = part.values[name], part.gaps[name]
            if name in part.pages:
                pages[name] = part.pages[name]
    return FoundValues(values, pages, gaps)
