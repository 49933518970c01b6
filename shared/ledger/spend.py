"""The day's spending in the ledger.

A container that wants to call a model first takes a *lease*: an amount that is reserved from the
day's limit by a conditional write, for itself alone and for a limited time. Its calls draw on the
lease, each call's cost is noted on it, and when it is closed the rest goes back. A container that
dies leaves its lease to expire, whereupon anyone may close it: nothing is reserved for ever.

| pk | sk | what |
|---|---|---|
| `SPEND#<day>` | `TOTAL` | `committed`, which the limit is held against: spent and reserved |
| `SPEND#<day>` | `MODEL#<name>` | what went to one model: calls, tokens, spent |
| `SPEND#<day>` | `LEASE#<id>` | an open lease |

Amounts are in millionths of a dollar.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from boto3.dynamodb.conditions import Attr
from pydantic import BaseModel, ConfigDict

from shared.aws.dynamodb_table import Delete, LedgerTable, Put, Update
from shared.errors import LedgerConflictError
from shared.llm.model import Usage

TOTAL_SK = "TOTAL"


class ModelSpend(BaseModel):
    """What went to one model on a day."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    model: str
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    spent: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """What adds up."""
        return self.model_dump(include={"calls", "input_tokens", "output_tokens", "spent"})


class Lease(ModelSpend):
    """An amount reserved for one container, and what of it went to the model."""

    day: str
    lease_id: str
    amount: int
    expires_at: str

    @property
    def pk(self) -> str:
        """The partition of its day."""
        return _pk(self.day)

    @property
    def sk(self) -> str:
        """Its own row."""
        return f"LEASE#{self.lease_id}"


@dataclass(frozen=True)
class DaySpend:
    """A day's spending: by model, and what is reserved at the moment."""

    day: str
    models: tuple[ModelSpend, ...]
    reserved: int

    @property
    def spent(self) -> int:
        """What was spent, on all models."""
        return sum(model.spent for model in self.models)


def _pk(day: str) -> str:
    return f"SPEND#{day}"


def open_lease(table: LedgerTable, lease: Lease, daily_cap: int | None) -> bool:
    """Set an amount aside, unless the day's limit would be passed.

    Returns:
        Whether it was reserved.
    """
    condition = None
    if daily_cap is not None:
        if lease.amount > daily_cap:
            return False
        room = daily_cap - lease.amount
        condition = Attr("committed").not_exists() | Attr("committed").lte(room)
    row = {"pk": lease.pk, "sk": lease.sk, **lease.model_dump()}
    try:
        table.transact(
            [
                Update(lease.pk, TOTAL_SK, add={"committed": lease.amount}, condition=condition),
                Put(row, condition=Attr("pk").not_exists()),
            ]
        )
    except LedgerConflictError:
        return False
    return True


def record_call(table: LedgerTable, lease: Lease, cost: int, usage: Usage) -> None:
    """Note what calls have cost, on the lease that they drew on.

    Without a condition: the money is gone, whatever has become of the lease.
    """
    table.update_row(
        Update(
            lease.pk,
            lease.sk,
            assign={"day": lease.day, "lease_id": lease.lease_id, "model": lease.model},
            add={
                "amount": 0,
                "spent": cost,
                "calls": usage.calls,
                "input_tokens": usage.input_tokens,
                "output_tokens": usage.output_tokens,
            },
        )
    )


def close_lease(table: LedgerTable, lease: Lease) -> bool:
    """Give back what is left of a lease, and enter what was spent.

    Args:
        table: The ledger.
        lease: The lease as it was read.

    Returns:
        Whether this call closed it; False if it was closed before or was drawn on meanwhile.
    """
    try:
        table.transact(
            [
                Delete(
                    lease.pk,
                    lease.sk,
                    condition=Attr("spent").eq(lease.spent) & Attr("calls").eq(lease.calls),
                ),
                Update(
                    lease.pk,
                    TOTAL_SK,
                    add={"committed": lease.spent - lease.amount},
                ),
                Update(
                    lease.pk,
                    f"MODEL#{lease.model}",
                    assign={"model": lease.model},
                    add=lease.counts,
                ),
            ]
        )
    except LedgerConflictError:
        return False
    return True


def find_lease(table: LedgerTable, lease: Lease) -> Lease | None:
    """Read a lease as it is now, or None if it is closed."""
    row = table.read_row(lease.pk, lease.sk)
    return None if row is None else _to_lease(row)


def close_expired_leases(table: LedgerTable, day: str, now: datetime) -> int:
    """Close the leases of containers that have not closed theirs in time.

    Returns:
        How many were closed.
    """
    return sum(
        close_lease(table, lease)
        for lease in _list_leases(table, day)
        if not lease.expires_at or datetime.fromisoformat(lease.expires_at) < now
    )


def read_committed(table: LedgerTable, day: str) -> int:
    """What is spent or reserved on a day, which its limit is held against."""
    row = table.read_row(_pk(day), TOTAL_SK)
    return 0 if row is None else int(row["committed"])


def read_day_spend(table: LedgerTable, day: str) -> DaySpend:
    """A day's spending, what runs at the moment included."""
    models: dict[str, ModelSpend] = {}
    reserved = 0
    for row in table.query_rows(_pk(day), "LEASE#", "MODEL#~"):
        entry = ModelSpend.model_validate(row)
        known = models.get(entry.model, ModelSpend(model=entry.model))
        total = {name: count + getattr(known, name) for name, count in entry.counts.items()}
        models[entry.model] = ModelSpend(model=entry.model, **total)
        if row["sk"].startswith("LEASE#"):
            lease = _to_lease(row)
            reserved += max(0, lease.amount - lease.spent)
    return DaySpend(day, tuple(models[name] for name in sorted(models)), reserved)


def _list_leases(table: LedgerTable, day: str) -> Iterator[Lease]:
    return map(_to_lease, table.query_rows(_pk(day), "LEASE#", "LEASE#~"))


def _to_lease(row: dict[str, object]) -> Lease:
    # A call noted after its lease was closed leaves a row that has no time: it has expired.
    return Lease.model_validate({"expires_at": "", **row})
