"""The page *Spend*: what the language models have cost, by day and model, beside the limits."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from functions.console.fragment_routes import Asked, Fragment, FragmentRoutes
from functions.http.services import ApiServices
from shared.calendar import find_day, list_days_before
from shared.errors import InvalidRequestError
from shared.ledger.spend import Account, DaySpend, read_day_spend
from shared.prices import MICRO_USD_PER_USD

_DAYS = (7, 30, 90)
_READ_AT_ONCE = 8

# The chart's own units; the page stretches it to its width.
CHART_HEIGHT = 100.0
BAR_WIDTH = 10.0
_BAR_GAP = 2.0


@dataclass(frozen=True)
class SpendBar:
    """A day in the chart, in its own units: two parts, one on the other, and the place of each.

    Args:
        day: The day.
        x: Where it begins.
        pipeline_y: Where the part of documents and reports begins, from the top.
        pipeline_height: How high that is.
        chat_y: Where the part of chats and of tasks over the API begins.
        chat_height: How high that is.
        spent: What was spent, in millionths of a dollar.
    """

    day: str
    x: float
    pipeline_y: float
    pipeline_height: float
    chat_y: float
    chat_height: float
    spent: int


def draw_bars(spends: Sequence[DaySpend]) -> tuple[SpendBar, ...]:
    """The chart of some days, the oldest first; the highest bar has the height of the chart."""
    highest = max((spend.spent for spend in spends), default=0) or 1
    return tuple(_draw_bar(number, spend, highest) for number, spend in enumerate(spends))


def _draw_bar(number: int, spend: DaySpend, highest: int) -> SpendBar:
    chat = CHART_HEIGHT * spend.spent_by(Account.CHAT) / highest
    pipeline = CHART_HEIGHT * spend.spent_by(Account.PIPELINE) / highest
    return SpendBar(
        day=spend.day,
        x=round(number * BAR_WIDTH + _BAR_GAP / 2, 2),
        pipeline_y=round(CHART_HEIGHT - pipeline, 2),
        pipeline_height=round(pipeline, 2),
        chat_y=round(CHART_HEIGHT - pipeline - chat, 2),
        chat_height=round(chat, 2),
        spent=spend.spent,
    )


def add_routes(routes: FragmentRoutes, services: ApiServices) -> None:
    """Add what shows the spending."""
    reader, settings = services.reader, services.settings

    @routes.get("/spend")
    def show_spend(asked: Asked) -> Fragment:
        days = asked.choose_number("days") or _DAYS[1]
        if days not in _DAYS:
            raise InvalidRequestError(f"days: choose from {', '.join(map(str, _DAYS))}")
        today = find_day(reader.now(), settings.time_zone)
        oldest_first = [*list_days_before(today, days - 1), today]
        with ThreadPoolExecutor(_READ_AT_ONCE) as pool:
            spends = list(
                pool.map(lambda day: read_day_spend(reader.table, day, reader.now()), oldest_first)
            )
        now = spends[-1]
        free = {
            name for name, price in settings.model_prices.items() if not price.input + price.output
        }
        caps = {
            Account.PIPELINE: _to_micro_usd(settings.daily_cap_usd),
            Account.CHAT: _to_micro_usd(settings.chat_daily_cap_usd),
        }
        return Fragment(
            "figures/spend.html.j2",
            {
                "today": now,
                "limits": [
                    (
                        "Documents, and tasks from the queue,",
                        now.spent_by(Account.PIPELINE),
                        caps[Account.PIPELINE],
                    ),
                    (
                        "Chats, and tasks over the API,",
                        now.spent_by(Account.CHAT),
                        caps[Account.CHAT],
                    ),
                ],
                "bars": draw_bars(spends),
                "width": BAR_WIDTH * len(spends),
                "bar_width": BAR_WIDTH - _BAR_GAP,
                "height": CHART_HEIGHT,
                "highest": max(spends, key=lambda spend: spend.spent),
                "total": sum(spend.spent for spend in spends),
                "newest_first": [spend for spend in reversed(spends) if spend.models],
                "days": days,
                "choices": _DAYS,
                "zone": settings.time_zone.key,
                "unanswered": sum(model.unanswered for model in now.models),
                "left_open": sum(model.left_open for model in now.models),
                "told": sum(model.told for model in now.models),
                "told_calls": sum(model.told_calls for model in now.models),
                "has_unpriced": any(
                    model.input_tokens and not model.spent and model.model not in free
                    for model in now.models
                ),
                "free": free,
            },
        )


def _to_micro_usd(usd: float | None) -> int | None:
    return None if usd is None else round(usd * MICRO_USD_PER_USD)
