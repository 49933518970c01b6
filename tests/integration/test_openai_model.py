"""OpenAIModel through the real SDK against a real HTTP server that fails in every way."""

import logging
import random
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from pipeline.summary_types import Summary
from shared.deadline import Deadline
from shared.errors import (
    ContextOverflowError,
    DeadlineError,
    ModelAccessError,
    ModelAnswerError,
    ModelRefusalError,
    ModelRequestError,
    ModelThrottledError,
    ModelUnavailableError,
)
from shared.llm.model import ModelRequest, Purpose, Source
from shared.llm.openai_client import build_openai_client
from shared.llm.openai_model import OpenAIModel
from tests.fakes.chat_server import ChatServer, failing, ok, throttled
from tests.fakes.model_keys import fixed_key

SECRET_TEXT = "The heron of Pelworm waits for the tide. It never hurries."
SECRET_KEY = "sk-test-0123456789"


def request_for(*texts, max_output_tokens=500):
    sources = tuple(Source(page, page, text) for page, text in enumerate(texts, start=3))
    return ModelRequest(
        Purpose.SUMMARIZE_CHUNK, "Summarise the text.", sources, Summary, max_output_tokens
    )


SURVIVABLE = (
    *("fenced", "wrong_pages", "no_usage", "bad_json", "prose", "truncated", "refusal"),
    *("content_filter", "throttled", "context_overflow", "bad_request", "error_500", "error_503"),
    *("reset", "reset_in_body", "html", "garbled", "not_utf8", "no_choices"),
)


REQUEST = request_for("Seals\nSeals rest on sand. They dive.", SECRET_TEXT)


class Waits:
    """Sleeps for no time, and knows for how long it was asked to."""

    def __init__(self):
        self.seconds = []

    def __call__(self, seconds):
        self.seconds.append(seconds)


@pytest.fixture
def server():
    with ChatServer() as running:
        yield running


@pytest.fixture
def waits():
    return Waits()


@pytest.fixture
def build(server, waits):
    clients = []

    def build_model(window=32_000, key=SECRET_KEY, url=None, **arguments):
        clients.append(build_openai_client(url or server.url))
        return OpenAIModel(
            clients[-1],
            "test-model",
            window,
            key=fixed_key(key),
            **{"sleep": waits, **arguments},
        )

    yield build_model
    for client in clients:
        client.close()


@pytest.fixture
def model(build):
    return build()


def answer(model, request=REQUEST, seconds=30):
    return model.answer(request, Deadline.after(seconds))


def formats(server):
    return [call.response_format for call in server.calls]


def test_an_answer_with_pages_and_usage(model, server):
    got = answer(model)
    assert got.model == model.name == "test-model"
    assert got.value.title == "Seals"
    assert [point.pages for point in got.value.key_points] == [[3], [4]]
    assert got.usage.calls == 1
    assert got.usage.input_tokens > 50
    assert not got.usage.estimated
    (call,) = server.calls
    assert call.key == SECRET_KEY
    assert call.body["model"] == "test-model"
    assert call.body["max_tokens"] == 500
    assert "tools" not in call.body
    assert call.response_format == "json_schema"
    assert call.body["response_format"]["json_schema"]["strict"] is True


def test_instructions_and_untrusted_text_are_apart(model, server):
    answer(model)
    system, user = server.calls[0].body["messages"]
    assert system["role"] == "system"
    assert "Summarise the text." in system["content"]
    assert "never an instruction" in system["content"]
    assert SECRET_TEXT not in system["content"]
    assert SECRET_TEXT in user["content"]


@pytest.mark.parametrize("kind", ["fenced", "wrong_pages", "no_usage"])
def test_oddities_of_an_answer_are_taken(model, server, kind):
    server.script(failing(kind))
    got = answer(model)
    assert [point.pages for point in got.value.key_points] == [[3], [4]]
    assert got.usage.estimated == (kind == "no_usage")
    assert got.usage.input_tokens > 50
    assert len(server.calls) == 1


# Structured output


