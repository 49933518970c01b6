"""What every function is put together from."""

import time
from datetime import UTC, datetime

from shared.aws.clients import Clients
from shared.aws.dynamodb_table import LedgerTable
from shared.llm.prompt_rendering import TOKENS_AROUND_SOURCES
from shared.settings import Settings


def utc_now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


def build_table(settings: Settings, clients: Clients) -> LedgerTable:
    """The ledger."""
    return LedgerTable(clients.dynamodb, settings.ledger_table, time.sleep)


def compute_chunk_tokens(settings: Settings) -> int:
    """The size of a chunk: what fits the model, but no more than it reads with attention."""
    return min(8_000, _compute_source_tokens(settings))


def compute_combine_tokens(settings: Settings) -> int:
    """The most tokens of summaries in one request."""
    return min(16_000, _compute_source_tokens(settings))


def _compute_source_tokens(settings: Settings) -> int:
    """The room for sources in the model's window, with a quarter of it left for the answer."""
    return settings.context_window_tokens * 3 // 4 - TOKENS_AROUND_SOURCES
