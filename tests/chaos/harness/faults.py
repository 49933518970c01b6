"""Where a process can be made to die, and which deliveries make it.

The product knows nothing of this. The points are reached from outside: through botocore's events
after an answer of AWS has come in, through a language model that is wrapped, and between the
handler's return and the deletion of its messages.
"""

import os
import random
import signal
from collections import Counter
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import boto3

from tests.chaos.harness.journal import Journal


class Point(StrEnum):
    """A moment in the life of a delivery."""

    CLAIM = "claim"  # the idempotency record is written
    FETCH = "fetch"  # a text or a document has been read from S3, or the parts from the ledger
    LLM = "llm"  # the language model has answered
    STORE = "store"  # a text or a result has been written to S3
    COMMIT = "commit"  # a transaction of the ledger has gone through
    NOTE = "note"  # a row of the ledger has been put or changed by itself
    SEND = "send"  # messages for further work have been sent
    COPY = "copy"  # the copy of a message has been accepted by its queue or its DLQ
    RESPONSE = "response"  # the handler is done, its messages are not yet deleted


@dataclass(frozen=True)
class Kill:
    """Kill the process in which a delivery of the item reaches a point.

    Args:
        item_id: The item.
        point: The point.
        occurrence: At the how-manieth time that the delivery reaches it.
        times: How many processes die of it; None for every one.
    """

    item_id: str
    point: Point
    occurrence: int = 1
    times: int | None = 1


@dataclass(frozen=True)
class FaultPlan:
    """Which processes are to die.

    Args:
        kills: At named points of named items.
        random_share: The share of all deliveries that are doomed to a point by chance.
        random_points: The points among which chance chooses.
    """

    kills: tuple[Kill, ...] = ()
    random_share: float = 0.0
    random_points: tuple[Point, ...] = (
        Point.CLAIM,
        Point.FETCH,
        Point.LLM,
        Point.COMMIT,
        Point.RESPONSE,
    )


@dataclass
class _Delivery:
    """One item being worked on in this process."""

    item_id: str
    doomed_to: Point | None
    reached: Counter[Point] = field(default_factory=Counter)


_current: ContextVar[_Delivery | None] = ContextVar("delivery", default=None)


class Faults:
    """Kills this process where the plan says so.

    Args:
        plan: The plan.
        tokens: A folder shared by all processes, which counts the kills that have been carried out.
        journal: Told of each kill before it happens.
    """

    def __init__(self, plan: FaultPlan, tokens: Path, journal: Journal) -> None:
        self._plan = plan
        self._tokens = tokens
        self._journal = journal
        self._random = random.Random()
        self._batch: list[_Delivery] = []

    @property
    def current_item_id(self) -> str | None:
        """The item that the current context works on."""
        delivery = _current.get()
        return None if delivery is None else delivery.item_id

    def begin_batch(self) -> None:
        self._batch = []

    def begin_delivery(self, item_id: str) -> None:
        """Note that the thread's current context works on the item from now on."""
        is_doomed = self._random.random() < self._plan.random_share
        doomed_to = self._random.choice(self._plan.random_points) if is_doomed else None
        delivery = _Delivery(item_id, doomed_to)
        self._batch.append(delivery)
        _current.set(delivery)
        self._journal.write("delivered", item=item_id)

    def end_batch(self) -> None:
        """The handler has returned."""
        for delivery in self._batch:
            self._reach(Point.RESPONSE, delivery)

    def reach(self, point: Point) -> None:
        """The delivery of the current context has reached a point."""
        delivery = _current.get()
        if delivery is not None:
            self._reach(point, delivery)

    def reach_for(self, point: Point, item_id: str) -> None:
        """A point outside of the work itself, where the context does not tell the item."""
        self._reach(point, _Delivery(item_id, None))

    def _reach(self, point: Point, delivery: _Delivery) -> None:
        delivery.reached[point] += 1
        if point is delivery.doomed_to:
            self._die(point, delivery)
        for kill in self._plan.kills:
            if (kill.item_id, kill.point, kill.occurrence) == (
                delivery.item_id,
                point,
                delivery.reached[point],
            ) and self._take_token(kill):
                self._die(point, delivery)

    def _take_token(self, kill: Kill) -> bool:
        if kill.times is None:
            return True
        name = f"{kill.item_id}.{kill.point}.{kill.occurrence}".replace("/", "_")
        for number in range(kill.times):
            try:
                (self._tokens / f"{name}.{number}").touch(exist_ok=False)
            except FileExistsError:
                continue
            return True
        return False

    def _die(self, point: Point, delivery: _Delivery) -> None:
        self._journal.write("killed", item=delivery.item_id, point=point)
        os.kill(os.getpid(), signal.SIGKILL)


def watch_session(
    session: boto3.Session, faults: Faults, idempotency_table: str, item_id_of: Any
) -> None:
    """Have the session's clients report the points that they reach.

    Args:
        session: Its clients are built after this.
        faults: Told of each point.
        idempotency_table: Tells the claim of an item from other rows.
        item_id_of: The id of the item that a message body asks for.
    """

    def keep_parameters(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        context["chaos"] = params

    def is_claim(params: dict[str, Any]) -> bool:
        return params["TableName"] == idempotency_table

    def after(operation: str, point: Point, applies: Any = lambda params: True) -> None:
        def reach(http_response: Any, context: dict[str, Any], **_: Any) -> None:
            if http_response.status_code < 300 and applies(context["chaos"]):
                faults.reach(point)

        session.events.register(f"after-call.{operation}", reach)

    def after_copy(http_response: Any, context: dict[str, Any], **_: Any) -> None:
        if http_response.status_code < 300:
            faults.reach_for(Point.COPY, item_id_of(context["chaos"]["MessageBody"]))

    session.events.register("before-parameter-build", keep_parameters)
    after("dynamodb.PutItem", Point.CLAIM, is_claim)
    after("s3.GetObject", Point.FETCH)
    after("dynamodb.Query", Point.FETCH)
    after("s3.PutObject", Point.STORE)
    after("dynamodb.TransactWriteItems", Point.COMMIT)
    after("dynamodb.PutItem", Point.NOTE, lambda params: not is_claim(params))
    after("dynamodb.UpdateItem", Point.NOTE, lambda params: not is_claim(params))
    after("sqs.SendMessageBatch", Point.SEND)
    session.events.register("after-call.sqs.SendMessage", after_copy)
