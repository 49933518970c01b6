"""Answers of language models, kept so that the same text is never paid for twice."""

from collections.abc import Mapping
from datetime import UTC, timedelta
from typing import Any

from shared.ledger.documents import Clock
from shared.ledger.table import LedgerTable, Put

_KEEP = timedelta(days=30)


def read_answer(table: LedgerTable, answer_key: str) -> Mapping[str, Any] | None:
    """The kept answer of that key, or None."""
    row = table.read_row(f"ANSWER#{answer_key}", "ANSWER")
    return None if row is None else row["answer"]


def build_answer_row(answer_key: str, answer: Mapping[str, Any], now: Clock) -> Put:
    """The row that keeps an answer, to be written alone or with the effect that it leads to."""
    expires_at = int((now().astimezone(UTC) + _KEEP).timestamp())
    return Put(
        {
            "pk": f"ANSWER#{answer_key}",
            "sk": "ANSWER",
            "answer": dict(answer),
            "expires_at": expires_at,
        }
    )
