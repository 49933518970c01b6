"""A strict judge of the client: one call in five fails, in every way that there is.

What it is judged by: an answer is whole or an error has a name; no call comes before a pause that
was asked for is over; a failure leads to one further call at the most; what is final is final.
"""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from pipeline.summaries.summary_types import Summary
from shared.deadline import Deadline
from shared.errors import (
    ModelAnswerError,
    ModelRefusalError,
    ModelRequestError,
    ModelThrottledError,
    ModelUnavailableError,
)
from shared.llm.chat_completions.openai_client import build_openai_client
from shared.llm.chat_completions.openai_model import OpenAIModel
from shared.llm.model import ModelRequest, Purpose, Source
from shared.llm.model_window import ModelWindow
from tests.fakes.model.chat_behaviours import failing, ok, throttled
from tests.fakes.model.chat_server import ChatServer

REQUESTS = 160
# The longest that a silent server holds up a request; two of them at the end would add up.
SECONDS = 5
FINAL = ("content_filter", "refusal", "context_overflow", "bad_request")
FAULTS = (
    *(throttled("0.4"), throttled("0.4"), throttled(), throttled(retry_after_ms="300")),
    throttled(retry_after_date_seconds=1.5),
    *map(failing, ("error_500", "error_503", "error_529", "error_500", "error_503", "error_529")),
    *map(failing, ("reset", "reset_in_body", "reset", "reset_in_body", "hang", "drip")),
    *map(failing, ("garbled", "not_utf8", "html", "no_choices")),
    *map(failing, ("bad_json", "prose", "truncated", "truncated", "bad_json", "prose")),
    *map(failing, FINAL),
)
NAMED = (
    ModelThrottledError,
    ModelUnavailableError,
    ModelAnswerError,
    ModelRefusalError,
    ModelRequestError,
)


# One storm of faults, which all of them judge.
pytestmark = pytest.mark.xdist_group("openai_resilience")


@pytest.fixture(scope="module")
def judged():
    """The server's calls, and what became of each request."""
    with ChatServer() as server, build_openai_client(server.url) as client:
        model = OpenAIModel(client, "m", ModelWindow(32_000), uniform=lambda low, high: low)
        outcomes = [ask(model, 0)]
        behaviours = [*FAULTS, *[ok()] * (4 * len(FAULTS))]
        random.Random(5).shuffle(behaviours)
        server.script(*behaviours)
        with ThreadPoolExecutor(16) as pool:
            outcomes += pool.map(lambda number: ask(model, number), range(1, REQUESTS))
        return server.calls, server.undercuts(), outcomes


def ask(model, number):
    source = Source(3, 3, f"Title {number}\nThe tide number {number} comes twice a day.")
    request = ModelRequest(Purpose.SUMMARIZE_CHUNK, "Summarise.", (source,), Summary, 500)
    try:
        return model.answer(request, Deadline.after(SECONDS)).value
    except NAMED as error:
        return error


def test_every_kind_of_failure_was_met(judged):
    calls, _, _ = judged
    met = Counter(call.kind for call in calls if call.kind != "ok")
    assert met == Counter(fault.kind for fault in FAULTS)


def test_an_answer_is_whole_or_its_error_has_a_name(judged):
    _, _, outcomes = judged
    answers = [one for one in outcomes if isinstance(one, Summary)]
    assert len(outcomes) == REQUESTS
    assert all(point.pages == [3] for one in answers for point in one.key_points)
    # Of what fails for a moment, next to nothing is lost.
    assert len(answers) >= REQUESTS - len(FAULTS) / 2


def test_no_call_comes_before_its_pause_is_over(judged):
    _, undercuts, _ = judged
    assert undercuts == []


def test_a_failure_leads_to_one_further_call_at_most(judged):
    calls, _, _ = judged
    assert len(calls) <= REQUESTS + len(FAULTS)
    assert max(Counter(call.prompt_digest for call in calls).values()) <= 4


def test_what_is_final_is_not_asked_again(judged):
    calls, _, _ = judged
    last = {call.prompt_digest: call for call in calls}
    final = [call for call in calls if call.kind in FINAL]
    assert len(final) == len(FINAL)
    assert all(last[call.prompt_digest] is call for call in final)
