"""What a report says of calls, tokens and cost: of the day, and of the days before it."""

from datetime import datetime
from itertools import dropwhile

from pipeline.report.report_part import ReportPart
from shared.aws.dynamodb_table import LedgerTable
from shared.calendar import list_days_before
from shared.ledger.reports import find_reports
from shared.ledger.spend import Account, DaySpend, ModelSpend, read_day_spend

_DAYS_BEFORE = 7


class ModelCost(ReportPart):
    """What one model was used for on the day.

    Args:
        model: Its name.
        calls: Calls that were answered.
        input_tokens: Tokens read.
        output_tokens: Tokens written.
        cost_micro_usd: What they cost; None if the model has no price.
    """

    model: str
    calls: int
    input_tokens: int
    output_tokens: int
    cost_micro_usd: int | None


class DayFigures(ReportPart):
    """One of the days before: the counts are None where no report of it was made."""

    day: str
    documents: int | None
    tasks: int | None
    pages: int | None
    tokens: int
    cost_micro_usd: int

    @property
    def is_unknown(self) -> bool:
        """Whether no report was made of it, and no model called."""
        return self.documents is None and not self.tokens and not self.cost_micro_usd


class Spend(ReportPart):
    """Calls, tokens and cost of the day; all calls on that day, whichever day their item came.

    Args:
        models: By model, the dearest first. Empty where only the offline model worked.
        cap_micro_usd: The most that may be spent on one day; None if there is no limit.
        days_before: The seven days before, oldest first.
        chat_micro_usd: What chats and tasks over the API have cost of it, under their own limit.
    """

    models: tuple[ModelCost, ...] = ()
    cap_micro_usd: int | None = None
    days_before: tuple[DayFigures, ...] = ()
    chat_micro_usd: int = 0

    @property
    def calls(self) -> int:
        """Calls of all models."""
        return sum(model.calls for model in self.models)

    @property
    def input_tokens(self) -> int:
        """Tokens that all models read."""
        return sum(model.input_tokens for model in self.models)

    @property
    def output_tokens(self) -> int:
        """Tokens that all models wrote."""
        return sum(model.output_tokens for model in self.models)

    @property
    def cost_micro_usd(self) -> int:
        """What all models with a price cost."""
        return sum(model.cost_micro_usd or 0 for model in self.models)

    @property
    def has_unpriced_model(self) -> bool:
        """Whether a model without a price was used, so that the cost is not all of it."""
        return any(model.cost_micro_usd is None for model in self.models)

    @property
    def share_of_cap(self) -> float | None:
        """The part of the day's limit that was used, 1.0 being all of it; None without a limit."""
        if not self.cap_micro_usd:
            return None
        return (self.cost_micro_usd - self.chat_micro_usd) / self.cap_micro_usd

    @property
    def known_days_before(self) -> tuple[DayFigures, ...]:
        """The days before, from the first on of which anything is known: a stack may be younger."""
        return tuple(dropwhile(lambda day: day.is_unknown, self.days_before))


def read_spend(day: str, cap_micro_usd: int | None, table: LedgerTable, now: datetime) -> Spend:
    """Read what a day has cost, and how the seven days before were.

    Args:
        day: The day.
        cap_micro_usd: The most that may be spent on one day; None if there is no limit.
        table: The ledger.
        now: The time.
    """
    before = list_days_before(day, _DAYS_BEFORE)
    reports = find_reports(table, before)
    days_before = []
    for earlier in before:
        spend = read_day_spend(table, earlier, now)
        made = reports.get(earlier)
        days_before.append(
            DayFigures(
                day=earlier,
                documents=made.documents if made else None,
                tasks=made.tasks if made else None,
                pages=made.pages if made else None,
                tokens=_count_tokens(spend),
                cost_micro_usd=spend.spent,
            )
        )
    spend = read_day_spend(table, day, now)
    by_name: dict[str, ModelSpend] = {}
    for model in spend.models:
        known = by_name.get(model.model)
        by_name[model.model] = model if known is None else known.add(model)
    models = map(_to_cost, by_name.values())
    return Spend(
        models=tuple(sorted(models, key=lambda one: (-(one.cost_micro_usd or 0), one.model))),
        cap_micro_usd=cap_micro_usd,
        days_before=tuple(days_before),
        chat_micro_usd=spend.spent_by(Account.CHAT),
    )


def _count_tokens(spend: DaySpend) -> int:
    return sum(model.input_tokens + model.output_tokens for model in spend.models)


def _to_cost(model: ModelSpend) -> ModelCost:
    has_price = bool(model.spent) or not (model.input_tokens or model.output_tokens)
    return ModelCost(
        model=model.model,
        calls=model.calls,
        input_tokens=model.input_tokens,
        output_tokens=model.output_tokens,
        cost_micro_usd=model.spent if has_price else None,
    )
