"""The mark by which work that waits for a limit of spending knows that the limit is another."""

import pytest

from functions.queue_wiring import mark_limits
from shared.settings import Settings


def mark(**changes):
    needed = {name: "x" for name, field in Settings.model_fields.items() if field.is_required()}
    return mark_limits(Settings(**{**needed, **changes}))


@pytest.mark.parametrize(
    "changes",
    [
        {"daily_cap_usd": 10.5},
        {"daily_cap_usd": None},
        {"chat_daily_cap_usd": 7},
        {"daily_cap_tokens": 1_000_000},
        {"time_zone": "Asia/Tokyo"},
        {"openai_model": "a-cheaper-one"},
        {"fallback_model": "another"},
        {"model_prices": {"gpt-5-mini": {"input": 0.1, "output": 1}}},
        {"openai_base_url": "http://localhost:1/v1"},
    ],
)
def test_what_decides_on_a_limit_changes_the_mark(changes):
    assert mark(**changes) != mark()


def test_the_mark_is_the_same_in_each_container_and_whatever_else_is_changed():
    assert mark() == mark()
    prices = {"a": {"input": 1, "output": 1}, "b": {"input": 2, "output": 2}}
    turned = dict(reversed(prices.items()))
    assert mark(model_prices=prices) == mark(model_prices=turned)
    assert mark(max_receive_count=9, chunk_tokens=500) == mark()
