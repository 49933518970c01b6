"""The page *Tasks*: their list with filters, one with its result as table and as CSV."""

import csv
import io
from urllib.parse import urlencode

from aws_lambda_powertools.event_handler import Response

from functions.console.fragment_routes import Asked, Fragment, FragmentRoutes
from functions.console.looking import look_through
from functions.console.tasks.task_forms import add_form_routes
from functions.console.tasks.task_view import read_task, view_task_page
from functions.http.route_parts import check_day, check_id
from functions.http.services import ApiServices
from pipeline.day_listing import DAYS_BACK, PageWanted
from pipeline.tasks.extract.result_table import TaskResult, build_table
from pipeline.tasks.task_listing import TasksWanted, list_task_page
from shared.errors import InvalidRequestError, NothingFoundError
from shared.ledger.tasks import Task
from shared.lifecycle import TaskStatus
from shared.messages.task_names import TASK_ID_PATTERN
from shared.printable import defuse_cell

_MOST_ROWS = 50
_FILTERS = ("name", "status", "day")


def add_routes(routes: FragmentRoutes, services: ApiServices) -> None:
    """Add what lists and shows tasks, and takes up new ones."""
    reader = services.reader

    def read_list(asked: Asked, is_polled: bool = False) -> dict[str, object]:
        fields = {name: value for name in _FILTERS if (value := asked.choose(name, 100))}
        first = asked.choose("cursor")

        def read_page(cursor: str | None, most: int) -> tuple[list[Task], str | None]:
            wanted = _read_wanted(fields, cursor, most)
            return list_task_page(wanted, reader.table, reader.now)

        look = look_through(read_page, first, _MOST_ROWS, is_polled)
        following = urlencode({**fields, "cursor": look.cursor}) if look.cursor else None
        return {
            "tasks": look.found,
            "looked_at": look.rows,
            "fields": fields,
            "query": urlencode(fields),
            "is_first": first is None,
            "is_polled": first is None and not look.is_long,
            "next_query": following,
            "statuses": tuple(TaskStatus),
            "days_back": DAYS_BACK,
        }

    @routes.get("/tasks")
    def list_tasks(asked: Asked) -> Fragment:
        return Fragment("tasks/tasks.html.j2", read_list(asked))

    @routes.get("/tasks/rows")
    def list_rows(asked: Asked) -> Fragment:
        return Fragment("tasks/rows.html.j2", read_list(asked, is_polled=True))

    # Before the route of one task: an id may be `new` as little as a form may have results.
    add_form_routes(routes, services)

    @routes.get("/tasks/<task_id>")
    def show_task(asked: Asked, task_id: str) -> Fragment:
        check_id(task_id, TASK_ID_PATTERN, "task")
        return Fragment("tasks/task.html.j2", view_task_page(services, task_id))

    @routes.get("/tasks/<task_id>/content")
    def show_content(asked: Asked, task_id: str) -> Fragment:
        check_id(task_id, TASK_ID_PATTERN, "task")
        return Fragment("tasks/content.html.j2", view_task_page(services, task_id))

    @routes.get("/tasks/<task_id>/csv")
    def write_csv(asked: Asked, task_id: str) -> Response[str]:
        check_id(task_id, TASK_ID_PATTERN, "task")
        task, result = read_task(services, task_id)
        path = asked.choose("list")
        if task.kind != "extract" or result is None:
            raise InvalidRequestError("only an extraction that has a result is a table")
        if path is not None and path not in result["rows"]:
            raise NothingFoundError("the result has no such list")
        about = result.get("document_key") or task.about
        one = TaskResult(task_id, task.status, about, task.reason, result)
        return Response(200, "text/csv; charset=utf-8", _to_csv(build_table([one], path)))


def _read_wanted(fields: dict[str, str], cursor: str | None, limit: int) -> TasksWanted:
    day, status = fields.get("day"), fields.get("status")
    if day is not None:
        check_day(day)
    if status is not None and status not in set(TaskStatus):
        raise InvalidRequestError("status: no task has such a status")
    return TasksWanted(
        PageWanted(day, limit, cursor),
        None if status is None else TaskStatus(status),
        fields.get("name"),
    )


def _to_csv(table: list[list[object]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(
        [defuse_cell(cell) if isinstance(cell, str) else cell for cell in line] for line in table
    )
    return out.getvalue()
