"""The model calls of a task, and what its result says of them."""

from pydantic import BaseModel

from pipeline.metering.answer_services import AnswerServices
from pipeline.metering.metered_calls import MeteredCalls
from pipeline.metering.payers import pay_by_task
from shared.errors import TaskRefusedError
from shared.ledger.spending import Spending
from shared.ledger.tasks import Task
from shared.messages.task_names import say_model_is_needed


class TaskFacts(BaseModel):
    """What every result of a task says about how it came about; both attempts' costs included."""

    task_id: str
    kind: str
    model: str
    input_tokens: int
    output_tokens: int
    cost_usd: float

    @property
    def shortfall(self) -> str | None:
        """What the result lacks, so that the task is PARTIAL with it, in a sentence; else None."""
        return None


class TaskCalls(MeteredCalls):
    """The calls of one attempt of a task, which pays for them.

    Args:
        task: The task as it was begun.
        services: The model, its meter and the kept answers.
        is_entered: Whether the ledger has the task. If not, nothing is looked up or noted there:
            that is for sentences that are picked, which cost nothing.
    """

    def __init__(self, task: Task, services: AnswerServices, *, is_entered: bool = True) -> None:
        super().__init__(
            services,
            pay_by_task(task.task_id) if is_entered else None,
            Spending.model_validate(task),
            payer_row=task.new_row,
        )
        self._task = task

    def describe(self) -> TaskFacts:
        """What the task's result says of model and cost."""
        return TaskFacts(
            task_id=self._task.task_id,
            kind=self._task.kind,
            model=self.answered_by,
            input_tokens=self.spent.input_tokens,
            output_tokens=self.spent.output_tokens,
            cost_usd=self.spent.cost_usd,
        )

    def need_language_model(self) -> None:
        """Pass if a language model is configured.

        Raises:
            TaskRefusedError: Only sentences can be picked.
        """
        if self.is_extractive:
            raise TaskRefusedError(say_model_is_needed(self._task.kind))
