"""Where the report's files lie, and where all of what a page shows only the beginning of."""

from pipeline.report_page.words import say_count
from pipeline.report_types import DailyReport


def list_addresses(report: DailyReport) -> list[tuple[str, str]]:
    """What each file of the report is, and its address."""
    files = [
        ("This page", f"{report.report_prefix}report.html"),
        ("JSON", f"{report.report_prefix}report.json"),
        ("Markdown", f"{report.report_prefix}report.md"),
    ]
    if report.all_documents_key:
        files.append(("Every document (CSV)", report.all_documents_key))
    return [(label, _address(report, key)) for label, key in files]


def describe_rest(count: int, noun: str, report: DailyReport) -> str:
    """Say how many more there are and which file names them all; empty if there are no more."""
    if count <= 0:
        return ""
    place = "the list of every document" if report.all_documents_key else "the JSON file"
    return f"And {say_count(count, f'more {noun}')}, all named in {place} (see the end)."


def _address(report: DailyReport, key: str) -> str:
    return f"s3://{report.artifacts_bucket}/{key}"
