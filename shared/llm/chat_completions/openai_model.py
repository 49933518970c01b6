"""A language model behind the Chat Completions API: OpenAI, or any compatible server."""

import logging
import random
import time
from collections.abc import Callable, Mapping
from typing import Any

import openai

from shared.deadline import Deadline
from shared.errors import SeashoreError
from shared.llm.answer_memory import AnswerMemory
from shared.llm.call_slots import CallSlots
from shared.llm.chat_completions.answer_run import AnswerRun
from shared.llm.chat_completions.chat_calls import ChatCaller
from shared.llm.chat_completions.format_fallback import FormatFallback
from shared.llm.chat_completions.paid_failures import charge_failure
from shared.llm.chat_completions.retry import RetryPolicy
from shared.llm.chat_completions.server_dialect import ServerDialect
from shared.llm.chat_completions.tool_turns import ToolTurns
from shared.llm.model import AnswerT, ModelAnswer, ModelRequest
from shared.llm.model_key import ModelKey
from shared.llm.model_window import ModelWindow
from shared.llm.turns import ModelTurn, TurnRequest


class OpenAIModel:
    """Answers through the Chat Completions API. Thread-safe: one instance a container.

    Args:
        client: A client that does not retry by itself (`build_openai_client`).
        model: The name of the model.
        window: How much the model reads and writes. An answer gets no more room than is left of
            it; a request that is estimated to leave none is refused here, since some servers
            silently drop its start.
        key: The key of the account; None for a server that asks for none.
        memory: Whether the model has ever answered; of this container alone where none is given.
        slots: What bounds the calls that run at once in all containers, if anything does.
        length_parameter: `max_completion_tokens` (OpenAI) or `max_tokens` (most others); the other
            one is taken where the server asks for it.
        reasoning_effort: How long a reasoning model may think; `None` sends nothing.
        extra_body: What each call sends beside its own parameters.
        sleep: Waits for some seconds.
        clock: A monotonic clock, in seconds.
        wall_clock: Seconds since 1970.
        uniform: A random number between two bounds.
        logger: Gets one line a call, without any text of a document.
    """

    def __init__(
        self,
        client: openai.OpenAI,
        model: str,
        window: ModelWindow,
        *,
        key: ModelKey | None = None,
        memory: AnswerMemory | None = None,
        slots: CallSlots | None = None,
        length_parameter: str = "max_tokens",
        reasoning_effort: str | None = None,
        extra_body: Mapping[str, Any] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
        uniform: Callable[[float, float], float] = random.uniform,
        logger: logging.Logger | None = None,
    ) -> None:
        self._model = model
        self._window = window
        self._formats = FormatFallback(clock)
        self._caller = ChatCaller(
            client,
            model,
            RetryPolicy(sleep, uniform, wall_clock),
            clock,
            logger or logging.getLogger("seashore.llm"),
            ServerDialect(length_parameter, reasoning_effort, extra_body or {}),
            key,
            memory,
            slots,
        )
        self._turns = ToolTurns(self._caller, model, window)

    @property
    def name(self) -> str:
        """The model's name."""
        return self._model

    def answer(self, request: ModelRequest[AnswerT], deadline: Deadline) -> ModelAnswer[AnswerT]:
        """Answer a request; a cut-off answer is asked for once more, and so is a misshapen one.

        The errors about models say what was consumed before they came (`PaidCalls`).

        Raises:
            DeadlineError: Too little time is left for a call.
            ModelAnswerError: The answer is cut off twice, or does not fit the shape twice.
            ModelThrottledError: The provider asks for a pause that does not fit.
            ModelUnavailableError: The provider is down or cannot be reached.
            ModelAccessError: The provider rejects the key or the account.
            ModelRequestError: The provider rejects the request.
            ContextOverflowError: The request does not fit into the context window.
            ModelRefusalError: The model or a content filter declines.
        """
        run = AnswerRun(request, self._caller, self._formats, self._window)
        try:
            return ModelAnswer(run.run(deadline), self._model, run.chain.usage)
        except SeashoreError as error:
            raise charge_failure(error, run.chain.usage, run.room_tokens) from None

    def take_turn(self, request: TurnRequest, deadline: Deadline) -> ModelTurn:
        """Take the next turn of a conversation with tools.

        Raises:
            ToolsNotTakenError: The server does not take tools.
            SeashoreError: As `answer` does.
        """
        return self._turns.take(request, deadline)
