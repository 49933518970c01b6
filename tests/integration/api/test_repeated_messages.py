"""A chat message that comes again while it is being answered is the same one, not a second."""

import threading
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from functions.http.requests import find_owner
from pipeline.chat.chat_turn import ChatMessage, take_chat_turn
from shared.aws.dynamodb_table import LedgerTable
from shared.conversations import Conversations, ConversationTurn
from shared.deadline import Deadline
from shared.errors import ConversationBusyError, DeadlineError, RequestKeyReusedError
from tests.fakes.desks.api_desk import make_event, open_api_desk
from tests.fakes.model.chat_behaviours import calling, saying


def now():
    return datetime.now(UTC)


@pytest.fixture
def conversations(account):
    table = LedgerTable(account.clients.dynamodb, "seashore-conversations", lambda seconds: None)
    return Conversations(table, "me", 30, now)


class FirstRequest:
    """A message that is being answered, until someone waits for it."""

    def __init__(self, conversations, message):
        self.conversations = conversations
        self.message = message
        self.claim = conversations.claim("t", message.request_id, request=message.identity)
        self.waits = []

    def end(self, seconds):
        """Wait, in which time the first request is answered."""
        self.waits.append(seconds)
        turn = ConversationTurn(
            number=self.claim.thread.turns + 1,
            at=now().isoformat(),
            request_id=self.message.request_id,
            request_key=self.message.request_key,
            message=self.message.text,
            answer="In 1907.",
        )
        self.conversations.add_turn(self.claim, turn)

    def take(self, message, sleep=None, seconds=10):
        services = SimpleNamespace(now=now, sleep=sleep or self.end, answers=None, agent=None)
        return take_chat_turn(message, self.conversations, services, Deadline.after(seconds))


def make_message(text="When?", request="one", key=None):
    return ChatMessage(text=text, thread_id="t", request_id=request, request_key=key)


@pytest.mark.parametrize("key", ["abc", None])
def test_the_repeated_message_gets_the_answer_of_the_first(conversations, key):
    first = FirstRequest(conversations, make_message(key=key))
    turn = first.take(make_message(request="two", key=key))
    assert (turn.number, turn.answer, turn.request_id) == (1, "In 1907.", "one")
    assert len(first.waits) == 1
    assert conversations.find("t").turns == 1
    assert conversations.find_running("t") is None


@pytest.mark.parametrize(
    ("first_key", "key", "text"),
    [("abc", "def", "When?"), ("abc", None, "When?"), (None, "abc", "When?"), (None, None, "Why?")],
)
def test_another_message_is_busy_at_once(conversations, first_key, key, text):
    first = FirstRequest(conversations, make_message(key=first_key))
    with pytest.raises(ConversationBusyError):
        first.take(make_message(text, request="two", key=key))
    assert first.waits == []


def test_a_key_with_another_message_is_told_of_when_the_first_is_answered(conversations):
    first = FirstRequest(conversations, make_message(key="abc"))
    with pytest.raises(RequestKeyReusedError):
        first.take(make_message("Why?", request="two", key="abc"))


def test_the_same_words_later_are_a_further_turn(conversations):
    first = FirstRequest(conversations, make_message())
    first.end(0)
    with pytest.raises(AttributeError):  # the model that is not there is asked
        first.take(make_message(request="two"))


def test_nobody_waits_longer_than_the_request_may_take(conversations):
    first = FirstRequest(conversations, make_message(key="abc"))
    with pytest.raises(DeadlineError):
        first.take(make_message(request="two", key="abc"), sleep=lambda seconds: None, seconds=0.1)


def test_what_failed_is_answered_by_the_repeated_request():
    with open_api_desk() as desk:
        desk.enter_document("skagen.pdf", "The harbour opened in 1907.")
        owner = find_owner(make_event("POST", "/chat"))
        conversations = Conversations(desk.conversations, owner, 30, desk.now)
        claim = conversations.claim("t", "lost", request=make_message(key="abc").identity)
        desk.server.script(
            calling(("read_pages", {"document": "skagen.pdf", "first_page": 1, "last_page": 1})),
            saying("In 1907."),
        )
        released = threading.Timer(0.1, conversations.release, [claim])
        released.start()
        said = desk.chat("When?", "t", headers={"Idempotency-Key": "abc"})
        released.join()
        assert (said.status, said.body["message"]) == (200, "In 1907.")
