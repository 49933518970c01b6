"""Questions to the language model: metered before they are asked, kept when they are answered."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel

from pipeline.metering.spend_meter import SpendMeter
from pipeline.prompts import PROMPT_VERSION
from shared.aws.dynamodb_items import Row
from shared.aws.dynamodb_table import LedgerTable, Put
from shared.deadline import Deadline
from shared.errors import DocumentCapError, PaidCalls, TaskCapError
from shared.ledger.answers import answer_row_key, build_answer_row
from shared.ledger.documents import Clock, document_row_key
from shared.ledger.tasks import task_row_key
from shared.llm.answer_key import answer_key
from shared.llm.model import LanguageModel, ModelAnswer, ModelRequest, Usage
from shared.llm.prompt_rendering import TOKENS_AROUND_SOURCE, TOKENS_AROUND_SOURCES
from shared.llm.token_estimate import estimate_tokens
from shared.prices import format_usd

AnswerT = TypeVar("AnswerT", bound=BaseModel)
ReplyT = TypeVar("ReplyT")


# An answer may take three calls: as it is asked for, once more with twice the room where it was cut
# off, and once more where it did not fit. Money is set aside for all of them, so that the day's
# limit holds whatever happens; what was not needed goes back at once.
_MOST_READINGS = 3
_MOST_WRITINGS = 5


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
class Payer:
    """Whose spending limit a call counts against.

    Args:
        row_key: The row in the ledger that holds what was spent.
        noun: What it is, a document or a task.
        error_type: Raised where the limit does not allow a call.
    """

    row_key: tuple[str, str]
    noun: str
    error_type: type[DocumentCapError | TaskCapError]


def pay_by_document(document_id: str) -> Payer:
    """Count calls against a document's limit."""
    return Payer(document_row_key(document_id), "document", DocumentCapError)


def pay_by_task(task_id: str) -> Payer:
    """Count calls against a task's limit, which is as high as that of a document."""
    return Payer(task_row_key(task_id), "task", TaskCapError)


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
    request: ModelRequest[AnswerT], payer: Payer, services: AnswerServices, deadline: Deadline
) -> KeptAnswer[AnswerT]:
    """Answer a request, from the ledger where it was answered before.

    The caller writes `row` with the effect that the answer leads to.

    Raises:
        OverBudgetError: The day's limit is reached.
        DocumentCapError, TaskCapError: The payer's own limit is reached.
        RetryableError, DeferredError, PermanentError: As `LanguageModel.answer` does.
    """
    key = answer_key(services.model.name, PROMPT_VERSION, request)
    kept, payer_row = read_kept_answer(key, payer, services)
    if kept is not None:
        value = request.answer_type.model_validate_json(kept["value"])
        return KeptAnswer(value, kept["model"], Usage(), 0, None)

    def call() -> tuple[ModelAnswer[AnswerT], Usage]:
        answer = services.model.answer(request, deadline)
        return answer, answer.usage

    answer, cost = run_metered(
        call,
        estimate_input_tokens(request),
        request.max_output_tokens,
        payer,
        payer_row,
        services,
    )
    # As text, since DynamoDB takes no floats as such, and extracted values may be some.
    content = {"value": answer.value.model_dump_json(), "model": answer.model}
    row = build_answer_row(key, content, services.now)
    return KeptAnswer(answer.value, answer.model, answer.usage, cost, row)


def read_kept_answer(
    key: str, payer: Payer, services: AnswerServices
) -> tuple[Row | None, Row | None]:
    """What is kept under the key of a request, and the payer's row, with one call."""
    kept, payer_row = services.table.read_rows([answer_row_key(key), payer.row_key])
    return (None if kept is None else kept["answer"]), payer_row


def run_metered(
    call: Callable[[], tuple[ReplyT, Usage]],
    input_tokens: int,
    max_output_tokens: int,
    payer: Payer | None,
    payer_row: Row | None,
    services: AnswerServices,
) -> tuple[ReplyT, int]:
    """Call a model, with room reserved before and the cost settled after.

    Args:
        call: Calls the model; its second value is what that consumed.
        input_tokens: About how much the model will read.
        max_output_tokens: The most that it may write.
        payer: Whose limit it counts against; None where only the day's limit holds.
        payer_row: The payer's row as it was read.
        services: The meter.

    Returns:
        What the call returned, and what it cost, in millionths of a dollar.

    Raises:
        OverBudgetError: The day's limit is reached.
        DocumentCapError, TaskCapError: The payer's own limit is reached.
    """
    meter = services.meter
    if meter is None:
        return call()[0], 0
    if payer is not None:
        _check_cap(payer, payer_row, meter.estimate(input_tokens, max_output_tokens), meter)
    reservation = meter.reserve(
        meter.estimate(_MOST_READINGS * input_tokens, _MOST_WRITINGS * max_output_tokens)
    )
    try:
        reply, usage = call()
    except BaseException as error:
        if isinstance(error, PaidCalls) and error.calls:
            meter.settle(reservation, read_paid_usage(error))
        else:
            meter.release(reservation)
        raise
    return reply, meter.settle(reservation, usage)


def read_paid_usage(error: PaidCalls) -> Usage:
    """What an answer that failed has consumed."""
    return Usage(error.calls, error.input_tokens, error.output_tokens)


def estimate_input_tokens(request: ModelRequest[AnswerT]) -> int:
    """How many tokens a request takes up, rather too many than too few."""
    return (
        estimate_tokens(request.instructions)
        + sum(estimate_tokens(s.text) + TOKENS_AROUND_SOURCE for s in request.sources)
        + TOKENS_AROUND_SOURCES
    )


def _check_cap(payer: Payer, payer_row: Row | None, cost: int, meter: SpendMeter) -> None:
    cap = meter.limits.document
    spent = 0 if payer_row is None else payer_row.get("cost_micro_usd", 0)
    if cap is None or payer_row is None or spent + cost <= cap:
        return
    raise payer.error_type(
        f"the {payer.noun} has cost {format_usd(spent)} and its limit is {format_usd(cap)}; "
        "raise DocumentCapUsd, then replay"
    )
