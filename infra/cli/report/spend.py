"""`seashore spend`: what the language models have cost, day by day."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.table import Table

from infra.cli.output import Output
from infra.cli.stack_access import open_ledger
from infra.stacks import Stack
from shared.calendar import find_day, list_days_before
from shared.ledger.spend import DaySpend, read_day_spend
from shared.prices import MICRO_USD_PER_USD, format_usd
from shared.printable import to_printable

# What the template's output says where no limit is set, since an output cannot be empty.
NO_LIMIT = "none"


def write_spend(
    stack: Stack,
    days: int,
    now: Callable[[], datetime],
    *,
    as_json: bool,
    output: Output,
) -> None:
    """Write what was spent on the last days, the newest first, beside the day's limit.

    Args:
        stack: Where to look.
        days: How many days back, counted in the stack's time zone; 1 is today.
        now: The clock.
        as_json: Whether to write JSON.
        output: Where to write.
    """
    zone = ZoneInfo(stack.output("TimeZone"))
    cap = stack.output("DailyCapUsd")
    daily_cap_usd = None if cap == NO_LIMIT else float(cap)
    table = open_ledger(stack)
    today = find_day(now(), zone)
    newest_first = [today, *reversed(list_days_before(today, days - 1))]
    spends = [read_day_spend(table, day) for day in newest_first]
    if as_json:
        output.write_json([_to_json(spend, daily_cap_usd) for spend in spends])
        return
    _write_table([spend for spend in spends if spend.models], output)
    _say_how_today_stands(spends[0], daily_cap_usd, output)


def _to_json(spend: DaySpend, daily_cap_usd: float | None) -> dict[str, object]:
    return {
        "day": spend.day,
        "spent_usd": spend.spent / MICRO_USD_PER_USD,
        "set_aside_usd": spend.set_aside / MICRO_USD_PER_USD,
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
            to_printable(model.model),
            str(model.calls),
            str(model.input_tokens),
            str(model.output_tokens),
            format_usd(model.spent) if model.spent else "no price",
        )
        for spend in spends
        for model in spend.models
    ]
    if not output.is_terminal:
        for row in cells:
            output.write_line(row)
        return
    if not cells:
        return
    table = Table("day", "model", box=None, pad_edge=False)
    for heading in ("calls", "tokens in", "tokens out", "cost"):
        table.add_column(heading, justify="right")
    for row in cells:
        table.add_row(*row)
    output.write(table)


def _say_how_today_stands(today: DaySpend, daily_cap_usd: float | None, output: Output) -> None:
    limit = "no limit is set" if daily_cap_usd is None else f"the limit is ${daily_cap_usd:.2f}"
    aside = f", {format_usd(today.set_aside)} set aside for calls" if today.set_aside else ""
    output.say(f"Today ({today.day}): {format_usd(today.spent)} spent{aside}; {limit}.")
    if any(model.input_tokens and not model.spent for model in today.models):
        output.say(
            "A model without a price is counted in tokens only, and no limit holds for it: "
            "name its price in the parameter ModelPrices."
        )