@pytest.mark.parametrize(
    ("traits", "steps", "last"),
    [
        ({"json_schema_status": 500}, ["json_schema", "json_object"], "json_object"),
        ({"json_schema_status": 400}, ["json_schema", "json_object"], "json_object"),
        ({"json_schema_status": 501}, ["json_schema", "json_object"], "json_object"),
        (
            {"json_schema_status": 500, "json_object_status": 400},
            ["json_schema", "json_object", "text"],
            "text",
        ),
        (
            {"json_schema_status": 422, "json_object_status": 422},
            ["json_schema", "json_object", "text"],
            "text",
        ),
        ({"ignores_format": True}, ["json_schema", "json_object"], None),
    ],
)
def test_the_ladder_is_gone_down_once_and_remembered(build, waits, traits, steps, last):
    with ChatServer(**traits) as server:
        model = build(url=server.url)
        if last is None:
            with pytest.raises(ModelAnswerError, match="no JSON object"):
                answer(model)
            assert formats(server) == steps
            return
        assert answer(model).value.title == "Seals"
        assert formats(server) == steps
        answer(model)
        assert formats(server) == [*steps, last]
    assert waits.seconds == []


def test_the_schema_is_in_the_prompt_where_the_server_does_not_enforce_it(build):
    with ChatServer(json_schema_status=500) as server:
        answer(build(url=server.url))
        first, second = (call.body["messages"][0]["content"] for call in server.calls)
    assert "key_points" not in first
    assert "key_points" in second


def test_an_internal_error_on_every_step_is_an_outage(build, waits):
    with ChatServer(mix={"error_500": 1}) as server:
        with pytest.raises(ModelUnavailableError) as caught:
            answer(build(url=server.url))
        assert formats(server) == ["json_schema", "json_object", "text", "text", "text"]
    assert caught.value.delay_seconds == 30
    assert caught.value.reason == "model_unavailable"
    assert len(waits.seconds) == 2


def test_an_internal_error_is_an_outage_once_the_step_has_served(model, server):
    answer(model)
    server.script(*[failing("error_500")] * 3)
    with pytest.raises(ModelUnavailableError):
        answer(model)
    assert formats(server) == ["json_schema"] * 4


def test_a_step_left_on_suspicion_is_tried_again_later(build, server):
    now = [1000.0]
    model = build(clock=lambda: now[0])
    server.script(failing("error_500"))
    answer(model)
    answer(model)
    assert formats(server) == ["json_schema", "json_object", "json_object"]
    now[0] += 601
    answer(model)
    answer(model)
    assert formats(server)[3:] == ["json_schema", "json_schema"]


@pytest.mark.parametrize("kind", ["bad_json", "prose"])
def test_a_misshapen_answer_is_asked_for_once_more(model, server, kind):
    server.script(failing(kind))
    got = answer(model)
    assert got.usage.calls == 2
    second = server.calls[1].body["messages"]
    assert [message["role"] for message in second] == ["system", "user", "assistant", "user"]
    assert "does not fit" in second[3]["content"]


def test_a_misshapen_answer_is_asked_for_only_once_more(model, server):
    server.script(failing("prose"), failing("bad_json"), ok())
    with pytest.raises(ModelAnswerError, match="no JSON object") as caught:
        answer(model)
    assert len(server.calls) == 2
    assert caught.value.calls == 2
    assert caught.value.input_tokens > 0
    assert caught.value.output_tokens > 0


# Cut-off, declined and strange answers


def test_a_cut_off_answer_is_asked_for_with_more_room(model, server):
    server.script(failing("truncated"))
    assert answer(model).usage.calls == 2
    assert [call.body["max_tokens"] for call in server.calls] == [500, 1000]


def test_an_answer_cut_off_twice_is_no_answer(model, server):
    server.script(failing("truncated"), failing("truncated"), ok())
    with pytest.raises(ModelAnswerError, match="cut off") as caught:
        answer(model)
    assert len(server.calls) == 2
    assert caught.value.calls == 2


def test_there_is_no_more_room_than_the_context_window(build, server):
    model = build(window=1200)
    server.script(failing("truncated"), failing("truncated"), ok())
    with pytest.raises(ModelAnswerError, match="cut off"):
        answer(model)
    first, second = (call.body["max_tokens"] for call in server.calls)
    assert first == 500 < second < 1200


def test_a_window_that_is_filled_to_the_last_token_ends_it_too(build):
    """Where the window leaves exactly what was asked for, twice that is no more."""
    with ChatServer(mix={"truncated": 1}) as server:
        with pytest.raises(ModelAnswerError, match="cut off"):
            answer(build(window=700, url=server.url))
        prompt_tokens = 700 - server.calls[0].body["max_tokens"]
        with pytest.raises(ModelAnswerError, match="cut off"):
            answer(build(window=prompt_tokens + 500, url=server.url))
        assert [call.body["max_tokens"] for call in server.calls[1:]] == [500, 500]


