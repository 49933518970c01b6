"""Schedules of what happens at which call of AWS, carried out one after the other on moto.

A schedule names calls by their number, counted over all containers of a run, and what happens
there: a process dies, an answer is lost, or another container works meanwhile. One thread works at
a time, so a schedule comes out the same each time, and a run counts its own calls: without an event
it says how many there are to name.
"""

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from botocore.exceptions import ReadTimeoutError
from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.sqs.models import sqs_backends

from functions.delivery.batch import process_batch
from functions.delivery.consumer import Consumer, Runtime
from functions.ingest import build_ingest
from functions.worker import build_worker
from pipeline.extraction.extractor import Extractor
from shared.llm.model import ModelAnswer, Usage
from tests.fakes.aws.aws_account import AwsAccount
from tests.fakes.aws.event_source import EventSource

_QUEUES = ("seashore-uploads", "seashore-work")
_SERVICES = ("dynamodb", "s3", "sqs")
_MOST_ROUNDS = 30
# Where a request keeps which call it is.
_NUMBER = "schedule_number"


class Event(StrEnum):
    """What happens at a call."""

    DEATH_BEFORE = "death before"
    DEATH_AFTER = "death after"
    ANSWER_LOST = "answer lost"
    NOT_SENT = "not sent"
    MEANWHILE = "another works meanwhile"
    TAKEN_OVER = "another takes over, and this one goes on"
    ERASED = "an operator erases the document, and this one goes on"


@dataclass(frozen=True)
class Schedule:
    """What happens at which call.

    Args:
        scenario: What there is to do.
        events: By the number of the call, from 1.
    """

    scenario: str
    events: tuple[tuple[int, Event], ...]

    def describe(self) -> str:
        """The schedule in a line."""
        return f"{self.scenario}: " + ", ".join(f"{event} at {n}" for n, event in self.events)


class ProcessDiedError(BaseException):
    """The process is gone: nothing of it handles this."""


class EchoModel:
    """Answers at once, and costs."""

    name = "gpt-5-mini"

    def answer(self, request: Any, deadline: Any) -> ModelAnswer[Any]:
        fields = request.answer_type.model_fields
        known = {"title": "t", "abstract": "a", "language": "en", "answer": "a", "answered": False}
        values = {name: known.get(name, []) for name in fields}
        value = request.answer_type.model_validate(values)
        return ModelAnswer(value, self.name, Usage(1, 100, 10))


