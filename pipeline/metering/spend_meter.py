"""The spending limit: every call of a model is metered before it happens.

One meter a container. It takes leases from the day's limit (`shared/ledger/spend.py`), small ones
beside a small limit and larger ones beside a large limit, and lets calls draw on them.

What their rows say meanwhile, so that the limit holds whatever dies: `lease_notes.py`.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from pipeline.metering.lease_notes import LeaseNotes, OpenLease
from shared.aws.dynamodb_table import LedgerTable, Update
from shared.calendar import find_day, seconds_until_tomorrow
from shared.errors import OverBudgetError, SeashoreError
from shared.ledger.spend import (
    Account,
    Lease,
    ModelSpend,
    close_expired_leases,
    close_lease,
    extend_lease,
    find_lease,
    open_lease,
    read_committed,
    read_day_spend,
)
from shared.llm.model import PAID_COUNTS, ModelAnswer, Usage
from shared.llm.turns import ModelTurn, ToolsNotTakenError
from shared.paid_calls import PaidCalls
from shared.prices import ModelPrice, compute_cost_micro_usd, format_usd

ReplyT = TypeVar("ReplyT", ModelAnswer[Any], ModelTurn)

# A lease serves calls for a while, and outlives the longest invocation that may draw on it.
_LEASE_SERVES = timedelta(minutes=10)
_LEASE_LIVES = timedelta(minutes=30)

# A lease is no more than this share of the limit, so that many containers find room beside it.
_LARGEST_SHARE = 1 / 100
_CALLS_PER_LEASE = 20

# A call sets aside more than it costs, as a rule, and gives the rest back when it is answered.
_ROOM_RETURNS_SECONDS = 60.0

# After a refusal the ledger is not asked again for a while for a call that costs as much.
_REFUSED_FOR = timedelta(seconds=20)

# A call that no day has room for waits for a higher limit, not for the next day.
_LIMIT_IS_RAISED_SECONDS = 3600.0


@dataclass(frozen=True)
class _Refusal:
    day: str
    cost: int
    until: datetime
    is_spent: bool


@dataclass(frozen=True)
class Reservation:
    """A reservation for one call: what it is expected to cost, in millionths of a dollar."""

    lease: OpenLease
    cost: int


@dataclass(frozen=True)
class Limits:
    """What may be spent, in millionths of a dollar; None is no limit.

    Args:
        price: The model's price; None if it is not known, and then nothing is held back.
        daily: On one day.
        document: On one document.
        zone: The time zone in which days are counted.
        daily_tokens: The most tokens on one day of a model whose price is not known.
        account: Whose daily limit it is.
    """

    price: ModelPrice | None
    daily: int | None
    document: int | None
    zone: ZoneInfo
    account: Account = Account.PIPELINE
    daily_tokens: int | None = None


class SpendMeter:
    """Lets calls of one model through as long as the limit allows. Thread-safe.

    Args:
        table: The ledger.
        model: The model's name.
        limits: What may be spent.
        now: The clock.
        new_id: Makes an id that no other container makes.
        note_share: Told now and then how much of the day's limit is spent or reserved, 1 being
            all of it: when a lease is taken, and when none is left.
    """

    def __init__(
        self,
        table: LedgerTable,
        model: str,
        limits: Limits,
        now: Callable[[], datetime],
        new_id: Callable[[], str],
        note_share: Callable[[float], None] = lambda share: None,
    ) -> None:
        self.limits = limits
        # What is reserved and settled is tokens where only they are limited.
        self._by_tokens = limits.price is None and limits.daily_tokens is not None
        self._daily = limits.daily_tokens if self._by_tokens else limits.daily
        self._account = limits.account.of_tokens if self._by_tokens else limits.account
        self._table = table
        self._model = model
        self._now = now
        self._new_id = new_id
        self._note_share = note_share
        self._lock = threading.Lock()
        self._notes = LeaseNotes(table, self._lock)
        self._open: OpenLease | None = None
        self._retired: list[OpenLease] = []
        self._refusal: _Refusal | None = None
        self._counting = threading.Lock()
        self._wanted = 0

    @property
    def _parameter(self) -> str:
        if self._by_tokens:
            return "DailyCapTokens"
        return "ChatDailyCapUsd" if self._account is Account.CHAT else "DailyCapUsd"

    def compute_cost(self, usage: Usage) -> int:
        """What calls cost, in millionths of a dollar; 0 without a known price.

        Each token counts by the tier that it went. What is yet to be called goes by none, and so
        counts at the normal price: a cheap tier may have no room.
        """
        price = self.limits.price
        if price is None:
            return 0
        by_flex = (usage.flex_input_tokens, usage.flex_output_tokens, usage.flex_cached_tokens)
        return compute_cost_micro_usd(
            price,
            usage.input_tokens - usage.flex_input_tokens,
            usage.output_tokens - usage.flex_output_tokens,
            usage.cached_tokens - usage.flex_cached_tokens,
        ) + compute_cost_micro_usd(price.flex or price, *by_flex)

    def run(
        self, call: Callable[[], ReplyT], most: Usage, *, is_noted_later: bool = False
    ) -> tuple[ReplyT, int]:
        """Call a model, with room reserved before and the cost settled after.

        Args:
            call: Calls the model.
            most: The most that it may use up, all calls of the answer together.
            is_noted_later: Whether the cost of an answer is left to `send_notes_along`. Until then
                its lease's row says what the call may have cost at most.

        Returns:
            What the call returned, and what it cost, in millionths of a dollar.

        Raises:
            OverBudgetError, ServiceError: As `reserve` does.
        """
        reservation = self.reserve(self._weigh(most))
        # Whatever else ends the call: nobody knows how far it came, and it may be on the bill.
        lost = ModelSpend(model=self._model, unanswered=1, spent=reservation.cost)
        with ExitStack() as unsettled:
            unsettled.callback(self._finish, reservation, lost)
            try:
                reply = call()
            except (SeashoreError, ToolsNotTakenError) as error:
                unsettled.pop_all()
                usage = read_paid_usage(error) if isinstance(error, PaidCalls) else Usage()
                self.settle(reservation, usage)
                raise
            unsettled.pop_all()
        if is_noted_later:
            self._count(reservation, self._describe(reply.usage))
            return reply, self.compute_cost(reply.usage)
        return reply, self.settle(reservation, reply.usage)

    @contextmanager
    def send_notes_along(self) -> Iterator[list[Update]]:
        """What the ledger has yet to be told of calls, for a transaction within this context.

        Nothing for as long as the rows say enough. Where the transaction fails, which the context
        has to end with an error for, it is written by itself.
        """
        with self._lock:
            leases = [*self._retired, *([] if self._open is None else [self._open])]
        with self._notes.send_along(leases) as notes:
            yield notes

    def reserve(self, cost: int) -> Reservation:
        """Take room for a call.

        Raises:
            OverBudgetError: The day's limit is reached, which is over when the day turns; or what
                is left of it is reserved for calls that run; or it is lower than the call's cost.
            ServiceError: The ledger cannot be reached.
        """
        daily = self._daily
        if daily is not None and cost > daily:
            self._note_share(1.0)
            raise OverBudgetError(
                f"a call may cost {self._name_amount(cost)}, and the day's limit is "
                f"{self._name_amount(daily)}: raise {self._parameter}",
                delay_seconds=_LIMIT_IS_RAISED_SECONDS,
                reason="over_budget",
            )
        with self._wanting(cost), self._lock:
            current = self._open
            if current is None or not self._has_room(current, cost):
                current = self._take_lease(cost)
            current.taken += cost
            current.running += 1
            current.open_cost += cost
            reservation = Reservation(current, cost)
            behind = [lease for lease in self._retired if not lease.running and not lease.is_noted]
        with ExitStack() as unused:
            unused.callback(self._finish, reservation, ModelSpend(model=self._model))
            for lease in [*behind, current]:
                self._notes.write(lease)
            unused.pop_all()
        return reservation

    @contextmanager
    def _wanting(self, cost: int) -> Iterator[None]:
        """Count what calls that are to begin need, while they wait for room."""
        with self._counting:
            self._wanted += cost
        try:
            yield
        finally:
            with self._counting:
                self._wanted -= cost

    def settle(self, reservation: Reservation, usage: Usage) -> int:
        """Note what a call has cost; one that has cost nothing gives its room back.

        A cost that cannot be written now is carried to the next note. Until then the lease's row
        says what the call may have cost at most, which is no less.

        Returns:
            The cost, in millionths of a dollar.
        """
        self._finish(reservation, self._describe(usage))
        return self.compute_cost(usage)

    def _describe(self, usage: Usage) -> ModelSpend:
        return ModelSpend(
            model=self._model,
            calls=usage.calls,
            unanswered=usage.unanswered,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            spent=self._weigh(usage),
            told=usage.told_micro_usd,
            told_calls=usage.told_calls,
        )

    def _weigh(self, usage: Usage) -> int:
        """What calls take of the limit."""
        if self._by_tokens:
            return usage.input_tokens + usage.output_tokens
        return self.compute_cost(usage)

    def _name_amount(self, amount: int) -> str:
        return f"{amount:,} tokens" if self._by_tokens else format_usd(amount)

    def _finish(self, reservation: Reservation, used: ModelSpend) -> None:
        """Count a call as ended, and note so; what cannot be written waits for the next note."""
        self._count(reservation, used)
        with suppress(SeashoreError):
            self._notes.write(reservation.lease)

    def _count(self, reservation: Reservation, used: ModelSpend) -> None:
        lease = reservation.lease
        with self._lock:
            lease.taken += used.spent - reservation.cost
            lease.running -= 1
            lease.open_cost -= reservation.cost
            lease.unwritten = lease.unwritten.add(used)

    def _has_room(self, current: OpenLease, cost: int) -> bool:
        now = self._now()
        return (
            now < current.serves_until
            and current.lease.day == find_day(now, self.limits.zone)
            and (self._daily is None or current.taken + cost <= current.lease.amount)
        )

    def _take_lease(self, cost: int) -> OpenLease:
        """Extend the lease that serves, or open another one and close those that are used up."""
        now = self._now()
        day = find_day(now, self.limits.zone)
        known = self._refusal
        if known and known.day == day and now < known.until and cost >= known.cost:
            raise self._refuse(known, now)
        if self._open is not None and self._extend(self._open, cost, now):
            return self._open
        if self._open is not None:
            self._retired.append(self._open)
            self._open = None
        self._close_retired()
        for amount in self._choose_amounts(cost):
            lease = Lease(
                day=day,
                lease_id=self._new_id(),
                model=self._model,
                amount=amount,
                account=self._account,
                open_cost=cost,
                expires_at=(now + _LEASE_LIVES).isoformat(),
            )
            if open_lease(self._table, lease, self._daily):
                unwritten = ModelSpend(model=self._model)
                self._open = OpenLease(lease, now + _LEASE_SERVES, unwritten, cost)
                self._refusal = None
                self._tell_share(day)
                return self._open
            close_expired_leases(self._table, day, now)
        self._note_share(1.0)
        spent = read_day_spend(self._table, day, now).spent_by(self._account)
        is_spent = spent + cost > (self._daily or 0)
        self._refusal = _Refusal(day, cost, now + _REFUSED_FOR, is_spent)
        raise self._refuse(self._refusal, now)

    def _extend(self, current: OpenLease, cost: int, now: datetime) -> bool:
        """Set more aside on the lease that serves, which takes less than to open another one."""
        if self._daily is None or now >= current.serves_until:
            return False
        if current.lease.day != find_day(now, self.limits.zone):
            return False
        for room in self._choose_amounts(cost):
            amount = current.taken + room - current.lease.amount
            if extend_lease(self._table, current.lease, amount, self._daily):
                extended = {"amount": current.lease.amount + amount}
                current.lease = current.lease.model_copy(update=extended)
                self._tell_share(current.lease.day)
                return True
        return False

    def _tell_share(self, day: str) -> None:
        if self._daily:
            committed = read_committed(self._table, day, self._account)
            self._note_share(committed / self._daily)

    def _choose_amounts(self, cost: int) -> list[int]:
        """A lease's amount, and what to fall back upon near the limit.

        Room for all calls that are to begin now, as those of a batch are, is taken at once.
        """
        if self._daily is None:
            return [0]
        large = min(int(self._daily * _LARGEST_SHARE), cost * _CALLS_PER_LEASE)
        return sorted({max(cost, large, self._wanted), max(cost, large), cost}, reverse=True)

    def _close_retired(self) -> None:
        waiting = []
        for retired in self._retired:
            if not retired.is_settled:
                waiting.append(retired)
                continue
            lease = find_lease(self._table, retired.lease)
            if lease is not None and not close_lease(self._table, lease):
                waiting.append(retired)
        self._retired = waiting

    def _refuse(self, refusal: _Refusal, now: datetime) -> OverBudgetError:
        limit = self._name_amount(self._daily or 0)
        tomorrow_seconds = seconds_until_tomorrow(now, self.limits.zone)
        if refusal.is_spent:
            return OverBudgetError(
                f"the day's limit of {limit} is reached ({self._parameter})",
                delay_seconds=tomorrow_seconds,
                reason="over_budget",
            )
        return OverBudgetError(
            f"what is left of the day's limit of {limit} is reserved for calls that run",
            delay_seconds=min(_ROOM_RETURNS_SECONDS, tomorrow_seconds),
            reason="over_budget",
        )


def read_paid_usage(error: PaidCalls) -> Usage:
    """What an answer that failed has consumed, and what its calls without an answer may have."""
    return Usage(**{name: getattr(error, name) for name in PAID_COUNTS})
