"""The report of a day: its figures from the ledger, counted and checked, with nothing written.

Apart from the files of a report, which it takes more to write than to count.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from pipeline.report.causes import CauseTally, name_stack
from pipeline.report.figures import (
    DOCUMENT_ATTRIBUTES,
    TASK_ATTRIBUTES,
    DocumentFigures,
    count_tasks,
)
from pipeline.report.report_types import (
    DailyReport,
    DeadLetters,
    Digest,
    Durations,
    PauseNote,
    QueueDepth,
    SlowDocument,
    report_prefix,
)
from pipeline.report.slowness import explain_slowness
from pipeline.report.spend import read_spend
from pipeline.services import Services
from shared.calendar import find_window
from shared.errors import SeashoreError
from shared.ledger.arrivals import DOCUMENTS, TASKS, ArrivalPage, read_arrivals
from shared.ledger.documents import document_pk
from shared.ledger.pauses import read_pauses
from shared.ledger.timeline import read_timeline

logger = logging.getLogger("seashore.report")


@dataclass(frozen=True, kw_only=True)
class ReportServices(Services):
    """What reports are made with besides.

    Args:
        dlqs: The names of the queues, and the URLs of their DLQs.
        zone: The time zone in which days are counted.
        stack: The stack's name, as the command line knows it.
        daily_cap_micro_usd: The day's spending limit; None if there is none.
    """

    dlqs: tuple[tuple[str, str], ...]
    zone: ZoneInfo
    stack: str
    daily_cap_micro_usd: int | None


def read_documents(day: str, services: ReportServices) -> Iterator[ArrivalPage]:
    """The rows of a day's documents, as far as a report looks at them."""
    window = find_window(day, services.zone)
    return read_arrivals(services.table, DOCUMENTS, window, DOCUMENT_ATTRIBUTES)


def compose_report(
    day: str,
    digest: Digest,
    documents: DocumentFigures,
    made_at: datetime,
    services: ReportServices,
    all_documents_key: str | None = None,
) -> DailyReport:
    """The report of a day, whose documents are counted already, and perhaps listed somewhere."""
    window = find_window(day, services.zone)
    tasks = count_tasks(read_arrivals(services.table, TASKS, window, TASK_ATTRIBUTES), made_at)
    return DailyReport(
        day=day,
        zone=services.zone.key,
        window_from=window[0].isoformat(),
        window_to=window[1].isoformat(),
        made_at=made_at.isoformat(timespec="seconds"),
        stack=services.stack,
        documents=documents.tally.counts,
        children=documents.children,
        tasks=tasks.tally.counts,
        unaccounted_ids=(*documents.tally.unaccounted, *tasks.tally.unaccounted),
        pages=documents.pages,
        empty_pages=documents.empty_pages,
        failed_pages=documents.failed_pages,
        chunks=documents.chunks,
        chunks_done=documents.chunks_done,
        chunks_failed=documents.chunks_failed,
        spend=read_spend(day, services.daily_cap_micro_usd, services.table, services.now()),
        durations=_describe_durations(documents, services),
        dead_letters=_list_dead_letters(documents.causes, tasks.causes, services),
        rejected=documents.rejected.values,
        rejected_more=documents.rejected.more,
        lines=documents.lines.values,
        lines_more=documents.lines.more,
        task_lines=tasks.lines.values,
        task_lines_more=tasks.lines.more,
        all_documents_key=all_documents_key,
        artifacts_bucket=services.artifacts_bucket,
        report_prefix=report_prefix(day),
        digest=digest,
        pauses=tuple(
            PauseNote(consumer=one.consumer, reason=one.reason, by=one.by, since=one.since)
            for one in read_pauses(services.table)
            if one.is_on
        ),
    )


def _describe_durations(documents: DocumentFigures, services: ReportServices) -> Durations:
    tally = documents.durations
    slowest = [
        SlowDocument(
            document_id=slow.document_id,
            key=slow.key,
            name=slow.name,
            duration_seconds=slow.seconds,
            why=explain_slowness(
                slow, read_timeline(services.table, document_pk(slow.document_id))
            ),
        )
        for slow in tally.slowest
    ]
    return Durations(
        count=tally.count,
        median_seconds=tally.find_percentile(50),
        p95_seconds=tally.find_percentile(95),
        slowest=tuple(slowest),
    )


def _list_dead_letters(
    documents: CauseTally, tasks: CauseTally, services: ReportServices
) -> DeadLetters:
    groups, more_causes, more_count = documents.list_groups(tasks, services.stack)
    try:
        depths = tuple(
            QueueDepth(queue=name, letters=services.queues.count_all_messages(url))
            for name, url in services.dlqs
        )
    except SeashoreError as error:
        # The counts are an extra; a report without them is better than none.
        logger.warning(
            "dlqs_not_counted", extra={"action": "dlqs_not_counted", "cause": str(error)}
        )
        depths = ()
    return DeadLetters(
        groups=groups,
        more_causes=more_causes,
        more_count=more_count,
        depths=depths,
        list_command=f"seashore dlq list{name_stack(services.stack)}",
    )