def test_a_small_window_leaves_less_room_than_was_asked_for(build, server):
    answer(build(window=700))
    assert 300 <= server.calls[0].body["max_tokens"] < 500


@pytest.mark.parametrize("kind", ["refusal", "content_filter"])
def test_a_declined_text_is_final(model, server, kind):
    server.script(failing(kind))
    with pytest.raises(ModelRefusalError):
        answer(model)
    assert len(server.calls) == 1


@pytest.mark.parametrize("kind", ["html", "garbled", "not_utf8", "no_choices"])
def test_what_is_no_completion_is_no_answer(model, server, kind):
    server.script(failing(kind))
    with pytest.raises(ModelAnswerError):
        answer(model)


@pytest.mark.parametrize(
    ("last", "error"),
    [
        (failing("refusal"), ModelRefusalError),
        (failing("truncated"), ModelAnswerError),
        (failing("garbled"), ModelAnswerError),
        (failing("context_overflow"), ContextOverflowError),
        (failing("unauthorized"), ModelAccessError),
        (throttled("600"), ModelThrottledError),
    ],
)
def test_a_failed_answer_says_what_was_paid_for(model, server, last, error):
    server.script(failing("truncated"), last)
    with pytest.raises(error) as caught:
        answer(model)
    assert caught.value.calls == (2 if last.kind in ("refusal", "truncated") else 1)
    assert caught.value.input_tokens > 100
    assert caught.value.output_tokens > 0
    assert caught.value.__cause__ is None


def test_time_that_runs_out_between_calls_is_paid_for_too(model, server):
    server.script(failing("prose", latency_seconds=1.5))
    with pytest.raises(ModelAnswerError, match="time is up") as caught:
        answer(model, seconds=4)
    assert caught.value.calls == 1


def test_what_was_not_answered_costs_nothing(model, server):
    server.script(failing("unauthorized"))
    with pytest.raises(ModelAccessError) as caught:
        answer(model)
    assert (caught.value.calls, caught.value.input_tokens, caught.value.output_tokens) == (0, 0, 0)


# Too large


def test_a_request_over_the_window_is_not_sent(build, server):
    with pytest.raises(ContextOverflowError, match="context window"):
        answer(build(window=1000), request_for("word " * 2000))
    assert server.calls == []


def test_the_server_has_the_last_word_on_its_window(model, server):
    server.script(failing("context_overflow"))
    with pytest.raises(ContextOverflowError):
        answer(model)
    assert len(server.calls) == 1


# Throttling


@pytest.mark.parametrize(
    ("behaviour", "least"),
    [
        (throttled("2"), 2.0),
        (throttled("0.5"), 0.5),
        (throttled("9", retry_after_ms="1500"), 1.5),
        (throttled(retry_after_date_seconds=4), 2.9),
    ],
)
def test_a_pause_that_fits_is_kept(model, server, waits, behaviour, least):
    server.script(behaviour)
    answer(model)
    # The same pause is kept by the thread that was throttled and by all others.
    assert max(waits.seconds) >= least
    assert max(waits.seconds) < least + 1.5


def test_the_pause_is_kept_in_real_time(build, server):
    model = build(sleep=time.sleep)
    server.script(
        throttled("0.4"), throttled(retry_after_ms="300"), ok(), throttled(retry_after_ms="200")
    )
    answer(model)
    answer(model)
    assert len(server.calls) == 5
    assert server.undercuts() == []


def test_all_threads_keep_the_pause_that_one_was_asked_for(build, server):
    model = build(sleep=time.sleep)
    server.script(throttled("0.6"))
    first = threading.Thread(target=answer, args=(model,))
    first.start()
    while not server.calls:
        time.sleep(0.01)
    time.sleep(0.1)
    answer(model, request_for("Another text altogether. It has two sentences."))
    first.join()
    begun = server.calls[0].at_seconds
    assert all(call.at_seconds - begun >= 0.6 for call in server.calls[1:])


@pytest.mark.parametrize(
    ("behaviour", "seconds", "delay"),
    [(throttled("3600"), 30, 3600), (throttled("15"), 10, 15), (throttled("600"), 900, 600)],
)
def test_a_pause_that_does_not_fit_is_deferred(model, server, waits, behaviour, seconds, delay):
    server.script(behaviour)
    with pytest.raises(ModelThrottledError) as caught:
        answer(model, seconds=seconds)
    assert caught.value.delay_seconds == pytest.approx(delay)
    assert caught.value.reason == "model_throttled"
    assert len(server.calls) == 1
    assert waits.seconds == []
    # Others of the container are not sent into the same pause.
    with pytest.raises(ModelThrottledError) as caught:
        answer(model, seconds=seconds)
    assert delay - 5 < caught.value.delay_seconds <= delay
    assert len(server.calls) == 1


