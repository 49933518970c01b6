"""Questions to the language model, with the answers kept in the ledger."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel

from pipeline.prompts import PROMPT_VERSION
from shared.deadline import Deadline
from shared.ledger.answers import build_answer_row, read_answer
from shared.ledger.documents import Clock
from shared.ledger.table import LedgerTable, Put
from shared.llm.answer_key import answer_key
from shared.llm.model import LanguageModel, ModelRequest, Usage

AnswerT = TypeVar("AnswerT", bound=BaseModel)


@dataclass(frozen=True)
class KeptAnswer(Generic[AnswerT]):
    """An answer, and the row that keeps it where it is new."""

    value: AnswerT
    model: str
    usage: Usage
    row: Put | None


def ask_once(
    request: ModelRequest[AnswerT],
    model: LanguageModel,
    table: LedgerTable,
    now: Clock,
    deadline: Deadline,
) -> KeptAnswer[AnswerT]:
    """Answer a request, from the ledger where it was answered before.

    The caller writes `row` in the transaction of the effect that the answer leads to. A kept
    answer costs nothing, hence its usage is zero.

    Raises:
        RetryableError, DeferredError, PermanentError: As `LanguageModel.answer` does.
    """
    key = answer_key(model.name, PROMPT_VERSION, request)
    kept = read_answer(table, key)
    if kept is not None:
        return KeptAnswer(
            request.answer_type.model_validate(kept["value"]), kept["model"], Usage(), None
        )
    answer = model.answer(request, deadline)
    content = {"value": answer.value.model_dump(mode="json"), "model": answer.model}
    return KeptAnswer(answer.value, answer.model, answer.usage, build_answer_row(key, content, now))
