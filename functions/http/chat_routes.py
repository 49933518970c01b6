"""The routes of the chat and its conversations."""

from typing import Annotated

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.openapi.params import Path

from functions.http.models import (
    THREAD_ID_PATTERN,
    ChatAnswer,
    ChatRequest,
    ThreadDeleted,
    ThreadDetail,
    ThreadList,
)
from functions.http.request_facts import run_within
from functions.http.route_parts import RequestKey, check_id, find_facts, make_id, tell_answers
from functions.http.services import ApiServices
from functions.http.views import view_answer, view_thread, view_thread_with_turns
from pipeline.chat.chat_turn import ChatMessage, take_chat_turn
from shared.errors import NothingFoundError

_MAX_THREADS = 100
_MAX_TURNS_SHOWN = 50


def add_chat_routes(app: APIGatewayRestResolver, services: ApiServices) -> None:
    """Add what asks the agent."""

    @app.post(
        "/chat",
        summary="Ask the agent, which knows the documents",
        operation_id="chat",
        tags=["chat"],
        responses=tell_answers(200, "The answer.", 409, 413, 415, 422),
    )
    def chat(request: ChatRequest, key: RequestKey = None) -> ChatAnswer:
        facts = find_facts(app)
        message = ChatMessage(
            text=request.message,
            thread_id=request.thread_id or make_id(facts.owner, key),
            request_id=facts.request_id,
            request_key=key,
        )
        conversations = services.open_conversations(facts.owner)
        turn = run_within(
            facts.deadline,
            lambda: take_chat_turn(message, conversations, services.chat, facts.deadline),
        )
        return view_answer(turn, message.thread_id, facts.request_id)


def add_thread_routes(app: APIGatewayRestResolver, services: ApiServices) -> None:
    """Add what lists, reads and deletes conversations."""

    @app.get(
        "/threads",
        summary="List your conversations",
        operation_id="list_threads",
        tags=["chat"],
        responses=tell_answers(200, "The conversations, the newest first, at most 100."),
    )
    def list_threads() -> ThreadList:
        facts = find_facts(app)
        conversations = services.open_conversations(facts.owner)
        threads = run_within(facts.deadline, lambda: conversations.list_threads(_MAX_THREADS))
        return ThreadList(threads=[view_thread(thread) for thread in threads])

    @app.get(
        "/threads/<thread_id>",
        summary="Read a conversation",
        operation_id="read_thread",
        tags=["chat"],
        responses=tell_answers(200, "The conversation, its newest 50 turns.", 404),
    )
    def read_thread(thread_id: Annotated[str, Path()]) -> ThreadDetail:
        check_id(thread_id, THREAD_ID_PATTERN, "conversation")
        facts = find_facts(app)
        conversations = services.open_conversations(facts.owner)

        def read() -> ThreadDetail:
            thread = conversations.find(thread_id)
            if thread is None:
                raise NothingFoundError("there is no such conversation")
            turns = conversations.read_turns(thread, _MAX_TURNS_SHOWN)
            return view_thread_with_turns(thread, turns)

        return run_within(facts.deadline, read)

    @app.delete(
        "/threads/<thread_id>",
        summary="Delete a conversation, with all that was said",
        operation_id="delete_thread",
        tags=["chat"],
        responses=tell_answers(200, "It is deleted.", 404, 409),
    )
    def delete_thread(thread_id: Annotated[str, Path()]) -> ThreadDeleted:
        check_id(thread_id, THREAD_ID_PATTERN, "conversation")
        facts = find_facts(app)
        conversations = services.open_conversations(facts.owner)
        if not run_within(
            facts.deadline, lambda: conversations.delete(thread_id, facts.request_id)
        ):
            raise NothingFoundError("there is no such conversation")
        return ThreadDeleted(thread_id=thread_id)