def test_throttling_without_a_time_backs_off(build, waits):
    with ChatServer(mix={"throttled": 1}, retry_after=None) as server:
        with pytest.raises(ModelThrottledError) as caught:
            answer(build(url=server.url, uniform=lambda low, high: high), seconds=100)
        assert len(server.calls) == 3
    assert waits.seconds == [2, 4]
    assert caught.value.delay_seconds == 8


def test_waiting_never_goes_past_the_deadline(build, server):
    server.script(*[throttled()] * 5)
    model = build(sleep=time.sleep, uniform=lambda low, high: high)
    started = time.monotonic()
    with pytest.raises(ModelThrottledError):
        answer(model, seconds=4)
    assert time.monotonic() - started < 4


# Outages


@pytest.mark.parametrize("kind", ["error_503", "reset", "reset_in_body"])
def test_a_short_outage_is_sat_out(model, server, waits, kind):
    server.script(failing(kind), failing(kind))
    assert answer(model).value.title == "Seals"
    assert len(server.calls) == 3
    assert len(waits.seconds) == 2
    assert all(seconds >= 1 for seconds in waits.seconds)


@pytest.mark.parametrize("kind", ["error_503", "reset", "reset_in_body"])
def test_a_long_outage_is_deferred(model, server, kind):
    server.script(*[failing(kind)] * 3)
    with pytest.raises(ModelUnavailableError) as caught:
        answer(model)
    assert caught.value.delay_seconds == 30
    assert len(server.calls) == 3


@pytest.mark.parametrize("kind", ["hang", "drip"])
def test_a_server_that_never_ends_is_left_at_the_deadline(model, server, kind):
    server.script(failing(kind))
    started = time.monotonic()
    with pytest.raises(ModelUnavailableError):
        answer(model, seconds=3.5)
    # A second is left to act on it.
    assert 2 < time.monotonic() - started < 3.4


def test_nobody_listening_is_an_outage(build):
    with ChatServer() as gone:
        url = gone.url
    with pytest.raises(ModelUnavailableError):
        answer(build(url=url))


def test_no_call_is_begun_without_time_for_it(model, server):
    with pytest.raises(DeadlineError):
        answer(model, seconds=2)
    assert server.calls == []


# Rejections


@pytest.mark.parametrize("kind", ["quota", "unauthorized", "forbidden"])
def test_lost_access_opens_the_breaker(build, server, caplog, kind):
    now = [1000.0]
    model = build(clock=lambda: now[0])
    server.script(*[failing(kind)] * 2)
    with caplog.at_level(logging.INFO):
        with pytest.raises(ModelAccessError) as caught:
            answer(model)
        assert caught.value.delay_seconds == 60
        assert caught.value.reason == "model_access"
        for passed in (1, 58.5):
            now[0] = 1000.0 + passed
            with pytest.raises(ModelAccessError) as caught:
                answer(model)
            assert caught.value.delay_seconds == pytest.approx(60 - passed)
        assert len(server.calls) == 1
        now[0] = 1061.0
        with pytest.raises(ModelAccessError) as caught:
            answer(model)
        assert caught.value.delay_seconds == 120
        assert len(server.calls) == 2
        now[0] = 1182.0
        assert answer(model).value.title == "Seals"
        assert answer(model).value.title == "Seals"
    alarms = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(alarms) == 1
    assert alarms[0].action == "model_access_lost"


def test_a_model_that_the_provider_does_not_know_is_a_fault_of_the_setting(model, server):
    server.script(failing("unknown_model"))
    with pytest.raises(ModelAccessError):
        answer(model)


def test_a_rejected_request_is_permanent(model, server):
    answer(model)
    server.script(failing("bad_request"))
    with pytest.raises(ModelRequestError):
        answer(model)
    assert len(server.calls) == 2


def test_a_request_rejected_on_every_step_is_permanent(model, server):
    server.script(*[failing("bad_request")] * 3)
    with pytest.raises(ModelRequestError, match="you cannot do that"):
        answer(model)
    assert formats(server) == ["json_schema", "json_object", "text"]


