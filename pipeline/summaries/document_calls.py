"""The model calls for a document's summary: metered, kept, and billed to it as they happen."""

from typing import TypeVar

from pydantic import BaseModel

from pipeline.metering.billing import bill_payer, price_failure
from pipeline.metering.kept_answers import AnswerServices, KeptAnswer, ask_once, pay_by_document
from shared.aws.dynamodb_table import Put
from shared.deadline import Deadline
from shared.errors import SeashoreError
from shared.ledger.spending import Spending
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
        has_kept: Whether an answer was kept, upon which a later delivery can go on.
    """

    def __init__(self, document_id: str, services: AnswerServices) -> None:
        self.billed = Spending()
        self.has_kept = False
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
            if failure := price_failure(error, self._services):
                self._bill(*failure, None)
            raise

    def keep(self, answer: KeptAnswer[AnswerT]) -> None:
        """Keep an answer that further calls build upon, and bill it, whatever comes of them.

        Raises:
            LedgerConflictError: The document is gone.
        """
        if answer.row is not None:
            self._bill(answer.usage, answer.cost, answer.row)

    def _bill(self, usage: Usage, cost: int, row: Put | None) -> None:
        self.has_kept = self.has_kept or row is not None
        self.billed += bill_payer(usage, cost, row, self._payer, self._services)
