"""The page *Today*: what flows, what waits, what it has cost, and what needs a person.

The figures are those of the daily report, as things stand now; the queues are asked beside them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from functions.console.fragment_routes import Asked, Fragment, FragmentRoutes
from functions.http.services import ApiServices
from pipeline.report.day_look import DayLook
from pipeline.report.day_report import ReportServices
from pipeline.report.page.attention import build_alarm
from pipeline.report.report_types import DailyReport
from shared.aws.queues import QueueLoad
from shared.calendar import find_day
from shared.document_formats import PDF, find_format
from shared.errors import SeashoreError
from shared.ledger.documents import Document
from shared.ledger.pauses import Pause, read_pauses
from shared.lifecycle import STANDINGS, DocumentStatus, Standing
from shared.prices import MICRO_USD_PER_USD
from shared.queue_catalogue import (
    CONVERSIONS,
    RECOGNITION,
    REPORTS,
    UPLOADS,
    WORK,
    SourceQueue,
    list_queues,
)

_MOST_IN_FLIGHT = 200
_MOST_LINES = 10

# In the order in which a document comes through them.
_FLOW = (
    (UPLOADS, "files are read"),
    (CONVERSIONS, "office files are read"),
    (RECOGNITION, "scans are recognised"),
    (WORK, "summaries and tasks"),
    (REPORTS, "the daily report"),
)


@dataclass(frozen=True)
class FlowStage:
    """A queue with its consumer, as it is drawn.

    Args:
        queue: The queue.
        does: What its consumer does.
        load: What waits in it; None if it could not be asked.
        letters: What its DLQ holds; None if that could not be asked.
        oldest: The oldest document that is on its way here.
        pause: The pause of its consumer; None if it is not paused.
    """

    queue: SourceQueue
    does: str
    load: QueueLoad | None
    letters: QueueLoad | None
    oldest: Document | None
    pause: Pause | None


def add_routes(routes: FragmentRoutes, services: ApiServices) -> None:
    """Add what shows the page."""
    desk = _build_services(services)
    look = DayLook()
    settings, reader = services.settings, services.reader

    def read_flow() -> dict[str, object]:
        pauses = {one.consumer: one for one in read_pauses(desk.table) if one.is_on}
        oldest = _find_oldest(islice(reader.list_in_flight(), _MOST_IN_FLIGHT))
        stages = [
            FlowStage(
                queue=queue,
                does=does,
                load=_read_load(desk, queue.find_urls(settings)[0]),
                letters=_read_load(desk, queue.find_urls(settings)[1]),
                oldest=oldest.get(queue.name),
                pause=pauses.get(queue.stage),
            )
            for queue, does in _FLOW
        ]
        return {"stages": stages}

    def read_figures() -> dict[str, object]:
        report = look.look_at(find_day(desk.now(), desk.zone), desk)
        needy = [line for line in report.lines if _needs_a_person(line.status)]
        return {
            "report": report,
            "alarm": build_alarm(report),
            "rows": list(_list_rows(report)),
            "needy": needy[:_MOST_LINES],
            "needy_more": report.documents.need_a_person - len(needy[:_MOST_LINES]),
            "task_lines": [line for line in report.task_lines if _needs_a_person(line.status)],
            "chat_cap": _to_micro_usd(settings.chat_daily_cap_usd),
        }

    @routes.get("/today")
    def show_today(asked: Asked) -> Fragment:
        return Fragment("today.html.j2", read_flow())

    @routes.get("/today/flow")
    def show_flow(asked: Asked) -> Fragment:
        return Fragment("today_flow.html.j2", read_flow())

    # Apart, as all that arrived today is counted for it: on a day of many documents that takes a
    # while, and the flow is there at once.
    @routes.get("/today/figures")
    def show_figures(asked: Asked) -> Fragment:
        return Fragment("today_figures.html.j2", read_figures())


def _build_services(services: ApiServices) -> ReportServices:
    settings, reader = services.settings, services.reader
    return ReportServices(
        table=reader.table,
        objects=reader.objects,
        queues=services.intake.queues,
        artifacts_bucket=reader.artifacts_bucket,
        work_queue_url=settings.work_queue_url,
        now=reader.now,
        dlqs=tuple((queue.name, queue.find_urls(settings)[1]) for queue in list_queues(settings)),
        zone=settings.time_zone,
        stack=settings.stack_name,
        daily_cap_micro_usd=_to_micro_usd(settings.daily_cap_usd),
    )


def _to_micro_usd(usd: float | None) -> int | None:
    return None if usd is None else round(usd * MICRO_USD_PER_USD)


def _read_load(desk: ReportServices, queue_url: str) -> QueueLoad | None:
    try:
        return desk.queues.read_load(queue_url)
    except SeashoreError:
        # The page says so in its place; all else is worth showing.
        return None


def _find_oldest(in_flight: Iterator[Document]) -> dict[str, Document]:
    """The oldest document on its way through each queue; they come oldest first."""
    oldest: dict[str, Document] = {}
    for document in in_flight:
        oldest.setdefault(_find_queue(document).name, document)
    return oldest


def _find_queue(document: Document) -> SourceQueue:
    if document.recognising_pages and document.has_all_parts:
        return RECOGNITION
    if document.status is not DocumentStatus.RECEIVED:
        return WORK
    return UPLOADS if find_format(document.key) in (PDF, None) else CONVERSIONS


def _needs_a_person(status: str) -> bool:
    standing = STANDINGS.get(status)
    return standing is None or standing.needs_a_person


def _list_rows(report: DailyReport) -> Iterator[tuple[Standing, int, int]]:
    """How many documents and tasks stand where, without what is rare and is not there."""
    for standing in STANDINGS.values():
        documents, tasks = report.documents.of(standing), report.tasks.of(standing)
        if documents or tasks or not standing.is_rare:
            yield standing, documents, tasks
