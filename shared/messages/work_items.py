"""The messages on the work queue: frozen, versioned, told apart by `kind`.

A message carries references, never file bodies; a task may carry a short text of its own. Users
send tasks (`shared/messages/tasks.py`), the pipeline sends the others.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import from_json

from shared.errors import MessageDecodeError
from shared.messages.message import Message, Subject, describe_problems
from shared.messages.tasks import Task, TaskMessage
from shared.messages.uploads import UploadNotice, decode_upload_notice


class _DocumentMessage(Message):
    document_id: str = Field(min_length=1, max_length=64)
    run: int = Field(ge=1, description="The processing run of the document that this belongs to.")

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """Its document."""
        return (Subject("document", self.document_id),)


class RedoTerms(BaseModel):
    """On which terms a document is summarised once more.

    Attributes:
        model: The model that is asked; None for the one that all are asked.
        is_fresh: Whether it is asked even where its answer is kept.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str | None = Field(default=None, min_length=1, max_length=200)
    is_fresh: bool = False


class Redo(_DocumentMessage):
    """Begin a document's next run, as an operator wants it; `run` is the one that it follows."""

    kind: Literal["redo"] = "redo"
    order: str = Field(
        min_length=1,
        max_length=64,
        description="What it is one of; of each a document is redone once.",
    )
    by: str = Field(max_length=2048, description="Who ordered it.")
    terms: RedoTerms = RedoTerms()

    @property
    def item_id(self) -> str:
        """The same order may be sent again, as by an operator whose first try broke off."""
        return f"{self.document_id}:{self.run}:redo:{self.order}"


class SummarizeChunk(_DocumentMessage):
    """Summarise one chunk of a document's text; `terms` are there where it is redone."""

    kind: Literal["summarize_chunk"] = "summarize_chunk"
    chunk_number: int = Field(ge=1)
    text_key: str = Field(min_length=1, description="Where the chunk's text lies in the artifacts.")
    first_page: int = Field(ge=1)
    last_page: int = Field(ge=1)
    terms: RedoTerms | None = None

    @property
    def item_id(self) -> str:
        """The same work has the same id, however often it is sent."""
        return f"{self.document_id}:{self.run}:chunk:{self.chunk_number}"


class Combine(_DocumentMessage):
    """Combine the summaries of a document's chunks into its summary."""

    kind: Literal["combine"] = "combine"
    chunks_done: int = Field(
        ge=0, description="How many chunks were summarised when this was sent."
    )
    terms: RedoTerms | None = None
    is_recognised: bool = Field(
        default=False, description="Whether pages that had to be recognised were settled by then."
    )

    @property
    def item_id(self) -> str:
        """A replayed chunk makes a new combination, and so do pages that are settled."""
        after = ":recognised" if self.is_recognised else ""
        return f"{self.document_id}:{self.run}:combine:{self.chunks_done}{after}"


class ContinueIngest(_DocumentMessage):
    """Go on reading a document: its text was too much for one invocation, or is gone since."""

    kind: Literal["continue_ingest"] = "continue_ingest"
    next_page: int = Field(ge=1, description="From page 1, the document is begun anew.")

    @property
    def item_id(self) -> str:
        """Each stretch of pages is work of its own."""
        return f"{self.document_id}:{self.run}:pages:{self.next_page}"

    def is_about(self, run: int) -> bool:
        """Whether it is about a run of its document; to begin anew makes the next one."""
        return run == self.run or (self.next_page == 1 and run == self.run + 1)


class ConvertDocument(_DocumentMessage):
    """Read a document that is no PDF, or go on with one."""

    kind: Literal["convert_document"] = "convert_document"
    next_page: int = Field(ge=1, description="The first of its units that is not read yet.")

    @property
    def item_id(self) -> str:
        """Each stretch of units is work of its own."""
        return f"{self.document_id}:{self.run}:units:{self.next_page}"


class RenderPages(_DocumentMessage):
    """Render the pages of a document whose text is to be recognised."""

    kind: Literal["render_pages"] = "render_pages"
    first_page: int = Field(ge=1, description="Those before it are rendered.")

    @property
    def item_id(self) -> str:
        """Each stretch of pages is work of its own."""
        return f"{self.document_id}:{self.run}:render:{self.first_page}"


class RecognisePage(_DocumentMessage):
    """Recognise the text of one page, from its picture."""

    kind: Literal["recognise_page"] = "recognise_page"
    page: int = Field(ge=1)
    picture_key: str = Field(min_length=1, description="Where the picture lies in the artifacts.")

    @property
    def item_id(self) -> str:
        """The same page is the same work."""
        return f"{self.document_id}:{self.run}:page:{self.page}"


class ReadPicture(_DocumentMessage):
    """Read one page from its picture by an engine that costs money, as others were not sure."""

    kind: Literal["read_picture"] = "read_picture"
    page: int = Field(ge=1)
    picture_key: str = Field(min_length=1, description="Where the picture lies in the artifacts.")
    reasons: str = Field(default="", max_length=2000, description="Why others could not read it.")

    @property
    def item_id(self) -> str:
        """The same page is the same work."""
        return f"{self.document_id}:{self.run}:picture:{self.page}"


