"""Summaries whose runs die, fail or run out of time: nothing is lost or paid for twice."""

from contextlib import suppress
from dataclasses import replace

import pytest

from pipeline.summaries.summarize_document import give_up_chunk
from shared.errors import (
    DeadlineError,
    LateAnswerError,
    ModelAnswerError,
    ServiceError,
    UnfinishedError,
)
from shared.lifecycle import DocumentStatus
from shared.llm.model import Purpose
from shared.messages.document_messages import Combine
from tests.fakes.desks.document_desk import Desk, make_window


class FailingQueues:
    """Queues whose next sending fails, as if the process had died before it."""

    def __init__(self, queues):
        self._queues = queues
        self.fails = True

    def send(self, queue_url, bodies, group=None):
        if self.fails:
            self.fails = False
            raise ServiceError("died", delay_seconds=1, reason="x")
        self._queues.send(queue_url, bodies, group)


@pytest.fixture
def desk(account):
    return Desk(account)


def combine_message(desk, chunks_done, run=1):
    return Combine(document_id=desk.document_id, run=run, chunks_done=chunks_done)


def test_a_crash_between_the_commit_and_the_sending_is_healed_by_redelivery(desk):
    services = replace(desk.services, queues=FailingQueues(desk.services.queues))
    desk.summarize(1, 2)
    with pytest.raises(ServiceError):
        desk.summarize(3, services=services)
    assert desk.document.has_all_parts
    assert desk.take_messages() == []
    desk.summarize(3, services=services)
    assert desk.take_messages() == [combine_message(desk, 3)]
    assert desk.model.count(Purpose.SUMMARIZE_CHUNK) == 3
    assert desk.document.chunks_done == 3


def test_a_crash_after_a_chunk_was_given_up_is_healed_too(desk):
    services = replace(desk.services, queues=FailingQueues(desk.services.queues))
    desk.summarize(1, 2)
    with pytest.raises(ServiceError):
        give_up_chunk(desk.message(3), "why", services)
    give_up_chunk(desk.message(3), "why", services)
    assert desk.take_messages() == [combine_message(desk, 2)]


def fail_every_second_call(desk, error):
    """Let calls of the model fail by turns; the sources of all of them, in a list that grows."""
    answer, asked = desk.model.answer, []

    def answer_or_fail(request, deadline):
        asked.append(request.sources)
        if len(asked) % 2 == 0:
            raise error
        return answer(request, deadline)

    desk.model.answer = answer_or_fail
    return asked


def test_a_crash_in_the_middle_of_combining_pays_for_no_answer_twice(account):
    desk = Desk(account, chunks=9)
    desk.services = replace(desk.services, window=make_window(100))
    desk.summarize(*range(1, 10))
    (message,) = desk.take_messages()
    asked = fail_every_second_call(desk, ServiceError("died", delay_seconds=1, reason="x"))
    deliveries = 0
    while desk.document.status is not DocumentStatus.DONE:
        deliveries += 1
        with suppress(ServiceError):
            desk.combine(message)
    assert deliveries > 2
    answered = [sources for number, sources in enumerate(asked, 1) if number % 2]
    assert len(answered) == len(set(answered))
    # The document bears the cost of all of them, whichever delivery has paid for them.
    document = desk.document
    assert document.input_tokens == desk.result["input_tokens"] == 100 * (9 + len(answered))
    assert document.output_tokens == desk.result["output_tokens"] == 10 * (9 + len(answered))


@pytest.mark.parametrize("late", [DeadlineError, LateAnswerError])
def test_a_combination_that_is_longer_than_a_run_goes_on_without_using_up_receives(account, late):
    desk = Desk(account, chunks=5)
    desk.services = replace(desk.services, window=make_window(100))
    desk.summarize(*range(1, 6))
    (message,) = desk.take_messages()
    fail_every_second_call(desk, late("no time"))
    runs = 1
    while desk.document.status is not DocumentStatus.DONE:
        try:
            desk.combine(message)
        except UnfinishedError as error:
            assert error.reason == "unfinished"
            runs += 1
    assert runs > 2


@pytest.mark.parametrize("late", [DeadlineError, LateAnswerError])
def test_a_run_that_gets_nothing_done_in_its_time_uses_up_a_receive(desk, late):
    def take_too_long(request, deadline):
        raise late("no time")

    desk.model.answer = take_too_long
    with pytest.raises(late):
        desk.summarize(1)


@pytest.mark.parametrize("paid_calls", [0, 2])
def test_what_an_unusable_answer_has_cost_is_on_the_documents_bill(account, paid_calls):
    desk = Desk(account, chunks=1)
    answer, errors = desk.model.answer, [ModelAnswerError("does not fit")]
    errors[0].calls, errors[0].input_tokens, errors[0].output_tokens = paid_calls, 70, 7

    def fail_once(request, deadline):
        if errors:
            raise errors.pop()
        return answer(request, deadline)

    desk.model.answer = fail_once
    with pytest.raises(ModelAnswerError):
        desk.summarize(1)
    assert desk.steps.count("answer_unusable") == (paid_calls > 0)
    desk.summarize(1)
    desk.finish()
    unusable = 70 if paid_calls else 0
    assert desk.document.input_tokens == desk.result["input_tokens"] == 100 + unusable
