"""The text of documents as it lies in the artifacts bucket, one object a chunk.

It lies under the hash of the document's bytes, so that the same bytes under another key share it.
"""

from pydantic import BaseModel, ConfigDict

from shared.document_formats import PAGE
from shared.ledger.document_texts import TextSource
from shared.ledger.documents import Document

# Part of the address of texts: change it when the same bytes come to give other text or chunks.
EXTRACTION_VERSION = 2


class PageOfText(BaseModel):
    """A page of a chunk, or a part of it where the page alone is too long for one chunk.

    Args:
        number: The number of the page, from 1.
        text: Its text.
        source: Where that is from.
        confidence: How sure what has recognised it is of it, in percent; None for text of the file.
    """

    model_config = ConfigDict(frozen=True)

    number: int
    text: str
    source: TextSource = TextSource.TEXT
    confidence: int | None = None


class ChunkText(BaseModel):
    """The text of one chunk; pages without text are not in it. `unit` is what they are."""

    model_config = ConfigDict(frozen=True)

    pages: tuple[PageOfText, ...]
    unit: str = PAGE


def text_address(content_sha256: str, chunk_tokens: int) -> str:
    """What tells the text of one document's bytes, cut into chunks of one size, from any other."""
    return f"{content_sha256}-{chunk_tokens}-{EXTRACTION_VERSION}"


def read_chunk_tokens(address: str) -> int:
    """The size of the chunks that the text under an address is cut into."""
    return int(address.split("-")[1])


def belongs_to(address: str, content_sha256: str) -> bool:
    """Whether an address is that of a text of these bytes."""
    return address.split("-")[0] == content_sha256


def text_folder(address: str) -> str:
    """What begins the keys of all that lies under an address."""
    return f"text/{address}/"


def chunk_text_key(address: str, chunk_number: int) -> str:
    """The key of a chunk's text in the artifacts bucket."""
    return f"{text_folder(address)}{chunk_number:06d}.json"


def own_text_folder(address: str, document_id: str) -> str:
    """What begins the keys of the texts under an address that one document has for itself."""
    return f"{text_folder(address)}{document_id}/"


def whole_text_key(document: Document) -> str:
    """The key of the text of all chunks in one, where somebody has asked for it.

    With recognised text it is the document's own, as each chunk of that, and of its run, as another
    run may recognise more.
    """
    if not any(chunk.recognised_pages for chunk in document.chunk_plan):
        return f"{text_folder(document.text_address)}whole.txt"
    folder = own_text_folder(document.text_address, document.document_id)
    return f"{folder}{document.run:04d}/whole.txt"


def locate_chunk(document: Document, chunk_number: int) -> str:
    """The key of the text of one of a document's chunks.

    Recognised text is the document's own: of the same bytes another may have other pages left out.
    """
    if not document.chunk_plan[chunk_number - 1].recognised_pages:
        return chunk_text_key(document.text_address, chunk_number)
    folder = own_text_folder(document.text_address, document.document_id)
    return f"{folder}{chunk_number:06d}.json"


def picture_key(address: str, page: int) -> str:
    """The key of a page's picture in the artifacts bucket, for as long as it is not recognised."""
    return f"{text_folder(address)}pages/{page:06d}.picture"


def recognised_key(address: str, page: int, engine: str) -> str:
    """The key of what an engine has recognised on a page: words, boxes and text."""
    return f"{text_folder(address)}pages/{page:06d}.{engine}.json"
