"""What calls of a model have cost, noted on the row of who pays for them."""

from pipeline.metering.kept_answers import AnswerServices, Payer, read_paid_usage
from shared.aws.dynamodb_table import Put
from shared.errors import PaidCalls, SeashoreError
from shared.ledger.spending import Spending, record_spending
from shared.llm.model import Usage


def price_failure(error: SeashoreError, services: AnswerServices) -> tuple[Usage, int] | None:
    """What an answer that failed has used up and cost; None if it was not paid for."""
    if not isinstance(error, PaidCalls) or not error.calls:
        return None
    usage = read_paid_usage(error)
    meter = services.meter
    return usage, meter.estimate(usage.input_tokens, usage.output_tokens) if meter else 0


def to_spending(usage: Usage, cost: int) -> Spending:
    """What calls have used up, as rows of the ledger count it."""
    return Spending(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cost_micro_usd=cost,
    )


def bill_payer(
    usage: Usage, cost: int, row: Put | None, payer: Payer, services: AnswerServices
) -> Spending:
    """Note what calls have cost on the payer's row, with the row that keeps the answer.

    Args:
        usage: What the calls have used up.
        cost: What they have cost, in millionths of a dollar.
        row: Keeps the answer; None where there is none of use.
        payer: Who pays.
        services: The ledger.

    Raises:
        LedgerConflictError: The payer's row is gone.
    """
    used = to_spending(usage, cost)
    record_spending(
        services.table,
        payer.row_key,
        used,
        services.now,
        step="answer_unusable" if row is None else "answered",
        model=services.model.name,
        with_rows=[] if row is None else [row],
    )
    return used
