"""The messages about a document that the worker gets from the pipeline."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.messages.message import Message, Subject


class DocumentMessage(Message):
    """What every message about a document says."""

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


class Redo(DocumentMessage):
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


class SummarizeChunk(DocumentMessage):
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


class Combine(DocumentMessage):
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


class ReadPicture(DocumentMessage):
    """Read one page from its picture by an engine that costs money, as others were not sure."""

    kind: Literal["read_picture"] = "read_picture"
    page: int = Field(ge=1)
    picture_key: str = Field(min_length=1, description="Where the picture lies in the artifacts.")
    reasons: str = Field(default="", max_length=2000, description="Why others could not read it.")

    @property
    def item_id(self) -> str:
        """The same page is the same work."""
        return f"{self.document_id}:{self.run}:picture:{self.page}"
