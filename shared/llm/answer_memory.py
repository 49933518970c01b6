"""Whether a model has ever answered at its address, over the life of all containers."""

import contextlib
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from shared.aws.dynamodb_table import LedgerTable, Put
from shared.errors import SeashoreError

_KEEP = timedelta(days=365)


class AnswerRow:
    """A row of the ledger for each address and model.

    Args:
        open_table: Gives the ledger's table.
        address: The base address of the model's server.
        model: The name of the model.
        now: The wall clock.
    """

    def __init__(
        self,
        open_table: Callable[[], LedgerTable],
        address: str,
        model: str,
        now: Callable[[], datetime],
    ) -> None:
        self._open_table = open_table
        digest = hashlib.sha256(f"{address}\n{model}".encode()).hexdigest()
        self._key = (f"MODEL#{digest}", "ANSWERED")
        self._now = now

    def recall(self) -> bool:
        """Whether the row is there.

        Raises:
            ServiceError: The ledger cannot be read now.
        """
        return self._open_table().read_row(*self._key) is not None

    def note(self) -> None:
        """Write the row; it goes a year after the last container has begun.

        Raises:
            ServiceError: The ledger cannot be written now.
        """
        pk, sk = self._key
        expires_at = int((self._now().astimezone(UTC) + _KEEP).timestamp())
        self._open_table().put_row(Put({"pk": pk, "sk": sk, "expires_at": expires_at}))


class AnswerMemory:
    """What a container knows of it: asked for at the first doubt, noted at the first answer.

    A ledger that fails is no reason to lose an answer: the fact is then known to this container.

    Args:
        row: Where other containers find it; None where there are no others.
        may_note: Whether this container may write there.
    """

    def __init__(self, row: AnswerRow | None = None, *, may_note: bool = True) -> None:
        self._row = row
        self._may_note = may_note
        self._has_answered = False

    def has_answered(self) -> bool:
        """Whether the model is known to have answered."""
        if not self._has_answered and self._row is not None:
            with contextlib.suppress(SeashoreError):
                self._has_answered = self._row.recall()
        return self._has_answered

    def note_answer(self) -> None:
        """Note that the model has answered."""
        if self._has_answered:
            return
        self._has_answered = True
        if self._row is not None and self._may_note:
            with contextlib.suppress(SeashoreError):
                self._row.note()
