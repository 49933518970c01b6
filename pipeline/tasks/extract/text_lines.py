"""The lines of a document, and the parts of it that a model reads one by one. Pure."""

import math
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from shared.document_formats import PAGE
from shared.llm.model import Source
from shared.llm.model_window import pack

# A paragraph on one line is cut into such lines, so that a place in it says something.
_MOST_CHARACTERS = 400

# A row may begin at the end of a part, and go on in the next: that one begins with these lines.
_LINES_BEFORE = 2

_DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line of a page: the page's number (0 for a text without pages), its own, and its text.

    `unit` is what the page is.
    """

    page: int
    number: int
    text: str
    unit: str = PAGE

    @property
    def place(self) -> tuple[int, int]:
        """Where it stands; no two lines of a document have the same place."""
        return self.page, self.number


@dataclass(frozen=True)
class Part:
    """Lines that are read at once.

    Args:
        before: The last lines before them, which another part has as its own.
        lines: The lines.
    """

    before: tuple[TextLine, ...]
    lines: tuple[TextLine, ...]

    @property
    def all_lines(self) -> tuple[TextLine, ...]:
        """The lines, with those before them."""
        return (*self.before, *self.lines)

    @property
    def pages(self) -> list[int]:
        """The pages that it has lines of, without those of the lines before."""
        return sorted({line.page for line in self.lines})

    def list_stretches(self) -> list[tuple[TextLine, ...]]:
        """The lines before, if any, then those of each page: what the model gets as sources."""
        pages = groupby(self.lines, key=lambda line: line.page)
        stretches = [tuple(lines) for _, lines in pages]
        return [self.before, *stretches] if self.before else stretches

    def list_sources(self) -> tuple[Source, ...]:
        """The stretches as sources."""
        return tuple(
            Source(
                *(lines[0].page, lines[-1].page),
                *("\n".join(line.text for line in lines), lines[0].unit),
            )
            for lines in self.list_stretches()
        )

    def halve(self) -> tuple["Part", "Part"] | None:
        """Two halves, the second with the last lines of the first before it; None of one line."""
        if len(self.lines) < 2:
            return None
        middle = len(self.lines) // 2
        first, second = self.lines[:middle], self.lines[middle:]
        return Part(self.before, first), Part(_find_lines_before(first), second)


def read_lines(sources: Iterable[Source]) -> list[TextLine]:
    """The lines of pages, or of a text; a page that comes in several pieces is one again."""
    return [
        TextLine(page, number, text, unit)
        for (page, unit), pieces in groupby(sources, key=lambda one: (one.first_page, one.unit))
        for number, text in enumerate(_wrap("".join(piece.text for piece in pieces)))
    ]


def _wrap(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if len(line) <= _MOST_CHARACTERS:
            yield line
        else:
            yield from textwrap.wrap(line, _MOST_CHARACTERS, break_on_hyphens=False)


def divide_lines(
    lines: Sequence[TextLine], weigh: Callable[[Sequence[TextLine]], float], *, repeats: bool
) -> list[Part]:
    """Parts of whole pages as far as they fit, else of lines of one page.

    Args:
        lines: The lines of the document.
        weigh: What share of a part the lines of one page take up; 1 is all of it.
        repeats: Whether a part begins with the last lines before it.
    """
    units: list[tuple[TextLine, ...]] = []
    for _, grouped in groupby(lines, key=lambda line: line.page):
        page = tuple(grouped)
        share = weigh(page)
        if share <= 1:
            units.append(page)
        else:
            # Alike in size: a short rest would be a call for a few lines.
            pieces = pack(page, lambda line: weigh((line,)), share / math.ceil(share))
            units.extend(tuple(piece) for piece in pieces)
    parts = []
    before: tuple[TextLine, ...] = ()
    for group in pack(units, weigh, 1.0):
        own = tuple(line for unit in group for line in unit)
        parts.append(Part(before if repeats else (), own))
        before = _find_lines_before(own)
    return parts


def _find_lines_before(lines: Sequence[TextLine]) -> tuple[TextLine, ...]:
    """The last lines with text, of one page."""
    written = [line for line in lines if line.text.strip()][-_LINES_BEFORE:]
    return tuple(line for line in written if line.page == written[-1].page)


def has_digit(line: TextLine) -> bool:
    """Whether a line holds a digit, as most rows of tables do."""
    return _DIGIT.search(line.text) is not None
