"""The model calls of a task: metered, kept, and counted on the task as they happen."""

from typing import TypeVar

from pydantic import BaseModel

from pipeline.metering.billing import bill_payer, price_failure
from pipeline.metering.kept_answers import (
    AnswerServices,
    KeptAnswer,
    ask_once,
    pay_by_task,
    read_kept_answer,
    run_metered,
)
from pipeline.prompts import PROMPT_VERSION
from shared.aws.dynamodb_table import Put
from shared.deadline import Deadline
from shared.errors import SeashoreError, TaskRefusedError
from shared.ledger.answers import build_answer_row
from shared.ledger.spending import Spending
from shared.ledger.tasks import Task
from shared.llm.model import EXTRACTIVE, ModelRequest, Usage
from shared.llm.turns import ModelTurn, ToolModel, Turn, TurnRequest, estimate_turn_tokens, turn_key
from shared.prices import MICRO_USD_PER_USD

AnswerT = TypeVar("AnswerT", bound=BaseModel)


class TaskFacts(BaseModel):
    """What every result of a task says about how it came about; both attempts' costs included."""

    task_id: str
    kind: str
    model: str
    input_tokens: int
    output_tokens: int
    cost_usd: float


class TaskCalls:
    """The calls of one attempt of a task.

    Args:
        task: The task as it was begun.
        services: The model, its meter and the kept answers.

    Attributes:
        has_kept: Whether an answer was kept, upon which a later attempt can go on.
    """

    def __init__(self, task: Task, services: AnswerServices) -> None:
        self.has_kept = False
        self._task = task
        self._services = services
        self._payer = pay_by_task(task.task_id)
        self._spent = Spending(
            input_tokens=task.input_tokens,
            output_tokens=task.output_tokens,
            cost_micro_usd=task.cost_micro_usd,
        )

    @property
    def is_extractive(self) -> bool:
        """Whether no language model is configured, so that sentences can only be picked."""
        return self._services.model.name == EXTRACTIVE

    @property
    def total_tokens(self) -> int:
        """What the task has read and written, earlier attempts included."""
        return self._spent.input_tokens + self._spent.output_tokens

    def describe(self) -> TaskFacts:
        """What the task's result says of model and cost."""
        return TaskFacts(
            task_id=self._task.task_id,
            kind=self._task.kind,
            model=self._services.model.name,
            input_tokens=self._spent.input_tokens,
            output_tokens=self._spent.output_tokens,
            cost_usd=self._spent.cost_micro_usd / MICRO_USD_PER_USD,
        )

    def need_language_model(self) -> None:
        """Pass if a language model is configured.

        Raises:
            TaskRefusedError: Only sentences can be picked.
        """
        if self.is_extractive:
            raise TaskRefusedError(
                f"{self._task.kind} needs a language model and none is configured: set "
                "OPENAI_API_KEY or OPENAI_BASE_URL (on AWS the parameters OpenAiApiKeySecret or "
                "OpenAiBaseUrl), then send the task again"
            )

    def ask(self, request: ModelRequest[AnswerT], deadline: Deadline) -> KeptAnswer[AnswerT]:
        """Answer a request, once; its cost and its answer are noted when this returns.

        Raises:
            RetryableError, DeferredError, PermanentError: As `ask_once` does.
        """
        try:
            answer = ask_once(request, self._payer, self._services, deadline)
        except SeashoreError as error:
            self._note_failure(error)
            raise
        self._note(answer.usage, answer.cost, answer.row)
        return answer

    def take_turn(self, request: TurnRequest, deadline: Deadline) -> Turn:
        """Let the model take a turn with tools, once, as `ask` does.

        Raises:
            ToolsNotTakenError: The model's server does not take tools.
            RetryableError, DeferredError, PermanentError: As `ToolModel.take_turn` does.
        """
        model = self._services.model
        if not isinstance(model, ToolModel):
            raise TypeError(f"{model.name} takes no turns with tools")
        key = turn_key(model.name, PROMPT_VERSION, request)
        kept, payer_row = read_kept_answer(key, self._payer, self._services)
        if kept is not None:
            return Turn.model_validate_json(kept["turn"])

        def call() -> tuple[ModelTurn, Usage]:
            answered = model.take_turn(request, deadline)
            return answered, answered.usage

        try:
            answered, cost = run_metered(
                call,
                estimate_turn_tokens(request),
                request.max_output_tokens,
                self._payer,
                payer_row,
                self._services,
            )
        except SeashoreError as error:
            self._note_failure(error)
            raise
        content = {"turn": answered.turn.model_dump_json(), "model": answered.model}
        self._note(answered.usage, cost, build_answer_row(key, content, self._services.now))
        return answered.turn

    def _note_failure(self, error: SeashoreError) -> None:
        if failure := price_failure(error, self._services):
            self._note(*failure, None)

    def _note(self, usage: Usage, cost: int, row: Put | None) -> None:
        if not usage.calls and row is None:
            return
        self.has_kept = self.has_kept or row is not None
        self._spent += bill_payer(usage, cost, row, self._payer, self._services)
