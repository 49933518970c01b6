"""What operators do with reports: have one made, or sent again."""

from functions.console.action_services import ActionServices
from functions.console.fragment_routes import Asked, Fragment, FragmentRoutes
from functions.http.models import DAY_PATTERN
from functions.http.route_parts import check_day, check_id
from shared.calendar import find_day
from shared.errors import InvalidRequestError
from shared.ledger.reports import find_report, report_pk
from shared.ledger.timeline import build_event
from shared.messages.reports import DailyReportOrder, encode_report_order
from shared.queue_catalogue import REPORTS


def add_routes(routes: FragmentRoutes, services: ActionServices) -> None:
    """Add what is done with reports."""

    def order(asked: Asked, day: str, *, resend: bool) -> Fragment:
        check_id(day, DAY_PATTERN, "report")
        check_day(day)
        operations = services.open(asked.event)
        now = operations.now()
        zone = services.erasures.zone
        if day >= find_day(now, zone):
            raise InvalidRequestError(
                f"{day} is not over yet in {zone.key}: the page Today shows how it stands"
            )
        known = find_report(operations.table, day)
        if known is not None and known.status.is_final and not resend:
            # Such an order changes nothing, so nobody is told that it does.
            raise InvalidRequestError(
                f"the report of {day} is made already: it can be made and sent again"
            )
        step = "ordered_again" if resend else "ordered"
        wish = asked.request_key if resend else None
        operations.table.put_row(build_event(report_pk(day), now, step, {"by": operations.by}))
        (url,) = (dlq.source_url for dlq in operations.letters.dlqs if dlq.kind is REPORTS)
        wanted = DailyReportOrder(day=day, resend=resend, wish=wish)
        operations.queues.send(url, [encode_report_order(wanted)])
        values = {"day": day, "resend": resend}
        return Fragment("figures/report_ordered.html.j2", values, has_changed=True)

    @routes.post("/reports/<day>/make")
    def make_report(asked: Asked, day: str) -> Fragment:
        return order(asked, day, resend=False)

    @routes.post("/reports/<day>/send")
    def send_report(asked: Asked, day: str) -> Fragment:
        return order(asked, day, resend=True)
