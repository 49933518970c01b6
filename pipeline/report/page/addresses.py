"""Where to go on from the page: the report's files, and the commands that tell more."""

import shlex
from collections.abc import Sequence

from pipeline.report.causes import name_stack
from pipeline.report.page.view import Figure
from pipeline.report.page.words import say_count
from pipeline.report.report_types import DailyReport


def list_addresses(report: DailyReport) -> tuple[Figure, ...]:
    """What each file of the report is, and its address."""
    files = [
        ("HTML", f"{report.report_prefix}report.html"),
        ("JSON", f"{report.report_prefix}report.json"),
        ("Markdown", f"{report.report_prefix}report.md"),
    ]
    if report.all_documents_key:
        files.append(("Every document (CSV)", report.all_documents_key))
    return tuple(Figure(label, f"s3://{report.artifacts_bucket}/{key}") for label, key in files)


def write_again_command(report: DailyReport) -> str:
    """The command that makes the day's report anew; empty where there is nothing to be seen."""
    if report.is_empty:
        return ""
    return f"seashore report --date {report.day} --open{name_stack(report.stack)}"


def write_explain_command(report: DailyReport, item_id: str) -> str:
    """The command that tells the whole timeline of a document or task."""
    return f"seashore explain {shlex.quote(item_id)}{name_stack(report.stack)}"


def write_show_command(report: DailyReport, item_id: str) -> str:
    """The command that shows the whole summary of a document."""
    return f"seashore show {shlex.quote(item_id)}{name_stack(report.stack)}"


def write_resume_command(report: DailyReport, consumers: Sequence[str]) -> str:
    """The command that has consumers go on which were paused."""
    return f"seashore resume {shlex.join(consumers)}{name_stack(report.stack)}"


def write_tasks_command(report: DailyReport) -> str:
    """The command that lists the tasks of the last week."""
    return f"seashore tasks --limit 10000{name_stack(report.stack)}"


def describe_rest(count: int, noun: str, report: DailyReport) -> str:
    """Say how many more there are and which file names them all; empty if there are no more."""
    if count <= 0:
        return ""
    place = "the list of every document" if report.all_documents_key else "the JSON file"
    return f"And {say_count(count, f'more {noun}')}, all named in {place} (see the end)."