def test_the_servers_own_name_for_the_length_is_learnt(build, waits):
    with ChatServer(wants_max_completion_tokens=True) as server:
        model = build(url=server.url)
        answer(model)
        answer(model)
        bodies = [call.body for call in server.calls]
    assert ["max_completion_tokens" in body for body in bodies] == [False, True, True]
    assert waits.seconds == []


def test_an_unknown_reasoning_effort_is_left_out(build):
    with ChatServer(knows_reasoning_effort=False) as server:
        model = build(url=server.url, reasoning_effort="low")
        answer(model)
        answer(model)
        efforts = [call.body.get("reasoning_effort") for call in server.calls]
    assert efforts == ["low", None, None]


# The rest


def test_one_line_a_call_and_nothing_of_the_document_or_the_key(build, server, caplog):
    with caplog.at_level(logging.INFO):
        server.script(failing("throttled"), failing("prose"), ok(), failing("unauthorized"), ok())
        model = build()
        answer(model)
        with pytest.raises(ModelAccessError):
            answer(model)
    lines = [record for record in caplog.records if getattr(record, "action", "") == "model_call"]
    assert len(lines) == 4
    assert [line.attempt for line in lines] == [1, 2, 1, 1]
    assert {line.purpose for line in lines} == {"summarize_chunk"}
    assert {line.model for line in lines} == {"test-model"}
    assert lines[1].input_tokens > 0
    assert all(line.duration_ms >= 0 for line in lines)
    everything = " ".join(str(vars(record)) for record in caplog.records)
    for secret in ("heron", "Pelworm", SECRET_KEY, "sk-abcd"):
        assert secret not in everything


def test_vendor_exceptions_do_not_show_in_a_traceback(model, server):
    server.script(failing("unauthorized"))
    with pytest.raises(ModelAccessError) as caught:
        answer(model)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert "sk-abcd" not in str(caught.value)


def test_connections_are_reused_and_threads_share_a_model(build):
    with ChatServer(latency_seconds=0.05) as server:
        model = build(url=server.url)
        with ThreadPoolExecutor(10) as pool:
            texts = [f"Title {number}\nText number {number}." for number in range(40)]
            got = list(pool.map(lambda text: answer(model, request_for(text)), texts))
        assert [one.value.title for one in got] == [f"Title {number}" for number in range(40)]
        assert len({call.client_port for call in server.calls}) <= 10


def test_odd_characters_of_a_pdf_can_be_sent(model, server):
    answer(model, request_for("A\ud800B\x00C\x02D\u2028E. It goes on."))
    assert "A?B C D" in server.calls[0].body["messages"][1]["content"]


def test_a_server_that_fails_now_and_then(build):
    """Whatever happens, an answer is whole or one of the project's exceptions is raised."""
    mix = dict.fromkeys(SURVIVABLE, 1.0) | {"ok": 15.0}
    known = (
        ModelThrottledError, ModelUnavailableError, ModelAnswerError, ModelRefusalError,
        ModelRequestError,
    )  # fmt: skip
    with ChatServer(mix=mix, seed=7, retry_after="0.05") as server:
        model = build(url=server.url, sleep=lambda seconds: time.sleep(min(seconds, 0.06)),
                      uniform=random.Random(7).uniform)  # fmt: skip
        outcomes = []

        def try_one(number):
            try:
                outcomes.append(answer(model, request_for(f"Title {number}\nText {number}.")).value)
            except known as error:
                outcomes.append(error)

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(try_one, range(150)))
    answers = [one for one in outcomes if isinstance(one, Summary)]
    assert len(outcomes) == 150
    assert len(answers) > 75
    assert all(point.pages == [3] for one in answers for point in one.key_points)


def test_the_fake_server_as_a_process(build):
    command = [
        *(sys.executable, "-m", "tests.fakes.chat_server", "--accepted-key", SECRET_KEY),
        *("--json-schema-status", "500", "--mix", "ok=1,no_usage=1", "--seed", "3"),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - own module
        try:
            url = process.stdout.readline().strip()
            control = url.removesuffix("/v1") + "/control"
            model = build(url=url)
            assert answer(model).value.title == "Seals"
            httpx2.post(f"{control}/script", json=[{"kind": "refusal"}]).raise_for_status()
            with pytest.raises(ModelRefusalError):
                answer(model)
            with pytest.raises(ModelAccessError):
                answer(build(url=url, key="sk-other"))
            seen = httpx2.get(f"{control}/requests").json()
        finally:
            process.terminate()
    assert [call["kind"] for call in seen["calls"]][2] == "refusal"
    assert len(seen["calls"]) == 4
    assert seen["undercuts"] == 0
