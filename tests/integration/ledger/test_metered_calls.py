"""One class for every call of a model: what is kept and billed at once, later, or not at all."""

from dataclasses import dataclass

import pytest

from pipeline.metering.answer_services import AnswerServices
from pipeline.metering.metered_calls import MeteredCalls
from pipeline.metering.payers import pay_by_document
from pipeline.summaries.summary_types import CoreSummary
from pipeline.timeline_words import describe_details
from shared.errors import (
    DeadlineError,
    LateAnswerError,
    ModelAnswerError,
    ModelRefusalError,
    UnfinishedError,
)
from shared.ledger.documents import document_pk, find_document
from shared.ledger.spending import Spending
from shared.ledger.timeline import read_timeline
from shared.llm.model import ModelAnswer, ModelRequest, Purpose, Source, Usage
from shared.llm.turns import ModelTurn, Turn, TurnRequest
from tests.fakes.aws.ledger_rows import Clock, extract_document, open_table
from tests.fakes.lasting_deadline import DEADLINE

REQUEST = ModelRequest(Purpose.COMBINE, "Combine.", (Source(1, 1, "text"),), CoreSummary, 100)
TURN = TurnRequest("agent", "Work.", "Look.", (), (), 100)
ONE_CALL = Spending(input_tokens=100, output_tokens=10)


class Model:
    name = "model"

    def __init__(self):
        self.calls = 0
        self.error = None
        self.usage = Usage(1, 100, 10)

    def answer(self, request, deadline):
        self._count()
        value = CoreSummary(title=f"{self.calls}", abstract="a", key_points=[], language="en")
        return ModelAnswer(value, self.name, self.usage)

    def take_turn(self, request, deadline):
        self._count()
        return ModelTurn(Turn(text=f"{self.calls}"), self.name, self.usage)

    def _count(self):
        if self.error is not None:
            raise self.error
        self.calls += 1


@dataclass
class Desk:
    """A document that pays, and a model."""

    table: object
    model: Model
    document_id: str

    def open_calls(self, *, pays=True, **options):
        services = AnswerServices(self.model, None, self.table, Clock())
        return MeteredCalls(
            services, pay_by_document(self.document_id) if pays else None, **options
        )

    @property
    def bill(self):
        return Spending.model_validate(find_document(self.table, self.document_id))

    @property
    def steps(self):
        return [event.step for event in read_timeline(self.table, document_pk(self.document_id))]


@pytest.fixture
def desk(account):
    table = open_table(account)
    return Desk(table, Model(), extract_document(table, Clock(), 1).document_id)


def ask(calls):
    return calls.ask(REQUEST, DEADLINE).value.title


def take_turn(calls):
    return calls.take_turn(TURN, DEADLINE).text


@pytest.mark.parametrize("call", [ask, take_turn])
def test_a_call_is_kept_and_billed_when_it_returns_and_never_paid_for_again(desk, call):
    calls = desk.open_calls()
    assert call(calls) == "1"
    assert desk.bill == calls.spent == ONE_CALL
    assert calls.has_kept
    later = desk.open_calls(spent=desk.bill)
    assert call(later) == "1"
    assert desk.model.calls == 1
    assert desk.bill == later.spent == ONE_CALL
    assert later.total_tokens == 110
    assert not later.has_kept


def test_an_answer_that_is_left_to_its_effect_is_on_no_bill_until_it_is_kept(desk):
    calls = desk.open_calls(keeps_at_once=False)
    answer = calls.ask(REQUEST, DEADLINE)
    assert answer.row is not None
    assert answer.used == ONE_CALL
    assert desk.bill == calls.spent == Spending()
    assert not calls.has_kept
    calls.keep(answer)
    assert desk.bill == calls.spent == ONE_CALL
    assert calls.has_kept
    # One that was kept before has nothing left to keep.
    known = calls.ask(REQUEST, DEADLINE)
    calls.keep(known)
    assert (known.row, known.used, desk.bill) == (None, Spending(), ONE_CALL)


def test_keeping_what_was_kept_at_once_bills_nothing_more(desk):
    calls = desk.open_calls()
    calls.keep(calls.ask(REQUEST, DEADLINE))
    assert desk.bill == ONE_CALL
    assert desk.steps.count("answered") == 1


@pytest.mark.parametrize("call", [ask, take_turn])
def test_where_nobody_pays_nothing_is_read_or_written(desk, call):
    calls = MeteredCalls(AnswerServices(desk.model, None, None, Clock()), payer=None)
    assert [call(calls), call(calls)] == ["1", "2"]
    assert calls.spent == ONE_CALL + ONE_CALL
    assert not calls.has_kept


@pytest.mark.parametrize("call", [ask, take_turn])
@pytest.mark.parametrize("pays", [True, False])
def test_a_failure_is_billed_as_far_as_it_was_paid_for(desk, call, pays):
    calls = desk.open_calls(pays=pays, keeps_at_once=False)
    desk.model.error = ModelRefusalError("no")
    with pytest.raises(ModelRefusalError):
        call(calls)
    assert calls.spent == Spending()
    desk.model.error = ModelAnswerError("cut off")
    desk.model.error.calls, desk.model.error.input_tokens = 2, 200
    with pytest.raises(ModelAnswerError):
        call(calls)
    assert calls.spent == Spending(input_tokens=200)
    assert desk.bill == (calls.spent if pays else Spending())
    assert desk.steps.count("answer_unusable") == (1 if pays else 0)
    assert not calls.has_kept


@pytest.mark.parametrize("late", [DeadlineError, LateAnswerError])
def test_a_run_that_has_kept_an_answer_goes_on_later(desk, late):
    calls = desk.open_calls()
    with pytest.raises(late), calls.go_on_later():
        raise late("no time")
    with pytest.raises(UnfinishedError), calls.go_on_later():
        ask(calls)
        raise late("no time")


def test_what_the_provider_says_of_the_cost_is_kept_on_the_bill_and_in_the_timeline(desk):
    desk.model.usage = Usage(1, 100, 10, told_micro_usd=70, told_calls=1)
    calls = desk.open_calls()
    ask(calls)
    take_turn(calls)
    assert desk.bill.told_micro_usd == calls.spent.told_micro_usd == 140
    last = read_timeline(desk.table, document_pk(desk.document_id))[-1]
    assert "$0.000070 as the provider says" in describe_details(last.details)
