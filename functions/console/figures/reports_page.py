"""The page *Reports*: those of the last days, and one as it was mailed in plain text.

The report as a page has its styles in each element, as mails need them, which the console's policy
refuses; so it is a file to save, and what is read here is its text.
"""

from functions.console.fragment_routes import Asked, Fragment, FragmentRoutes
from functions.console.timeline_view import read_steps
from functions.http.models import DAY_PATTERN
from functions.http.route_parts import check_day, check_id
from functions.http.services import ApiServices
from pipeline.documents.document_reader import report_key
from pipeline.report.page.text import render_text
from pipeline.report.report_types import DailyReport
from shared.calendar import find_day, list_days_before
from shared.errors import ObjectMissingError
from shared.ledger.reports import find_report, find_reports, report_pk

_DAYS_BACK = 30


def add_routes(routes: FragmentRoutes, services: ApiServices) -> None:
    """Add what lists and shows reports."""
    reader, settings = services.reader, services.settings

    def find_written(days: list[str]) -> set[str]:
        """The days whose report lies in the bucket: of one that was never sent no row tells."""
        months = {day[: len("2026-11")] for day in days}
        keys = {
            key
            for month in months
            for key in reader.objects.list_keys(reader.artifacts_bucket, f"reports/{month}-")
        }
        return {day for day in days if report_key(day) in keys}

    def list_days() -> dict[str, object]:
        today = find_day(reader.now(), settings.time_zone)
        days = list_days_before(today, _DAYS_BACK)[::-1]
        reports = find_reports(reader.table, days)
        written = find_written(days)
        return {
            "days": [(day, reports.get(day)) for day in days],
            "written": written,
            "has_some": bool(reports or written),
            "today": today,
            "zone": settings.time_zone.key,
            "days_back": _DAYS_BACK,
        }

    @routes.get("/reports")
    def show_reports(asked: Asked) -> Fragment:
        return Fragment("figures/reports.html.j2", list_days())

    @routes.get("/reports/rows")
    def show_rows(asked: Asked) -> Fragment:
        return Fragment("figures/report_rows.html.j2", list_days())

    def read_report(day: str) -> dict[str, object]:
        check_id(day, DAY_PATTERN, "report")
        check_day(day)
        report, text = None, ""
        try:
            report = DailyReport.model_validate(reader.read_report(day))
            text = render_text(report)
        except ObjectMissingError:
            # It is not made yet, or gone: the row tells which.
            pass
        page = report_key(day).replace(".json", ".html")
        sign = services.links.sign
        return {
            "day": day,
            "report": report,
            "text": text,
            "row": find_report(reader.table, day),
            "link": sign(reader.artifacts_bucket, page, None, f"report-{day}.html"),
            "is_over": day < find_day(reader.now(), settings.time_zone),
            **read_steps(reader.table, report_pk(day)),
        }

    @routes.get("/reports/<day>")
    def show_report(asked: Asked, day: str) -> Fragment:
        return Fragment("figures/report.html.j2", read_report(day))

    @routes.get("/reports/<day>/content")
    def show_content(asked: Asked, day: str) -> Fragment:
        return Fragment("figures/report_content.html.j2", read_report(day))
