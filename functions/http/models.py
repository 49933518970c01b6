"""What the HTTP API takes and gives, as pydantic models; the OpenAPI document is made of them."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shared.ledger.documents import EmbeddedFile
from shared.lifecycle import DocumentStatus, TaskStatus
from shared.messages.problem_words import SOMETHING_PATTERN
from shared.messages.task_names import TASK_ID_PATTERN, TASK_ID_WORDS
from shared.messages.tasks import Callback, FieldsToFind, TaskName

MAX_MESSAGE_CHARACTERS = 10_000
THREAD_ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"

# What a client names a request by: printable ASCII.
CALLER_KEY_PATTERN = r"^[!-~]+$"
MOST_CALLER_KEY_CHARACTERS = 100
DOCUMENT_ID_PATTERN = r"^d[0-9a-f]{20}$"
# An id of a document, and a hyphen, come after it.
TASK_ID_BEGINNING_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,77}$"
DAY_PATTERN = r"^[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"

# A key in S3 has 1,024 bytes at the most, and a character four.
_MAX_KEY_CHARACTERS = 256
_KEY_PATTERN = r"^[^/\x00-\x1f\x7f][^\x00-\x1f\x7f]*$"

# What is told of a text that does not fit.
PATTERN_WORDS = {
    THREAD_ID_PATTERN: (
        "it may have letters, digits, dots, hyphens and underscores, 64 at the most, and begins "
        "with a letter or digit"
    ),
    TASK_ID_PATTERN: TASK_ID_WORDS,
    TASK_ID_BEGINNING_PATTERN: TASK_ID_WORDS.replace("100", "78"),
    CALLER_KEY_PATTERN: "it may have letters, digits and signs of ASCII, and no spaces",
    DAY_PATTERN: "it has to be a day, as 2026-03-01",
    _KEY_PATTERN: "it may not begin with a slash, nor have control characters",
}

ThreadId = Annotated[
    str,
    StringConstraints(pattern=THREAD_ID_PATTERN),
    Field(description="A conversation; one that is not there yet is begun under this id."),
]


# A request meets few of these models, so each is built when it is first used: all of them are a
# fiftieth of the operator function's start.
class _Request(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, defer_build=True)


class ErrorBody(_Answer):
    """What went wrong.

    Attributes:
        code: A stable word for programs, such as `invalid_request`.
        message: A sentence for people.
        request_id: The id of the request, as in the function's log.
        what_to_do: What helps, where something does.
    """

    code: str
    message: str
    request_id: str
    what_to_do: str | None = None


class ErrorAnswer(_Answer):
    """Every error has this shape."""

    error: ErrorBody


class ChatRequest(_Request):
    """A message to the agent."""

    message: str = Field(
        min_length=1,
        max_length=MAX_MESSAGE_CHARACTERS,
        pattern=SOMETHING_PATTERN,
        description="What you ask, 1 to 10,000 characters that are not all white space.",
    )
    thread_id: ThreadId | None = None


class ChatStep(_Answer):
    """A call of a tool: its name, its arguments as the model wrote them, whether it was refused."""

    tool: str
    arguments: str
    is_error: bool


class ChatUsage(_Answer):
    """What an answer took."""

    model: str
    input_tokens: int
    output_tokens: int
    cost_usd: float


class ChatSource(_Answer):
    """Pages of a document that were read for an answer; ranges look like `2-4,9`."""

    document_id: str
    key: str
    pages: str


class ChatAnswer(_Answer):
    """The agent's answer; `stopped_by` says whether a limit cut it short."""

    message: str
    thread_id: str
    request_id: str
    steps: list[ChatStep]
    usage: ChatUsage
    sources: list[ChatSource]
    stopped_by: Literal["answer", "steps", "tokens", "time"]


class ThreadSummary(_Answer):
    """A conversation in a list; times are ISO 8601 in UTC."""

    thread_id: str
    title: str
    turns: int
    created_at: str
    updated_at: str
    expires_at: str


class ThreadList(_Answer):
    """Conversations, the one with the newest turn first."""

    threads: list[ThreadSummary]


class ThreadTurn(_Answer):
    """What was asked and answered."""

    number: int
    at: str
    request_id: str
    message: str
    answer: str
    steps: list[ChatStep]
    usage: ChatUsage


class ThreadDetail(ThreadSummary):
    """A conversation with its turns, the oldest first."""

    history: list[ThreadTurn]


class ThreadDeleted(_Answer):
    """A conversation that is gone."""

    thread_id: str


class DocumentDeleted(_Answer):
    """A document that is gone, with all that was made of it."""

    document_id: str


