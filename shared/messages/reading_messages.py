"""The messages of those who read documents: `ingest`, `convert` and `recognise`.

Apart from those of the work queue, whose tasks none of them knows: a fiftieth of their start.
"""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError
from pydantic_core import from_json

from shared.errors import MessageDecodeError
from shared.messages.document_messages import DocumentMessage
from shared.messages.message import describe_problems
from shared.messages.s3_notifications import decode_upload_notice
from shared.messages.uploads import UploadNotice


class ContinueIngest(DocumentMessage):
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


class ConvertDocument(DocumentMessage):
    """Read a document that is no PDF, or go on with one."""

    kind: Literal["convert_document"] = "convert_document"
    next_page: int = Field(ge=1, description="The first of its units that is not read yet.")

    @property
    def item_id(self) -> str:
        """Each stretch of units is work of its own."""
        return f"{self.document_id}:{self.run}:units:{self.next_page}"


class RenderPages(DocumentMessage):
    """Render the pages of a document whose text is to be recognised."""

    kind: Literal["render_pages"] = "render_pages"
    first_page: int = Field(ge=1, description="Those before it are rendered.")

    @property
    def item_id(self) -> str:
        """Each stretch of pages is work of its own."""
        return f"{self.document_id}:{self.run}:render:{self.first_page}"


class RecognisePage(DocumentMessage):
    """Recognise the text of one page, from its picture."""

    kind: Literal["recognise_page"] = "recognise_page"
    page: int = Field(ge=1)
    picture_key: str = Field(min_length=1, description="Where the picture lies in the artifacts.")

    @property
    def item_id(self) -> str:
        """The same page is the same work."""
        return f"{self.document_id}:{self.run}:page:{self.page}"


class TakeUpPages(DocumentMessage):
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

_READING_MESSAGE: TypeAdapter[IngestMessage] = TypeAdapter(
    Annotated[IngestMessage, Field(discriminator="kind")]
)
_CONVERSION_MESSAGE: TypeAdapter[ConversionItem] = TypeAdapter(
    Annotated[ConversionItem, Field(discriminator="kind")]
)
_RECOGNITION_MESSAGE: TypeAdapter[RecognitionItem] = TypeAdapter(
    Annotated[RecognitionItem, Field(discriminator="kind")]
)


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
