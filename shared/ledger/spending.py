"""What documents and tasks have used up, noted on their rows as it happens."""

from collections.abc import Mapping, Sequence
from typing import Any

from boto3.dynamodb.conditions import Attr
from pydantic import BaseModel, ConfigDict

from shared.aws.dynamodb_table import LedgerTable, Operation, Update
from shared.ledger.documents import Clock
from shared.ledger.timeline import count_steps, tell_step
from shared.lifecycle import DocumentStatus
from shared.prices import MICRO_USD_PER_USD


class Spending(BaseModel):
    """What calls of a model have used up: tokens, and millionths of a dollar.

    Attributes:
        input_tokens: What was read.
        output_tokens: What was written.
        cost_micro_usd: What that costs by ModelPrices.
        told_micro_usd: What the provider says that it has cost, where it says so.
    """

    model_config = ConfigDict(frozen=True, from_attributes=True)

    input_tokens: int = 0
    output_tokens: int = 0
    cost_micro_usd: int = 0
    told_micro_usd: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """What adds up; what no provider has said is left out."""
        return self.model_dump(exclude=None if self.told_micro_usd else {"told_micro_usd"})

    @property
    def cost_usd(self) -> float:
        """The cost in dollars."""
        return self.cost_micro_usd / MICRO_USD_PER_USD

    def __add__(self, other: "Spending") -> "Spending":
        return Spending(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cost_micro_usd=self.cost_micro_usd + other.cost_micro_usd,
            told_micro_usd=self.told_micro_usd + other.told_micro_usd,
        )


def record_spending(
    table: LedgerTable,
    row_key: tuple[str, str],
    used: Spending,
    now: Clock,
    *,
    step: str,
    model: str,
    with_rows: Sequence[Operation] = (),
    seen: Mapping[str, Any] | None = None,
) -> None:
    """Note what a call of a model has used up, with the rows that keep its answer.

    Whatever has become of the document or task: the money is gone. Of one that is deleted nothing
    is kept any more, though; the day's spending holds it in any case.

    Args:
        table: The ledger.
        row_key: The row of the document or task.
        used: What the call has used up.
        now: The clock.
        step: What the timeline calls it.
        model: The model's name.
        with_rows: Further rows of the same transaction.
        seen: The row as it was read, by which a document's may tell of the step itself.

    Raises:
        LedgerConflictError: There is no such row, or its document is deleted.
    """
    pk, sk = row_key
    is_there = Attr("status").exists() & Attr("status").ne(DocumentStatus.DELETED)
    change = Update(pk, sk, add=used.counts, condition=is_there)
    details = {"model": model, **used.counts}
    told = tell_step(
        change, None if seen is None else count_steps(seen), now(), step, details, with_rows
    )
    # A transaction, which is repeated without adding twice, also where it is of one row.
    table.transact([*told, *with_rows])
