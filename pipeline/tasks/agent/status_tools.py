"""The agent's tools that tell how the pipeline stands: its documents and tasks, and its report."""

import json
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, TypeVar

from pydantic import Field

from pipeline.documents.document_reader import DocumentReader
from pipeline.tasks.agent.tool_types import (
    Ask,
    BoundTool,
    ToolArguments,
    ToolRefusedError,
    ToolResult,
)
from shared.ledger.documents import Document
from shared.ledger.tasks import Task
from shared.lifecycle import STANDINGS

ItemT = TypeVar("ItemT", Document, Task)

_MAX_COUNTED = 2_000
_MAX_NAMED = 10

# Left out of what is told of a report: long lists, and what is for an operator's terminal only.
_REPORT_PARTS = (
    "day", "documents", "tasks", "pages", "failed_pages", "spend", "durations", "rejected",
    "lines", "task_lines", "digest",
)  # fmt: skip
_TROUBLE = frozenset(one.name for one in STANDINGS.values() if one.needs_a_person)


class GetPipelineStatus(ToolArguments):
    """What `get_pipeline_status` takes."""

    hours: int = Field(default=24, ge=1, le=168, description="How many hours back.")


class GetLatestReport(ToolArguments):
    """What `get_latest_report` takes."""


class StatusTools:
    """The tools on the pipeline itself.

    Args:
        reader: Reads the ledger and the reports.
    """

    def __init__(self, reader: DocumentReader) -> None:
        self._reader = reader

    def build(self) -> list[BoundTool[Any]]:
        """The tools."""
        return [
            BoundTool(
                "get_pipeline_status",
                "Tell how the pipeline stands: what arrived lately, is in work, or failed and why.",
                GetPipelineStatus,
                self._get_pipeline_status,
            ),
            BoundTool(
                "get_latest_report",
                "Get the latest daily report: counts, failures, spending, a digest of documents.",
                GetLatestReport,
                self._get_latest_report,
            ),
        ]

    def _get_pipeline_status(self, wanted: GetPipelineStatus, _: Ask) -> ToolResult:
        since = self._reader.now() - timedelta(hours=wanted.hours)
        # A day of the ledger is one of UTC, so the hours reach into one day more.
        days = wanted.hours // 24 + 2
        documents = _take_since(self._reader.list_recent(days), since)
        tasks = _take_since(self._reader.list_recent_tasks(days), since)
        in_flight = list(islice(self._reader.list_in_flight(), _MAX_COUNTED))
        lines = [
            f"Documents that arrived within {wanted.hours} hours: {_count(documents)}",
            f"Tasks that arrived within {wanted.hours} hours: {_count(tasks)}",
            f"Documents in work now, whenever they arrived: {len(in_flight)}"
            + (f", the oldest since {in_flight[0].received_at}" if in_flight else ""),
        ]
        troubled = [document for document in documents if document.status in _TROUBLE]
        lines += [
            f"- {document.document_id} | {document.key} | {document.status}: "
            f"{document.reason or f'missing pages {document.missing_pages}'}"
            for document in troubled[:_MAX_NAMED]
        ]
        return ToolResult("\n".join(lines))

    def _get_latest_report(self, _: GetLatestReport, __: Ask) -> ToolResult:
        report = self._reader.find_latest_report()
        if report is None:
            raise ToolRefusedError("There is no report of the last days.")
        told = {name: report[name] for name in _REPORT_PARTS if name in report}
        return ToolResult(json.dumps(told, ensure_ascii=False))


def _take_since(items: Iterable[ItemT], since: datetime) -> list[ItemT]:
    """The items that arrived since a time; they come newest first."""
    taken = []
    for item in islice(items, _MAX_COUNTED):
        if datetime.fromisoformat(item.received_at) < since:
            break
        taken.append(item)
    return taken


def _count(items: list[Document] | list[Task]) -> str:
    counts = Counter(str(item.status) for item in items)
    return ", ".join(f"{number} {status}" for status, number in sorted(counts.items())) or "none"