class TaskView(_Answer):
    """A task. `result` is what it brought, once its status is DONE or PARTIAL.

    `candidates` is for a review: what a model has given and no page bears out.
    """

    task_id: str
    kind: str
    name: str | None
    about: str
    status: TaskStatus
    received_at: str
    updated_at: str
    finished_at: str | None
    attempts: int
    model: str | None
    input_tokens: int
    output_tokens: int
    cost_usd: float
    reason: str | None
    result: dict[str, Any] | None = None
    candidates: list[dict[str, Any]] | None = None


class TaskPage(_Answer):
    """Tasks without their results, the newest first; `next_cursor` leads to more, null to none.

    A page may hold fewer than `limit`, and even none, and still have a `next_cursor`.
    """

    tasks: list[TaskView]
    next_cursor: str | None


class TaskAccepted(_Answer):
    """A task that was taken up; ask for it under `GET /tasks/{task_id}`."""

    task_id: str
    status: TaskStatus
    request_id: str


class ExtractionsRequest(_Request):
    """Fields to find in many documents, by a task for each."""

    prefix: str = Field(
        min_length=1, max_length=1024, description="What the keys of the documents begin with."
    )
    fields: FieldsToFind = Field(alias="schema")
    id: str | None = Field(
        default=None,
        pattern=TASK_ID_BEGINNING_PATTERN,
        description="What the ids of the tasks begin with; without it what is made of the schema.",
    )
    name: TaskName = None
    callback: Callback = None
    days: int = Field(
        default=366, ge=1, le=3_660, description="How many days back the documents arrived."
    )
    cursor: str | None = Field(
        default=None, max_length=300, description="The next_cursor of the answer before."
    )


class ExtractionAccepted(_Answer):
    """The task of a document."""

    task_id: str
    status: TaskStatus
    document_id: str
    key: str


class ExtractionsAccepted(_Answer):
    """Tasks that were taken up; `next_cursor` leads to more, null means that these are all.

    `without_text` counts the documents that have no task as they have no text.
    """

    tasks: list[ExtractionAccepted]
    without_text: int
    next_cursor: str | None
    request_id: str


class DocumentView(_Answer):
    """A document. Page ranges look like `2-4,9`, times are ISO 8601 in UTC.

    What its pages are says `unit`: pages, or sheets, slides, sections, parts.

    `parent` is the document that it came out of, `depth` in how many it lay, `name` where.
    `embedded_files` are those inside of it: each is a document of its own, or says why it is not.
    """

    document_id: str
    key: str
    status: DocumentStatus
    size_bytes: int
    received_at: str
    updated_at: str
    finished_at: str | None
    superseded_by: str | None
    parent: str | None
    depth: int
    name: str
    title: str | None
    unit: str
    pages: int
    empty_pages: str
    picture_pages: str
    failed_pages: str
    missing_pages: str
    embedded_files: tuple[EmbeddedFile, ...]
    model: str | None
    input_tokens: int
    output_tokens: int
    cost_usd: float
    reason_code: str | None
    reason: str | None


class DocumentPage(_Answer):
    """Documents, the newest first; `next_cursor` leads to more, null means there are none.

    A page may hold fewer than `limit`, and even none, and still have a `next_cursor`.
    """

    documents: list[DocumentView]
    next_cursor: str | None


class SummaryVersionView(_Answer):
    """A version of a document's summary; what the number is for: `?version=` of the summary."""

    version: int = Field(description="Counted from 1, the oldest.")
    run: int = Field(description="Which run of the document wrote it; a redo is a run.")
    is_newest: bool


class SummaryVersions(_Answer):
    """The versions of a document's summary, the oldest first."""

    versions: list[SummaryVersionView]


class FileLink(_Answer):
    """Where a file lies, for who has the address, for so long."""

    url: str
    expires_in_seconds: int


class UploadRequest(_Request):
    """A document that is to be uploaded."""

    key: str = Field(
        min_length=1,
        max_length=_MAX_KEY_CHARACTERS,
        pattern=_KEY_PATTERN,
        description="The name under which the document is kept, such as `reports/may.pdf`.",
    )
    size_bytes: int | None = Field(
        default=None, ge=1, description="Its size, to be told at once if it is too large."
    )


class UploadForm(_Answer):
    """Where to upload a document: a form to be posted as `multipart/form-data`.

    Send every one of `fields`, then the file as the field `file`, to `url`, before it expires. S3
    refuses a file that is larger than `max_bytes` or is posted under another content type.
    """

    key: str
    method: Literal["POST"]
    url: str
    fields: dict[str, str]
    max_bytes: int
    expires_in_seconds: int


class Health(_Answer):
    """The function runs; nothing else was asked."""

    status: Literal["ok"]
    model: str
