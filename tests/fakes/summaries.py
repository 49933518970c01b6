"""Summaries of documents, as the pipeline writes them."""

from pipeline.summaries.coverage import Coverage
from pipeline.summaries.results import DocumentSummary
from shared.lifecycle import DocumentStatus


def make_summary(document, title="Herons"):
    """The summary of a document of two pages that is DONE."""
    return DocumentSummary(
        document_id=document.document_id,
        key=document.key,
        status=DocumentStatus.DONE,
        title=title,
        abstract="About herons.",
        key_points=[],
        language="en",
        coverage=Coverage(
            pages=2, summarised_pages="1-2", empty_pages="", failed_pages="", missing_pages=""
        ),
        model="extractive",
        input_tokens=7,
        output_tokens=3,
        cost_usd=0.01,
    )
