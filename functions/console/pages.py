"""The pages of the console, in the order of its menu: one entry for each.

To add a page: a module beside this one with an `add_routes`, its templates in `templates`, and one
entry here. It is shown under `#` and its name, and asked for under `/console/parts/` and its name.
"""

from collections.abc import Callable
from dataclasses import dataclass

from functions.console import documents_page, today_page
from functions.console.figures import reports_page, spend_page
from functions.console.fragment_routes import FragmentRoutes
from functions.console.letters import letters_page
from functions.console.tasks import ask_page, tasks_page
from functions.http.services import ApiServices


@dataclass(frozen=True)
class ConsolePage:
    """A page.

    Args:
        name: Its name in addresses.
        title: Its name in the menu.
        add_routes: Adds what shows the page and its parts.
    """

    name: str
    title: str
    add_routes: Callable[[FragmentRoutes, ApiServices], None]


PAGES = (
    ConsolePage("today", "Today", today_page.add_routes),
    ConsolePage("documents", "Documents", documents_page.add_routes),
    ConsolePage("ask", "Ask", ask_page.add_routes),
    ConsolePage("tasks", "Tasks", tasks_page.add_routes),
    ConsolePage("dead-letters", "Dead letters", letters_page.add_routes),
    ConsolePage("spend", "Spend", spend_page.add_routes),
    ConsolePage("reports", "Reports", reports_page.add_routes),
)
