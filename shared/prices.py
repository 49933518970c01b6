"""What calls of a language model cost, in millionths of a dollar. Prices are settings, not code."""

import math
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field

MICRO_USD_PER_USD = 1_000_000


class TierPrice(BaseModel):
    """What a provider charges for one tier of a model, in dollars for a million tokens.

    Args:
        input: Of what the model reads.
        output: Of what it writes.
        cached_input: Of what it had read before; without it as much as for what it had not.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    input: float = Field(ge=0)
    output: float = Field(ge=0)
    cached_input: float | None = Field(default=None, ge=0)


class ModelPrice(TierPrice):
    """What a model's provider charges.

    Args:
        flex: Of what goes by the cheap and slow tier; without it as much as for the rest.
    """

    flex: TierPrice | None = None


Prices = Mapping[str, ModelPrice]


def compute_cost_micro_usd(
    price: TierPrice, input_tokens: int, output_tokens: int, cached_tokens: int = 0
) -> int:
    """The cost of a number of tokens, rounded up.

    A dollar for a million tokens is a millionth of a dollar for one.

    Args:
        price: What they cost.
        input_tokens: What was read, cached tokens included.
        output_tokens: What was written.
        cached_tokens: What of the input was read before.
    """
    cached_price = price.input if price.cached_input is None else price.cached_input
    cached = min(cached_tokens, input_tokens)
    return math.ceil(
        price.input * (input_tokens - cached) + cached_price * cached + price.output * output_tokens
    )


def format_usd(micro_usd: int) -> str:
    """An amount as people write it, with as many decimals as it takes to see it."""
    usd = micro_usd / MICRO_USD_PER_USD
    if usd >= 1 or usd == 0:
        return f"${usd:.2f}"
    return f"${usd:.4f}" if usd >= 0.000_1 else f"${usd:.6f}"
