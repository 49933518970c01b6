"""`seashore spend`: what the language models have cost, day by day."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from infra.cli.command_context import CommandContext
from infra.cli.output import Column, Output
from shared.calendar import find_day, list_days_before
from shared.ledger.spend import Account, DaySpend, read_day_spend
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
    caps = {
        Account.PIPELINE: _read_cap(stack.output("DailyCapUsd")),
        # A stack that was deployed before chats had a limit of their own has no such output.
        Account.CHAT: _read_cap(stack.outputs.get("ChatDailyCapUsd", NO_LIMIT)),
    }
    today = find_day(context.now(), zone)
    newest_first = [today, *reversed(list_days_before(today, days - 1))]
    spends = [read_day_spend(context.table, day, context.now()) for day in newest_first]
    if context.as_json:
        output.write_json([_to_json(spend, caps) for spend in spends])
        return
    _write_table([spend for spend in spends if spend.models], output)
    _say_how_today_stands(spends[0], caps, output)


def _read_cap(output: str) -> float | None:
    return None if output == NO_LIMIT else float(output)


def _to_json(spend: DaySpend, caps: Mapping[Account, float | None]) -> dict[str, object]:
    return {
        "day": spend.day,
        "spent_usd": spend.spent / MICRO_USD_PER_USD,
        "reserved_usd": spend.reserved / MICRO_USD_PER_USD,
        "daily_cap_usd": caps[Account.PIPELINE],
        "chat_spent_usd": spend.spent_by(Account.CHAT) / MICRO_USD_PER_USD,
        "chat_daily_cap_usd": caps[Account.CHAT],
        "models": [
            {
                "model": model.model,
                "account": model.account.value,
                "calls": model.calls,
                "unanswered_calls": model.unanswered,
                "input_tokens": model.input_tokens,
                "output_tokens": model.output_tokens,
                "spent_usd": model.spent / MICRO_USD_PER_USD,
                "left_open_usd": model.left_open / MICRO_USD_PER_USD,
                "told_usd": model.told / MICRO_USD_PER_USD,
                "told_calls": model.told_calls,
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
            model.account.value,
        )
        for spend in spends
        for model in spend.models
    ]
    columns: dict[str, Column] = {
        "day": "word",
        "model": "name",
        "calls": "figure",
        "tokens in": "figure",
        "tokens out": "figure",
        "cost": "figure",
        "for": "word",
    }
    output.write_table(columns, cells, cells)


def _say_how_today_stands(
    today: DaySpend, caps: Mapping[Account, float | None], output: Output
) -> None:
    aside = f", {format_usd(today.reserved)} reserved for calls" if today.reserved else ""
    output.say(
        f"Today ({today.day}): {format_usd(today.spent_by(Account.PIPELINE))} spent"
        f"{aside}; {_say_limit(caps[Account.PIPELINE])}."
    )
    chat = today.spent_by(Account.CHAT)
    if chat:
        output.say(
            f"Chats and tasks over the API: {format_usd(chat)} spent; "
            f"{_say_limit(caps[Account.CHAT])}."
        )
    unanswered = sum(model.unanswered for model in today.models)
    left_open = sum(model.left_open for model in today.models)
    if unanswered:
        output.say(
            f"{unanswered} of today's calls got no whole answer and count at the most that they "
            "may have cost."
        )
    if left_open:
        output.say(
            f"{format_usd(left_open)} counts for calls whose process died, at the most that they "
            "may have cost."
        )
    told_calls = sum(model.told_calls for model in today.models)
    if told_calls:
        told = format_usd(sum(model.told for model in today.models))
        output.say(f"The provider itself says {told} of {told_calls} of today's calls.")
    if any(model.input_tokens and not model.spent for model in today.models):
        output.say(
            "A model without a price is counted in tokens only, and no limit holds for it "
            "but DailyCapTokens: name its price in the parameter ModelPrices. (One whose price is "
            "zero there looks the same here.)"
        )


def _say_limit(cap_usd: float | None) -> str:
    if cap_usd is None:
        return "no limit is set"
    return f"the limit is {format_usd(round(cap_usd * MICRO_USD_PER_USD))}"
