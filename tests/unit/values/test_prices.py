import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.prices import ModelPrice, compute_cost_micro_usd, format_usd

TOKENS = st.integers(0, 10_000_000)


def test_a_million_tokens_cost_their_price():
    price = ModelPrice(input=0.25, output=2.0)
    assert compute_cost_micro_usd(price, 1_000_000, 0) == 250_000
    assert compute_cost_micro_usd(price, 0, 1_000_000) == 2_000_000


@given(TOKENS, TOKENS, st.floats(0, 100), st.floats(0, 100))
def test_a_cost_is_never_rounded_down(input_tokens, output_tokens, input_price, output_price):
    cost = compute_cost_micro_usd(
        ModelPrice(input=input_price, output=output_price), input_tokens, output_tokens
    )
    assert isinstance(cost, int)
    assert cost >= input_price * input_tokens + output_price * output_tokens


@pytest.mark.parametrize(
    ("micro_usd", "text"),
    [(0, "$0.00"), (12, "$0.000012"), (1_234, "$0.0012"), (1_500_000, "$1.50")],
)
def test_amounts_read_well(micro_usd, text):
    assert format_usd(micro_usd) == text


def test_what_was_read_before_has_its_own_price_where_it_has_one():
    price = ModelPrice(input=0.25, output=2.0, cached_input=0.025)
    assert compute_cost_micro_usd(price, 10_000, 100, 8_000) == 500 + 200 + 200
    assert compute_cost_micro_usd(price, 10_000, 100, 90_000) == 250 + 200
    plain = ModelPrice(input=0.25, output=2.0)
    assert compute_cost_micro_usd(plain, 10_000, 100, 8_000) == 2_500 + 200
