"""What was paid for is not paid for again, whatever comes after it, delivery by delivery."""

from datetime import UTC, datetime, timedelta

import pytest

from functions.delivery.policy import DeadLetter, Defer, Policy, Receipt, decide_outcome
from pipeline.metering.answer_services import AnswerServices
from pipeline.metering.metered_calls import MeteredCalls
from pipeline.metering.payers import pay_by_document
from shared.deadline import Deadline
from shared.errors import ContextOverflowError, SeashoreError
from shared.ledger.documents import find_document
from shared.ledger.spending import Spending
from shared.llm.chat_completions.openai_client import build_openai_client
from shared.llm.chat_completions.openai_model import OpenAIModel
from shared.llm.model_window import ModelWindow
from shared.llm.turns import Tool, TurnRequest
from tests.fakes.aws.ledger_rows import Clock, extract_document, open_table
from tests.fakes.model.chat_behaviours import failing, ok, saying, throttled
from tests.fakes.model.chat_server import ChatServer
from tests.fakes.model.openai_requests import REQUEST

PAID = ("ok", "truncated", "says")
POLICY = Policy(
    max_receive_count=5,
    max_deferral_age_seconds=3 * 24 * 3600,
    retry_base_seconds=5,
    retry_max_seconds=900,
)
TOOLS = (Tool("look", "Look.", {"type": "object", "properties": {}}),)
TURN = TurnRequest("agent", "Work.", "Look.", (), TOOLS, REQUEST.max_output_tokens)
AT = datetime(2026, 3, 1, tzinfo=UTC)


def ask(calls):
    return calls.ask(REQUEST, Deadline.after(60))


def take_turn(calls):
    return calls.take_turn(TURN, Deadline.after(60))


class Deliveries:
    """A message that is delivered again and again, each time to a container of its own."""

    def __init__(self, account, server):
        self.table = open_table(account)
        self.document_id = extract_document(self.table, Clock(), 1).document_id
        self.server = server
        self.attempts = 0

    @property
    def paid_calls(self):
        return sum(call.kind in PAID for call in self.server.calls)

    @property
    def rooms(self):
        return [call.body["max_tokens"] for call in self.server.calls]

    @property
    def bill(self):
        return Spending.model_validate(find_document(self.table, self.document_id))

    def deliver(self, work, *behaviours):
        """Work on it once; what becomes of the message, and of its attempts."""
        self.server.script(*behaviours)
        with build_openai_client(self.server.url) as client:
            model = OpenAIModel(client, "m", ModelWindow(32_000), sleep=lambda seconds: None)
            services = AnswerServices(model, None, self.table, Clock())
            calls = MeteredCalls(services, pay_by_document(self.document_id))
            try:
                work(calls)
            except SeashoreError as error:
                caught = error
            else:
                caught = None
        receipt = Receipt(self.attempts + 1, 0.0, True, 30.0, 0.5)
        outcome = decide_outcome(caught, receipt, POLICY)
        if isinstance(outcome, Defer):
            self.attempts = receipt.receive_count - (not outcome.uses_receive)
        return outcome


@pytest.fixture
def deliveries(account):
    with ChatServer() as server:
        yield Deliveries(account, server)


@pytest.mark.parametrize("work", [ask, take_turn])
def test_a_cut_off_answer_and_then_throttles_are_two_paid_calls(deliveries, work):
    """Twenty deliveries: the first learns what room is needed, and all others ask for that."""
    assert isinstance(deliveries.deliver(work, failing("truncated"), throttled("60")), Defer)
    for _ in range(19):
        assert isinstance(deliveries.deliver(work, throttled("60")), Defer)
    assert (deliveries.paid_calls, deliveries.attempts) == (1, 0)
    deliveries.deliver(work, ok())
    least, *more = deliveries.rooms
    assert least == REQUEST.max_output_tokens
    assert set(more) == {2 * least}
    assert deliveries.paid_calls == 2
    # It is kept now, and what was learnt is of no more use.
    deliveries.deliver(work)
    assert deliveries.paid_calls == 2


def test_deferrals_that_pay_for_nothing_are_attempts(deliveries):
    """An answer of no use, then a throttle: nothing is learnt, so it ends like other failures."""
    outcomes = [
        deliveries.deliver(ask, saying("No JSON at all."), throttled("60")) for _ in range(5)
    ]
    assert [type(outcome) for outcome in outcomes] == [Defer] * 4 + [DeadLetter]
    assert outcomes[-1].error_type == "ModelThrottledError"
    assert "had paid for was of no use" in outcomes[-1].message
    assert deliveries.paid_calls == 5


def test_a_throttle_alone_is_no_attempt(deliveries):
    for _ in range(7):
        assert isinstance(deliveries.deliver(ask, throttled("60")), Defer)
    assert deliveries.attempts == 0


def test_a_throttle_after_a_kept_answer_is_no_attempt(deliveries):
    def work(calls):
        ask(calls)
        take_turn(calls)

    outcome = deliveries.deliver(work, ok(), saying(" "), throttled("60"))
    assert deliveries.attempts == 0, outcome
    deliveries.deliver(work, ok())
    # Only the turn was asked for again.
    assert ["tools" in call.body for call in deliveries.server.calls][-1]
    assert sum("tools" not in call.body for call in deliveries.server.calls) == 1


class _CuttingModel:
    """A model whose server has read a part only, as its usage shows, and was paid for it."""

    name = "m"
    calls = 0

    def answer(self, request, deadline):
        self.calls += 1
        error = ContextOverflowError("not all of it was read")
        error.calls, error.input_tokens = 1, 100
        raise error


def test_what_was_too_much_for_a_server_is_not_paid_for_again_for_an_hour(deliveries):
    """Then it may have been given a larger window."""
    model = _CuttingModel()
    counts = []
    for minutes in (0, 1, 59, 61, 62):
        services = AnswerServices(
            model, None, deliveries.table, lambda past=minutes: AT + timedelta(minutes=past)
        )
        calls = MeteredCalls(services, pay_by_document(deliveries.document_id))
        with pytest.raises(ContextOverflowError):
            ask(calls)
        counts.append(model.calls)
    assert counts == [1, 1, 1, 2, 2]
    assert deliveries.bill == Spending(input_tokens=200)
