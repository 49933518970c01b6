"""`seashore spend`: what the language models have cost, day by day."""

from zoneinfo import ZoneInfo

from infra.cli.command_context import CommandContext
from infra.cli.output import Column, Output
from shared.calendar import find_day, list_days_before
from shared.ledger.spend import DaySpend, read_day_spend
from shared.prices import MICRO_USD_PER_USD, format_usd

# What the template's output says where no limit is set, since an output cannot be empty.
NO_LIMIT = "none"


def write_spend(context: CommandContext, days: int) -> None:
    """Write what was spent on the last days, the newest first, beside the day's limit.

    Args:
        context: What the command works with.
        days: How many days back, counted in the stack's time zone; 1 is today.
    """
    stack, output = context.stack, context.output
    zone = ZoneInfo(stack.output("TimeZone"))
    cap = stack.output("DailyCapUsd")
    daily_cap_usd = None if cap == NO_LIMIT else float(cap)
    today = find_day(context.now(), zone)
    newest_first = [today, *reversed(list_days_before(today, days - 1))]
    spends = [read_day_spend(context.table, day) for day in newest_first]
    if context.as_json:
        output.write_json([_to_json(spend, daily_cap_usd) for spend in spends])
        return
    _write_table([spend for spend in spends if spend.models], output)
    _say_how_today_stands(spends[0], daily_cap_usd, output)


def _to_json(spend: DaySpend, daily_cap_usd: float | None) -> dict[str, object]:
    return {
        "day": spend.day,
        "spent_usd": spend.spent / MICRO_USD_PER_USD,
        "reserved_usd": spend.reserved / MICRO_USD_PER_USD,
        "daily_cap_usd": daily_cap_usd,
        "models": [
            {
                "model": model.model,
                "calls": model.calls,
                "input_tokens": model.input_tokens,
                "output_tokens": model.output_tokens,
                "spent_usd": model.spent / MICRO_USD_PER_USD,
            }
            for model in spend.models
        ],
    }


def _write_table(spends: list[DaySpend], output: Output) -> None:
    cells = [
        (
            spend.day,
            model.model,
            str(model.calls),
            str(model.input_tokens),
            str(model.output_tokens),
            format_usd(model.spent) if model.spent else "no price",
        )
        for spend in spends
        for model in spend.models
    ]
    columns: dict[str, Column] = {
        "day": "text",
        "model": "text",
        "calls": "figure",
        "tokens in": "figure",
        "tokens out": "figure",
        "cost": "figure",
    }
    output.write_table(columns, cells, cells)


def _say_how_today_stands(today: DaySpend, daily_cap_usd: float | None, output: Output) -> None:
    limit = "no limit is set" if daily_cap_usd is None else f"the limit is ${daily_cap_usd:.2f}"
    aside = f", {format_usd(today.reserved)} reserved for calls" if today.reserved else ""
    output.say(f"Today ({today.day}): {format_usd(today.spent)} spent{aside}; {limit}.")
    if any(model.input_tokens and not model.spent for model in today.models):
        output.say(
            "A model without a price is counted in tokens only, and no limit holds for it: "
            "name its price in the parameter ModelPrices."
        )
