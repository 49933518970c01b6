"""The model calls of one turn of a chat: metered by the day, and kept nowhere.

An answer that is kept would outlive the conversation that it is part of, which its user may delete.
"""

from collections.abc import Callable
from typing import TypeVar

from pydantic import BaseModel

from pipeline.metering.billing import price_failure, to_spending
from pipeline.metering.kept_answers import (
    AnswerServices,
    KeptAnswer,
    estimate_input_tokens,
    run_metered,
)
from shared.deadline import Deadline
from shared.errors import SeashoreError
from shared.ledger.spending import Spending
from shared.llm.model import EXTRACTIVE, ModelAnswer, ModelRequest, Usage
from shared.llm.turns import ModelTurn, ToolModel, Turn, TurnRequest, estimate_turn_tokens

AnswerT = TypeVar("AnswerT", bound=BaseModel)
ReplyT = TypeVar("ReplyT")


class ChatCalls:
    """The calls of one turn of a chat.

    Args:
        services: The model and its meter.
    """

    def __init__(self, services: AnswerServices) -> None:
        self._services = services
        self._spent = Spending()

    @property
    def is_extractive(self) -> bool:
        """Whether no language model is configured, so that sentences can only be picked."""
        return self._services.model.name == EXTRACTIVE

    @property
    def total_tokens(self) -> int:
        """What the turn has read and written so far."""
        return self._spent.input_tokens + self._spent.output_tokens

    @property
    def spent(self) -> Spending:
        """What the turn has used up so far."""
        return self._spent

    @property
    def model_name(self) -> str:
        """The name of the model."""
        return self._services.model.name

    def ask(self, request: ModelRequest[AnswerT], deadline: Deadline) -> KeptAnswer[AnswerT]:
        """Answer a request; its cost is noted when this returns or raises.

        Raises:
            OverBudgetError: The day's limit is reached.
            RetryableError, DeferredError, PermanentError: As `LanguageModel.answer` does.
        """

        def call() -> tuple[ModelAnswer[AnswerT], Usage]:
            answer = self._services.model.answer(request, deadline)
            return answer, answer.usage

        answer, cost = self._meter(call, estimate_input_tokens(request), request.max_output_tokens)
        self._note(answer.usage, cost)
        return KeptAnswer(answer.value, answer.model, answer.usage, cost, None)

    def take_turn(self, request: TurnRequest, deadline: Deadline) -> Turn:
        """Let the model take a turn with tools; its cost is noted as `ask` does.

        Raises:
            ToolsNotTakenError: The model's server does not take tools.
            OverBudgetError: The day's limit is reached.
            RetryableError, DeferredError, PermanentError: As `ToolModel.take_turn` does.
        """
        model = self._services.model
        if not isinstance(model, ToolModel):
            raise TypeError(f"{model.name} takes no turns with tools")

        def call() -> tuple[ModelTurn, Usage]:
            taken = model.take_turn(request, deadline)
            return taken, taken.usage

        taken, cost = self._meter(call, estimate_turn_tokens(request), request.max_output_tokens)
        self._note(taken.usage, cost)
        return taken.turn

    def _meter(
        self, call: Callable[[], tuple[ReplyT, Usage]], input_tokens: int, max_output_tokens: int
    ) -> tuple[ReplyT, int]:
        try:
            return run_metered(call, input_tokens, max_output_tokens, None, None, self._services)
        except SeashoreError as error:
            if failure := price_failure(error, self._services):
                self._note(*failure)
            raise

    def _note(self, usage: Usage, cost: int) -> None:
        self._spent += to_spending(usage, cost)
