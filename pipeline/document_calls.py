"""The model calls for a document's summary: metered, kept, and billed to it as they happen."""

from typing import TypeVar

from pydantic import BaseModel

from pipeline.answers import (
    AnswerServices,
    KeptAnswer,
    ask_once,
    pay_by_document,
    read_paid_usage,
)
from shared.deadline import Deadline
from shared.errors import PaidCalls, SeashoreError
from shared.ledger.spending import Spending, record_spending
from shared.ledger.table import Put
from shared.llm.model import ModelRequest, Usage

AnswerT = TypeVar("AnswerT", bound=BaseModel)


class DocumentCalls:
    """The calls for one message about a document.

    Args:
        document_id: The document.
        services: The model, its meter and the kept answers.

    Attributes:
        billed: What was noted on the document's row so far. An answer that the caller keeps with
            its own effect is not in it.
    """

    def __init__(self, document_id: str, services: AnswerServices) -> None:
        self.billed = Spending()
        self._services = services
        self._payer = pay_by_document(document_id)

    def ask(self, request: ModelRequest[AnswerT], deadline: Deadline) -> KeptAnswer[AnswerT]:
        """Answer a request, once; what a failed answer has cost is noted.

        Raises:
            RetryableError, DeferredError, PermanentError: As `ask_once` does.
        """
        try:
            return ask_once(request, self._payer, self._services, deadline)
        except SeashoreError as error:
            if isinstance(error, PaidCalls) and error.calls:
                usage = read_paid_usage(error)
                meter = self._services.meter
                cost = meter.estimate(usage.input_tokens, usage.output_tokens) if meter else 0
                self._bill(usage, cost, None)
            raise

    def keep(self, answer: KeptAnswer[AnswerT]) -> None:
        """Keep an answer that further calls build upon, and bill it, whatever comes of them.

        Raises:
            LedgerConflictError: The document is gone.
        """
        if answer.row is not None:
            self._bill(answer.usage, answer.cost, answer.row)

    def _bill(self, usage: Usage, cost: int, row: Put | None) -> None:
        used = Spending(
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cost_micro_usd=cost,
        )
        record_spending(
            self._services.table,
            self._payer.row_key,
            used,
            self._services.now,
            step="answer_unusable" if row is None else "answered",
            model=self._services.model.name,
            with_rows=[] if row is None else [row],
        )
        self.billed += used
