"""The day's spending in the ledger.

A container that wants to call a model first takes a *lease*: an amount that is reserved from the
day's limit by a conditional write, for itself alone and for a limited time. Its calls draw on the
lease, what they have cost and what runs is noted on it, and when it is closed the rest goes back. A
container that dies leaves its lease to expire, whereupon anyone may close it. What its calls may
have cost that were open counts as spent then, since the provider may have served them; the rest
goes back: nothing is reserved for ever.

The pipeline and the chat have a limit each, so that neither can use up the other's.

| pk | sk | what |
|---|---|---|
| `SPEND#<day>` | `TOTAL`, `TOTAL#chat` | `committed`: spent and reserved, at most the limit |
| `SPEND#<day>` | `MODEL#<name>`, `MODEL#<name>#chat` | calls, tokens and cost of one model |
| `SPEND#<day>` | `LEASE#<id>` | an open lease |

Amounts are in millionths of a dollar; of models without a price, whose rows end in `tokens`, in
tokens where these are limited.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from boto3.dynamodb.conditions import Attr
from pydantic import BaseModel, ConfigDict

from shared.aws.dynamodb_table import Delete, LedgerTable, Put, Update
from shared.errors import LedgerConflictError

_COUNTS = frozenset(
    {
        *("calls", "unanswered", "input_tokens", "output_tokens", "spent", "left_open"),
        *("told", "told_calls"),
    }
)


class Account(StrEnum):
    """Whose daily limit a call counts against."""

    PIPELINE = "pipeline"
    CHAT = "chat"
    # Their amounts are tokens, of models without a price.
    TOKENS = "tokens"
    CHAT_TOKENS = "chat_tokens"

    @property
    def counts_tokens(self) -> bool:
        """Whether its amounts are tokens, not money."""
        return self in (Account.TOKENS, Account.CHAT_TOKENS)

    @property
    def of_tokens(self) -> "Account":
        """The account that limits the tokens of the same calls."""
        return Account.TOKENS if self is Account.PIPELINE else Account.CHAT_TOKENS

    @property
    def of_money(self) -> "Account":
        """The account that limits the money of the same calls."""
        return Account.PIPELINE if self in (Account.PIPELINE, Account.TOKENS) else Account.CHAT


class ModelSpend(BaseModel):
    """What went to one model on a day.

    Attributes:
        model: The model's name.
        account: Whose limit it counts against.
        calls: How many calls were answered.
        unanswered: How many were sent and got no whole answer: they count at the most that they may
            have cost.
        input_tokens: What was read.
        output_tokens: What was written.
        spent: What it has cost.
        left_open: Which part of it calls may have cost whose process died.
        told: What the provider says that calls have cost.
        told_calls: Of how many calls it says that.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    model: str
    account: Account = Account.PIPELINE
    calls: int = 0
    unanswered: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    spent: int = 0
    left_open: int = 0
    told: int = 0
    told_calls: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """What adds up."""
        return self.model_dump(include=set(_COUNTS))

    def add(self, other: "ModelSpend") -> "ModelSpend":
        """The same model's spending with more of it."""
        more = {name: count + getattr(self, name) for name, count in other.counts.items()}
        return self.model_copy(update=more)


class Lease(ModelSpend):
    """An amount reserved for one container, and what of it went to the model.

    Attributes:
        open_cost: What the calls that run may cost at most, as it was noted last.
        expires_at: From when on anyone may close it.
    """

    day: str
    lease_id: str
    amount: int
    open_cost: int = 0
    expires_at: str

    @property
    def pk(self) -> str:
        """The partition of its day."""
        return _pk(self.day)

    @property
    def sk(self) -> str:
        """Its own row."""
        return f"LEASE#{self.lease_id}"

    def is_expired(self, now: datetime) -> bool:
        """Whether its container has not closed it in time, and so must have died."""
        return not self.expires_at or datetime.fromisoformat(self.expires_at) < now

    @property
    def open_calls(self) -> ModelSpend:
        """What the calls that run may have cost at most, for where that counts as spent."""
        return ModelSpend(model=self.model, spent=self.open_cost, left_open=self.open_cost)


@dataclass(frozen=True)
class DaySpend:
    """A day's spending: by model, and what is reserved at the moment.

    Args:
        day: The day.
        models: By model and account, in money.
        reserved: What is reserved, in money.
        tokens: What was taken of each limit that is one of tokens.
    """

    day: str
    models: tuple[ModelSpend, ...]
    reserved: int
    tokens: Mapping[Account, int] = field(default_factory=dict)

    @property
    def spent(self) -> int:
        """What was spent, on all models."""
        return sum(model.spent for model in self.models)

    def spent_by(self, account: Account) -> int:
        """What was spent of one limit, on all models."""
        if account.counts_tokens:
            return self.tokens.get(account, 0)
        return sum(model.spent for model in self.models if model.account is account)


def _pk(day: str) -> str:
    return f"SPEND#{day}"


def _total_sk(account: Account) -> str:
    return "TOTAL" if account is Account.PIPELINE else f"TOTAL#{account}"


