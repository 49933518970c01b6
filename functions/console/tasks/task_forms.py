"""Forms for tasks of each kind: what they send is what `POST /tasks` takes."""

import json
from typing import Any

from pydantic import ValidationError

from functions.console.fragment_routes import Asked, Fragment, FragmentRoutes
from functions.console.tasks.task_view import view_task_page
from functions.http.models import PATTERN_WORDS
from functions.http.route_parts import make_id
from functions.http.services import ApiServices
from pipeline.tasks.intake import take_up_task
from shared.errors import InvalidRequestError, NothingFoundError
from shared.messages.message_groups import group_of_sender
from shared.messages.problem_words import describe_problem
from shared.messages.tasks import TASK

KINDS = ("summarize", "ask", "extract", "agent")
_TYPES = ("string", "number", "integer", "boolean")
_MOST_PROBLEMS = 5


def add_form_routes(routes: FragmentRoutes, services: ApiServices) -> None:
    """Add the form of each kind, and what takes up a task."""

    @routes.get("/tasks/new/<kind>")
    def show_form(asked: Asked, kind: str) -> Fragment:
        if kind not in KINDS:
            raise NothingFoundError("there is no task of this kind")
        document = asked.choose("document") or ""
        return Fragment("tasks/form.html.j2", {"kind": kind, "kinds": KINDS, "document": document})

    @routes.post("/tasks/new/<kind>")
    def start(asked: Asked, kind: str) -> Fragment:
        if kind not in KINDS:
            raise NothingFoundError("there is no task of this kind")
        task_id = start_task(services, asked, {**_read_content(asked.content), "kind": kind})
        return Fragment("tasks/started.html.j2", view_task_page(services, task_id))


def start_task(services: ApiServices, asked: Asked, content: dict[str, Any]) -> str:
    """Take up a task for whoever asks, once for a pressing of its form; its id.

    Raises:
        InvalidRequestError: The content is no task.
        TaskConflictError: Under the same key something else was asked for.
        TaskRefusedError: It could not be carried out.
    """
    owner = asked.facts.owner
    try:
        order = TASK.validate_python({**content, "id": make_id(owner, asked.request_key)})
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, one['loc'][1:])) or 'the task'}: "
            f"{describe_problem(one, PATTERN_WORDS)}"
            for one in error.errors()[:_MOST_PROBLEMS]
        )
        raise InvalidRequestError(problems) from None
    return take_up_task(order, services.intake, group_of_sender(owner)).task_id


def _read_content(form: Any) -> dict[str, Any]:
    """The content of a task, from the fields of its form; what is empty is not there."""
    content = {name: value for name, value in form.items() if value != ""}
    if isinstance(content.get("documents"), str):
        lines = (line.strip() for line in content["documents"].splitlines())
        content["documents"] = [line for line in lines if line]
    if isinstance(content.get("fields"), str):
        content["schema"] = read_fields(content.pop("fields"))
    for name in ("max_steps", "max_tokens"):
        if str(content.get(name, "")).isdecimal():
            content[name] = int(content[name])
    return content


def read_fields(text: str) -> dict[str, Any]:
    """A JSON Schema, or one of lines such as `rent: number`.

    Raises:
        InvalidRequestError: It is neither.
    """
    if text.lstrip().startswith("{"):
        try:
            schema = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InvalidRequestError(f"fields: not JSON: {error}") from error
        if not isinstance(schema, dict):
            raise InvalidRequestError("fields: a JSON Schema is an object")
        return schema
    properties = {}
    for line in filter(str.strip, text.splitlines()):
        name, _, kind = (part.strip() for part in line.partition(":"))
        if not name or (kind or "string") not in _TYPES:
            raise InvalidRequestError(
                f"fields: write a name a line, with one of {', '.join(_TYPES)} after a colon, or a "
                "JSON Schema"
            )
        properties[name] = {"type": kind or "string"}
    return {"type": "object", "properties": properties}
