"""What calls cost that failed: those that a provider may have served count at their most."""

import pytest

from shared.deadline import Deadline
from shared.errors import (
    DeadlineError,
    ModelAnswerError,
    ModelUnavailableError,
    SeashoreError,
)
from shared.llm.call_chain import find_most_of_answer
from shared.llm.prompt_rendering import estimate_request_tokens
from shared.paid_calls import PaidCalls
from tests.fakes.model.chat_behaviours import failing, ok, sending
from tests.fakes.model.chat_server import ChatServer
from tests.fakes.model.openai_requests import REQUEST, answer
from tests.integration.openai_model.answer_shapes.rows import ReplyRow

ROOM = REQUEST.max_output_tokens
USAGE = {"prompt_tokens": 70, "completion_tokens": 7, "total_tokens": 77}


def fail(model, **options):
    with pytest.raises(SeashoreError) as caught:
        answer(model, **options)
    assert isinstance(caught.value, PaidCalls)
    return caught.value


@pytest.mark.parametrize(
    "lost",
    [
        failing("reset"),
        failing("reset_in_body"),
        failing("html"),
        sending(502, "<html>Bad gateway</html>"),
        sending(504, {"error": {"message": "upstream request timeout"}}),
        sending(524, ""),
    ],
)
def test_a_call_that_may_have_been_served_counts_at_its_most(model, server, lost):
    answer(model)
    server.script(lost, ok())
    usage = answer(model).usage
    assert (usage.calls, usage.unanswered, usage.estimated) == (1, 1, True)
    assert usage.output_tokens > ROOM
    server.script(*[lost] * 3)
    error = fail(model)
    assert (error.calls, error.unanswered) == (0, 3)
    assert error.output_tokens == 3 * ROOM
    assert error.input_tokens > 0
    # No attempt of the message: an outage is not its fault.
    assert not error.is_paid_for_nothing


@pytest.mark.parametrize("kind", ["garbled", "not_utf8", "no_choices"])
def test_an_answer_that_cannot_be_read_was_served(model, server, kind):
    server.script(failing(kind))
    error = fail(model)
    assert isinstance(error, ModelAnswerError)
    assert (error.unanswered, error.output_tokens) == (1, ROOM)


def test_a_call_that_runs_into_its_deadline_counts_at_its_most(model, server):
    server.script(failing("hang"))
    readings = iter([0.0, 0.0, *[3.0] * 100])
    with pytest.raises(ModelUnavailableError) as caught:
        model.answer(REQUEST, Deadline(4.2, lambda: next(readings)))
    assert (caught.value.unanswered, caught.value.output_tokens) == (1, ROOM)


@pytest.mark.parametrize("status", [500, 503, 529])
def test_another_error_of_a_server_costs_what_its_usage_says(model, server, status):
    server.script(ok())
    answer(model)
    server.script(*[sending(status, {"error": {"message": "overloaded"}})] * 3)
    assert not fail(model).has_cost
    server.script(*[sending(status, {"error": {"message": "overloaded"}, "usage": USAGE})] * 3)
    error = fail(model)
    assert (error.calls, error.unanswered) == (3, 0)
    assert (error.input_tokens, error.output_tokens) == (210, 21)


def test_an_error_in_an_answer_costs_what_the_answer_says(model, server):
    completion = {"id": "x", "object": "chat.completion", "choices": [], "model": "m"}
    hidden = {**completion, "error": {"code": 502, "message": "upstream"}, "usage": USAGE}
    server.script(*[sending(200, hidden)] * 3)
    error = fail(model)
    assert (error.unanswered, error.input_tokens) == (0, 210)


def test_what_never_went_out_costs_nothing(build):
    with ChatServer() as gone:
        url = gone.url
    assert not fail(build(url=url)).has_cost


def test_no_call_goes_out_beyond_what_was_reserved(model, server):
    # Two are lost, one is cut off, one with more room is lost: another such one does not fit.
    server.script(*[failing("reset")] * 2, failing("truncated"), failing("reset"), *[ok()] * 3)
    error = fail(model)
    assert len(server.calls) == 4
    most = find_most_of_answer(estimate_request_tokens(REQUEST), ROOM)
    asked = sum(call.body.get("max_tokens", 0) for call in server.calls)
    assert ROOM < asked <= most.output_tokens
    assert error.has_cost


def test_an_hour_of_outage_is_a_handful_of_calls(server, build):
    now = [0.0]
    model = build(clock=lambda: now[0])
    server.script(*[sending(504, "")] * 10_000)
    lost = 0
    # Some message of the queue is tried each second.
    while now[0] < 3_600:
        lost += fail(model).unanswered
        now[0] += 1
    assert lost == len(server.calls) <= 18
    server.forget()
    now[0] += 300
    assert answer(model).value.title == "Seals"
    assert answer(model).value.title == "Seals"


def test_who_has_no_time_left_takes_nobodys_turn_to_try(server, build):
    now = [0.0]
    model = build(clock=lambda: now[0])
    server.script(*[sending(504, "")] * 10)
    while len(server.calls) < 3:
        fail(model)
    server.forget()
    now[0] += 300
    with pytest.raises(DeadlineError):
        answer(model, seconds=2)
    assert answer(model).value.title == "Seals"


def test_an_answer_that_ends_by_a_failure_costs_what_it_says_and_gets_no_more_room(model, server):
    row = ReplyRow("DeepSeek", "", finish_reason="insufficient_system_resource", usage=USAGE)
    server.script(*[row.behaviour] * 3)
    error = fail(model)
    assert isinstance(error, ModelUnavailableError)
    assert (error.calls, error.unanswered, error.output_tokens) == (3, 0, 21)
    assert {call.body["max_tokens"] for call in server.calls} == {ROOM}
