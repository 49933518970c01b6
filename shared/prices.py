"""What calls of a language model cost, in millionths of a dollar. Prices are settings, not code."""

import math
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field

MICRO_USD_PER_USD = 1_000_000


class ModelPrice(BaseModel):
    """What a model's provider charges, in dollars for a million tokens."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    input: float = Field(ge=0)
    output: float = Field(ge=0)


Prices = Mapping[str, ModelPrice]


def compute_cost_micro_usd(price: ModelPrice, input_tokens: int, output_tokens: int) -> int:
    """The cost of a number of tokens, rounded up.

    A dollar for a million tokens is a millionth of a dollar for one.
    """
    return math.ceil(price.input * input_tokens + price.output * output_tokens)


def format_usd(micro_usd: int) -> str:
    """An amount as people write it, with as many decimals as it takes to see it."""
    usd = micro_usd / MICRO_USD_PER_USD
    return f"${usd:.2f}" if usd >= 1 or usd == 0 else f"${usd:.4f}"
