"""The HTTP API's resolver: a route reads its request, makes one call into `pipeline`, answers."""

from typing import Annotated, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Body, Path, Query

from functions.http.chat_routes import add_chat_routes, add_thread_routes
from functions.http.document_routes import add_document_routes, add_report_routes
from functions.http.mcp_routes import add_mcp_route
from functions.http.models import (
    DAY_PATTERN,
    ExtractionAccepted,
    ExtractionsAccepted,
    ExtractionsRequest,
    Health,
    TaskAccepted,
    TaskPage,
    TaskView,
)
from functions.http.request_facts import run_within
from functions.http.route_parts import (
    RequestKey,
    build_resolver,
    check_day,
    check_id,
    find_facts,
    make_id,
    tell_answers,
)
from functions.http.services import ApiServices
from functions.http.views import view_task
from pipeline.day_listing import PageWanted
from pipeline.tasks.extract.extract_many import ExtractionsWanted, take_up_extractions
from pipeline.tasks.intake import take_up_task
from pipeline.tasks.task_listing import TasksWanted, list_task_page
from shared.errors import NothingFoundError
from shared.ledger.tasks import find_task
from shared.lifecycle import TaskStatus
from shared.messages.message_groups import group_of_sender
from shared.messages.task_names import TASK_ID_PATTERN
from shared.messages.tasks import Task as TaskOrder


def build_app(services: ApiServices, logger: Logger) -> APIGatewayRestResolver:
    """The resolver with all its routes; each request goes to it by `answer_request`."""
    app = build_resolver(logger)
    add_chat_routes(app, services)
    add_thread_routes(app, services)
    _add_task_routes(app, services)
    add_document_routes(app, services)
    add_report_routes(app, services)
    add_mcp_route(app, services)
    _add_other_routes(app, services)
    return app


def _add_task_routes(app: APIGatewayRestResolver, services: ApiServices) -> None:
    @app.post(
        "/tasks",
        summary="Start a task",
        operation_id="start_task",
        tags=["tasks"],
        status_code=202,
        responses=tell_answers(202, "It is taken up.", 409, 413, 415, 422),
    )
    def start_task(
        order: Annotated[TaskOrder, Body(discriminator="kind")], key: RequestKey = None
    ) -> TaskAccepted:
        facts = find_facts(app)
        if order.id is None:
            order = order.model_copy(update={"id": make_id(facts.owner, key)})
        group = group_of_sender(facts.owner)
        task = run_within(facts.deadline, lambda: take_up_task(order, services.intake, group))
        return TaskAccepted(task_id=task.task_id, status=task.status, request_id=facts.request_id)

    @app.post(
        "/extractions",
        summary="Start an extraction of each document whose key begins alike",
        operation_id="start_extractions",
        tags=["tasks"],
        status_code=202,
        responses=tell_answers(202, "They are taken up.", 409, 413, 415, 422),
    )
    def start_extractions(request: Annotated[ExtractionsRequest, Body()]) -> ExtractionsAccepted:
        facts = find_facts(app)
        content = request.model_dump(exclude={"fields"})
        wanted = ExtractionsWanted(schema=request.fields, sender=facts.owner, **content)
        found = run_within(
            facts.deadline, lambda: take_up_extractions(wanted, services.intake, facts.deadline)
        )
        return ExtractionsAccepted(
            tasks=[
                ExtractionAccepted(
                    task_id=task.task_id,
                    status=task.status,
                    document_id=document.document_id,
                    key=document.key,
                )
                for task, document in found.tasks
            ],
            without_text=found.without_text,
            next_cursor=found.next_cursor,
            request_id=facts.request_id,
        )

    @app.get(
        "/tasks",
        summary="List tasks, the newest first, without their results",
        operation_id="list_tasks",
        tags=["tasks"],
        responses=tell_answers(200, "A page of tasks; of the last 30 days without a day."),
    )
    def list_tasks(
        limit: Annotated[int, Query(ge=1, le=100, description="The most of a page.")] = 25,
        cursor: Annotated[
            str | None, Query(max_length=400, description="The next_cursor of the page before.")
        ] = None,
        day: Annotated[
            str | None, Query(pattern=DAY_PATTERN, description="The day (UTC) of their arrival.")
        ] = None,
        status: Annotated[TaskStatus | None, Query(description="Only those.")] = None,
        name: Annotated[
            str | None, Query(max_length=100, description="Only those whose name begins so.")
        ] = None,
    ) -> TaskPage:
        if day is not None:
            check_day(day)
        wanted = TasksWanted(PageWanted(day, limit, cursor), status, name)
        table, now = services.reader.table, services.reader.now

        def read() -> TaskPage:
            tasks, next_cursor = list_task_page(wanted, table, now)
            views = [view_task(task, None) for task in tasks]
            return TaskPage(tasks=views, next_cursor=next_cursor)

        return run_within(find_facts(app).deadline, read)

    @app.get(
        "/tasks/<task_id>",
        summary="See how a task stands, and its result",
        operation_id="read_task",
        tags=["tasks"],
        responses=tell_answers(200, "The task.", 404),
    )
    def read_task(
        task_id: Annotated[str, Path()],
        review: Annotated[
            bool,
            Query(description="Whether to give also what a model has given and no page bears out."),
        ] = False,
    ) -> TaskView:
        check_id(task_id, TASK_ID_PATTERN, "task")

        def read() -> TaskView:
            task = find_task(services.reader.table, task_id)
            if task is None:
                raise NothingFoundError("there is no such task")
            if task.result_key is None:
                return view_task(task, None)
            result = services.reader.read_json(task.result_key)
            candidates = (
                services.reader.read_candidates(task.result_key, result) if review else None
            )
            return view_task(task, result, candidates)

        return run_within(find_facts(app).deadline, read)


def _add_other_routes(app: APIGatewayRestResolver, services: ApiServices) -> None:
    @app.get(
        "/health",
        summary="See whether the function runs",
        operation_id="health",
        tags=["other"],
        responses=tell_answers(200, "It runs."),
    )
    def tell_health() -> Health:
        return Health(status="ok", model=services.chat.answers.model.name)

    @app.get("/openapi.json", include_in_schema=False)
    def tell_openapi() -> dict[str, Any]:
        # What makes it takes a while to import and to run, and is seldom asked for.
        from functions.http.openapi import write_openapi

        path = str(app.current_event.request_context.path or "")
        return write_openapi(app, path.removesuffix("/openapi.json") or "/")
