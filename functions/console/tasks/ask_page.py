"""The page *Ask*: a question over chosen documents or a folder, and conversations."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from functions.console.fragment_routes import Asked, Fragment, FragmentRoutes
from functions.console.looking import ListLook, look_through
from functions.console.tasks.task_forms import start_task
from functions.console.tasks.task_view import link_page, view_task_page
from functions.http.models import THREAD_ID_PATTERN, ChatRequest
from functions.http.route_parts import check_id, make_id
from functions.http.services import ApiServices
from pipeline.chat.chat_turn import ChatMessage, TurnDetails, take_chat_turn
from pipeline.day_listing import PageWanted
from pipeline.documents.document_listing import DocumentsWanted, list_document_page
from shared.conversations import ConversationTurn
from shared.errors import InvalidRequestError, NothingFoundError
from shared.ledger.documents import Document
from shared.messages.tasks import MAX_DOCUMENTS
from shared.page_ranges import parse_page_ranges

# Each of these steps looks through some hundreds of rows. What lies further back no link leads to.
_MOST_STEPS = 4
_MOST_THREADS = 100
_MOST_TURNS = 50


class QuestionForm(BaseModel):
    """A question over documents."""

    model_config = ConfigDict(extra="ignore")

    question: str
    documents: list[str] = Field(default=[], alias="documents[]")


def add_routes(routes: FragmentRoutes, services: ApiServices) -> None:
    """Add what asks, and what shows conversations."""
    reader = services.reader

    def find_documents(prefix: str | None, words: str | None) -> ListLook[Document]:
        """The newest documents with a text, as many as a question may be over."""

        def read_page(cursor: str | None, most: int) -> tuple[list[Document], str | None]:
            page = PageWanted(None, most, cursor)
            wanted = DocumentsWanted(page, None, prefix or "", words, with_text=True)
            return list_document_page(wanted, reader.table, reader.now)

        return look_through(read_page, None, MAX_DOCUMENTS, steps=_MOST_STEPS)

    @routes.get("/ask")
    def show_ask(asked: Asked) -> Fragment:
        prefix, words = asked.choose("prefix"), asked.choose("words")
        conversations = services.open_conversations(asked.facts.owner)
        look = find_documents(prefix, words)
        is_short = look.cursor is not None and len(look.found) < MAX_DOCUMENTS
        return Fragment(
            "tasks/ask.html.j2",
            {
                "prefix": prefix,
                "words": words,
                "documents": look.found,
                "looked_at": look.rows if is_short else None,
                "most": MAX_DOCUMENTS,
                "threads": conversations.list_threads(_MOST_THREADS),
            },
        )

    @routes.post("/ask")
    def ask(asked: Asked) -> Fragment:
        form = asked.read_form(QuestionForm)
        if not form.documents:
            raise InvalidRequestError("choose at least one document to ask")
        content = {"kind": "ask", "question": form.question, "documents": form.documents}
        task_id = start_task(services, asked, content)
        return Fragment("tasks/content.html.j2", view_task_page(services, task_id))

    def view_thread(asked: Asked, thread_id: str) -> dict[str, Any]:
        check_id(thread_id, THREAD_ID_PATTERN, "conversation")
        conversations = services.open_conversations(asked.facts.owner)
        thread = conversations.find(thread_id)
        if thread is None:
            raise NothingFoundError("there is no such conversation")
        turns = conversations.read_turns(thread, _MOST_TURNS)
        return {
            "thread": thread,
            "turns": [_view_turn(turn) for turn in turns],
            "earlier": thread.turns - len(turns),
        }

    @routes.get("/ask/threads/<thread_id>")
    def show_thread(asked: Asked, thread_id: str) -> Fragment:
        return Fragment("tasks/thread_page.html.j2", view_thread(asked, thread_id))

    @routes.post("/ask/threads")
    def send_message(asked: Asked) -> Fragment:
        form = asked.read_form(ChatRequest)
        key = asked.request_key
        thread_id = form.thread_id or make_id(asked.facts.owner, key)
        message = ChatMessage(form.message, thread_id, asked.facts.request_id, key)
        conversations = services.open_conversations(asked.facts.owner)
        take_chat_turn(message, conversations, services.chat, asked.facts.deadline)
        return Fragment("tasks/thread.html.j2", view_thread(asked, thread_id))

    @routes.post("/ask/threads/<thread_id>/delete")
    def delete_thread(asked: Asked, thread_id: str) -> Fragment:
        check_id(thread_id, THREAD_ID_PATTERN, "conversation")
        conversations = services.open_conversations(asked.facts.owner)
        if not conversations.delete(thread_id, asked.facts.request_id):
            raise NothingFoundError("there is no such conversation")
        return Fragment("tasks/thread_deleted.html.j2")


def _view_turn(turn: ConversationTurn) -> dict[str, Any]:
    details = TurnDetails.model_validate(turn.details)
    return {
        "turn": turn,
        "steps": details.steps,
        "usage": details.usage,
        "stopped_by": details.stopped_by.value,
        "sources": [
            {
                "key": read.key,
                "pages": read.pages,
                "unit": read.unit,
                "link": link_page(read.document_id, min(parse_page_ranges(read.pages), default=1)),
            }
            for read in details.pages_read
        ],
    }
