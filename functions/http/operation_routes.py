"""The routes of redo, retry, cancel, pause and resume, which only operators may take."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Body

from functions.http.operation_models import (
    CancelAnswer,
    CancelRequest,
    ConsumerList,
    ConsumerView,
    ModelView,
    OperationsView,
    PauseRequest,
    RedoAnswer,
    RedoRequest,
    ResumeRequest,
    RetryAnswer,
    RetryRequest,
)
from functions.http.operator_right import OperatorRight, find_actor
from functions.http.request_facts import run_within
from functions.http.route_parts import find_facts, tell_answers
from pipeline.operations.cancel import (
    CancelResult,
    cancel,
    find_in_flight,
    find_tasks,
    list_waiting_tasks,
    plan_cancel,
)
from pipeline.operations.pause import PauseServices, pause, resume
from pipeline.operations.redo import order_redo, plan_redo
from pipeline.operations.retry import RetryResult, plan_retry, retry
from pipeline.operations.selection import OperationServices, Selection, find_selected
from shared.deadline import Deadline
from shared.errors import DeadlineError, UnfinishedError
from shared.ledger.pauses import read_pauses
from shared.messages.document_messages import RedoTerms
from shared.prices import MICRO_USD_PER_USD

AnswerT = TypeVar("AnswerT")

_GO_ON_DELAY_SECONDS = 1.0
# An answer has 6 MB, and nobody reads more ids than this.
_MOST_IDS = 10_000
# How a request with a body can fail besides.
_BODY = (404, 413, 415)


@dataclass(frozen=True)
class OperationParts:
    """What the routes work with.

    Args:
        open: The services of whoever asks.
        pauses: What pausing works with.
        right: What tells an operator.
    """

    open: Callable[[str], OperationServices]
    pauses: PauseServices
    right: OperatorRight


def serve_operator(
    app: APIGatewayRestResolver, right: OperatorRight, work: Callable[[str, Deadline], AnswerT]
) -> AnswerT:
    """Do some work for an operator, within the time of a request.

    Raises:
        NotAnOperatorError: Somebody else asks.
        UnfinishedError: The time was up; the same request goes on.
    """
    event = app.current_event.raw_event
    right.check(event)
    by, deadline = find_actor(event), find_facts(app).deadline
    try:
        return run_within(deadline, lambda: work(by, deadline))
    except DeadlineError as error:
        raise UnfinishedError(
            "the time was up before all of it was done",
            delay_seconds=_GO_ON_DELAY_SECONDS,
            reason="unfinished",
        ) from error


def add_operation_routes(app: APIGatewayRestResolver, parts: OperationParts) -> None:
    """Add the routes under `/operations`."""

    @app.get("/operations", **_tell("show_operations", "See pauses and models"))
    def show_operations() -> OperationsView:
        return serve_operator(app, parts.right, lambda by, deadline: _show(by, parts))

    @app.post("/operations/redo", **_tell("redo", "Summarise documents once more", *_BODY))
    def redo_documents(request: Annotated[RedoRequest, Body()]) -> RedoAnswer:
        return serve_operator(
            app, parts.right, lambda by, deadline: answer_redo(request, parts.open(by), deadline)
        )

    @app.post("/operations/retry", **_tell("retry", "Try again what failed", *_BODY))
    def retry_items(request: Annotated[RetryRequest, Body()]) -> RetryAnswer:
        return serve_operator(
            app, parts.right, lambda by, deadline: answer_retry(request, parts.open(by), deadline)
        )

    @app.post("/operations/cancel", **_tell("cancel", "Cancel what has not begun", *_BODY))
    def cancel_items(request: Annotated[CancelRequest, Body()]) -> CancelAnswer:
        return serve_operator(
            app, parts.right, lambda by, deadline: answer_cancel(request, parts.open(by), deadline)
        )

    @app.post("/operations/pause", **_tell("pause", "Have consumers pause", *_BODY))
    def pause_consumers(request: Annotated[PauseRequest, Body()]) -> ConsumerList:
        def work(by: str, deadline: Deadline) -> ConsumerList:
            pause(request.consumers, request.reason.strip(), by, parts.pauses)
            return ConsumerList(consumers=_list_consumers(parts.pauses))

        return serve_operator(app, parts.right, work)

    @app.post("/operations/resume", **_tell("resume", "Have consumers go on", *_BODY))
    def resume_consumers(request: Annotated[ResumeRequest, Body()]) -> ConsumerList:
        def work(by: str, deadline: Deadline) -> ConsumerList:
            resume(request.consumers, by, parts.pauses)
            return ConsumerList(consumers=_list_consumers(parts.pauses))

        return serve_operator(app, parts.right, work)


def _tell(operation_id: str, summary: str, *failures: int) -> dict[str, Any]:
    """What OpenAPI says of a route."""
    return {
        "summary": summary,
        "operation_id": operation_id,
        "tags": ["operators"],
        "responses": tell_answers(200, "It is done, or would be.", *failures),
    }


def _show(by: str, parts: OperationParts) -> OperationsView:
    prices = parts.open(by).models
    return OperationsView(
        consumers=_list_consumers(parts.pauses),
        models=[
            ModelView(
                name=name,
                input_usd=None if price is None else price.input,
                output_usd=None if price is None else price.output,
            )
            for name, price in prices.items()
        ],
    )


def _list_consumers(services: PauseServices) -> list[ConsumerView]:
    pauses = {one.consumer: one for one in read_pauses(services.table) if one.is_on}
    return [
        ConsumerView(
            consumer=name, is_paused=True, reason=found.reason, by=found.by, since=found.since
        )
        if (found := pauses.get(name)) is not None
        else ConsumerView(consumer=name, is_paused=False)
        for name in services.mappings.ids
    ]


def _read_selection(request: RedoRequest | RetryRequest | CancelRequest) -> Selection:
    return Selection(
        names=tuple(dict.fromkeys(request.documents)),
        prefix=request.prefix,
        statuses=frozenset(request.status),
        is_all=request.all,
        days=request.days,
    )


def answer_redo(
    request: RedoRequest, services: OperationServices, deadline: Deadline
) -> RedoAnswer:
    """Plan a redo, and order it unless it is a dry run."""
    order = request.order or uuid.uuid4().hex
    terms = RedoTerms(model=request.model, is_fresh=request.fresh)
    plan = plan_redo(find_selected(_read_selection(request), services), order, terms, services)
    ordered = 0 if request.dry_run else order_redo(plan, order, terms, services, deadline)
    most, again = plan.estimate.most_cost_micro_usd, plan.estimate.asked_again_micro_usd
    return RedoAnswer(
        dry_run=request.dry_run,
        order=order,
        model=plan.model,
        documents=len(plan.documents),
        document_ids=_list_ids([one.document_id for one in plan.documents]),
        skipped=dict(plan.skipped),
        input_tokens=plan.estimate.input_tokens,
        most_output_tokens=plan.estimate.most_output_tokens,
        most_cost_usd=None if most is None else most / MICRO_USD_PER_USD,
        asked_again_cost_usd=None if again is None else again / MICRO_USD_PER_USD,
        unread=plan.estimate.unread,
        ordered=ordered,
        is_complete=request.dry_run or ordered == len(plan.documents),
    )


def _list_ids(ids: Sequence[str]) -> list[str]:
    return list(ids[:_MOST_IDS])


def answer_retry(
    request: RetryRequest, services: OperationServices, deadline: Deadline
) -> RetryAnswer:
    """Plan a retry, and carry it out unless it is a dry run."""
    selection = _read_selection(request)
    # Tasks that are named are enough.
    no_documents = bool(request.tasks) and selection.is_empty
    plan = plan_retry(
        () if no_documents else find_selected(selection, services),
        find_tasks(request.tasks, services),
        services,
    )
    done = RetryResult(0, 0, 0, True) if request.dry_run else retry(plan, services, deadline)
    return RetryAnswer(
        dry_run=request.dry_run,
        document_ids=_list_ids([one.document_id for one in plan.documents]),
        task_ids=_list_ids([one.task_id for one in plan.tasks]),
        letters=len(plan.letters),
        skipped=dict(plan.skipped),
        **vars(done),
    )


def answer_cancel(
    request: CancelRequest, services: OperationServices, deadline: Deadline
) -> CancelAnswer:
    """Plan a cancellation, and carry it out unless it is a dry run."""
    selection = _read_selection(request)
    no_documents = bool(request.tasks) and selection.is_empty
    waiting = list_waiting_tasks(services) if request.all else ()
    plan = plan_cancel(
        () if no_documents else find_in_flight(selection, services),
        [*find_tasks(request.tasks, services), *waiting],
    )
    done = CancelResult(0, 0, 0, True) if request.dry_run else cancel(plan, services, deadline)
    return CancelAnswer(
        dry_run=request.dry_run,
        document_ids=_list_ids([one.document_id for one in plan.documents]),
        task_ids=_list_ids([one.task_id for one in plan.tasks]),
        skipped=dict(plan.skipped),
        **vars(done),
    )
