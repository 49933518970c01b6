"""One turn of a chat: the thread is claimed, the agent answers, the turn is entered."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pydantic import BaseModel

from pipeline.chat.extractive_chat import answer_without_model
from pipeline.metering.answer_services import AnswerServices
from pipeline.metering.metered_calls import MeteredCalls
from pipeline.tasks.agent.agent import Agent, AgentLimits, AgentRun, StepTaken, StoppedBy
from pipeline.tasks.ask import PagesRead
from shared.conversations import Claim, Conversations, ConversationTurn
from shared.deadline import Deadline
from shared.errors import ConversationBusyError, RequestKeyReusedError
from shared.llm.token_estimate import estimate_tokens
from shared.llm.turns import PastTurn

# Of the model's window, this share at the most goes to what was said before.
_HISTORY_SHARE_OF_WINDOW = 1 / 4
_MAX_PAST_TURNS = 20

# How often a repeated request looks whether its first copy is answered.
_LOOK_AGAIN_SECONDS = 0.5
# A claim lasts as long as its request, and a little for the last write.
_LAST_WRITE = timedelta(seconds=3)


class TurnUsage(BaseModel):
    """What a turn has used up."""

    model: str
    input_tokens: int
    output_tokens: int
    cost_usd: float


class TurnDetails(BaseModel):
    """How an answer came about; kept with its turn."""

    steps: list[StepTaken]
    usage: TurnUsage
    pages_read: list[PagesRead]
    stopped_by: StoppedBy


@dataclass(frozen=True)
class ChatServices:
    """What a chat works with.

    Args:
        answers: The model, metered.
        agent: Answers messages.
        limits: How far the agent may go for one message.
        now: The clock.
        sleep: Waits the given seconds.
    """

    answers: AnswerServices
    agent: Agent
    limits: AgentLimits
    now: Callable[[], datetime]
    sleep: Callable[[float], None]


@dataclass(frozen=True)
class ChatMessage:
    """A message of a user.

    Args:
        text: What is asked.
        thread_id: The conversation.
        request_id: The request that brought it.
        request_key: What the client names the request by, so that it can be repeated, or None.
    """

    text: str
    thread_id: str
    request_id: str
    request_key: str | None

    @property
    def identity(self) -> str:
        """What a repeated request has in common with the first: its key, else what it says."""
        if self.request_key is not None:
            return f"key {self.request_key}"
        return f"text {hashlib.sha256(self.text.encode('utf-8', 'replace')).hexdigest()}"


def take_chat_turn(
    message: ChatMessage,
    conversations: Conversations,
    services: ChatServices,
    deadline: Deadline,
) -> ConversationTurn:
    """Answer a message in the light of its conversation, and enter the turn.

    A message that is repeated under its key gets the answer of the first time. So does one that
    comes again while it is being answered, as that of a client which did not wait for it.

    Raises:
        ConversationBusyError: Another message of the conversation is being answered.
        RequestKeyReusedError: Another message was sent under the same key.
        DeadlineError: The answer came too late.
        RetryableError, DeferredError, PermanentError: As the model, S3 and the tables do.
    """
    claim, has_waited = _claim(message, conversations, services, deadline)
    entered = False
    try:
        past = conversations.read_turns(claim.thread, _MAX_PAST_TURNS)
        known = _find_repeated(message, past, has_waited)
        if known is not None:
            return known
        calls = MeteredCalls(services.answers, payer=None)
        run = _answer(message.text, past, calls, services, deadline)
        # Whoever asked has been told by now that it took too long.
        deadline.check()
        turn = ConversationTurn(
            number=claim.thread.turns + 1,
            at=services.now().astimezone(UTC).isoformat(timespec="milliseconds"),
            request_id=message.request_id,
            request_key=message.request_key,
            message=message.text,
            answer=run.answer,
            details=_describe(run, calls).model_dump(mode="json"),
        )
        conversations.add_turn(claim, turn)
        entered = True
        return turn
    finally:
        if not entered:
            conversations.release(claim)


def _claim(
    message: ChatMessage,
    conversations: Conversations,
    services: ChatServices,
    deadline: Deadline,
) -> tuple[Claim, bool]:
    """The claim of the thread, and whether the same message was waited for first."""
    has_waited = False
    while True:
        try:
            claim = conversations.claim(
                message.thread_id,
                message.request_id,
                request=message.identity,
                lasts=timedelta(seconds=deadline.remaining_seconds) + _LAST_WRITE,
            )
        except ConversationBusyError:
            running = conversations.find_running(message.thread_id)
            if running not in (None, message.identity):
                raise
        else:
            return claim, has_waited
        has_waited = True
        deadline.check(_LOOK_AGAIN_SECONDS)
        services.sleep(_LOOK_AGAIN_SECONDS)


def _find_repeated(
    message: ChatMessage, past: Sequence[ConversationTurn], has_waited: bool
) -> ConversationTurn | None:
    """The turn that the same request has made before, or None."""
    if message.request_key is None:
        # Without a key it is the same request only if it came while that one was being answered.
        newest = past[-1] if past and has_waited else None
        return newest if newest is not None and newest.message == message.text else None
    for turn in past:
        if turn.request_key == message.request_key:
            if turn.message == message.text:
                return turn
            raise RequestKeyReusedError(
                "this Idempotency-Key was used for another message of the conversation"
            )
    return None


def _answer(
    text: str,
    past: Sequence[ConversationTurn],
    calls: MeteredCalls,
    services: ChatServices,
    deadline: Deadline,
) -> AgentRun:
    agent = services.agent
    if calls.is_extractive:
        return answer_without_model(text, agent.reader, calls, agent.window, deadline)
    room = int(agent.window.tokens * _HISTORY_SHARE_OF_WINDOW)
    return agent.run(text, calls, services.limits, deadline, trim_history(past, room))


def trim_history(past: Sequence[ConversationTurn], room_tokens: int) -> list[PastTurn]:
    """The newest turns that fit, oldest first; none that is older than one that does not fit."""
    kept: list[PastTurn] = []
    for turn in reversed(past):
        room_tokens -= estimate_tokens(turn.message) + estimate_tokens(turn.answer)
        if room_tokens < 0:
            break
        kept.append(PastTurn(turn.message, turn.answer))
    return kept[::-1]


def _describe(run: AgentRun, calls: MeteredCalls) -> TurnDetails:
    return TurnDetails(
        steps=run.steps,
        usage=TurnUsage(
            model=calls.answered_by,
            input_tokens=calls.spent.input_tokens,
            output_tokens=calls.spent.output_tokens,
            cost_usd=calls.spent.cost_usd,
        ),
        pages_read=run.pages_read,
        stopped_by=run.stopped_by,
    )
