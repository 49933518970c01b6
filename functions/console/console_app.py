"""The console as the API function serves it: the shell, its assets, and the parts of its pages."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.console.fragment_routes import FragmentRoutes
from functions.console.pages import PAGES
from functions.console.shell import Shell
from functions.http.request_facts import RequestFacts
from functions.http.requests import Event
from functions.http.services import ApiServices

PARTS = "/console/parts"


class ConsoleApp:
    """Answers what a browser asks for.

    Args:
        shell: What it asks for without a key.
        parts: What it asks for with one.
    """

    def __init__(self, shell: Shell, parts: FragmentRoutes) -> None:
        self._shell = shell
        self._parts = parts

    def answer(self, event: Event, context: LambdaContext, facts: RequestFacts) -> dict[str, Any]:
        """Answer a request."""
        if event["path"].startswith(f"{PARTS}/"):
            return self._parts.answer(event, context, facts)
        return self._shell.answer(event, facts)


def build_console_app(services: ApiServices, logger: Logger) -> ConsoleApp:
    """Put the console together, at the first request for it."""
    parts = FragmentRoutes(PARTS, logger)
    for page in PAGES:
        page.add_routes(parts, services)
    return ConsoleApp(Shell(services, logger), parts)
