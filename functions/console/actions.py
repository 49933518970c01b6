"""What operators do from the console: as the routes of the API for them, with an answer in HTML.

It is served by the operator function alone, whose role may do it. Nobody but an operator gets to
any of these routes, whatever a page does.
"""

from collections.abc import Callable

from aws_lambda_powertools import Logger

from functions.console import bulk_actions, document_actions
from functions.console.action_services import ActionServices
from functions.console.figures import report_actions
from functions.console.fragment_routes import FragmentRoutes
from functions.console.letters import discard_actions, letter_actions, replay_actions

ACTIONS = "/console/actions"

# One entry for each page that acts.
_ADD_ROUTES: tuple[Callable[[FragmentRoutes, ActionServices], None], ...] = (
    document_actions.add_routes,
    bulk_actions.add_routes,
    letter_actions.add_routes,
    replay_actions.add_routes,
    discard_actions.add_routes,
    report_actions.add_routes,
)


def build_console_actions(services: ActionServices, logger: Logger) -> FragmentRoutes:
    """Put the actions together, at the first request for one."""
    routes = FragmentRoutes(ACTIONS, logger, services.operations.right.check)
    for add_routes in _ADD_ROUTES:
        add_routes(routes, services)
    return routes
