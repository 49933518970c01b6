"""The agent at the end of its time: what it has is made into an answer."""

import pytest

from pipeline.documents.document_reader import DocumentReader
from pipeline.metering.metered_calls import KeptAnswer
from pipeline.tasks.agent.agent import Agent, AgentLimits, AgentStep, FinalAnswer, StoppedBy
from pipeline.tasks.agent.tools import Toolbox
from shared.deadline import Deadline
from shared.errors import DeadlineError, ModelAnswerError, ModelUnavailableError
from shared.ledger.spending import Spending
from shared.llm.model_window import ModelWindow

CUT_OFF = ModelAnswerError("The answer is of no use yet, and time is up")
SILENT = ModelUnavailableError("timed out", delay_seconds=30, reason="model_unavailable")
NO_TIME = DeadlineError("2.9 s of the budget left, 3.0 s needed")


class LateCalls:
    """A model whose turn ends with an error, so many seconds after the run began, in words too."""

    is_extractive = False
    total_tokens = 0

    def __init__(self, error, seconds):
        self._error = error
        self._seconds = seconds
        self.now = 0.0

    def take_turn(self, request, deadline):
        self.now = self._seconds
        raise self._error

    def ask(self, request, deadline):
        if request.answer_type is AgentStep:
            raise self._error
        assert deadline.remaining_seconds > 20
        return KeptAnswer(FinalAnswer(answer="So far."), "m", Spending(), None)


def run(calls):
    reader = DocumentReader(None, None, "documents", "artifacts", lambda: None)
    agent = Agent(Toolbox(reader), reader, ModelWindow(32_000))
    limits = AgentLimits(max_steps=5, max_tokens=60_000)
    # Thirty of the hundred seconds are kept for the final answer.
    return agent.run("Look.", calls, limits, Deadline(100.0, lambda: calls.now))


@pytest.mark.parametrize("error", [CUT_OFF, SILENT, NO_TIME])
def test_a_turn_that_was_cut_for_the_final_answers_sake_leads_to_it(error):
    done = run(LateCalls(error, 67.5))
    assert (done.answer, done.stopped_by) == ("So far.", StoppedBy.TIME)


@pytest.mark.parametrize("error", [CUT_OFF, SILENT])
def test_a_turn_that_fails_while_there_is_time_is_a_failure(error):
    with pytest.raises(type(error)):
        run(LateCalls(error, 60.0))
