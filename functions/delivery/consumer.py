"""A queue's consumer, and what every consumer needs to run."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.utilities.idempotency import BasePersistenceLayer

from functions.delivery.policy import DeadLetter, Policy
from functions.delivery.tracing import Tracer
from shared.aws.queues import Queues
from shared.deadline import Deadline
from shared.ledger.waiting import Wait


class Item(Protocol):
    """What a queue's messages are decoded to."""

    @property
    def item_id(self) -> str:
        """The identity of the work: the same work has the same id."""
        ...


ItemT = TypeVar("ItemT", bound=Item)


@dataclass(frozen=True)
class Consumer(Generic[ItemT]):
    """A queue's consumer: what its messages mean and what is done with them.

    Args:
        name: The stage, as it stands in logs, DLQ attributes and idempotency keys.
        queue_url: The queue that the records come from.
        dlq_url: Its dead-letter queue.
        decode: Body, and id and sending time of the message's first copy, to item; raises
            `MessageDecodeError`.
        handle: Does the work within the deadline.
        give_up: Notes in the ledger that the item will not be done, and why.
        note_delay: Notes in the ledger that the item waits, how long and what for.
        is_told_by_ledger: Whether whoever handles the item finds in the ledger, before anything is
            paid for, that it is done: then its idempotency record need not say so.
        is_over: Whether the ledger says that nothing is left to do for an item that another
            delivery holds, or held until it was done.
        find_group: The message group of an item whose sender gives it none, as S3; None without.
        try_out: Does what a trial asks for (`trial.py`), and leaves nothing behind.
    """

    name: str
    queue_url: str
    dlq_url: str
    decode: Callable[[str, str, datetime], ItemT]
    handle: Callable[[ItemT, Deadline], None]
    give_up: Callable[[ItemT, DeadLetter], None]
    note_delay: Callable[[ItemT, Wait], None]
    is_told_by_ledger: Callable[[ItemT], bool] = lambda item: False
    is_over: Callable[[ItemT], bool] = lambda item: False
    find_group: Callable[[ItemT], str | None] = lambda item: None
    try_out: Callable[[Any, Deadline], dict[str, Any]] | None = None


@dataclass(frozen=True)
class Runtime:
    """What every consumer needs to run: queues, idempotency records, policy, logs and the like.

    Of the records there are two kinds: `claims` are not completed. `limits` is a mark of what may
    be spent by the settings: other limits have another one.
    """

    queues: Queues
    idempotency: BasePersistenceLayer
    claims: BasePersistenceLayer
    policy: Policy
    logger: Logger
    metrics: Metrics
    tracer: Tracer
    now: Callable[[], datetime]
    random: Callable[[], float]
    limits: str = ""