def _model_sk(model: str, account: Account) -> str:
    return f"MODEL#{model}" if account is Account.PIPELINE else f"MODEL#{model}#{account}"


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
                Update(
                    lease.pk,
                    _total_sk(lease.account),
                    add={"committed": lease.amount},
                    condition=condition,
                ),
                Put(row, condition=Attr("pk").not_exists()),
            ]
        )
    except LedgerConflictError:
        return False
    return True


def extend_lease(table: LedgerTable, lease: Lease, amount: int, daily_cap: int) -> bool:
    """Set more aside on a lease that is open, unless the day's limit would be passed.

    Args:
        table: The ledger.
        lease: The lease as it was opened or extended last.
        amount: How much more.
        daily_cap: The day's limit.

    Returns:
        Whether it was reserved; False also where the lease is closed.
    """
    condition = Attr("committed").lte(daily_cap - amount)
    try:
        table.transact(
            [
                Update(
                    lease.pk,
                    _total_sk(lease.account),
                    add={"committed": amount},
                    condition=condition,
                ),
                Update(
                    lease.pk,
                    lease.sk,
                    add={"amount": amount},
                    condition=Attr("expires_at").eq(lease.expires_at),
                ),
            ]
        )
    except LedgerConflictError:
        return False
    return True


def build_lease_note(lease: Lease, used: ModelSpend, open_cost: int, number: int) -> Update:
    """The change that notes what calls have cost on their lease, and what is running.

    Without a condition, as the money is gone, whatever has become of the lease.

    Args:
        lease: The lease that the calls drew on.
        used: What has come up since the last note.
        open_cost: What the calls that run now may cost at most.
        number: Tells the note from the one before it.
    """
    return Update(
        lease.pk,
        lease.sk,
        assign={
            "day": lease.day,
            "lease_id": lease.lease_id,
            "model": lease.model,
            "account": lease.account,
            "open_cost": open_cost,
            "note": number,
        },
        add={"amount": 0, **used.counts},
    )


def write_lease_note(table: LedgerTable, note: Update) -> None:
    """Write a note by itself; once, though the client sends it again where its answer is lost.

    Of a lease that somebody has closed since it counts again, too much rather than too little.

    Raises:
        ServiceError: The ledger cannot be reached.
    """
    is_new = Attr("note").not_exists() | Attr("note").ne(note.assign["note"])
    # It is refused where it has been written.
    with suppress(LedgerConflictError):
        table.update_row(replace(note, condition=is_new))


def close_lease(table: LedgerTable, lease: Lease) -> bool:
    """Enter what was spent of a lease and what its open calls may have cost; the rest goes back.

    Args:
        table: The ledger.
        lease: The lease as it was read.

    Returns:
        Whether this call closed it; False if it was closed before, or drawn on or extended
        meanwhile.
    """
    entered = lease.add(lease.open_calls)
    try:
        table.transact(
            [
                Delete(
                    lease.pk,
                    lease.sk,
                    condition=Attr("spent").eq(lease.spent)
                    & Attr("calls").eq(lease.calls)
                    & Attr("amount").eq(lease.amount)
                    & Attr("open_cost").eq(lease.open_cost),
                ),
                Update(
                    lease.pk,
                    _total_sk(lease.account),
                    add={"committed": entered.spent - lease.amount},
                ),
                Update(
                    lease.pk,
                    _model_sk(lease.model, lease.account),
                    assign={"model": lease.model, "account": lease.account},
                    add=entered.counts,
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
        close_lease(table, lease) for lease in _list_leases(table, day) if lease.is_expired(now)
    )


def read_committed(table: LedgerTable, day: str, account: Account) -> int:
    """What is spent or reserved of a day's limit."""
    row = table.read_row(_pk(day), _total_sk(account))
    return 0 if row is None else int(row["committed"])


def read_day_spend(table: LedgerTable, day: str, now: datetime) -> DaySpend:
    """A day's spending, what runs at the moment included.

    What the open calls of a process that died may have cost counts as spent once its lease has
    expired, closed or not.
    """
    models: dict[tuple[str, Account], ModelSpend] = {}
    reserved = 0
    tokens: Counter[Account] = Counter()
    for row in table.query_rows(_pk(day), "LEASE#", "MODEL#~"):
        entry = ModelSpend.model_validate(row)
        if row["sk"].startswith("LEASE#"):
            lease = _to_lease(row)
            if lease.is_expired(now):
                entry = entry.add(lease.open_calls)
            else:
                reserved += 0 if lease.account.counts_tokens else max(0, lease.amount - entry.spent)
        if entry.account.counts_tokens:
            tokens[entry.account] += entry.spent
            entry = entry.model_copy(
                update={"account": entry.account.of_money, "spent": 0, "left_open": 0}
            )
        key = (entry.model, entry.account)
        known = models.get(key)
        models[key] = entry if known is None else known.add(entry)
    return DaySpend(day, tuple(models[key] for key in sorted(models)), reserved, tokens)


def _list_leases(table: LedgerTable, day: str) -> Iterator[Lease]:
    return map(_to_lease, table.query_rows(_pk(day), "LEASE#", "LEASE#~"))


def _to_lease(row: dict[str, object]) -> Lease:
    # A call noted after its lease was closed leaves a row that has no time: it has expired.
    return Lease.model_validate({"expires_at": "", **row})