class TakeUpPages(_DocumentMessage):
    """Take the text of recognised pages into their document."""

    kind: Literal["take_up_pages"] = "take_up_pages"
    failure: str = Field(
        default="", max_length=2000, description="Why pages that are not settled never will be."
    )

    @property
    def item_id(self) -> str:
        """Where pages are given up, that is another message about the same."""
        return f"{self.document_id}:{self.run}:take_up{':rest' if self.failure else ''}"


IngestMessage = ContinueIngest | RenderPages
IngestItem = UploadNotice | IngestMessage
ConversionItem = ConvertDocument | RenderPages
RecognitionItem = RecognisePage | TakeUpPages


SWEEP = "sweep"


class Sweep(Message):
    """Settle what processes that died have left behind; what a tick could not finish goes on so."""

    kind: Literal["sweep"] = "sweep"


class TaskCallback(Message):
    """Send word of a task that is final to where its sender wants it."""

    kind: Literal["task_callback"] = "task_callback"
    task_id: str = Field(min_length=1, max_length=100)
    attempt: int = Field(ge=0, description="The task's attempts when this was sent.")

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """Its task."""
        return (Subject("task", self.task_id),)

    @property
    def item_id(self) -> str:
        """A task that is taken up again ends again, and sends word again."""
        return f"task:{self.task_id}:callback:{self.attempt}"


WorkMessage = SummarizeChunk | Combine | Redo | ReadPicture | Sweep | Task | TaskCallback
_WORK_MESSAGE: TypeAdapter[WorkMessage] = TypeAdapter(
    Annotated[WorkMessage, Field(discriminator="kind")]
)


@dataclass(frozen=True)
class WorkItem:
    """A message of the work queue with the identity of its work.

    Args:
        item_id: The same for every copy of a message, and for every message that asks for the same.
        message: What is asked for.
    """

    item_id: str
    message: WorkMessage


_READING_MESSAGE: TypeAdapter[IngestMessage] = TypeAdapter(
    Annotated[IngestMessage, Field(discriminator="kind")]
)
_CONVERSION_MESSAGE: TypeAdapter[ConversionItem] = TypeAdapter(
    Annotated[ConversionItem, Field(discriminator="kind")]
)
_RECOGNITION_MESSAGE: TypeAdapter[RecognitionItem] = TypeAdapter(
    Annotated[RecognitionItem, Field(discriminator="kind")]
)


def encode_message(message: WorkMessage | IngestMessage | ConversionItem | RecognitionItem) -> str:
    """The body of a message, as JSON."""
    # A worker of an earlier release takes what it knows, as long as nothing is redone.
    left_out = {"terms"} if getattr(message, "terms", None) is None else None
    return escape_for_sqs(message.model_dump_json(by_alias=True, exclude=left_out))


def escape_for_sqs(body: str) -> str:
    """JSON as it may be sent: SQS refuses a body that holds one of two characters.

    Source: Amazon SQS API Reference, "SendMessage".
    """
    return body.replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")


def decode_ingest_item(body: str) -> IngestItem:
    """Read a message of the uploads queue: an S3 event notification, or the pipeline's own.

    Raises:
        MessageDecodeError: The body is neither.
    """
    try:
        # What pydantic reads from JSON by itself it copies level by level for what it says of it.
        return _READING_MESSAGE.validate_python(from_json(body.encode()))
    except ValueError:
        return decode_upload_notice(body)


def decode_recognition_item(body: str) -> RecognitionItem:
    """Read a message of the recognition queue.

    Raises:
        MessageDecodeError: The body is not JSON, or not a message of a known kind and version.
    """
    try:
        return _RECOGNITION_MESSAGE.validate_json(body)
    except ValidationError as error:
        raise MessageDecodeError(f"not a recognition message: {describe_problems(error)}") from None


def decode_conversion(body: str) -> ConversionItem:
    """Read a message of the conversions queue.

    Raises:
        MessageDecodeError: It is none.
    """
    try:
        return _CONVERSION_MESSAGE.validate_python(from_json(body.encode()))
    except ValidationError as error:
        raise MessageDecodeError(f"not a conversion: {describe_problems(error)}") from None
    except ValueError as error:
        raise MessageDecodeError(f"not a conversion: {error}") from None


def decode_work_item(body: str, message_id: str) -> WorkItem:
    """Read a message of the work queue.

    Args:
        body: Its body.
        message_id: The id of its first copy, the identity of a message that names no work.

    Raises:
        MessageDecodeError: The body is not JSON, or not a message of a known kind and version.
    """
    message = decode_work_message(body)
    if isinstance(message, Sweep):
        return WorkItem(f"sweep:{message_id}", message)
    if isinstance(message, TaskMessage) and message.id is None:
        message = message.model_copy(update={"id": message_id})
    return WorkItem(message.item_id, message)


def decode_work_message(body: str) -> WorkMessage:
    """Read the body of a message from the work queue.

    Raises:
        MessageDecodeError: The body is not JSON, or not a message of a known kind and version.
    """
    try:
        return _WORK_MESSAGE.validate_json(body)
    except ValidationError as error:
        raise MessageDecodeError(f"not a work message: {describe_problems(error)}") from None
