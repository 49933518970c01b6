"""What the ledger holds for a request to a model before it is asked: its answer, or a lesson."""

from dataclasses import dataclass

from pipeline.metering.payers import Payer
from shared.aws.dynamodb_items import Row
from shared.aws.dynamodb_table import LedgerTable, Operation
from shared.errors import ContextOverflowError, LedgerConflictError, SeashoreError
from shared.ledger.answers import (
    Lesson,
    answer_row_key,
    build_lesson,
    find_overflow_end,
    read_answer,
    read_lesson,
)
from shared.ledger.chunks import is_summarized
from shared.ledger.documents import Clock
from shared.lifecycle import DocumentStatus
from shared.paid_calls import PaidCalls

_ENDED = (DocumentStatus.DELETED, DocumentStatus.CANCELLED)


class DoneBeforeError(Exception):
    """What an answer is wanted for was done before, by another delivery."""


@dataclass(frozen=True)
class Effect:
    """What an answer is wanted for: a row of the payer's run, after which nothing is asked."""

    row_key: tuple[str, str]
    run: int


@dataclass(frozen=True)
class KnownAnswer:
    """What the ledger holds for a request to one model.

    Args:
        key: The key of the request; empty where the model's answers are not kept.
        answer: Its answer, if it is kept.
        lesson: What was learnt of it.
        payer_row: The payer's row.
    """

    key: str
    answer: Row | None
    lesson: Lesson
    payer_row: Row | None

    def build_lesson(self, error: SeashoreError, now: Clock) -> Operation | None:
        """What a failure that was paid for spares the next run, if that was not known."""
        room_tokens = error.room_tokens if isinstance(error, PaidCalls) else 0
        is_overflow = isinstance(error, ContextOverflowError)
        lesson = Lesson(
            max(self.lesson.room_tokens, room_tokens),
            find_overflow_end(now) if is_overflow else 0,
        )
        return None if lesson == self.lesson else build_lesson(self.key, lesson, now)


def read_known_answers(
    table: LedgerTable,
    keys: list[str],
    payer: Payer | None,
    payer_row: Row | None = None,
    effect: Effect | None = None,
) -> list[KnownAnswer]:
    """What is kept under keys, and the payer's row, with one call at the most.

    Nothing is read where nobody pays.

    Args:
        table: The ledger.
        keys: The keys of a request, one a model; empty for one whose answers are not kept.
        payer: Who pays.
        payer_row: The payer's row where it was read just now.
        effect: What the answer is for, if that has a row. All that is read may then be a moment
            old, which costs half, but not older than the run: what is written later is conditional,
            and two deliveries at the same time are kept apart by their claim.

    Raises:
        DoneBeforeError: The effect is there.
        LedgerConflictError: The payer's row is gone.
    """
    if payer is None:
        return [KnownAnswer(key, None, Lesson(), None) for key in keys]
    wanted = [answer_row_key(key) for key in keys if key]
    rows: list[Row | None] = []
    if payer_row is not None:
        rows = table.read_rows_together(wanted) if wanted else []
    elif effect is None:
        *rows, payer_row = table.read_rows_together([*wanted, payer.row_key])
    else:
        wanted += [effect.row_key, payer.row_key]
        read = table.read_recent_rows_together(wanted)
        if read[-1] is None or read[-1].get("run") != effect.run:
            read = table.read_rows_together(wanted)
        *rows, effect_row, payer_row = read
        if is_summarized(effect_row):
            raise DoneBeforeError
    # Nothing is asked, and nothing told, of what somebody has put an end to meanwhile. One that was
    # erased has no status.
    if payer_row is None or payer_row.get("status") in (None, *_ENDED):
        raise LedgerConflictError("the document or task that pays is deleted or cancelled")
    kept = dict(zip(filter(None, keys), rows, strict=True))
    return [
        KnownAnswer(key, read_answer(kept.get(key)), read_lesson(kept.get(key)), payer_row)
        for key in keys
    ]
