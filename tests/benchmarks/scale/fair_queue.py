"""A fair queue of SQS and the functions behind it, simulated by what AWS writes of them.

The rules are those of the Amazon SQS Developer Guide, "How Amazon SQS fair queues work": a group is
noisy that has more than a tenth of the messages in flight and at least thirty, or more than a tenth
of the recent processing time; it is so until its backlog is gone. Messages of quiet groups come
first, then those of the noisy group with the fewest in flight; a message without a group is a group
of its own. AWS calls its thresholds approximate and does not say how long "recent" is.
"""

import heapq
import itertools
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

NOISY_SHARE = 0.1
NOISY_IN_FLIGHT = 30
# What "recent" is taken for.
RECENT_SECONDS = 60.0


@dataclass(frozen=True)
class Message:
    """A message: arrival, group, how long its work takes; of a copy, when the first was sent."""

    name: str
    arrived_at: float
    group: str | None
    work_seconds: float
    sent_at: float | None = None

    @property
    def is_copy(self) -> bool:
        """Whether it was sent again with its group."""
        return self.sent_at is not None


@dataclass(frozen=True)
class Consumers:
    """The environments of a function behind its event source mapping.

    Args:
        environments: How many run at once at the most (`MaximumConcurrency`).
        batch_size: How many messages each is handed; they are worked on side by side, and stay in
            flight until the last of them is done.
        regroup_after_seconds: From which age on a message without a group is sent again with the
            one that `find_group` names; None for never.
        regroup_seconds: How long that takes.
    """

    environments: int
    batch_size: int
    regroup_after_seconds: float | None = None
    regroup_seconds: float = 0.02


class FairQueue:
    """The messages that wait, by group, and what SQS knows of those that are worked on."""

    def __init__(self) -> None:
        self._waiting: dict[str | None, deque[Message]] = {}
        self._in_flight: Counter[str | None] = Counter()
        self._recent: deque[tuple[float, str | None, float]] = deque()
        self._recent_seconds: Counter[str | None] = Counter()
        self.noisy: set[str] = set()

    def put(self, message: Message) -> None:
        """A message arrives."""
        self._waiting.setdefault(message.group, deque()).append(message)

    def take(self, count: int, now: float) -> list[Message]:
        """Up to so many messages, as a poller gets them."""
        self._mark_noisy(now)
        taken: list[Message] = []
        while len(taken) < count and (group := self._choose()) != "":
            message = self._waiting[group].popleft()
            self._in_flight[group] += 1
            taken.append(message)
            if not self._waiting[group]:
                del self._waiting[group]
                self.noisy.discard(group or "")
        return taken

    def finish(self, messages: Iterable[Message], now: float, seconds: float) -> None:
        """Messages are done after so many seconds each."""
        for message in messages:
            self._in_flight[message.group] -= 1
            self._recent.append((now, message.group, seconds))
            self._recent_seconds[message.group] += seconds

    def _choose(self) -> str | None:
        """The group whose oldest message comes next; empty if nothing waits."""
        if not self._waiting:
            return ""
        quiet = [group for group in self._waiting if group not in self.noisy]
        if quiet:
            return min(quiet, key=lambda group: self._waiting[group][0].arrived_at)
        return min(self._waiting, key=lambda group: self._in_flight[group])

    def _mark_noisy(self, now: float) -> None:
        while self._recent and self._recent[0][0] < now - RECENT_SECONDS:
            _, group, seconds = self._recent.popleft()
            self._recent_seconds[group] -= seconds
        in_flight = self._in_flight.total()
        recent_seconds = sum(self._recent_seconds.values())
        for group in self._waiting:
            if group is None:
                continue
            own = self._in_flight[group]
            is_wide = own >= NOISY_IN_FLIGHT and own > NOISY_SHARE * in_flight
            is_long = self._recent_seconds[group] > NOISY_SHARE * recent_seconds > 0
            if is_wide or is_long:
                self.noisy.add(group)


def simulate_waits(
    messages: Sequence[Message],
    consumers: Consumers,
    find_group: Callable[[Message], str] = lambda message: message.name,
) -> dict[str, float]:
    """How long each message waits until its work begins, in seconds, by name."""
    order = itertools.count()
    events: list[tuple[float, int, Message | list[Message], float]] = [
        (message.arrived_at, next(order), message, 0.0) for message in messages
    ]
    heapq.heapify(events)
    queue = FairQueue()
    free = consumers.environments
    waits: dict[str, float] = {}
    while events:
        now, _, what, seconds = heapq.heappop(events)
        if isinstance(what, Message):
            queue.put(what)
        else:
            free += 1
            queue.finish(what, now, seconds)
        # All that happens at once has happened before anybody polls.
        if events and events[0][0] == now:
            continue
        while free and (batch := queue.take(consumers.batch_size, now)):
            free -= 1
            seconds = 0.0
            for one in batch:
                first_at = one.arrived_at if one.sent_at is None else one.sent_at
                if _is_regrouped(one, now, consumers):
                    copy = replace(
                        one,
                        group=find_group(one),
                        arrived_at=now + consumers.regroup_seconds,
                        sent_at=first_at,
                    )
                    heapq.heappush(events, (copy.arrived_at, next(order), copy, 0.0))
                    seconds = max(seconds, consumers.regroup_seconds)
                else:
                    waits[one.name] = now - first_at
                    seconds = max(seconds, one.work_seconds)
            heapq.heappush(events, (now + seconds, next(order), batch, seconds))
    return waits


def _is_regrouped(message: Message, now: float, consumers: Consumers) -> bool:
    after = consumers.regroup_after_seconds
    return (
        after is not None
        and message.group is None
        and not message.is_copy
        and now - message.arrived_at >= after
    )
