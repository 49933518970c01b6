"""What users get: the summary of a document, as JSON and as Markdown."""

from collections.abc import Iterable, Sequence

from pydantic import BaseModel, ConfigDict

from pipeline.summaries.coverage import Coverage, describe_children
from pipeline.summaries.mention_markdown import render_mentions
from pipeline.summaries.summary_types import Entity, EventDate, KeyPoint
from shared.document_formats import PAGE, cite_units, count_units
from shared.lifecycle import DocumentStatus
from shared.llm.extractive.sentences import split_sentences
from shared.llm.model_choice import EXTRACTIVE
from shared.markdown import Markdown, join_markdown, write_markdown
from shared.printable import to_printable

# Of an abstract, so much stands in lists of documents.
_MOST_SENTENCES = 2
_MOST_EXCERPT = 400


class DocumentSummary(BaseModel):
    """The summary of a document, as it is written to `summary.json`."""

    model_config = ConfigDict(frozen=True)

    document_id: str
    key: str
    # The document that it came out of.
    parent: str | None = None
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


def result_folder(document_id: str, run: int, chunks_done: int, is_recognised: bool = False) -> str:
    """The folder of a document's results in the artifacts bucket."""
    after = ".recognised" if is_recognised else ""
    return f"results/{document_id}/{run}.{chunks_done}{after}"


def render_markdown(summary: DocumentSummary) -> str:
    """The summary as Markdown."""
    coverage = summary.coverage
    told = [
        coverage.describe_gaps(),
        coverage.describe_doubts(),
        describe_children(coverage.embedded_files),
    ]
    notes = "; ".join(filter(None, told))
    said = render_content(
        to_printable(summary.title).strip() or summary.key,
        summary.abstract,
        summary.key_points,
        summary.entities,
        summary.dates,
        coverage.unit,
    )
    closing = write_markdown(
        "*{}: {} of {} covered{}. {}*",
        summary.key,
        coverage.covered_count,
        count_units(coverage.pages, coverage.unit),
        f"; {notes}" if notes else "",
        tell_origin(summary.model, summary.input_tokens, summary.output_tokens, summary.cost_usd),
    )
    return f"{join_markdown([said, closing])}\n"


def render_content(
    title: str,
    abstract: str,
    key_points: Iterable[KeyPoint],
    entities: Sequence[Entity],
    dates: Sequence[EventDate],
    unit: str = PAGE,
) -> Markdown:
    """What a text says: its title, abstract, key points with their pages, names and dates."""
    points = [
        write_markdown("- {}{}", point.text, _cite(point.pages, unit)) for point in key_points
    ]
    return join_markdown(
        [
            write_markdown("# {}", title),
            write_markdown("{}", abstract),
            join_markdown(points, "\n"),
            render_mentions(entities, dates, unit),
        ]
    )


def tell_origin(model: str, input_tokens: int, output_tokens: int, cost_usd: float) -> Markdown:
    """Who wrote a result, and what that cost, in a sentence."""
    if model == EXTRACTIVE:
        return write_markdown("Sentences picked from the text; no language model was asked.")
    cost = write_markdown(", ${:.4f}" if cost_usd else "", cost_usd)
    return write_markdown(
        "Written by {}: {} tokens in, {} out{}.", model, input_tokens, output_tokens, cost
    )


def _cite(pages: list[int], unit: str) -> Markdown:
    cited = cite_units(unit, ", ".join(map(str, pages)))
    return write_markdown(" ({})" if pages else "", cited)


def excerpt_abstract(abstract: str) -> str:
    """The first sentences of an abstract, on one line, for lists of documents."""
    sentences = [sentence.text for sentence in split_sentences(abstract)[:_MOST_SENTENCES]]
    told = " ".join(" ".join(sentences).split())
    return told if len(told) <= _MOST_EXCERPT else f"{told[: _MOST_EXCERPT - 1]}\u2026"
