"""What works with a language model needs of it, whoever pays: a task, or a turn of a chat."""

from typing import Protocol, TypeVar

from pydantic import BaseModel

from pipeline.metering.kept_answers import KeptAnswer
from shared.deadline import Deadline
from shared.llm.model import ModelRequest
from shared.llm.turns import Turn, TurnRequest

AnswerT = TypeVar("AnswerT", bound=BaseModel)


class ModelCalls(Protocol):
    """Metered calls of a model: `task_calls.TaskCalls` or `chat_calls.ChatCalls`."""

    @property
    def is_extractive(self) -> bool:
        """Whether no language model is configured, so that sentences can only be picked."""
        ...

    @property
    def total_tokens(self) -> int:
        """What the task, or the turn of the chat, has read and written so far."""
        ...

    def ask(self, request: ModelRequest[AnswerT], deadline: Deadline) -> KeptAnswer[AnswerT]:
        """Answer a request; its cost is noted when this returns or raises.

        Raises:
            RetryableError, DeferredError, PermanentError: As `ask_once` does.
        """
        ...

    def take_turn(self, request: TurnRequest, deadline: Deadline) -> Turn:
        """Let the model take a turn with tools; its cost is noted as `ask` does.

        Raises:
            ToolsNotTakenError: The model's server does not take tools.
            RetryableError, DeferredError, PermanentError: As `ToolModel.take_turn` does.
        """
        ...
