"""The page *Today*: what flows, what waits, what it has cost, and what needs a person."""

from functions.console.fragment_routes import Asked, Fragment, FragmentRoutes
from functions.http.services import ApiServices


def add_routes(routes: FragmentRoutes, services: ApiServices) -> None:
    """Add what shows the page."""

    @routes.get("/today")
    def show_today(asked: Asked) -> Fragment:
        return Fragment("today.html.j2", {})
