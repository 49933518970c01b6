"""A second model answers while the first is down, and nothing is paid for twice."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from pipeline.metering.answer_services import AnswerServices
from pipeline.metering.fallback import Fallback, MeteredModel
from pipeline.metering.metered_calls import MeteredCalls
from pipeline.metering.payers import pay_by_document
from pipeline.metering.spend_meter import Limits, SpendMeter
from pipeline.summaries.summary_types import CoreSummary
from shared.errors import (
    ContextOverflowError,
    DeadlineError,
    ModelAccessError,
    ModelAnswerError,
    ModelRefusalError,
    ModelSlowError,
    ModelThrottledError,
    ModelUnavailableError,
)
from shared.ledger.documents import document_pk
from shared.ledger.spend import read_day_spend
from shared.ledger.timeline import read_timeline
from shared.llm.model import ModelAnswer, ModelRequest, Purpose, Source, Usage
from shared.llm.turns import ModelTurn, Turn, TurnRequest
from shared.prices import ModelPrice
from tests.fakes.aws.ledger_rows import Clock, extract_document, open_table
from tests.fakes.lasting_deadline import DEADLINE

REQUEST = ModelRequest(Purpose.COMBINE, "Combine.", (Source(1, 1, "text"),), CoreSummary, 100)
TURN = TurnRequest("agent", "Work.", "Look.", (), (), 100)
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


@dataclass
class Model:
    name: str
    calls: int = 0
    error: Exception | None = None

    def answer(self, request, deadline):
        self._count()
        value = CoreSummary(title=self.name, abstract="a", key_points=[], language="en")
        return ModelAnswer(value, self.name, Usage(1, 100, 10))

    def take_turn(self, request, deadline):
        self._count()
        return ModelTurn(Turn(text=self.name), self.name, Usage(1, 100, 10))

    def _count(self):
        self.calls += 1
        if self.error is not None:
            raise self.error


@dataclass
class Desk:
    table: object
    document_id: str
    first: Model = field(default_factory=lambda: Model("first"))
    second: Model = field(default_factory=lambda: Model("second"))
    seconds: float = 0.0

    def __post_init__(self):
        second = MeteredModel(self.second, self._build_meter("second", 20))
        self.fallback = Fallback(second, lambda: self.seconds)

    def open_calls(self):
        meter = self._build_meter("first", 10)
        services = AnswerServices(self.first, meter, self.table, Clock(), self.fallback)
        return MeteredCalls(services, pay_by_document(self.document_id))

    def _build_meter(self, name, price):
        limits = Limits(ModelPrice(input=price, output=price), None, None, ZoneInfo("UTC"))
        ids = iter(range(99))
        return SpendMeter(
            self.table, name, limits, lambda: NOON, lambda: f"{name}-{id(limits)}-{next(ids)}"
        )


@pytest.fixture
def desk(account):
    table = open_table(account)
    return Desk(table, extract_document(table, Clock(), 1).document_id)


def ask(calls):
    return calls.ask(REQUEST, DEADLINE).value.title


def take_turn(calls):
    return calls.take_turn(TURN, DEADLINE).text


def waiting(kind, **paid):
    error = kind("it waits", delay_seconds=60, reason="model")
    for name, value in paid.items():
        setattr(error, name, value)
    return error


DOWN = [waiting(kind) for kind in (ModelUnavailableError, ModelThrottledError, ModelAccessError)]


@pytest.mark.parametrize("call", [ask, take_turn])
@pytest.mark.parametrize("error", DOWN)
def test_while_the_first_is_down_the_second_answers_and_is_paid(desk, call, error):
    desk.first.error = error
    calls = desk.open_calls()
    assert call(calls) == calls.answered_by == "second"
    # By its own price, under its own name, on the bill, in the timeline and on the day.
    assert calls.spent.cost_micro_usd == 110 * 20
    steps = read_timeline(desk.table, document_pk(desk.document_id))
    assert [step.details["model"] for step in steps if step.step == "answered"] == ["second"]
    spends = read_day_spend(desk.table, "2026-05-04", NOON).models
    (spend,) = [spend for spend in spends if spend.calls]
    assert sum(spend.spent for spend in spends) == spend.spent
    assert (spend.model, spend.calls, spend.spent) == ("second", 1, 110 * 20)


@pytest.mark.parametrize("call", [ask, take_turn])
def test_what_one_has_answered_is_not_asked_again_of_the_other(desk, call):
    desk.first.error = DOWN[0]
    call(desk.open_calls())
    desk.first.error, desk.seconds = None, 1e6
    calls = desk.open_calls()
    assert call(calls) == calls.answered_by == "second"
    assert (desk.first.calls, desk.second.calls) == (1, 1)


def test_the_first_is_left_alone_for_as_long_as_it_says_and_then_asked(desk):
    desk.first.error = DOWN[0]
    for number in range(3):
        request = ModelRequest(Purpose.COMBINE, str(number), (), CoreSummary, 100)
        desk.open_calls().ask(request, DEADLINE)
    assert (desk.first.calls, desk.second.calls) == (1, 3)
    desk.first.error, desk.seconds = None, 60.0
    assert ask(desk.open_calls()) == "first"


@pytest.mark.parametrize(
    "error",
    [
        ModelRefusalError("it declines this text"),
        ModelAnswerError("it does not fit"),
        ContextOverflowError("too long"),
        DeadlineError("time is up"),
        # It is at work, and what it works on is paid for.
        waiting(ModelSlowError),
        waiting(ModelUnavailableError, unanswered=1, input_tokens=100),
        waiting(ModelThrottledError, calls=1, input_tokens=100),
    ],
)
def test_what_is_no_outage_or_was_paid_for_is_not_asked_of_the_second(desk, error):
    desk.first.error = error
    with pytest.raises(type(error)):
        ask(desk.open_calls())
    assert desk.second.calls == 0


@pytest.mark.parametrize(
    "error",
    [
        waiting(ModelAccessError),
        ModelRefusalError("it declines this text"),
        ModelAnswerError("it does not fit"),
        DeadlineError("time is up"),
    ],
)
def test_where_both_fail_the_work_waits_for_the_first(desk, error):
    desk.first.error, desk.second.error = DOWN[1], error
    if isinstance(error, ModelAnswerError):
        error.calls, error.input_tokens = 1, 100
    with pytest.raises(ModelThrottledError, match="it waits; and the fallback") as caught:
        ask(desk.open_calls())
    # What the second has cost for nothing counts as an attempt of the message.
    assert caught.value.is_paid_for_nothing == isinstance(error, ModelAnswerError)


def test_a_text_too_long_for_the_second_is_divided(desk):
    desk.first.error, desk.second.error = DOWN[0], ContextOverflowError("too long")
    with pytest.raises(ContextOverflowError):
        ask(desk.open_calls())
