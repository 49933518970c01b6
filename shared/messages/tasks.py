"""The messages that users put on the work queue, with any SQS client or by `seashore enqueue`.

Their JSON Schema is what `seashore schema` prints, so descriptions are written for senders.
"""

import hashlib
import json
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    AfterValidator,
    ConfigDict,
    FailFast,
    Field,
    TypeAdapter,
    model_validator,
)

from shared.messages.message import Message, Subject
from shared.messages.problem_words import SOMETHING_PATTERN
from shared.messages.task_names import TASK_ID_PATTERN, digest_text, is_own_task

MAX_TEXT_BYTES = 200_000
MAX_SCHEMA_BYTES = 20_000
MAX_DOCUMENTS = 20


def _check_text_size(text: str) -> str:
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_TEXT_BYTES:
        raise ValueError(
            f"the text has {size} bytes in UTF-8 and {MAX_TEXT_BYTES} are the most; make a PDF of "
            "it and put it into the documents bucket"
        )
    return text


def _check_schema_size(schema: dict[str, Any]) -> dict[str, Any]:
    try:
        size = len(json.dumps(schema))
    except RecursionError:
        raise ValueError("the schema is nested too deeply") from None
    if size > MAX_SCHEMA_BYTES:
        raise ValueError(f"the schema has {size} characters and {MAX_SCHEMA_BYTES} are the most")
    return schema


InlineText = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_TEXT_BYTES,
        pattern=SOMETHING_PATTERN,
        description=f"A text, not all white space, at most {MAX_TEXT_BYTES} bytes in UTF-8.",
    ),
    AfterValidator(_check_text_size),
]
DocumentName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=1024,
        description="A document: its id, or its key in the documents bucket (the newest version).",
    ),
]
Prompt = Annotated[str, Field(min_length=1, max_length=8_000, pattern=SOMETHING_PATTERN)]
TaskName = Annotated[
    str | None,
    Field(
        min_length=1,
        max_length=100,
        description="What people call the task, to find it again; any number may share a name.",
    ),
]
Callback = Annotated[
    str | None,
    Field(
        min_length=1,
        max_length=2048,
        description="Where to send word when the task is done or given up: the URL of an SQS "
        "queue or the ARN of an SNS topic, one that the stack's CallbackArns name.",
    ),
]
FieldsToFind = Annotated[
    dict[str, Any],
    AfterValidator(_check_schema_size),
    Field(
        description="A JSON Schema of type object; each of its properties is a field to find.",
    ),
]


class TaskMessage(Message):
    """What every task may say."""

    id: str | None = Field(
        default=None,
        pattern=TASK_ID_PATTERN,
        description="The task's id, chosen by the sender: the same id is the same task. Without "
        "it the id of the SQS message is taken.",
    )
    name: TaskName = None
    callback: Callback = None

    @property
    def task_id(self) -> str:
        """The task's id, which is always there once the message is decoded from a queue."""
        if self.id is None:
            raise ValueError("a task has its id from its sender or from its message")
        return self.id

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """The task itself."""
        return (Subject("task", self.task_id),)

    @property
    def document_names(self) -> tuple[str, ...]:
        """The documents that it is about, by id or key."""
        return ()

    @property
    def digest(self) -> str:
        """The same for messages that ask for the same, whatever their id and name."""
        content = self.model_dump(mode="json", exclude={"id", "name"})
        canonical = json.dumps(content, sort_keys=True)
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]

    @property
    def item_id(self) -> str:
        """The same for every copy of a message; another message of the same id has another."""
        return f"task:{self.task_id}:{self.digest}"


def _tell_source(given: str, other: str) -> dict[str, Any]:
    """The JSON Schema of a message that has one of two fields; null is as good as none."""
    return {
        "required": [given],
        "properties": {given: {"type": "string"}, other: {"type": "null"}},
    }


class _OneSource(TaskMessage):
    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [_tell_source("text", "document"), _tell_source("document", "text")]
        }
    )

    text: InlineText | None = None
    document: DocumentName | None = None

    @model_validator(mode="after")
    def _has_one_source(self) -> "_OneSource":
        if (self.text is None) == (self.document is None):
            raise ValueError("give either text or document")
        return self

    @property
    def document_names(self) -> tuple[str, ...]:
        """Its document, if it has one."""
        return () if self.document is None else (self.document,)


class SummarizeTask(_OneSource):
    """Summarise a text, or hand over a document's summary as soon as it is final."""

    kind: Literal["summarize"] = "summarize"

    @property
    def about(self) -> str:
        """One line that says what is asked for."""
        return self.document or f"a text of {len(self.text or '')} characters"


class AskTask(TaskMessage):
    """Answer a question from one or several documents, with the pages that support the answer."""

    kind: Literal["ask"] = "ask"
    question: Prompt
    documents: Annotated[tuple[DocumentName, ...], FailFast()] = Field(
        min_length=1, max_length=MAX_DOCUMENTS
    )

    @property
    def document_names(self) -> tuple[str, ...]:
        """Its documents."""
        return self.documents

    @property
    def about(self) -> str:
        """One line that says what is asked for."""
        return self.question


class ExtractTask(_OneSource):
    """Find the values of fields in a document or a text."""

    kind: Literal["extract"] = "extract"
    fields: FieldsToFind = Field(alias="schema")

    @property
    def about(self) -> str:
        """One line that says what is asked for."""
        return self.tell_of(self.document or "a text")

    def tell_of(self, document: str) -> str:
        """One line that says what is asked for, of a document by what people call it."""
        properties = self.fields.get("properties")
        names = ", ".join(properties) if isinstance(properties, dict) else "fields"
        return f"{names} of {document}"


class AgentTask(TaskMessage):
    """Work on a free prompt with tools that list, search and read documents."""

    kind: Literal["agent"] = "agent"
    prompt: Prompt
    max_steps: int = Field(default=5, ge=1, le=20, description="The most rounds of tool calls.")
    max_tokens: int = Field(
        default=60_000, ge=1_000, le=1_000_000, description="The most tokens, read and written."
    )

    @property
    def about(self) -> str:
        """One line that says what is asked for."""
        return self.prompt


Task = SummarizeTask | AskTask | ExtractTask | AgentTask
TASK: TypeAdapter[Task] = TypeAdapter(Annotated[Task, Field(discriminator="kind")])


def is_digest_task(order: TaskMessage) -> bool:
    """Whether a task is what its id says: the pipeline's own are named after their text."""
    if not isinstance(order, SummarizeTask) or order.text is None:
        return False
    return is_own_task(order.task_id) and order.task_id.endswith(f"-{digest_text(order.text)}")


def require_kinds(schemas: dict[str, Any]) -> None:
    """Have the JSON Schemas of the messages require their kind, among schemas by name.

    It tells them apart, so it may not be left out as a field with a default may.
    """
    for message in get_args(Task):
        schema = schemas[message.__name__]
        schema["required"] = ["kind", *schema.get("required", [])]


def describe_tasks() -> dict[str, Any]:
    """The JSON Schema of every message that users may send."""
    schema = TASK.json_schema(by_alias=True)
    require_kinds(schema["$defs"])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
