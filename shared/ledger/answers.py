"""Answers of language models, kept so that the same text is never paid for twice.

The row of an answer that failed keeps what was learnt by paying for it: the room that the answer
needs, or that the server does not read that much at once. The answer takes its place.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, timedelta
from typing import Any

from shared.aws.dynamodb_items import Row, pack, unpack
from shared.aws.dynamodb_table import Put, Update
from shared.ledger.documents import Clock
from shared.ledger.timeline import ANSWER_PREFIX

ANSWER_SK = "ANSWER"
_KEEP = timedelta(days=30)
# As long as a process remembers a window (`prompt_limit.py`): it may be made larger meanwhile.
_OVERFLOW_HOLDS = timedelta(hours=1)


def answer_row_key(answer_key: str) -> tuple[str, str]:
    """The row that keeps the answer of that key."""
    return f"{ANSWER_PREFIX}{answer_key}", ANSWER_SK


def build_answer_row(answer_key: str, answer: Mapping[str, Any], now: Clock) -> Put:
    """The row that keeps an answer, to be written alone or with the effect that it leads to."""
    expires_at = _find_expiry(now)
    pk, sk = answer_row_key(answer_key)
    kept = pack(dict(answer))
    # An earlier release, which may still run or run again, finds none that it cannot read.
    name = "packed" if isinstance(kept, bytes) else "answer"
    return Put({"pk": pk, "sk": sk, name: kept, "expires_at": expires_at})


def read_answer(row: Mapping[str, Any] | None) -> Row | None:
    """The answer that a row keeps; None if it keeps only a lesson, or there is no row."""
    kept = None if row is None else row.get("packed", row.get("answer"))
    return None if kept is None else dict(unpack(kept))


@dataclass(frozen=True)
class Lesson:
    """What is known of an answer that is yet to come.

    Args:
        room_tokens: The room that it needs, as less of it was cut off; 0 if nothing is known.
        overflows_until: Until when it counts that the server has answered to a part of the request
            only, in seconds since 1970; 0 if it has not.
    """

    room_tokens: int = 0
    overflows_until: int = 0


def build_lesson(answer_key: str, lesson: Lesson, now: Clock) -> Update:
    """The change that keeps what was learnt; an answer that is there meanwhile stays."""
    pk, sk = answer_row_key(answer_key)
    return Update(pk, sk, assign={"lesson": asdict(lesson), "expires_at": _find_expiry(now)})


def read_lesson(row: Mapping[str, Any] | None) -> Lesson:
    """What the row of an answer says of it."""
    learnt = {} if row is None else row.get("lesson", {})
    return Lesson(int(learnt.get("room_tokens", 0)), int(learnt.get("overflows_until", 0)))


def find_overflow_end(now: Clock) -> int:
    """Until when an overflow that has been seen now counts, in seconds since 1970."""
    return int((now().astimezone(UTC) + _OVERFLOW_HOLDS).timestamp())


def _find_expiry(now: Clock) -> int:
    return int((now().astimezone(UTC) + _KEEP).timestamp())
