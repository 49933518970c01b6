"""Rows of the tables as the HTTP API shows them."""

from datetime import UTC, datetime
from typing import Any

from functions.http.models import (
    ChatAnswer,
    ChatSource,
    ChatStep,
    ChatUsage,
    DocumentView,
    TaskView,
    ThreadDetail,
    ThreadSummary,
    ThreadTurn,
)
from pipeline.chat.chat_turn import TurnDetails
from shared.conversations import ConversationTurn, Thread
from shared.ledger.documents import Document
from shared.ledger.tasks import Task
from shared.prices import MICRO_USD_PER_USD


def view_document(document: Document) -> DocumentView:
    """A document."""
    return DocumentView(
        **document.model_dump(include=set(DocumentView.model_fields) - {"cost_usd", "name"}),
        name=document.called,
        cost_usd=document.cost_micro_usd / MICRO_USD_PER_USD,
    )


def view_task(
    task: Task, result: dict[str, Any] | None, candidates: list[dict[str, Any]] | None = None
) -> TaskView:
    """A task, with its result, and for a review what is not in it as no page bears it out."""
    return TaskView(
        **task.model_dump(include=set(TaskView.model_fields) - {"cost_usd"}),
        cost_usd=task.cost_micro_usd / MICRO_USD_PER_USD,
        result=result,
        candidates=candidates,
    )


def view_answer(turn: ConversationTurn, thread_id: str, request_id: str) -> ChatAnswer:
    """The answer to a message, in the words of the request that asks now."""
    details = TurnDetails.model_validate(turn.details)
    return ChatAnswer(
        message=turn.answer,
        thread_id=thread_id,
        request_id=request_id,
        steps=_view_steps(details),
        usage=_view_usage(details),
        sources=[
            ChatSource(document_id=read.document_id, key=read.key, pages=read.pages)
            for read in details.pages_read
        ],
        stopped_by=details.stopped_by.value,
    )


def view_thread(thread: Thread) -> ThreadSummary:
    """A conversation in a list."""
    return ThreadSummary(**_describe_thread(thread))


def view_thread_with_turns(thread: Thread, turns: list[ConversationTurn]) -> ThreadDetail:
    """A conversation with what was said."""
    return ThreadDetail(**_describe_thread(thread), history=[_view_turn(turn) for turn in turns])


def _describe_thread(thread: Thread) -> dict[str, Any]:
    expires_at = datetime.fromtimestamp(thread.expires_at, UTC).isoformat()
    return {**thread.model_dump(), "expires_at": expires_at}


def _view_turn(turn: ConversationTurn) -> ThreadTurn:
    details = TurnDetails.model_validate(turn.details)
    return ThreadTurn(
        number=turn.number,
        at=turn.at,
        request_id=turn.request_id,
        message=turn.message,
        answer=turn.answer,
        steps=_view_steps(details),
        usage=_view_usage(details),
    )


def _view_steps(details: TurnDetails) -> list[ChatStep]:
    return [ChatStep(**step.model_dump()) for step in details.steps]


def _view_usage(details: TurnDetails) -> ChatUsage:
    return ChatUsage(**details.usage.model_dump())
