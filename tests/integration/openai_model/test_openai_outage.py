"""Time that went on a failing provider is the provider's fault: it costs a message no receive."""

import time

import pytest

from pipeline.summaries.summary_types import Summary
from shared.deadline import Deadline
from shared.errors import DeadlineError, ModelUnavailableError
from shared.llm.chat_completions.openai_client import build_openai_client
from shared.llm.chat_completions.openai_model import OpenAIModel
from shared.llm.model import ModelRequest, Purpose, Source
from shared.llm.model_window import ModelWindow
from tests.fakes.model.chat_behaviours import failing, ok
from tests.fakes.model.chat_server import ChatServer

REQUEST = ModelRequest(
    Purpose.SUMMARIZE_CHUNK, "Summarise the text.", (Source(1, 1, "Seals rest."),), Summary, 500
)


@pytest.fixture
def server():
    with ChatServer() as running:
        yield running


@pytest.fixture
def model(server):
    def oversleep(seconds):
        time.sleep(seconds + 0.5)

    with build_openai_client(server.url) as client:
        yield OpenAIModel(
            client, "m", ModelWindow(32_000), sleep=oversleep, uniform=lambda low, high: low
        )


def test_no_time_for_a_second_try_after_a_failure_is_an_outage(model, server):
    server.script(failing("reset"), ok())
    with pytest.raises(ModelUnavailableError):
        # A second's wait and three for a call have room, but the wait takes half a second longer.
        model.answer(REQUEST, Deadline.after(4.3))
    assert len(server.calls) == 1


def test_no_time_for_a_weaker_output_format_after_an_internal_error_is_an_outage(model, server):
    server.script(failing("error_500", latency_seconds=1.0), ok())
    with pytest.raises(ModelUnavailableError):
        model.answer(REQUEST, Deadline.after(3.8))
    assert len(server.calls) == 1


def test_no_time_for_a_first_call_is_not(model, server):
    with pytest.raises(DeadlineError):
        model.answer(REQUEST, Deadline.after(2.0))
    assert server.calls == []
