"""The report's files in the artifacts bucket: the same figures for people and for programs."""

import csv
import tempfile
from dataclasses import dataclass
from types import TracebackType
from typing import BinaryIO, TextIO

from pipeline.report.page.html import render_html
from pipeline.report.page.markdown import render_markdown
from pipeline.report.report_types import DailyReport, DocumentLine
from shared.printable import defuse_cell


@dataclass(frozen=True)
class ReportFile:
    """One form of a report: the end of its key, its type and its content."""

    name: str
    content_type: str
    content: str


def render_files(report: DailyReport) -> tuple[ReportFile, ...]:
    """The report in all its forms."""
    return (
        ReportFile("report.html", "text/html; charset=utf-8", render_html(report)),
        ReportFile("report.md", "text/markdown; charset=utf-8", render_markdown(report)),
        ReportFile("report.json", "application/json", report.model_dump_json(indent=2)),
    )


class DocumentList:
    """Every document of a day as a CSV file on disk, however many there are."""

    NAME = "documents.csv"
    CONTENT_TYPE = "text/csv; charset=utf-8"

    def __init__(self) -> None:
        self._file: TextIO = tempfile.TemporaryFile("w+", encoding="utf-8", newline="")  # noqa: SIM115 - closed by __exit__
        self._write = csv.writer(self._file).writerow
        self._write(("id", "key", "status", "title", "pages", "seconds", "cost_micro_usd", "note"))

    def __enter__(self) -> "DocumentList":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def add(self, line: DocumentLine) -> None:
        """Write down one document."""
        seconds = "" if line.duration_seconds is None else f"{line.duration_seconds:.1f}"
        cells = (
            line.document_id,
            line.key,
            line.status,
            line.title or "",
            line.pages,
            seconds,
            line.cost_micro_usd,
            line.note,
        )
        self._write([defuse_cell(cell) if isinstance(cell, str) else cell for cell in cells])

    def finish(self) -> BinaryIO:
        """The whole file, as bytes."""
        self._file.flush()
        return self._file.buffer
