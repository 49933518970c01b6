"""One turn of a chat: the thread is claimed, the agent answers, the turn is entered."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import BaseModel

from pipeline.chat.extractive_chat import answer_without_model
from pipeline.metering.metered_calls import AnswerServices, MeteredCalls
from pipeline.tasks.agent.agent import Agent, AgentLimits, AgentRun, StepTaken, StoppedBy
from pipeline.tasks.ask import PagesRead
from shared.conversations import Conversations, ConversationTurn
from shared.deadline import Deadline
from shared.errors import RequestKeyReusedError
from shared.llm.token_estimate import estimate_tokens
from shared.llm.turns import PastTurn

# Of the model's window, this share at the most goes to what was said before.
_HISTORY_SHARE_OF_WINDOW = 1 / 4
_MAX_PAST_TURNS = 20


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
    """What a chat works with; `limits` say how far the agent may go for one message."""

    answers: AnswerServices
    agent: Agent
    limits: AgentLimits
    now: Callable[[], datetime]


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


def take_chat_turn(
    message: ChatMessage,
    conversations: Conversations,
    services: ChatServices,
    deadline: Deadline,
) -> ConversationTurn:
    """Answer a message in the light of its conversation, and enter the turn.

    A message that is repeated under its key gets the answer of the first time.

    Raises:
        ConversationBusyError: Another message of the conversation is being answered.
        RequestKeyReusedError: Another message was sent under the same key.
        DeadlineError: The answer came too late.
        RetryableError, DeferredError, PermanentError: As the model, S3 and the tables do.
    """
    claim = conversations.claim(message.thread_id, message.request_id)
    entered = False
    try:
        past = conversations.read_turns(claim.thread, _MAX_PAST_TURNS)
        known = _find_repeated(message, past)
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


def _find_repeated(
    message: ChatMessage, past: Sequence[ConversationTurn]
) -> ConversationTurn | None:
    """The turn that the same request has made before, or None."""
    if message.request_key is None:
        return None
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
            model=calls.model_name,
            input_tokens=calls.spent.input_tokens,
            output_tokens=calls.spent.output_tokens,
            cost_usd=calls.spent.cost_usd,
        ),
        pages_read=run.pages_read,
        stopped_by=run.stopped_by,
    )
