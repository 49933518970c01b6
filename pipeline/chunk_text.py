"""The text of a chunk as it lies in the artifacts bucket."""

from pydantic import BaseModel, ConfigDict


class PageOfText(BaseModel):
    """A page of a chunk, or a part of it where the page alone is too long for one chunk."""

    model_config = ConfigDict(frozen=True)

    number: int
    text: str


class ChunkText(BaseModel):
    """The text of one chunk; pages without text are not in it."""

    model_config = ConfigDict(frozen=True)

    document_id: str
    run: int
    chunk_number: int
    pages: tuple[PageOfText, ...]


def chunk_text_key(document_id: str, run: int, chunk_number: int) -> str:
    """The key of a chunk's text in the artifacts bucket."""
    return f"text/{document_id}/{run}/{chunk_number:06d}.json"
