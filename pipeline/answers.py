"""Questions to the language model: metered before they are asked, kept when they are answered."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel

from pipeline.budget import SpendMeter
from pipeline.chunking import estimate_tokens
from pipeline.prompts import PROMPT_VERSION
from shared.deadline import Deadline
from shared.errors import DocumentCapError, ModelAnswerError
from shared.ledger.answers import answer_row_key, build_answer_row
from shared.ledger.documents import Clock, Document, document_row_key, to_document
from shared.ledger.table import LedgerTable, Put, Row
from shared.llm.answer_key import answer_key
from shared.llm.model import LanguageModel, ModelRequest, Usage
from shared.prices import format_usd

AnswerT = TypeVar("AnswerT", bound=BaseModel)

# What a prompt says around its sources, and the schema of the answer.
_TOKENS_AROUND_SOURCES = 600
_TOKENS_AROUND_SOURCE = 20


@dataclass(frozen=True)
class AnswerServices:
    """What asking a model works with.

    Args:
        model: The language model.
        meter: Lets calls through; None for a model that costs nothing.
        table: The ledger.
        now: The clock.
    """

    model: LanguageModel
    meter: SpendMeter | None
    table: LedgerTable
    now: Clock


@dataclass(frozen=True)
class KeptAnswer(Generic[AnswerT]):
    """An answer, what it cost, and the row that keeps it where it is new.

    A kept answer costs nothing: its usage and its cost are zero.
    """

    value: AnswerT
    model: str
    usage: Usage
    cost: int
    row: Put | None


def ask_once(
    request: ModelRequest[AnswerT],
    document_id: str,
    services: AnswerServices,
    deadline: Deadline,
) -> KeptAnswer[AnswerT]:
    """Answer a request about a document, from the ledger where it was answered before.

    The caller writes `row` with the effect that the answer leads to.

    Raises:
        OverBudgetError: The day's limit is reached.
        DocumentCapError: The document's own limit is reached.
        RetryableError, DeferredError, PermanentError: As `LanguageModel.answer` does.
    """
    key = answer_key(services.model.name, PROMPT_VERSION, request)
    kept, document_row = services.table.read_rows(
        [answer_row_key(key), document_row_key(document_id)]
    )
    if kept is not None:
        return _to_kept_answer(request, kept)
    document = None if document_row is None else to_document(document_row)
    value, model, usage, cost = _ask(request, document, services, deadline)
    content = {"value": value.model_dump(mode="json"), "model": model}
    return KeptAnswer(value, model, usage, cost, build_answer_row(key, content, services.now))


def _to_kept_answer(request: ModelRequest[AnswerT], row: Row) -> KeptAnswer[AnswerT]:
    answer = row["answer"]
    value = request.answer_type.model_validate(answer["value"])
    return KeptAnswer(value, answer["model"], Usage(), 0, None)


def _ask(
    request: ModelRequest[AnswerT],
    document: Document | None,
    services: AnswerServices,
    deadline: Deadline,
) -> tuple[AnswerT, str, Usage, int]:
    meter = services.meter
    if meter is None:
        answer = services.model.answer(request, deadline)
        return answer.value, answer.model, answer.usage, 0
    cost = meter.estimate(estimate_input_tokens(request), request.max_output_tokens)
    _check_document_cap(document, cost, meter)
    reservation = meter.reserve(cost)
    try:
        answer = services.model.answer(request, deadline)
    except ModelAnswerError as error:
        meter.settle(reservation, Usage(error.calls, error.input_tokens, error.output_tokens))
        raise
    except BaseException:
        meter.release(reservation)
        raise
    return answer.value, answer.model, answer.usage, meter.settle(reservation, answer.usage)


def estimate_input_tokens(request: ModelRequest[AnswerT]) -> int:
    """How many tokens a request takes up, rather too many than too few."""
    return (
        estimate_tokens(request.instructions)
        + sum(estimate_tokens(s.text) + _TOKENS_AROUND_SOURCE for s in request.sources)
        + _TOKENS_AROUND_SOURCES
    )


def _check_document_cap(document: Document | None, cost: int, meter: SpendMeter) -> None:
    cap = meter.limits.document
    if cap is None or document is None or document.cost_micro_usd + cost <= cap:
        return
    raise DocumentCapError(
        f"the document has cost {format_usd(document.cost_micro_usd)} and its limit is "
        f"{format_usd(cap)}; raise DocumentCapUsd, then replay"
    )
