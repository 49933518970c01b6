"""`seashore show`: one document with its summary, or one task with its result."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from infra.cli.command_context import CommandContext, open_objects
from infra.cli.documents.find import find_wanted_document
from infra.cli.documents.table import style_status
from infra.cli.items.relatives import list_relatives
from infra.cli.items.versions import choose_wanted_version, describe_versions
from infra.cli.listing import describe_usage
from infra.cli.output import LABEL_WIDTH, Output
from infra.cli.tasks.view import write_task
from infra.cli.timeline_table import describe_delay
from infra.cli.times import describe_duration
from infra.stacks import Stack
from pipeline.documents.standing_words import describe_status
from pipeline.summaries.mention_markdown import list_dates, list_names
from pipeline.summaries.results import DocumentSummary
from pipeline.summaries.summary_types import KeyPoint
from shared.document_formats import cite_units
from shared.ledger.document_lists import read_children
from shared.ledger.documents import Document, document_pk
from shared.ledger.tasks import find_task
from shared.ledger.timeline import read_timeline
from shared.page_ranges import format_page_ranges


@dataclass(frozen=True)
class StoredSummary:
    """The summary of a document and where its files are."""

    summary: DocumentSummary
    json_uri: str
    markdown_uri: str


def show_item(
    context: CommandContext, wanted: str, version: int | None = None, *, review: bool = False
) -> None:
    """Write all that is known of a task, if there is one of that id, else of a document.

    Args:
        context: What the command works with.
        wanted: The task or document.
        version: Which version of the document's summary to show; the newest if None.
        review: Of a task, whether to write also what a model has given and no page bears out.

    Raises:
        UnknownItemError: There is neither.
        ObjectMissingError: The result or summary is gone from the artifacts bucket.
    """
    task = find_task(context.table, wanted)
    if task is not None:
        write_task(context, task, review=review)
        return
    document, output = find_wanted_document(context, wanted), context.output
    document = choose_wanted_version(context, document, version)
    result = read_result(context.stack, document)
    if context.as_json:
        children = read_children(context.table, document).values()
        output.write_json(_to_json(document, result, children))
        return
    if result is None:
        output.write_prose(document.called, style="bold")
        output.write()
    else:
        write_summary(result, output)
    # How it fared: status, coverage, cost and where its results lie.
    output.write_facts([("Status", style_status(document.status))])
    output.write_prose(describe_status(document), indent=LABEL_WIDTH)
    if not document.is_final:
        delay = describe_delay(read_timeline(context.table, document_pk(document.document_id)))
        if delay is not None:
            output.write_prose(f"It {delay}.", indent=LABEL_WIDTH)
    output.write_facts(list_relatives(context.table, document))
    output.write_facts(list_facts(document, result))
    output.write_facts(describe_versions(context, document))


def read_result(stack: Stack, document: Document) -> StoredSummary | None:
    """Read the summary of a document; None if there is none yet.

    Raises:
        ObjectMissingError: It is gone from the artifacts bucket.
    """
    if document.result_key is None:
        return None
    bucket = stack.output("ArtifactsBucket")
    markdown_key = PurePosixPath(document.result_key).with_suffix(".md")
    return StoredSummary(
        summary=DocumentSummary.model_validate(
            open_objects(stack).read_json(bucket, document.result_key)
        ),
        json_uri=f"s3://{bucket}/{document.result_key}",
        markdown_uri=f"s3://{bucket}/{markdown_key}",
    )


def _to_json(
    document: Document, result: StoredSummary | None, children: Iterable[Document]
) -> dict[str, object]:
    told = {"document_id", "key", "name", "status"}
    return {
        "document": document.model_dump(mode="json"),
        "children": [child.model_dump(mode="json", include=told) for child in children],
        "summary": result.summary.model_dump(mode="json") if result else None,
        "results": {"json": result.json_uri, "markdown": result.markdown_uri} if result else None,
    }


def write_summary(
    result: StoredSummary, output: Output, *, most_key_points: int | None = None
) -> None:
    """Write what a document says: title, abstract, key points, names and dates with their pages.

    Args:
        result: Its summary.
        output: Where to write.
        most_key_points: How many key points to write at most, from all over the document, and
            neither names nor dates then; None for all.
    """
    summary = result.summary
    output.write_prose(summary.title or summary.key, style="bold")
    output.write()
    output.write_prose(summary.abstract)
    output.write()
    for point in choose_evenly(summary.key_points, most_key_points):
        pages = (
            f" ({cite_units(summary.coverage.unit, format_page_ranges(point.pages))})"
            if point.pages
            else ""
        )
        output.write_prose(f"• {point.text}{pages}", indent=2, hang=2)
    if summary.key_points:
        output.write()
    if most_key_points is None:
        _write_mentions(summary, output)


def _write_mentions(summary: DocumentSummary, output: Output) -> None:
    """Write the names of a document by kind, and its dates."""
    names = [
        f"{title}: {names}" for title, names in list_names(summary.entities, summary.coverage.unit)
    ]
    for lines in (names, list_dates(summary.dates, summary.coverage.unit)):
        for line in lines:
            output.write_prose(f"• {line}", indent=2, hang=2)
        if lines:
            output.write()


def choose_evenly(points: Sequence[KeyPoint], most: int | None) -> list[KeyPoint]:
    """Choose points at even distances, the first of them included, in their order."""
    if most is None or len(points) <= most:
        return list(points)
    return [points[number * len(points) // most] for number in range(most)]


def list_facts(document: Document, result: StoredSummary | None) -> list[tuple[str, str]]:
    """What is known of a document besides its status, as labels and values."""
    # Where the row has them, the sentence of its status says the gaps.
    pages = describe_pages(document, result, with_gaps=document.reason is None)
    facts = [(f"{document.unit.capitalize()}s", pages)] if document.pages else []
    if document.model is not None:
        facts.append(("Model", f"{document.model}, {describe_usage(document)}"))
    if document.superseded_by is not None:
        facts.append(("Replaced", f"by {document.superseded_by}, a newer version of the file"))
    facts.append(("Received", describe_times(document)))
    facts.append(("Id", document.document_id))
    facts.append(("File", f"s3://{document.bucket}/{document.key}"))
    if result is not None:
        facts += [("Results", result.markdown_uri), ("", result.json_uri)]
    return facts


def describe_pages(
    document: Document, result: StoredSummary | None, *, with_gaps: bool = True
) -> str:
    """How many pages there are, and what became of them.

    Args:
        document: The document.
        result: Its summary; None while there is none.
        with_gaps: Whether to say which are missing, as the sentence of its status does.
    """
    if result is None:
        return str(document.pages)
    coverage = result.summary.coverage
    words = [f"{coverage.covered_count} of {coverage.pages} covered"]
    if coverage.empty_pages:
        words.append(f"without text: {coverage.empty_pages}")
    if with_gaps:
        words.append(coverage.describe_gaps())
    return "; ".join(filter(None, words))


def describe_times(document: Document) -> str:
    """When a document arrived, and how long it took; of one redone, when that was over."""
    arrived = f"{datetime.fromisoformat(document.received_at).astimezone():%Y-%m-%d %H:%M:%S}"
    if document.finished_at is None:
        return arrived
    finished, received = map(datetime.fromisoformat, (document.finished_at, document.received_at))
    if document.redo_order:
        # It stood finished before it was redone: that time is nobody's work.
        return f"{arrived}, finished anew {finished.astimezone():%Y-%m-%d %H:%M:%S}"
    spent = finished - received
    return f"{arrived}, finished after {describe_duration(spent.total_seconds())}"
