"""Answers of language models, kept so that the same text is never paid for twice."""

from collections.abc import Mapping
from datetime import UTC, timedelta
from typing import Any

from shared.aws.dynamodb_table import Put
from shared.ledger.documents import Clock

_KEEP = timedelta(days=30)


def answer_row_key(answer_key: str) -> tuple[str, str]:
    """The row that keeps the answer of that key."""
    return f"ANSWER#{answer_key}", "ANSWER"


def build_answer_row(answer_key: str, answer: Mapping[str, Any], now: Clock) -> Put:
    """The row that keeps an answer, to be written alone or with the effect that it leads to."""
    expires_at = int((now().astimezone(UTC) + _KEEP).timestamp())
    pk, sk = answer_row_key(answer_key)
    return Put(
        {
            "pk": pk,
            "sk": sk,
            "answer": dict(answer),
            "expires_at": expires_at,
        }
    )