@dataclass
class World:
    """Both functions on moto, and what the schedule has in store for them.

    Args:
        account: Where everything lies.
        extractor: Reads the PDFs.
        schedule: What happens when.
        erase: What an operator does at `Event.ERASED`.
    """

    account: AwsAccount
    extractor: Extractor
    schedule: Schedule
    erase: Callable[[], None] = lambda: None
    calls: int = 0
    deaths: int = 0
    happened: list[str] = field(default_factory=list)
    _offset: timedelta = timedelta()
    _depth: int = 0
    _is_dead: bool = False
    _sources: list[EventSource] = field(default_factory=list)

    def now(self) -> datetime:
        """The clock of the functions, which waits are skipped by."""
        return datetime.now(UTC) + self._offset

    def run(self, is_final: Callable[[], bool]) -> bool:
        """Let the functions work until all is final and no message is left; whether it is."""
        for _ in range(_MOST_ROUNDS):
            self._sources = self._build_sources()
            self._poll_all()
            is_empty = not any(map(self._count, _QUEUES))
            if is_empty and is_final():
                return True
            self._end_waits()
            if is_empty:
                # What died with its process is found by the sweep.
                self.skip(timedelta(minutes=20))
                self._send({"kind": "sweep", "v": 1})
        return False

    def skip(self, duration: timedelta) -> None:
        """Let time pass."""
        self._offset += duration

    def count_calls_of(self, work: Callable[[], None]) -> None:
        """Do what no queue has asked for, with its calls counted as those of a function.

        Raises:
            ProcessDiedError: It died.
        """
        self._depth, self._is_dead = 1, False
        try:
            work()
        finally:
            self._depth, self._is_dead = 0, False

    def _poll_all(self) -> None:
        handled = 1
        while handled:
            try:
                handled = sum(source.poll() for source in self._sources)
            except ProcessDiedError:
                self.deaths += 1
                self._is_dead = False
                self._depth = 0
                self._end_waits()
                self._sources = self._build_sources()
                handled = 1

    def _build_sources(self) -> list[EventSource]:
        settings, clients = self.account.settings, self.account.clients
        built: list[tuple[Consumer[Any], Runtime]] = [
            build_ingest(settings, clients, self.extractor),
            build_worker(settings, clients, EchoModel(), self.now),
        ]
        return [
            EventSource(clients.sqs, consumer.queue_url, self._handle_with(consumer, runtime), 1)
            for consumer, runtime in built
        ]

    def _handle_with(self, consumer: Consumer[Any], runtime: Runtime) -> Callable[..., Any]:
        still = replace(runtime, random=lambda: 0.5, now=self.now)

        def handle(event: dict[str, Any], context: Any) -> Any:
            self._depth += 1
            try:
                return process_batch(event, context, consumer, still)
            finally:
                self._depth = max(0, self._depth - 1)

        return handle

    def before_call(self, context: dict[str, Any], **_: Any) -> None:
        """A call of a function is about to go out."""
        if not self._depth:
            return
        if self._is_dead:
            raise ProcessDiedError
        self.calls += 1
        # Of calls that run side by side the answers come in another order.
        context[_NUMBER] = self.calls
        event = dict(self.schedule.events).get(self.calls)
        if event is None:
            return
        if event is Event.DEATH_BEFORE:
            self._die()
        if event is Event.NOT_SENT:
            self._lose_answer(event)
        if event in (Event.MEANWHILE, Event.TAKEN_OVER):
            self.happened.append(event)
            self._work_meanwhile(keeps_claims=event is Event.MEANWHILE)
        if event is Event.ERASED:
            self.happened.append(event)
            depth, self._depth = self._depth, 0
            self.erase()
            self._depth = depth

    def after_call(self, context: dict[str, Any], **_: Any) -> None:
        """Its answer has come in."""
        if not self._depth or self._is_dead:
            return
        event = dict(self.schedule.events).get(context.get(_NUMBER, 0))
        if event is Event.DEATH_AFTER:
            self._die()
        if event is Event.ANSWER_LOST:
            self._lose_answer(event)

    def _die(self) -> None:
        self.happened.append("death")
        self._is_dead = True
        raise ProcessDiedError

    def _lose_answer(self, event: Event) -> None:
        self.happened.append(event)
        raise ReadTimeoutError(endpoint_url="https://aws.invalid")

    def _work_meanwhile(self, *, keeps_claims: bool) -> None:
        """Other containers get what is there, and the message in work a second time.

        Without its claim they do it, as if this container had been frozen for longer than that.
        """
        depth, self._depth = self._depth, 0
        self._end_waits(keeps_claims=keeps_claims)
        for source in self._build_sources():
            while source.poll():
                pass
        self._depth = depth

    def _send(self, message: dict[str, Any]) -> None:
        self.account.clients.sqs.send_message(
            QueueUrl=self.account.settings.work_queue_url, MessageBody=json.dumps(message)
        )

    def _count(self, queue_name: str) -> int:
        return len(_queues()[queue_name]._messages)

    def _end_waits(self, *, keeps_claims: bool = False) -> None:
        """Let all waits be over: of messages, and of the claims of processes that died."""
        for name in _QUEUES:
            for message in _queues()[name]._messages:
                attribute = message.message_attributes.get("seashore")
                if attribute is not None:
                    state = json.loads(attribute["StringValue"]) | {"not_before": None}
                    attribute["StringValue"] = json.dumps(state)
                message.delayed_until = 0.0
                message.visible_at = 0.0
        if keeps_claims:
            return
        for row in _list_items(self.account.settings.idempotency_table):
            if row.attrs["status"].value == "INPROGRESS":
                row.attrs["in_progress_expiration"].value = "0"


def read_ledger(account: AwsAccount) -> list[dict[str, Any]]:
    """All rows of the ledger, without a request, which takes moto longer than a schedule."""
    return [item.to_regular_json() for item in _list_items(account.settings.ledger_table)]


def _list_items(table_name: str) -> Any:
    return dynamodb_backends[DEFAULT_ACCOUNT_ID]["eu-west-1"].tables[table_name].all_items()


def _queues() -> Any:
    return sqs_backends[DEFAULT_ACCOUNT_ID]["eu-west-1"].queues


@contextmanager
def watching(world: World) -> Iterator[None]:
    """Let a world know of the calls of its clients."""
    logging.disable(logging.CRITICAL)
    clients = world.account.clients
    try:
        for service in _SERVICES:
            events = getattr(clients, service).meta.events
            events.register(f"before-call.{service}", world.before_call, unique_id="schedule")
            events.register(f"after-call.{service}", world.after_call, unique_id="schedule-after")
        yield
    finally:
        for service in _SERVICES:
            events = getattr(clients, service).meta.events
            events.unregister(f"before-call.{service}", unique_id="schedule")
            events.unregister(f"after-call.{service}", unique_id="schedule-after")
        logging.disable(logging.NOTSET)
