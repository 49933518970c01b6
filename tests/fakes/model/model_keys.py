"""Keys of a model's provider without a secret behind them."""

import logging
import time

from shared.llm.model_key import ModelKey

CANARY_KEY = "sk-canary-of-the-key"


def fixed_key(text):
    """A key that is always the same."""
    return ModelKey(lambda: text, time.monotonic, logging.getLogger("tests"))
