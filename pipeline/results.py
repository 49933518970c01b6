"""What users get: the summary of a document, as JSON and as Markdown."""

from pydantic import BaseModel, ConfigDict

from pipeline.mention_markdown import render_mentions
from pipeline.page_ranges import parse_page_ranges
from pipeline.summary_types import Entity, EventDate, KeyPoint
from shared.ledger.documents import PageFailure
from shared.lifecycle import DocumentStatus
from shared.llm.model import EXTRACTIVE


class Coverage(BaseModel):
    """What became of each page; ranges look like `2-4,9`."""

    model_config = ConfigDict(frozen=True)

    pages: int
    summarised_pages: str
    empty_pages: str
    failed_pages: str
    missing_pages: str
    # Summaries that were written before these were told apart have none.
    picture_pages: str = ""
    failures: list[PageFailure] = []
    unread_files: list[str] = []

    @property
    def lacks_pages(self) -> bool:
        """Whether there are pages that were not read or not summarised."""
        return bool(self.failed_pages or self.missing_pages or self.picture_pages)

    @property
    def is_complete(self) -> bool:
        """Whether every page is summarised or empty, and no file inside is left out."""
        return not self.lacks_pages and not self.unread_files

    @property
    def covered_count(self) -> int:
        """How many pages are summarised or empty."""
        return len(parse_page_ranges(self.summarised_pages)) + len(
            parse_page_ranges(self.empty_pages)
        )

    def describe_gaps(self) -> str:
        """One sentence that names what is missing; empty if nothing is."""
        gaps = []
        if self.failed_pages:
            gaps.append(f"pages {self.failed_pages} could not be read{self._describe_failures()}")
        if self.picture_pages:
            gaps.append(f"pages {self.picture_pages} show only pictures, whose text is not read")
        if self.missing_pages:
            gaps.append(f"pages {self.missing_pages} could not be summarised")
        if self.unread_files:
            gaps.append(f"files inside were not read: {', '.join(self.unread_files)}")
        return "; ".join(gaps)

    def _describe_failures(self) -> str:
        if len(self.failures) == 1:
            return f" ({self.failures[0].reason})"
        reasons = ", ".join(f"{failure.pages}: {failure.reason}" for failure in self.failures)
        return f" ({reasons})" if reasons else ""


class DocumentSummary(BaseModel):
    """The summary of a document, as it is written to `summary.json`."""

    model_config = ConfigDict(frozen=True)

    document_id: str
    key: str
    status: DocumentStatus
    title: str
    abstract: str
    key_points: list[KeyPoint]
    language: str
    # Summaries that were written before there were names and dates in them have none.
    entities: list[Entity] = []
    dates: list[EventDate] = []
    coverage: Coverage
    model: str
    input_tokens: int
    output_tokens: int
    cost_usd: float


def result_folder(document_id: str, run: int, chunks_done: int) -> str:
    """The folder of a document's results in the artifacts bucket."""
    return f"results/{document_id}/{run}.{chunks_done}"


def render_markdown(summary: DocumentSummary) -> str:
    """The summary as Markdown."""
    coverage = summary.coverage
    points = "\n".join(f"- {_one_line(p.text)}{_cite(p.pages)}" for p in summary.key_points)
    gaps = coverage.describe_gaps()
    lines = [
        f"# {_one_line(summary.title) or _one_line(summary.key)}",
        _one_line(summary.abstract),
        points,
        *render_mentions(summary.entities, summary.dates),
        f"*{_one_line(summary.key)}: {coverage.covered_count} of {coverage.pages} pages covered"
        f"{f'; {gaps}' if gaps else ''}. {_tell_origin(summary)}*",
    ]
    return "\n\n".join(filter(None, lines)) + "\n"


def _tell_origin(summary: DocumentSummary) -> str:
    if summary.model == EXTRACTIVE:
        return "Sentences picked from the text; no language model was asked."
    cost = f", ${summary.cost_usd:.4f}" if summary.cost_usd else ""
    return (
        f"Written by {summary.model}: {summary.input_tokens} tokens in, "
        f"{summary.output_tokens} out{cost}."
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _cite(pages: list[int]) -> str:
    if not pages:
        return ""
    return f" (p. {', '.join(map(str, pages))})"
