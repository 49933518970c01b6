"""Grouping pages into chunks that fit a model's context. Pure functions.

Every page of a document is in exactly one chunk, or, too long for one, in several that follow one
another, so that coverage can be counted page by page. The same pages give the same chunks.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from pipeline.extraction.page_text import PageStatus, PageText
from pipeline.ingest.text_division import divide_text
from shared.errors import RejectionCode
from shared.llm.model_window import pack
from shared.llm.token_estimate import (
    MAX_TOKENS_PER_CHARACTER,
    TOKENS_AROUND_SOURCE,
    estimate_tokens,
)

# A chunk has no more pages with text than this, however little stands on them: reading a document
# stops only between two chunks, and one has to be read within one run of the function.
_MOST_PAGES = 200


@dataclass(frozen=True)
class ChunkPage:
    """A page, or a part of a long one, in a chunk.

    Args:
        number: The number of the page, from 1.
        status: What became of the page when it was read.
        text: The text of this part; empty unless the status is `text`.
        error: Why the page failed; None for the others.
        code: What a document is refused with if all its pages fail so.
        part: Which part of the page this is, from 1.
        parts: How many parts the page is divided into.
    """

    number: int
    status: PageStatus
    text: str = ""
    error: str | None = None
    part: int = 1
    parts: int = 1
    code: RejectionCode = RejectionCode.DAMAGED


@dataclass(frozen=True)
class PlannedChunk:
    """Pages that follow one another and fit the model together.

    Args:
        number: The number of the chunk, from 1.
        pages: Its pages, in order; empty and failed ones too.
    """

    number: int
    pages: tuple[ChunkPage, ...]

    @property
    def first_page(self) -> int:
        """The number of its first page."""
        return self.pages[0].number

    @property
    def last_page(self) -> int:
        """The number of its last page."""
        return self.pages[-1].number

    @property
    def has_text(self) -> bool:
        """Whether there is anything in it for a model to read."""
        return any(page.status is PageStatus.TEXT for page in self.pages)


def group_pages(
    pages: Iterable[PageText], max_tokens: int, *, tokens_around_page: int = TOKENS_AROUND_SOURCE
) -> Iterator[PlannedChunk]:
    """Group pages into chunks of at most `max_tokens` tokens each.

    Lazy: no more than one chunk and one page is held. A page is divided only if it is too long
    for a chunk of its own; its parts, joined, are its text. Empty and failed pages take no
    tokens and go with the pages before them.

    Args:
        pages: The pages of a document, in order.
        max_tokens: What a chunk may take up, by `estimate_tokens`.
        tokens_around_page: What the prompt adds for each page.

    Raises:
        ValueError: No text at all fits `max_tokens`.
    """
    max_text_tokens = max_tokens - tokens_around_page
    if max_text_tokens < MAX_TOKENS_PER_CHARACTER:
        raise ValueError(f"no page fits {max_tokens} tokens")

    def weigh(page: ChunkPage) -> float:
        if page.status is not PageStatus.TEXT:
            return 0
        return max(estimate_tokens(page.text) + tokens_around_page, max_tokens / _MOST_PAGES)

    parts = chain.from_iterable(_divide_page(page, max_text_tokens) for page in pages)
    groups = pack(parts, weigh, max_tokens, begins=lambda page: page.part > 1)
    for number, group in enumerate(groups, start=1):
        yield PlannedChunk(number, tuple(group))


def _divide_page(page: PageText, max_tokens: int) -> Iterator[ChunkPage]:
    parts = divide_text(page.text, max_tokens)
    for part, text in enumerate(parts, start=1):
        yield ChunkPage(page.number, page.status, text, page.error, part, len(parts), page.code)
