"""Coverage as it is drawn: a cell a page, or a cell a run of pages where there are many."""

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.summaries.results import DocumentSummary
from shared.document_formats import count_units
from shared.ledger.documents import Document
from shared.lifecycle import Tone
from shared.page_ranges import parse_page_ranges

# More cells than this say less than their runs do.
_MOST_CELLS = 400


@dataclass(frozen=True)
class PageState:
    """What has become of a page.

    Args:
        word: What it is called.
        tone: How good it is.
    """

    word: str
    tone: Tone


_COVERED = PageState("summarised", Tone.GOOD)
_UNSURE = PageState("summarised, hard to read", Tone.WARN)
_EMPTY = PageState("empty", Tone.NONE)
_PICTURE = PageState("a picture, not read", Tone.WARN)
_RECOGNISING = PageState("being recognised", Tone.WAIT)
_FAILED = PageState("could not be read", Tone.BAD)
_MISSING = PageState("could not be summarised", Tone.BAD)
_WAITING = PageState("not yet", Tone.WAIT)


@dataclass(frozen=True)
class CoverageCell:
    """One page, or a run of pages of which the same has become.

    Args:
        first: The number of the first.
        last: The number of the last.
        state: What has become of them.
    """

    first: int
    last: int
    state: PageState

    @property
    def numbers(self) -> str:
        """The numbers, as a range."""
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"


@dataclass(frozen=True)
class CoverageView:
    """The coverage of a document, to be drawn.

    Args:
        unit: What its pages are.
        cells: The cells, in order.
        legend: Each state that there is, with how many pages are in it.
    """

    unit: str
    cells: tuple[CoverageCell, ...]
    legend: tuple[tuple[PageState, str], ...]


def draw_coverage(document: Document, summary: DocumentSummary | None) -> CoverageView | None:
    """Draw what has become of each page; None while it is not known how many there are."""
    if document.pages == 0:
        return None
    states = list(_find_states(document, summary))
    counts: dict[PageState, int] = {}
    for state in states:
        counts[state] = counts.get(state, 0) + 1
    cells = tuple(_join_runs(states))
    if len(states) <= _MOST_CELLS:
        cells = tuple(CoverageCell(n, n, state) for n, state in enumerate(states, start=1))
    legend = tuple((state, count_units(count, document.unit)) for state, count in counts.items())
    return CoverageView(document.unit, cells, legend)


def _find_states(document: Document, summary: DocumentSummary | None) -> Iterator[PageState]:
    """The state of each page, in order: as the summary accounts for it, else as far as is known."""
    coverage = None if summary is None else summary.coverage
    told = {
        _RECOGNISING: document.recognising_pages,
        _UNSURE: "" if coverage is None else coverage.unsure_pages,
        _COVERED: "" if coverage is None else coverage.summarised_pages,
        _EMPTY: document.empty_pages if coverage is None else coverage.empty_pages,
        _PICTURE: document.picture_pages if coverage is None else coverage.picture_pages,
        _FAILED: document.failed_pages if coverage is None else coverage.failed_pages,
        _MISSING: document.missing_pages if coverage is None else coverage.missing_pages,
    }
    pages = {state: parse_page_ranges(ranges) for state, ranges in told.items()}
    rest = _MISSING if document.is_final else _WAITING
    for number in range(1, document.pages + 1):
        yield next((state for state, held in pages.items() if number in held), rest)


def _join_runs(states: list[PageState]) -> Iterator[CoverageCell]:
    first = 1
    for number, state in enumerate(states, start=1):
        if number == len(states) or states[number] is not state:
            yield CoverageCell(first, number, state)
            first = number + 1
