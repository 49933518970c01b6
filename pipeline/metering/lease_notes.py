"""What the rows of a container's leases say of its calls: what is spent, and what runs.

Before a call goes out, its lease's row says what it may cost at most, so that the limit holds
whatever dies. What it did cost is written with the transaction of its effect, so that a call by
itself takes no more requests than one that is noted afterwards only. Notes of calls at the same
time are shared: one serves all that begin while another is written.
"""

import itertools
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

from shared.aws.dynamodb_table import LedgerTable, Update
from shared.errors import SeashoreError
from shared.ledger.spend import Lease, ModelSpend, build_lease_note, write_lease_note


@dataclass
class OpenLease:
    """A lease that calls of this container draw on.

    Args:
        lease: The lease as it was opened.
        serves_until: From when on no further call draws on it.
        unwritten: What has come up since the last note.
        noted_open_cost: What its row says that calls which run may cost, at the least.
        taken: What is spent of it and set aside for calls that run.
        running: How many calls run.
        open_cost: What these may cost at most.
        is_being_noted: Whether a note of it is on its way.
        unsure: The last note, where nobody knows whether it was written: it is sent again as it is,
            since one of another number would count a second time.
    """

    lease: Lease
    serves_until: datetime
    unwritten: ModelSpend
    noted_open_cost: int
    taken: int = 0
    running: int = 0
    open_cost: int = 0
    is_being_noted: bool = False
    unsure: Update | None = None

    @property
    def is_settled(self) -> bool:
        """Whether no call runs on it and its row says so, so that it can be closed."""
        return self.is_noted and not self.running and not self.is_being_noted

    @property
    def is_noted(self) -> bool:
        """Whether the row says just what is so."""
        is_whole = self.unsure is None and self.open_cost == self.noted_open_cost
        return is_whole and not any(self.unwritten.counts.values())

    @property
    def needs_note(self) -> bool:
        """Whether the row says too little, or the last call has ended and it does not say so."""
        is_covered = self.unwritten.spent + self.open_cost <= self.noted_open_cost
        return self.unsure is not None or not (self.is_noted or (self.running and is_covered))


class LeaseNotes:
    """Writes the notes, one at a time, so that an older one cannot overtake a newer one.

    Args:
        table: The ledger.
        lock: Held while a lease is looked at or changed.
    """

    def __init__(self, table: LedgerTable, lock: threading.Lock) -> None:
        self._table = table
        self._lock = lock
        self._writing = threading.Lock()
        self._numbers = itertools.count(1)

    def write(self, lease: OpenLease) -> None:
        """Write a lease's note, if it needs one.

        Raises:
            ServiceError: The ledger cannot be reached; the next note carries it.
        """
        with self._lock:
            if not lease.needs_note:
                return
        with self._writing, self._begin([lease]) as notes:
            for note in notes:
                write_lease_note(self._table, note)

    @contextmanager
    def send_along(self, leases: Iterable[OpenLease]) -> Iterator[list[Update]]:
        """The notes that leases need, to be written by a transaction within this context.

        Where that fails they are written by themselves, as the money is gone all the same.
        """
        with self._lock:
            behind = [lease for lease in leases if lease.needs_note]
        if not behind:
            yield []
            return
        with ExitStack() as unwritten:
            unwritten.callback(self._write_each, behind)
            with self._writing, self._begin(behind) as notes:
                yield notes
            unwritten.pop_all()

    def _write_each(self, leases: Iterable[OpenLease]) -> None:
        """Write notes by themselves; what cannot be written the next note carries."""
        for lease in leases:
            with suppress(SeashoreError):
                self.write(lease)

    @contextmanager
    def _begin(self, leases: list[OpenLease]) -> Iterator[list[Update]]:
        """Take what is to be noted out of the leases; what may not be written is kept as it is."""
        for lease in leases:
            self._settle_unsure(lease)
        with self._lock:
            number = next(self._numbers)
            taken = [
                (one, build_lease_note(one.lease, one.unwritten, one.open_cost, number))
                for one in leases
                if one.needs_note
            ]
            for lease, _ in taken:
                lease.is_being_noted = True
                lease.unwritten = ModelSpend(model=lease.unwritten.model)
                lease.noted_open_cost = min(lease.noted_open_cost, lease.open_cost)
        with ExitStack() as unwritten:
            unwritten.callback(self._keep_unsure, taken)
            yield [note for _, note in taken]
            unwritten.pop_all()
        with self._lock:
            for lease, note in taken:
                _take_as_written(lease, note)

    def _settle_unsure(self, lease: OpenLease) -> None:
        note = lease.unsure
        if note is not None:
            write_lease_note(self._table, note)
            with self._lock:
                _take_as_written(lease, note)

    def _keep_unsure(self, taken: list[tuple[OpenLease, Update]]) -> None:
        with self._lock:
            for lease, note in taken:
                lease.unsure = note
                lease.is_being_noted = False


def _take_as_written(lease: OpenLease, note: Update) -> None:
    lease.noted_open_cost = note.assign["open_cost"]
    lease.unsure = None
    lease.is_being_noted = False
