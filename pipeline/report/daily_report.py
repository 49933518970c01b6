"""The daily report: a day's figures, checked, and written into the bucket."""

import logging
from dataclasses import dataclass

from pipeline.report.day_report import ReportServices, compose_report, read_documents
from pipeline.report.figures import count_documents
from pipeline.report.files import DocumentList, ReportFile, render_files
from pipeline.report.report_types import DailyReport, Digest, report_prefix

logger = logging.getLogger("seashore.report")


@dataclass(frozen=True)
class WrittenReport:
    """A report, and its files as they lie in the bucket."""

    report: DailyReport
    files: tuple[ReportFile, ...]


def choose_summaries(day: str, services: ReportServices) -> tuple[tuple[str, ...], int]:
    """Which documents' summaries a day's digest is made from.

    Returns:
        Where they lie, and how many documents have one.
    """
    figures = count_documents(read_documents(day, services), services.now())
    return figures.summaries.values, figures.summaries.seen


def write_report(day: str, digest: Digest, services: ReportServices) -> WrittenReport:
    """Make the report of a day as things stand now, and write it into the bucket.

    Safe to repeat: it is written over.

    Raises:
        DeferredError, PermanentError: As S3 and the ledger do.
    """
    with DocumentList() as everything:
        made_at = services.now()
        documents = count_documents(read_documents(day, services), made_at, everything.add)
        listed = f"{report_prefix(day)}{DocumentList.NAME}" if documents.lines.more else None
        report = compose_report(day, digest, documents, made_at, services, listed)
        services.objects.write_file(
            services.artifacts_bucket,
            f"{report.report_prefix}{DocumentList.NAME}",
            everything.finish(),
            DocumentList.CONTENT_TYPE,
        )
    if not report.is_reconciled:
        logger.error(
            "report_does_not_add_up",
            extra={
                "action": "report_does_not_add_up",
                "day": day,
                "documents": report.documents.discrepancy,
                "tasks": report.tasks.discrepancy,
                "examples": report.unaccounted_ids,
            },
        )
    files = render_files(report)
    for file in files:
        services.objects.write_text(
            services.artifacts_bucket,
            f"{report.report_prefix}{file.name}",
            file.content,
            file.content_type,
        )
    return WrittenReport(report, files)
