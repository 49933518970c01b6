"""What all calls of a container have in common: log lines, connections, a server of moods."""

import logging
import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from pipeline.summaries.summary_types import Summary
from shared.errors import (
    ModelAccessError,
    ModelAnswerError,
    ModelRefusalError,
    ModelRequestError,
    ModelThrottledError,
    ModelUnavailableError,
)
from tests.fakes.model.chat_behaviours import failing, ok
from tests.fakes.model.chat_server import ChatServer
from tests.fakes.model.openai_requests import SECRET_KEY, answer, request_for

SURVIVABLE = (
    *("fenced", "wrong_pages", "no_usage", "bad_json", "prose", "truncated", "refusal"),
    *("content_filter", "throttled", "context_overflow", "bad_request", "error_500", "error_503"),
    *("reset", "reset_in_body", "html", "garbled", "not_utf8", "no_choices"),
)


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
        # As long as Retry-After asks here; backoff without it would take seconds.
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
        *(sys.executable, "-m", "tests.fakes.model.chat_server", "--accepted-key", SECRET_KEY),
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
    assert [call["kind"] for call in seen["calls"]][3] == "refusal"
    assert len(seen["calls"]) == 5
    assert seen["undercuts"] == 0
